/* graph_const.c — constants of a graph as tensors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A TensorProto is walked for where its values lie. Where their bytes are those of the
 * elements (tensor_content, packed floats) they are a raw piece, of any size; else the
 * piece is the whole message.
 */
#include "config.h"

#include "format/graph_const.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/mapping.h"
#include "format/shape.h"

enum { CONTENT = 4, FIELDS = 19 };

/* What a TensorProto has. */
struct proto {
	struct graph_range range;
	int dtype;
	struct shape shape;
	struct graph_range content;
	/* Per field: how often it stands there, and the last time. */
	uint64_t times[FIELDS];
	struct graph_range last[FIELDS];
	uint64_t bytes; /* of strings and variants, added up */
};

static int read_shape(struct graph *g, const struct field *f, struct proto *p,
		      const char **problem, struct ckpt_error *err)
{
	enum { LONGEST = 1 << 20 };
	if (f->n > LONGEST) {
		*problem = "its shape is too long";
		return 0;
	}
	const uint8_t *b = scan_bytes(&g->scan, f->at, (size_t)f->n, err);
	if (!b)
		return -1;
	*problem = shape_decode(bytes_of(b, (size_t)f->n), &p->shape);
	return 0;
}

/* -1: it could not be read; *problem: what is wrong with it. */
static int read_proto(struct graph *g, struct proto *p, const char **problem,
		      struct ckpt_error *err)
{
	struct fields fields = fields_of(&g->scan, p->range.at, p->range.n);
	struct field f;
	int r = 0;
	while (!*problem && (r = fields_next(&fields, &f, err)) > 0) {
		if (f.number == 1 && f.type == WIRE_VARINT)
			p->dtype = f.value < INT32_MAX ? (int)f.value : -1;
		else if (f.number == 2 && f.type == WIRE_LEN) {
			if (read_shape(g, &f, p, problem, err))
				return -1;
		} else if (f.number == CONTENT && f.type == WIRE_LEN)
			p->content = (struct graph_range){ f.at, f.n };
		else if (f.number < FIELDS) {
			p->times[f.number]++;
			p->last[f.number] = (struct graph_range){ f.at, f.n };
			if (f.type == WIRE_LEN && (f.number == 8 || f.number == 15))
				p->bytes += f.n;
		}
	}
	return *problem ? 0 : r;
}

static const char *check_proto(const struct proto *p, uint64_t *elements)
{
	const struct dtype *d = dtype_of(p->dtype);
	if (!d)
		return p->dtype > 100 && dtype_of(p->dtype - 100)
			       ? "its dtype is a reference"
			       : "its dtype is unknown";
	if (d->kind == KIND_RESOURCE)
		return "a resource handle has no value";
	/* unknown_rank is read over, as TensorShape does (tensor_shape.cc IsValid). */
	if (!shape_elements(p->shape.dims, p->shape.rank, elements))
		return "its shape has a negative dimension, or 2^63 elements or more";
	return NULL;
}

/* The bytes of tensor_content. */
static const char *place_content(const struct proto *p, struct ckpt_piece *piece)
{
	const struct dtype *d = dtype_of(p->dtype);
	piece->offset = p->content.at;
	piece->size = p->content.n;
	piece->spelling = SPELL_RAW;
	if (d->kind == KIND_STRING)
		piece->spelling = SPELL_STRINGS_BARE;
	else if (d->kind == KIND_VARIANT)
		return "tensor_content of variants is not read";
	else if (piece->size / d->size != piece->elements || piece->size % d->size)
		return "tensor_content does not have the bytes of its elements";
	return NULL;
}

/* The values' field: raw where that is the same, else the whole message, walked. */
static void place_field(const struct proto *p, struct ckpt_piece *piece)
{
	const struct dtype *d = dtype_of(p->dtype);
	const uint32_t raw = tagged_raw_field(p->dtype);
	if (raw && p->times[raw] == 1 && piece->elements &&
	    p->last[raw].n / d->size >= piece->elements) {
		piece->spelling = SPELL_RAW;
		piece->offset = p->last[raw].at;
		piece->size = piece->elements * d->size;
		return;
	}
	piece->spelling = d->size ? SPELL_TAGGED : SPELL_FIELDS;
	piece->offset = p->range.at;
	piece->size = p->range.n;
	piece->fill = 1;
}

