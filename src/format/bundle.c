/* bundle.c — V2 checkpoints ("tensor bundles"): PREFIX.index and PREFIX.data-….
 * SPDX-License-Identifier: Apache-2.0
 *
 * Entries are decoded with the wire cursor, field by field: there may be a million. An
 * entry that is malformed becomes a tensor with a problem; the rest of the index stays
 * usable. TensorFlow's reader dies on many of those.
 */
#include "config.h"

#include "format/bundle.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/wire.h"
#include "format/message.h"
#include "format/shape.h"
#include "format/slicekey.h"
#include "model/slice.h"
#include "proto/bundle.pb-c.h"

enum { BUNDLE_VERSION = 1, ENTRY_MAX_SLICES = 1 << 20 };

static struct bundle *bundle_of(struct ckpt *c)
{
	return c->state;
}

/* --- opening ----------------------------------------------------------------------- */

static int check_header(struct bundle *b, const Ckpt__BundleHeader *h, int64_t offset,
			struct ckpt_error *err)
{
	const char *file = b->index_path;
	if (h->num_shards < 0)
		return error_set(err, CKPT_ECORRUPT, file, offset,
				 "the header says %d shards", h->num_shards);
	if (h->endianness != 0 && h->endianness != 1)
		return error_set(
			err, CKPT_ECORRUPT, file, offset,
			"the header's endianness is %d, expected 0 (little) or 1 (big)",
			h->endianness);
	if (h->version && h->version->min_consumer > BUNDLE_VERSION)
		return error_set(
			err, CKPT_EUNSUPPORTED, file, offset,
			"written for readers of version %d and newer, this one has "
			"version %d",
			h->version->min_consumer, BUNDLE_VERSION);
	for (size_t i = 0; h->version && i < h->version->n_bad_consumers; i++)
		if (h->version->bad_consumers[i] == BUNDLE_VERSION)
			return error_set(err, CKPT_EUNSUPPORTED, file, offset,
					 "its writer forbids readers of version %d",
					 BUNDLE_VERSION);
	const bool host_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	b->num_shards = (uint32_t)h->num_shards;
	b->big_endian = (h->endianness == 1) != host_big;
	return 0;
}

static int read_header(struct ckpt *c, struct ckpt_error *err)
{
	struct bundle *b = bundle_of(c);
	struct table_entry e;
	const int r = table_next(&b->walk, &e, err);
	if (r < 0)
		return -1;
	if (r == 0 || bytes_left(&e.key))
		return error_set(
			err, CKPT_ECORRUPT, b->index_path, r ? e.offset : -1,
			"no header: the first key of a V2 index is empty, here %s",
			r ? "it is not" : "there are no keys");
	const Ckpt__BundleHeader *h =
		message_unpack(&c->arena, &ckpt__bundle_header__descriptor, e.value,
			       b->index_path, e.offset, err);
	return h ? check_header(b, h, e.offset, err) : -1;
}

static int bundle_open(struct ckpt *c, struct ckpt_error *err)
{
	struct bundle *b = arena_zeroed(&c->arena, 1, sizeof *b);
	if (!b || !(b->index_path = arena_printf(&c->arena, "%s.index", c->at.prefix)))
		return arena_error(&c->arena, err);
	c->state = b;
	buffer_init(&b->key, c->limit);
	buffer_init(&b->name, c->limit);
	buffer_init(&b->parent, c->limit);
	if (source_open(&b->index, b->index_path, err) ||
	    table_open(&b->table, &b->index, c->limit, err))
		return -1;
	table_walk_begin(&b->walk, &b->table);
	table_walk_begin(&b->lookup, &b->table);
	if (read_header(c, err))
		return -1;
	shards_init(&b->shards, &c->arena, c->at.prefix, b->num_shards);
	c->store = &b->shards.store;
	return 0;
}

static void bundle_close(struct ckpt *c)
{
	struct bundle *b = bundle_of(c);
	if (!b)
		return;
	shards_close(&b->shards);
	table_walk_end(&b->walk);
	table_walk_end(&b->lookup);
	source_close(&b->index);
	buffer_drop(&b->key);
	buffer_drop(&b->name);
	buffer_drop(&b->parent);
}

/* --- entries ----------------------------------------------------------------------- */

/* A BundleEntry as it stands in the index. */
struct entry {
	int64_t dtype, shard, offset, size;
	struct shape shape;
	uint32_t crc;
	uint32_t n_slices;
	struct bytes slices; /* the whole message again: slices are read when needed */
};

