/* graph_kind.c — which of the three messages a file is, by what it begins with.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Protobuf does not say what it holds, so this looks at fields that differ:
 *
 *	field    GraphDef       MetaGraphDef        SavedModel
 *	1        NodeDef        MetaInfoDef         schema version, a number
 *	2        functions      GraphDef            MetaGraphDef
 *	3        a number       SaverDef
 *	4        versions       map of collections
 *
 * A NodeDef's second field is its op, an identifier; a MetaInfoDef's is a list of ops, a
 * message. Texts name their fields.
 */
#include "config.h"

#include "format/graph.h"

#include <ctype.h>

#include "base/error.h"
#include "format/events.h"

enum { LOOK = 64 }; /* fields that are looked at */

enum guess { GUESS_NONE, GUESS_NODE, GUESS_INFO, GUESS_FAILED };

static bool is_op_letter(uint8_t c)
{
	return isalnum(c) || c == '_' || c == '.' || c == '>' || c == '/';
}

/* An identifier, as ops are called. */
static enum guess guess_op(struct scan *s, const struct field *f)
{
	const size_t n = f->n < LOOK ? (size_t)f->n : LOOK;
	const uint8_t *p = scan_bytes(s, f->at, n, NULL);
	if (!p)
		return GUESS_FAILED;
	for (size_t i = 0; i < n; i++)
		if (!is_op_letter(p[i]))
			return GUESS_INFO;
	return n ? GUESS_NODE : GUESS_NONE;
}

/* A field 1 of a graph: a NodeDef, or a MetaInfoDef? */
static enum guess guess_first(struct scan *s, const struct field *in)
{
	struct fields fields = fields_of(s, in->at, in->n);
	struct field f;
	int r = 0;
	bool node = false;
	for (int i = 0; i < LOOK && (r = fields_next(&fields, &f, NULL)) > 0; i++) {
		if (f.type != WIRE_LEN)
			return f.number == 7 ? GUESS_INFO : GUESS_NONE;
		if (f.number == 2)
			return guess_op(s, &f);
		if (f.number == 5) { /* a node's attribute is a message, a version text */
			const uint8_t *p = f.n ? scan_bytes(s, f.at, 1, NULL) : NULL;
			return p && *p == 0x0a ? GUESS_NODE : GUESS_INFO;
		}
		node |= f.number == 3;
	}
	return r < 0 ? GUESS_NONE : node ? GUESS_NODE : GUESS_NONE;
}

/* A field 2: does it hold nodes, metadata, or neither (functions)? */
static enum guess guess_second(struct scan *s, const struct field *in)
{
	struct fields fields = fields_of(s, in->at, in->n);
	struct field f;
	for (int i = 0; i < LOOK && fields_next(&fields, &f, NULL) > 0; i++) {
		if (f.number == 1 && f.type == WIRE_LEN)
			return guess_first(s, &f);
		if (f.number == 2 && f.type == WIRE_LEN) {
			const enum guess inner = guess_second(s, &f);
			return inner == GUESS_NODE ? GUESS_INFO : inner;
		}
	}
	return GUESS_NONE;
}

static int found(enum graph_kind is, enum graph_kind *kind)
{
	*kind = is;
	return 1;
}

static int decide(struct scan *s, const struct field *f, enum graph_kind *kind)
{
	enum guess g;
	switch (f->number) {
	case 1:
		if (f->type == WIRE_VARINT) /* cc/saved_model/constants.h */
			return f->value == 1 ? found(GRAPH_SAVED_MODEL, kind) : 0;
		g = guess_first(s, f);
		return g == GUESS_NODE	 ? found(GRAPH_DEF, kind)
		       : g == GUESS_INFO ? found(GRAPH_META, kind)
					 : 0;
	case 2:
		g = guess_second(s, f);
		return g == GUESS_NODE	 ? found(GRAPH_META, kind)
		       : g == GUESS_INFO ? found(GRAPH_SAVED_MODEL, kind)
					 : 0;
	case 3:
		return found(f->type == WIRE_VARINT ? GRAPH_DEF : GRAPH_META, kind);
	case 4: {
		const uint8_t *p = f->n ? scan_bytes(s, f->at, 1, NULL) : NULL;
		return p ? found((*p & 7) == WIRE_VARINT ? GRAPH_DEF : GRAPH_META, kind)
			 : 0;
	}
	default: /* 5 to 7 are a MetaGraphDef's; 5 can be a GraphDef's debug_info */
		return f->number == 5 ? 0 : found(GRAPH_META, kind);
	}
}