static int set_problem(const struct graph *g, struct arena *a, struct ckpt_tensor *t,
		       enum ckpt_code code, uint64_t at, const char *problem,
		       struct ckpt_error *err)
{
	struct ckpt_error *e = arena_zeroed(a, 1, sizeof *e);
	if (!e)
		return arena_error(a, err);
	error_set(e, code, g->path, graph_offset(g, at), "%s", problem);
	t->problem = e;
	return 0;
}

static int set_dims(struct arena *a, const struct shape *s, struct ckpt_tensor *t,
		    struct ckpt_error *err)
{
	int64_t *dims = arena_zeroed(a, (size_t)s->rank + 1, sizeof *dims);
	if (!dims)
		return arena_error(a, err);
	memcpy(dims, s->dims, (size_t)s->rank * sizeof *dims);
	t->dims = dims;
	t->rank = s->rank;
	return 0;
}

/* A handful of bytes must not claim more than may be held: no end would be seen of its
 * values. */
static bool claims_too_much(const struct graph *g, const struct ckpt_piece *p,
			    const struct dtype *d)
{
	const uint64_t size = d->size ? d->size : sizeof(struct ckpt_string);
	return p->fill && p->elements > p->size && p->elements > g->limit / size;
}

int graph_tensor(struct graph *g, struct arena *a, struct graph_range range,
		 struct ckpt_string name, struct ckpt_tensor *t, struct ckpt_error *err)
{
	struct proto p = { .range = range };
	struct ckpt_error why = { 0 };
	const char *problem = NULL;
	*t = (struct ckpt_tensor){ .name = name.p, .name_len = name.len };
	struct ckpt_piece *piece = arena_zeroed(a, 1, sizeof *piece);
	if (!piece)
		return arena_error(a, err);
	if (read_proto(g, &p, &problem, &why)) {
		if (why.code != CKPT_ECORRUPT)
			return error_copy(err, &why);
		problem = why.text;
	}
	t->dtype = p.dtype;
	if (set_dims(a, &p.shape, t, err))
		return -1;
	if (!problem)
		problem = check_proto(&p, &piece->elements);
	const bool fields = !problem && (!p.content.n || !piece->elements);
	if (fields)
		place_field(&p, piece);
	else if (!problem)
		problem = place_content(&p, piece);
	if (problem)
		return set_problem(g, a, t, CKPT_ECORRUPT, range.at, problem, err);
	const struct dtype *d = dtype_of(t->dtype);
	if (claims_too_much(g, piece, d))
		return set_problem(g, a, t, CKPT_ELIMIT, range.at,
				   "a few values stand for more elements than "
				   "--max-memory has room for",
				   err);
	t->elements = piece->elements;
	t->size_bytes = d->size			 ? t->elements * d->size
			: piece_is_tagged(piece) ? p.bytes
						 : piece->size;
	t->pieces = piece;
	t->n_pieces = 1;
	return 0;
}

int graph_const(struct graph *g, struct arena *a, const struct graph_node *n,
		struct ckpt_tensor *t, struct ckpt_error *err)
{
	const struct graph_attr *value = graph_attr(n, "value");
	if (!value || value->kind != ATTR_TENSOR)
		return 0;
	return graph_tensor(g, a, value->value, n->name, t, err) ? -1 : 1;
}

/* --- the store --------------------------------------------------------------------- */

struct graph_store {
	struct store store; /* first, so that a store * is a graph_store * */
	struct graph *graph;
	struct scan scan;
	struct mapping mapping;
};

static int read_piece(struct store *store, const struct ckpt_piece *p, uint64_t at,
		      void *buf, size_t n, struct ckpt_error *err)
{
	struct graph_store *s = (struct graph_store *)store;
	return source_read(s->graph->source, p->offset + at, buf, n, err);
}