/* What is wrong, or NULL. */
static const char *decode_entry(struct bytes b, struct entry *e)
{
	struct wire w = wire_of(b);
	e->dtype = e->shard = e->offset = e->size = 0;
	e->shape.rank = 0;
	e->shape.unknown_rank = false;
	e->n_slices = 0;
	e->crc = 0;
	e->slices = b;
	int r;
	while ((r = wire_next(&w)) > 0) {
		const bool number = w.type == WIRE_VARINT;
		const char *problem = NULL;
		if (w.field == 1 && number)
			e->dtype = (int64_t)w.value;
		else if (w.field == 2 && w.type == WIRE_LEN)
			problem = shape_decode(w.data, &e->shape);
		else if (w.field == 3 && number)
			e->shard = (int32_t)w.value;
		else if (w.field == 4 && number)
			e->offset = (int64_t)w.value;
		else if (w.field == 5 && number)
			e->size = (int64_t)w.value;
		else if (w.field == 6 && w.type == WIRE_I32)
			e->crc = (uint32_t)w.value;
		else if (w.field == 7 && w.type == WIRE_LEN &&
			 ++e->n_slices > ENTRY_MAX_SLICES)
			problem = "it has more than a million slices";
		if (problem)
			return problem;
	}
	return r < 0 ? w.problem : NULL;
}

/* One tensor being built. */
struct making {
	struct ckpt *c;
	struct arena *a;
	struct ckpt_tensor *t;
	int64_t index_offset; /* of its entry, for messages */
	struct ckpt_error *err;
};

/* The tensor's own error; returns 1, since there is an item, or -1 without memory. */
__attribute__((format(printf, 3, 4))) static int
problem(struct making *m, enum ckpt_code code, const char *format, ...)
{
	char text[256];
	struct ckpt_error *e = arena_zeroed(m->a, 1, sizeof *e);
	if (!e)
		return arena_error(m->a, m->err);
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	error_set(e, code, bundle_of(m->c)->index_path, m->index_offset, "%s", text);
	m->t->problem = e;
	m->t->n_pieces = 0;
	return 1;
}

static int no_memory(struct making *m)
{
	return arena_error(m->a, m->err);
}

/* What the entry says of the bytes of a whole tensor or of a slice. 0: good. */
static int make_piece(struct making *m, const struct entry *e, struct ckpt_piece *p)
{
	const struct bundle *b = bundle_of(m->c);
	const struct dtype *d = dtype_of(m->t->dtype);
	uint64_t elements, bytes;
	shape_elements(e->shape.dims, e->shape.rank, &elements);
	if (e->shard < 0 || e->shard >= b->num_shards)
		return problem(m, CKPT_ECORRUPT,
			       "shard is %" PRId64 ", the header has %u", e->shard,
			       b->num_shards);
	if (e->offset < 0 || e->size < 0 || e->offset > INT64_MAX - e->size)
		return problem(m, CKPT_ECORRUPT,
			       "offset %" PRId64 " and size %" PRId64 " are impossible",
			       e->offset, e->size);
	if (d->size && (__builtin_mul_overflow(elements, d->size, &bytes) ||
			bytes != (uint64_t)e->size))
		return problem(m, CKPT_ECORRUPT,
			       "size is %" PRId64 " bytes, its %" PRIu64
			       " elements of %s need %u each",
			       e->size, elements, d->name, d->size);
	if (!d->size && elements > (uint64_t)e->size)
		return problem(m, CKPT_ECORRUPT,
			       "%" PRIu64 " elements of %s do not fit into %" PRId64
			       " bytes",
			       elements, d->name, e->size);
	*p = (struct ckpt_piece){
		.elements = elements,
		.offset = (uint64_t)e->offset,
		.size = (uint64_t)e->size,
		.shard = (uint32_t)e->shard,
		.crc = crc32c_unmask(e->crc),
		.has_crc32c = true, /* an absent field is a stored 0, as for TensorFlow */
		.spelling = d->kind == KIND_STRING    ? SPELL_STRINGS
			    : d->kind == KIND_VARIANT ? SPELL_VARIANT
						      : SPELL_RAW,
		.swap = b->big_endian && (d->swap > 1 || !d->size),
	};
	return 0;
}

