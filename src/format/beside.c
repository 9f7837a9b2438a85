/* beside.c — what is verified beside a checkpoint: its .meta and fingerprint.pb.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A graph is walked node by node, down to the attributes, without being unpacked.
 */
#include "config.h"

#include "format/beside.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/fingerprint.h"
#include "base/source.h"
#include "base/wire.h"
#include "format/graph.h"
#include "format/path.h"

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

static void tell_graph(const char *path, const struct ckpt_error *e,
		       const struct finder *f)
{
	finding_emit(f,
		     e->code == CKPT_ELIMIT ? FOUND_UNCHECKED
		     : e->code == CKPT_EIO  ? FOUND_UNREADABLE
					    : FOUND_META,
		     NULL, path, e->offset, -1, "%s", e->text);
}

/* Each node of a graph, down to its attributes. Says so if one is damaged. */
static bool check_nodes(struct graph *g, const struct finder *f)
{
	struct graph_walk w;
	struct graph_node node;
	struct ckpt_error err = { 0 };
	graph_walk_begin(&w, g, GRAPH_ALL);
	while (graph_walk_next(&w, &node, &err) > 0)
		;
	graph_walk_end(&w);
	if (err.code)
		tell_graph(g->path, &err, f);
	else if (!g->n_nodes)
		finding_emit(f, FOUND_META, NULL, g->path, -1, -1, "it has no graph");
	return !err.code && g->n_nodes;
}

/* One file with a graph, of the kind that it has to be; all graphs of a SavedModel. */
static void check_graph(struct ckpt *c, const char *path, enum graph_kind kind,
			const struct finder *f)
{
	struct arena a;
	const char *tags = GRAPH_FIRST_TAGS;
	bool good = true;
	size_t n = 1;
	arena_init(&a, c->limit);
	for (size_t i = 0; good && i < n; i++) {
		struct ckpt_error err = { 0 };
		struct graph *g = graph_open(&a, path, tags, c->limit, &err);
		good = g != NULL;
		if (!g) {
			tell_graph(path, &err, f);
		} else if (g->kind != kind) {
			good = false;
			finding_emit(f, FOUND_META, NULL, path, -1, -1,
				     "it is a %s, a %s was expected",
				     graph_kind_name(g->kind), graph_kind_name(kind));
		} else {
			good = check_nodes(g, f);
			n = g->n_tag_sets;
			tags = i + 1 < n ? g->tag_sets[i + 1].text : NULL;
		}
		graph_close(g);
	}
	arena_drop(&a);
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
	const char *text = saved_model_file(c, "saved_model.pbtxt");
	const char *chunks = saved_model_file(c, "saved_model.cpb");
	if (path_is_there(path))
		check_graph(c, path, GRAPH_META, f);
	if (path_is_there(saved) || path_is_there(text))
		check_graph(c, path_is_there(saved) ? saved : text, GRAPH_SAVED_MODEL, f);
	else if (path_is_there(chunks))
		finding_emit(f, FOUND_UNCHECKED, NULL, chunks, -1, -1,
			     "the graph is in chunks, which are not looked at");
	else if (saved)
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