static int piece_bytes(struct store *store, const struct ckpt_piece *p,
		       struct bytes *bytes, struct ckpt_error *err)
{
	struct graph_store *s = (struct graph_store *)store;
	const uint8_t *b = scan_bytes(&s->scan, p->offset, (size_t)p->size, err);
	*bytes = bytes_of(b, b ? (size_t)p->size : 0);
	return b ? 0 : -1;
}

static const uint8_t *look(struct store *store, const struct ckpt_piece *p, uint64_t at,
			   size_t n)
{
	const struct mapping *m = &((struct graph_store *)store)->mapping;
	const uint64_t from = p->offset + at;
	return from <= m->size && n <= m->size - from ? m->p + from : NULL;
}

static int intact(struct store *store, const struct ckpt_piece *p, struct ckpt_error *err)
{
	struct graph_store *s = (struct graph_store *)store;
	(void)p;
	if (!mapping_torn(&s->mapping))
		return 0;
	return error_set(err, CKPT_EIO, s->graph->path, -1,
			 "cannot be read, or became shorter while it was read");
}

static void release(struct store *store, const struct ckpt_piece *p, uint64_t at,
		    uint64_t n)
{
	mapping_release(&((struct graph_store *)store)->mapping, p->offset + at, n);
}

static const char *piece_path(struct store *store, const struct ckpt_piece *p)
{
	(void)p;
	return ((struct graph_store *)store)->graph->path;
}

struct store *graph_store(struct graph *g, struct arena *a)
{
	struct graph_store *s = arena_zeroed(a, 1, sizeof *s);
	if (!s)
		return NULL;
	s->graph = g;
	s->store = (struct store){ .read = read_piece,
				   .bytes = piece_bytes,
				   .file = piece_path };
	scan_init(&s->scan, g->source, g->limit);
	if (!g->text && mapping_open(&s->mapping, g->file.fd, g->file.size)) {
		s->store.look = look;
		s->store.intact = intact;
		s->store.release = release;
	}
	return &s->store;
}

void graph_store_drop(struct store *store)
{
	struct graph_store *s = (struct graph_store *)store;
	if (!s)
		return;
	scan_drop(&s->scan);
	mapping_close(&s->mapping);
}

/* --- strings ----------------------------------------------------------------------- */

struct copying {
	struct arena *arena;
	struct ckpt_string *to;
	bool full;
};

static int copy_strings(void *arg, const struct ckpt_run *run)
{
	struct copying *c = arg;
	for (uint64_t i = 0; i < run->n; i++, c->to++) {
		const struct ckpt_string *s = &run->strings[i];
		*c->to = (struct ckpt_string){ arena_copy(c->arena, s->p, s->len),
					       s->len };
		if (!c->to->p)
			c->full = true;
		if (c->full)
			return 1;
	}
	return 0;
}

int graph_strings(struct graph *g, struct arena *a, const struct ckpt_tensor *t,
		  const struct ckpt_string **strings, size_t *n, struct ckpt_error *err)
{
	if (t->dtype != CKPT_STRING && !t->problem)
		return error_set(err, CKPT_EINVAL, g->path, -1,
				 "strings were expected, the dtype is %s",
				 ckpt_dtype_name(t->dtype));
	struct store *store = graph_store(g, a);
	struct ckpt_string *all =
		t->elements < SIZE_MAX
			? arena_zeroed(a, (size_t)t->elements + 1, sizeof *all)
			: NULL;
	struct copying c = { a, all, false };
	struct values v = { 0 };
	int r = store && all ? values_open(&v, store, t, g->limit, err)
			     : arena_error(a, err);
	if (!r)
		r = values_runs(&v, 0, t->elements, copy_strings, &c, err);
	if (c.full)
		arena_error(a, err);
	values_close(&v);
	graph_store_drop(store);
	*strings = all;
	*n = r ? 0 : (size_t)t->elements;
	return r;
}