static int make_slice(struct making *m, struct bytes message, uint32_t number,
		      struct ckpt_piece *p)
{
	struct bundle *b = bundle_of(m->c);
	struct ckpt_tensor *t = m->t;
	int64_t start[MAX_RANK], length[MAX_RANK];
	int64_t *from = arena_zeroed(m->a, 2 * (size_t)t->rank + 1, sizeof *from);
	if (!from)
		return no_memory(m);
	int64_t *extent = from + t->rank;
	const char *wrong = slice_decode(message, t->rank, start, length);
	wrong = wrong ? wrong : slice_place(t, start, length, from, extent);
	if (wrong)
		return problem(m, CKPT_ECORRUPT, "slice %u: %s", number, wrong);
	struct table_entry found;
	struct entry e;
	b->key.len = 0;
	if (slicekey_encode(&b->key, t->name, t->name_len, t->rank, start, length,
			    m->err))
		return -1;
	struct ckpt_error damage = { 0 };
	const int r =
		table_find(&b->lookup, bytes_of(b->key.p, b->key.len), &found, &damage);
	if (r < 0)
		return problem(m, damage.code, "slice %u: %.160s", number, damage.text);
	if (r == 0)
		return problem(m, CKPT_ECORRUPT, "slice %u is not in the index", number);
	m->index_offset = found.offset;
	wrong = decode_entry(found.value, &e);
	if (wrong)
		return problem(m, CKPT_ECORRUPT, "slice %u: %s", number, wrong);
	if (e.dtype != t->dtype)
		return problem(m, CKPT_ECORRUPT,
			       "slice %u has dtype %" PRId64 ", expected %d", number,
			       e.dtype, t->dtype);
	if (e.n_slices || e.shape.unknown_rank || e.shape.rank != t->rank ||
	    memcmp(e.shape.dims, extent, (size_t)t->rank * sizeof *extent))
		return problem(
			m, CKPT_ECORRUPT,
			"slice %u is stored with another shape than it is listed with",
			number);
	const int made = make_piece(m, &e, p);
	p->start = from;
	p->extent = extent;
	return made;
}

static int make_slices(struct making *m, const struct entry *e)
{
	struct bundle *b = bundle_of(m->c);
	struct ckpt_piece *pieces = arena_zeroed(m->a, e->n_slices, sizeof *pieces);
	if (!pieces)
		return no_memory(m);
	struct wire w = wire_of(e->slices);
	uint32_t n = 0;
	b->slices_listed += e->n_slices;
	while (wire_next(&w) > 0) {
		if (w.field != 7 || w.type != WIRE_LEN)
			continue;
		const int r = make_slice(m, w.data, n, &pieces[n]);
		if (r)
			return r;
		m->t->size_bytes += pieces[n++].size;
	}
	slices_sort(pieces, n, m->t->rank);
	m->t->pieces = pieces;
	m->t->n_pieces = n;
	return 1;
}

/* The tensor of an entry: 1, or -1 without memory. */
static int make_tensor(struct making *m, const char *name, size_t len, struct bytes value)
{
	struct ckpt_tensor *t = m->t;
	struct entry e;
	const char *wrong = decode_entry(value, &e);
	*t = (struct ckpt_tensor){ .name = arena_copy(m->a, name, len), .name_len = len };
	t->dims = arena_zeroed(m->a, (size_t)e.shape.rank, sizeof *t->dims);
	if (!t->name || !t->dims)
		return no_memory(m);
	memcpy((void *)(uintptr_t)t->dims, e.shape.dims,
	       (size_t)e.shape.rank * sizeof *e.shape.dims);
	t->rank = e.shape.rank;
	t->dtype = (int)e.dtype;
	if (wrong)
		return problem(m, CKPT_ECORRUPT, "entry is malformed: %s", wrong);
	const struct dtype *d = e.dtype == t->dtype ? dtype_of(t->dtype) : NULL;
	if (!d || d->kind == KIND_RESOURCE)
		return problem(m, CKPT_ECORRUPT,
			       "dtype %" PRId64 " cannot be in a checkpoint", e.dtype);
	if (e.shape.unknown_rank)
		return problem(m, CKPT_ECORRUPT, "the shape's rank is unknown");
	if (!shape_elements(t->dims, t->rank, &t->elements))
		return problem(m, CKPT_ECORRUPT,
			       "the shape has a negative or an overflowing dimension");
	if (e.n_slices)
		return make_slices(m, &e);
	struct ckpt_piece *p = arena_zeroed(m->a, 1, sizeof *p);
	if (!p)
		return no_memory(m);
	const int r = make_piece(m, &e, p);
	if (r)
		return r;
	t->pieces = p;
	t->n_pieces = 1;
	t->size_bytes = p->size;
	return 1;
}

enum key_kind { KEY_NAME, KEY_SLICE, KEY_ORPHAN };

/* Does a tensor of that name, b->name, list slices? 0, or -1 where it cannot be looked
 * up: damage there is told when the list comes to it, and counts as none here. */
static int look_up_parent(struct bundle *b, struct ckpt_error *err)
{
	struct table_entry found;
	struct entry e;
	struct ckpt_error why = { 0 };
	/* The keys of a tensor's slices stand together: look it up once. */
	if (b->parent.p &&
	    !bytes_compare(b->parent.p, b->parent.len, b->name.p, b->name.len))
		return 0;
	const int r =
		table_find(&b->lookup, bytes_of(b->name.p, b->name.len), &found, &why);
	if (r < 0 && why.code != CKPT_ECORRUPT && why.code != CKPT_EUNSUPPORTED)
		return error_copy(err, &why);
	b->parent_sliced = r > 0 && !decode_entry(found.value, &e) && e.n_slices > 0;
	b->parent.len = 0;
	return buffer_reserve(&b->parent, 1, err) ||
			       buffer_append(&b->parent, b->name.p, b->name.len, err)
		       ? -1
		       : 0;
}