/* May a graph have such a field at all? */
static bool may_be(const struct field *f)
{
	if (f->number > 7)
		return false;
	return f->type == WIRE_LEN ||
	       ((f->number == 1 || f->number == 3) && f->type == WIRE_VARINT);
}

int graph_probe(struct scan *s, struct graph_range range, enum graph_kind *kind)
{
	struct fields fields = fields_of(s, range.at, range.n);
	struct field f;
	struct ckpt_error err = { 0 };
	int r = 0, decided = 0;
	for (int i = 0; i < LOOK && !decided; i++) {
		if ((r = fields_next(&fields, &f, &err)) <= 0)
			break;
		if (!may_be(&f))
			return 0;
		decided = decide(s, &f, kind);
	}
	if (decided || (r < 0 && err.code == CKPT_ECORRUPT))
		return decided;
	if (r < 0)
		return -1;
	/* Nothing but what could be anything: functions alone. */
	if (range.n && f.number == 2)
		return found(GRAPH_DEF, kind);
	return 0;
}

/* Names that only a MetaGraphDef's field has, say, in the first word of a text. */
bool graph_probe_text(struct bytes head, enum graph_kind *kind)
{
	static const ProtobufCMessageDescriptor *const types[] = {
		[GRAPH_DEF] = &ckpt__graph_def__descriptor,
		[GRAPH_META] = &ckpt__meta_graph_def__descriptor,
		[GRAPH_SAVED_MODEL] = &ckpt__saved_model__descriptor,
	};
	char word[64];
	size_t n = 0;
	while (bytes_left(&head) && (isspace(*head.p) || *head.p == '#')) {
		const uint8_t *end = *head.p == '#'
					     ? memchr(head.p, '\n', bytes_left(&head))
					     : head.p + 1;
		head.p = end ? end : head.end;
	}
	while (bytes_left(&head) && (isalpha(*head.p) || *head.p == '_') &&
	       n < sizeof word - 1)
		word[n++] = (char)*head.p++;
	word[n] = '\0';
	while (bytes_left(&head) && isspace(*head.p))
		head.p++;
	if (!n || !bytes_left(&head) || !strchr("{<:", *head.p))
		return false;
	for (int k = GRAPH_DEF; k <= GRAPH_SAVED_MODEL; k++)
		if (protobuf_c_message_descriptor_get_field_by_name(types[k], word)) {
			*kind = (enum graph_kind)k;
			return true;
		}
	return false;
}

/* Of an event file all that stands before its first graph has to be read. Where damage
 * may have been the graph, it is for graph_open() to say so. */
static int kind_in_events(struct source *source, enum graph_kind *kind,
			  struct ckpt_error *err)
{
	enum { WINDOW = 64 << 10 };
	struct event_graph found;
	struct ckpt_error why = { 0 };
	const int r = events_graph(source, WINDOW, true, &found, &why);
	*kind = found.kind;
	if (r < 0 && why.code != CKPT_ECORRUPT)
		return error_copy(err, &why);
	return r ? 1 : 0;
}

static int kind_of_source(struct source *source, struct scan *scan, enum graph_kind *kind,
			  struct ckpt_error *err)
{
	enum { HEAD = 4096 };
	const size_t n = source->size < HEAD ? (size_t)source->size : HEAD;
	const uint8_t *head = scan_bytes(scan, 0, n, err);
	if (head && events_probe(bytes_of(head, n)))
		return kind_in_events(source, kind, err);
	int r = head ? graph_probe_text(bytes_of(head, n), kind) : -1;
	if (!r)
		r = graph_probe(scan, (struct graph_range){ 0, source->size }, kind);
	if (head && r < 0)
		error_set(err, CKPT_EIO, source->path, -1, "cannot be read");
	return r;
}

int graph_kind_of(const char *path, enum graph_kind *kind, struct ckpt_error *err)
{
	enum { MOST = 4096 };
	struct source source;
	struct scan scan;
	if (source_open(&source, path, NULL))
		return 0;
	scan_init(&scan, &source, MOST);
	const int r = kind_of_source(&source, &scan, kind, err);
	scan_drop(&scan);
	source_close(&source);
	return r;
}

bool graph_is(const char *path, enum graph_kind *kind)
{
	return graph_kind_of(path, kind, NULL) > 0;
}
