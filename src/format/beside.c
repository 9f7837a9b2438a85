/* beside.c — what is verified beside a checkpoint: its .meta and fingerprint.pb.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A .meta is walked message by message, down to the attributes of its nodes, without
 * being unpacked: what is known of its shape is a table.
 */
#include "config.h"

#include "format/beside.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/fingerprint.h"
#include "base/source.h"
#include "base/wire.h"
#include "format/path.h"

/* A message type: which of its fields are messages. */
struct known {
	const char *name;
	struct {
		uint32_t field;
		const struct known *type;
	} fields[6];
};

/* tensorflow/core/framework/{node_def,attr_value,function,graph}.proto,
 * core/protobuf/meta_graph.proto */
static const struct known attr_value = { "AttrValue", { { 0, NULL } } };
static const struct known attr_entry = { "attr", { { 2, &attr_value } } };
static const struct known node_def = { "NodeDef", { { 5, &attr_entry } } };
static const struct known function_def = { "FunctionDef", { { 3, &node_def } } };
static const struct known library = { "FunctionDefLibrary", { { 1, &function_def } } };
static const struct known graph_def = { "GraphDef",
					{ { 1, &node_def }, { 2, &library } } };
static const struct known plain = { "message", { { 0, NULL } } };
static const struct known meta_graph = { "MetaGraphDef",
					 { { 1, &plain },
					   { 2, &graph_def },
					   { 3, &plain },
					   { 4, &plain },
					   { 5, &plain },
					   { 7, &plain } } };

static const struct known saved_model = { "SavedModel", { { 2, &meta_graph } } };

static const struct known *known_field(const struct known *type, uint32_t field)
{
	for (size_t i = 0; i < 6; i++)
		if (type->fields[i].type && type->fields[i].field == field)
			return type->fields[i].type;
	return NULL;
}

/* What is wrong with a message, or NULL. *at: where; *nodes: how many NodeDefs there
 * are. */
static const char *walk(const struct known *root, struct bytes message, int64_t *at,
			uint64_t *nodes)
{
	enum { DEEPEST = 16 };
	struct {
		const struct known *type;
		struct wire w;
	} stack[DEEPEST];
	size_t depth = 0;
	stack[depth].type = root;
	stack[depth++].w = wire_of(message);
	while (depth) {
		struct wire *w = &stack[depth - 1].w;
		const struct known *type = stack[depth - 1].type;
		const int r = wire_next(w);
		*at = w->left.p - message.p;
		if (r < 0)
			return w->problem;
		if (r == 0) {
			depth--;
			continue;
		}
		const struct known *inner = known_field(type, w->field);
		if (!inner || depth == DEEPEST)
			continue;
		if (w->type != WIRE_LEN)
			return "a field that is a message has another wire type";
		*nodes += inner == &node_def;
		const struct bytes data = w->data;
		stack[depth].type = inner;
		stack[depth++].w = wire_of(data);
	}
	return NULL;
}

/* A whole file in memory. */
static int read_whole(const char *path, uint64_t limit, struct buffer *b,
		      struct ckpt_error *err)
{
	struct source s;
	buffer_init(b, limit);
	if (source_open(&s, path, err))
		return -1;
	int r = s.size > limit
			? error_set(err, CKPT_ELIMIT, path, -1,
				    "%" PRIu64 " bytes are above the limit", s.size)
			: buffer_reserve(b, (size_t)s.size + 1, err);
	if (!r)
		r = source_read(&s, 0, b->p, (size_t)s.size, err);
	b->len = (size_t)s.size;
	source_close(&s);
	return r;
}

/* One file with a graph: a MetaGraphDef, or a SavedModel of several. */
static void check_graph(struct ckpt *c, const char *path, const struct known *root,
			const struct finder *f)
{
	struct ckpt_error err = { 0 };
	struct buffer b;
	if (read_whole(path, c->limit, &b, &err)) {
		finding_emit(f,
			     err.code == CKPT_ELIMIT ? FOUND_UNCHECKED : FOUND_UNREADABLE,
			     NULL, path, -1, -1, "%s", err.text);
	} else {
		int64_t at;
		uint64_t nodes = 0;
		const char *wrong = walk(root, bytes_of(b.p, b.len), &at, &nodes);
		if (wrong)
			finding_emit(f, FOUND_META, NULL, path, at, -1,
				     "no %s, or damaged: %s", root->name, wrong);
		else if (!nodes)
			finding_emit(f, FOUND_META, NULL, path, -1, -1,
				     "it has no graph");
	}
	buffer_drop(&b);
}

/* A file of the SavedModel that the checkpoint is of, "DIR/variables/variables" of DIR;
 * NULL if it is of none. */
static const char *saved_model_file(struct ckpt *c, const char *name)
{
	static const char ending[] = "variables/variables";
	const char *prefix = c->at.prefix;
	const size_t n = strlen(prefix), k = sizeof ending - 1;
	if (n < k || strcmp(prefix + n - k, ending) ||
	    (n > k && prefix[n - k - 1] != '/'))
		return NULL;
	return arena_printf(&c->arena, "%.*s%s", (int)(n - k), prefix, name);
}

void beside_meta(struct ckpt *c, const struct finder *f)
{
	uint32_t count;
	const size_t stem = shard_stem(c->at.prefix, &count);
	const int n = (int)(stem ? stem : strlen(c->at.prefix));
	const char *path = arena_printf(&c->arena, "%.*s.meta", n, c->at.prefix);
	const char *saved = saved_model_file(c, "saved_model.pb");
	if (path_is_there(path))
		check_graph(c, path, &meta_graph, f);
	if (path_is_there(saved))
		check_graph(c, saved, &saved_model, f);
	else if (saved && !path_is_there(saved_model_file(c, "saved_model.pbtxt")))
		finding_emit(f, FOUND_NO_GRAPH, NULL, saved, -1, -1,
			     "the variables are a SavedModel's, its graph is not there");
}

/* FingerprintDef.checkpoint_hash (core/protobuf/fingerprint.proto). */
static bool checkpoint_hash(struct bytes message, uint64_t *hash)
{
	struct wire w = wire_of(message);
	bool found = false;
	int r;
	while ((r = wire_next(&w)) > 0)
		if (w.field == 5 && w.type == WIRE_VARINT) {
			*hash = w.value;
			found = true;
		}
	return r == 0 && found;
}

void beside_fingerprint(struct ckpt *c, const char *index_path, const struct finder *f)
{
	const char *path = saved_model_file(c, "fingerprint.pb");
	struct buffer print, index;
	uint64_t said = 0;
	if (!path_is_there(path))
		return;
	const int unread = read_whole(path, c->limit, &print, NULL) |
			   read_whole(index_path, c->limit, &index, NULL);
	if (unread || !checkpoint_hash(bytes_of(print.p, print.len), &said)) {
		finding_emit(f, FOUND_FINGERPRINT, NULL, path, -1, -1,
			     "cannot be read, or has no checkpoint_hash");
	} else {
		const uint64_t is = fingerprint64(index.p, index.len);
		if (is == said)
			finding_emit(f, FOUND_FINGERPRINT_OK, NULL, path, -1, -1,
				     "checkpoint_hash %016" PRIx64
				     " is that of the index",
				     said);
		else
			finding_emit(
				f, FOUND_FINGERPRINT, NULL, path, -1, -1,
				"checkpoint_hash is %016" PRIx64
				", that of the index is %016" PRIx64
				": the model was saved with another checkpoint, or by an "
				"older TensorFlow",
				said, is);
	}
	buffer_drop(&print);
	buffer_drop(&index);
}