/* A slice of a tensor that lists slices is no tensor of its own. One whose tensor is not
 * there is listed under its key, since there is nothing else to show it by. */
static int kind_of(struct bundle *b, struct bytes key, enum key_kind *kind,
		   struct ckpt_error *err)
{
	int64_t start[MAX_RANK], length[MAX_RANK];
	int rank;
	*kind = KEY_NAME;
	if (!bytes_left(&key) || *key.p != 0 ||
	    !slicekey_decode(key, &b->name, &rank, start, length))
		return 0;
	if (look_up_parent(b, err))
		return -1;
	*kind = b->parent_sliced ? KEY_SLICE : KEY_ORPHAN;
	return 0;
}

static int bundle_next(struct ckpt *c, struct arena *a, struct ckpt_tensor *t,
		       struct ckpt_error *err)
{
	struct bundle *b = bundle_of(c);
	struct table_entry e;
	for (;;) {
		const int r = table_next(&b->walk, &e, err);
		if (r <= 0)
			return r;
		enum key_kind kind;
		if (kind_of(b, e.key, &kind, err))
			return -1;
		b->slices_seen += kind == KEY_SLICE;
		b->orphans += kind == KEY_ORPHAN;
		if (kind == KEY_SLICE)
			continue;
		struct making m = { c, a, t, e.offset, err };
		return make_tensor(&m, (const char *)e.key.p, bytes_left(&e.key),
				   e.value);
	}
}

static int bundle_find(struct ckpt *c, struct arena *a, const char *name, size_t len,
		       struct ckpt_tensor *t, struct ckpt_error *err)
{
	struct bundle *b = bundle_of(c);
	struct table_entry e;
	enum key_kind kind;
	if (!len) /* the header's key */
		return 0;
	if (kind_of(b, bytes_of(name, len), &kind, err))
		return -1;
	if (kind == KEY_SLICE)
		return 0;
	const int r = table_find(&b->lookup, bytes_of(name, len), &e, err);
	if (r <= 0)
		return r;
	/* Slices are looked up with the same walk, which moves what e points to. */
	const size_t n = bytes_left(&e.value);
	uint8_t *value = (uint8_t *)arena_copy(a, e.value.p, n);
	if (!value)
		return arena_error(a, err);
	struct making m = { c, a, t, e.offset, err };
	const uint64_t listed = b->slices_listed; /* counts for the list of all alone */
	const int made = make_tensor(&m, name, len, bytes_of(value, n));
	b->slices_listed = listed;
	return made;
}

static int bundle_unchanged(struct ckpt *c, struct ckpt_error *err)
{
	struct bundle *b = bundle_of(c);
	if (source_unchanged(&b->index, err))
		return -1;
	return shards_unchanged(&b->shards, err);
}

static const char *bundle_file(struct ckpt *c, size_t i)
{
	enum { MOST_SHARDS = 1000 }; /* a header may claim any number */
	struct bundle *b = bundle_of(c);
	uint64_t size;
	if (i == 0) {
		b->next_file = 0;
		return b->index_path;
	}
	while (b->next_file < b->num_shards && b->next_file < MOST_SHARDS) {
		const uint32_t shard = b->next_file++;
		if (!shards_size(&b->shards, shard, &size))
			return shards_path(&b->shards, shard);
	}
	return NULL;
}

static uint32_t bundle_shards(const struct ckpt *c)
{
	return ((const struct bundle *)c->state)->num_shards;
}

static struct store *bundle_fork(struct ckpt *c, struct arena *a)
{
	const struct bundle *b = c->state;
	struct shards *s = arena_zeroed(a, 1, sizeof *s);
	if (!s)
		return NULL;
	shards_init(s, a, c->at.prefix, b->shards.count);
	shards_map(s);
	return &s->store;
}

static int bundle_join(struct ckpt *c, struct store *store, struct ckpt_error *err)
{
	struct shards *s = (struct shards *)store;
	(void)c;
	const int r = shards_unchanged(s, err);
	shards_close(s);
	return r;
}

const struct reader reader_bundle = {
	.name = "V2 bundle",
	.open = bundle_open,
	.close = bundle_close,
	.next = bundle_next,
	.find = bundle_find,
	.check = bundle_check,
	.members = bundle_members,
	.file = bundle_file,
	.unchanged = bundle_unchanged,
	.fork = bundle_fork,
	.join = bundle_join,
	.shards = bundle_shards,
};
