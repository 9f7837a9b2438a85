/* safetensors.c — .safetensors files, alone or as the shards of a model.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/safetensors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/jsontext.h"
#include "base/text.h"
#include "format/path.h"

/* Where a tensor lies, counted from the end of the header. */
struct extent {
	struct ckpt_tensor *tensor;
	uint64_t begin, end;
};

/* A file while its header is read. */
struct reading {
	struct arrays *arrays;
	uint32_t file;
	const char *path;
	struct jsontext json;
	uint64_t data;	      /* where the tensors' bytes begin */
	struct arena scratch; /* the header's text and the extents */
	struct pointers extents;
	struct ckpt_error *err;
};

static int malformed(struct reading *r)
{
	return error_set(r->err, CKPT_ECORRUPT, r->path,
			 (int64_t)(8 + jsontext_at(&r->json)),
			 "the header is malformed: %s", r->json.problem);
}

/* --- one tensor -------------------------------------------------------------------- */

/* What the header says of a tensor. */
struct entry {
	char dtype[32]; /* cut where it is longer than any dtype's name */
	int64_t dims[MAX_RANK];
	int rank;
	uint64_t begin, end;
};

static int wrong(struct reading *r, const char *problem)
{
	r->json.problem = r->json.problem ? r->json.problem : problem;
	return -1;
}

static int take_dtype(struct reading *r, struct entry *e)
{
	struct bytes text;
	if (jsontext_string(&r->json, &text))
		return -1;
	text_escape(e->dtype, sizeof e->dtype, (const char *)text.p, bytes_left(&text));
	return 0;
}

static int take_shape(struct reading *r, struct entry *e)
{
	uint64_t dim;
	int more;
	if (jsontext_open(&r->json, '['))
		return -1;
	while ((more = jsontext_item(&r->json)) > 0) {
		if (jsontext_u64(&r->json, &dim))
			return -1;
		if (dim > INT64_MAX || e->rank == MAX_RANK)
			return wrong(r, dim > INT64_MAX ? "a dimension of 2^63 or more"
							: "more than 254 dimensions");
		e->dims[e->rank++] = (int64_t)dim;
	}
	return more;
}

static int take_offsets(struct reading *r, struct entry *e)
{
	if (jsontext_open(&r->json, '[') || jsontext_item(&r->json) != 1 ||
	    jsontext_u64(&r->json, &e->begin) || jsontext_item(&r->json) != 1 ||
	    jsontext_u64(&r->json, &e->end) || jsontext_item(&r->json))
		return wrong(r, "two offsets were expected");
	if (e->end < e->begin || e->end > INT64_MAX - r->data)
		return wrong(r, "the offsets of a tensor are impossible");
	return 0;
}

static int take_entry(struct reading *r, struct entry *e)
{
	static const char *const names[] = { "dtype", "shape", "data_offsets" };
	static int (*const takes[])(struct reading *, struct entry *) = { take_dtype,
									  take_shape,
									  take_offsets };
	bool has[3] = { false };
	struct bytes key;
	int more;
	if (jsontext_open(&r->json, '{'))
		return -1;
	while ((more = jsontext_key(&r->json, &key)) > 0) {
		size_t i = 0;
		while (i < 3 && (bytes_left(&key) != strlen(names[i]) ||
				 memcmp(key.p, names[i], strlen(names[i]))))
			i++;
		if (i == 3) {
			if (jsontext_skip(&r->json))
				return -1;
			continue;
		}
		if (has[i])
			return wrong(r, "a key of a tensor stands twice");
		if (takes[i](r, e))
			return -1;
		has[i] = true;
	}
	if (more < 0)
		return -1;
	return has[0] && has[1] && has[2]
		       ? 0
		       : wrong(r, "a tensor lacks dtype, shape or data_offsets");
}

/* The dtype's and the shape's own problems are the tensor's, not the file's. 1: there is
 * one, in why. */
static int judge(struct reading *r, const struct entry *e, uint64_t *elements,
		 struct ckpt_error *why)
{
	const struct dtype *d = dtype_of(dtype_of_safetensors(e->dtype));
	uint64_t bytes;
	if (!shape_elements(e->dims, e->rank, elements)) {
		error_set(why, CKPT_ECORRUPT, r->path, -1,
			  "the shape overflows: it has 2^63 elements or more");
		return 1;
	}
	if (!d) {
		error_set(why, CKPT_EUNSUPPORTED, r->path, -1,
			  "dtype %s is not read: TensorFlow has none that is stored so",
			  e->dtype);
		return 1;
	}
	if (!__builtin_mul_overflow(*elements, d->size, &bytes) &&
	    bytes == e->end - e->begin)
		return 0;
	error_set(why, CKPT_ECORRUPT, r->path, (int64_t)(r->data + e->begin),
		  "its offsets leave it %" PRIu64 " bytes, its %" PRIu64
		  " elements of %s need %u each",
		  e->end - e->begin, *elements, e->dtype, d->size);
	return 1;
}

static int add_tensor(struct reading *r, struct bytes name)
{
	struct arrays *s = r->arrays;
	struct entry e = { .rank = 0 };
	struct ckpt_error why = { 0 };
	uint64_t elements = 0;
	struct ckpt_tensor *t =
		arrays_add(s, (const char *)name.p, bytes_left(&name), r->err);
	struct extent *x = arena_alloc(&r->scratch, sizeof *x);
	if (!t)
		return -1;
	if (!x || pointers_add(&r->extents, x))
		return arena_error(&r->scratch, r->err);
	if (take_entry(r, &e))
		return malformed(r);
	*x = (struct extent){ t, e.begin, e.end };
	const int bad = judge(r, &e, &elements, &why);
	if (arrays_shape(s, t, e.dims, e.rank, elements, r->err))
		return -1;
	t->dtype = dtype_of_safetensors(e.dtype);
	if (bad)
		return arrays_problem(s, t, r->file, &why, r->err);
	return arrays_piece(s, t, r->file, r->data + e.begin, e.end - e.begin, r->err)
		       ? 0
		       : -1;
}

/* --- the header -------------------------------------------------------------------- */

static bool is_metadata(struct bytes key)
{
	static const char name[] = "__metadata__";
	return bytes_left(&key) == sizeof name - 1 &&
	       !memcmp(key.p, name, sizeof name - 1);
}

static struct ckpt_string keep(struct arena *a, struct bytes text)
{
	const size_t n = bytes_left(&text);
	return (struct ckpt_string){ arena_copy(a, text.p, n), n };
}

static bool same(struct ckpt_string a, struct ckpt_string b)
{
	return !bytes_compare(a.p, a.len, b.p, b.len);
}

/* Shards mostly say the same: what has been said is not kept again. */
static bool is_known(const struct arrays *s, const struct metadata *m)
{
	for (size_t i = 0; i < s->metadata.n; i++) {
		const struct metadata *known = s->metadata.p[i];
		if (same(known->key, m->key) && same(known->text, m->text))
			return true;
	}
	return false;
}

/* 0, -1 where it is malformed, or -1 with an error where memory ends. */
static int take_metadata(struct reading *r)
{
	enum { MOST = 1000 }; /* that are kept */
	struct arrays *s = r->arrays;
	struct bytes key, text;
	int more;
	if (jsontext_open(&r->json, '{'))
		return -1;
	while ((more = jsontext_key(&r->json, &key)) > 0) {
		struct metadata *m = arena_zeroed(s->arena, 1, sizeof *m);
		if (m)
			m->key = keep(s->arena, key);
		if (jsontext_string(&r->json, &text))
			return -1;
		if (m)
			m->text = keep(s->arena, text);
		if (!m || !m->key.p || !m->text.p)
			return arena_error(s->arena, r->err);
		if (s->metadata.n < MOST && !is_known(s, m) &&
		    pointers_add(&s->metadata, m))
			return arena_error(s->arena, r->err);
	}
	return more;
}

static int take_header(struct reading *r)
{
	bool metadata = false;
	struct bytes key;
	int more;
	if (jsontext_open(&r->json, '{'))
		return malformed(r);
	while ((more = jsontext_key(&r->json, &key)) > 0) {
		if (!is_metadata(key)) {
			if (add_tensor(r, key))
				return -1;
			continue;
		}
		if (metadata)
			wrong(r, "__metadata__ stands twice");
		if (metadata || take_metadata(r))
			return r->json.problem ? malformed(r) : -1;
		metadata = true;
	}
	return more < 0 || jsontext_end(&r->json) ? malformed(r) : 0;
}

static int by_place(const void *x, const void *y)
{
	const struct extent *a = *(struct extent *const *)x,
			    *b = *(struct extent *const *)y;
	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	return (a->end > b->end) - (a->end < b->end);
}

/* Side by side, from the first byte on. */
static int check_layout(struct reading *r)
{
	uint64_t end = 0;
	char name[120];
	if (r->extents.n)
		qsort(r->extents.p, r->extents.n, sizeof *r->extents.p, by_place);
	for (size_t i = 0; i < r->extents.n; i++) {
		const struct extent *x = r->extents.p[i];
		const bool hole = x->begin > end;
		if (x->begin == end) {
			end = x->end;
			continue;
		}
		text_escape(name, sizeof name, x->tensor->name, x->tensor->name_len);
		return error_set(r->err, CKPT_ECORRUPT, r->path,
				 (int64_t)(r->data + (hole ? end : x->begin)),
				 "%" PRIu64 " bytes %s '%s': no .safetensors file may "
				 "have %s",
				 hole ? x->begin - end : end - x->begin,
				 hole ? "of no tensor lie before"
				      : "of another tensor are also those of",
				 name, hole ? "a hole" : "an overlap");
	}
	r->arrays->expected[r->file] = r->data + end;
	return 0;
}

static int read_header(struct reading *r, struct source *source, uint64_t limit)
{
	uint8_t lead[8];
	if (source_read(source, 0, lead, sizeof lead, r->err))
		return -1;
	const uint64_t n = load_u64le(lead);
	if (n > SAFETENSORS_HEADER_MOST)
		return error_set(r->err, CKPT_ECORRUPT, r->path, 0,
				 "a header of %" PRIu64 " bytes, 100000000 at most were "
				 "expected",
				 n);
	r->data = 8 + n;
	uint8_t *text = arena_alloc(&r->scratch, (size_t)n + 1);
	if (!text)
		return arena_error(&r->scratch, r->err);
	if (source_read(source, 8, text, (size_t)n, r->err))
		return -1;
	jsontext_init(&r->json, bytes_of(text, (size_t)n), limit);
	const int result = n && *text != '{' ? wrong(r, "it does not begin with '{'") : 0;
	return result ? malformed(r) : take_header(r) || check_layout(r) ? -1 : 0;
}

int safetensors_read(struct arrays *s, uint32_t file, uint64_t limit,
		     struct ckpt_error *err)
{
	struct reading r = {
		.arrays = s, .file = file, .path = s->paths[file], .err = err
	};
	struct source source;
	if (source_open(&source, r.path, err))
		return -1;
	s->seen[file] = source.identity;
	arena_init(&r.scratch, limit);
	const int result = read_header(&r, &source, limit);
	jsontext_drop(&r.json);
	pointers_drop(&r.extents);
	arena_drop(&r.scratch);
	source_close(&source);
	return result;
}

/* --- the reader -------------------------------------------------------------------- */

static bool is_index(const char *path)
{
	static const char end[] = ".json";
	const size_t n = strlen(path);
	return n > sizeof end - 1 && !strcmp(path + n - (sizeof end - 1), end);
}

static int safetensors_open(struct ckpt *c, struct ckpt_error *err)
{
	if (is_index(c->at.files[0]))
		return safetensors_open_index(c, err);
	struct arrays *s = arrays_begin(c, c->at.files, c->at.n_files, err);
	return !s || safetensors_read(s, 0, c->limit, err) ? -1 : arrays_end(s, err);
}

static int safetensors_check(struct ckpt *c, ckpt_finding_fn fn, void *arg,
			     struct ckpt_error *err)
{
	struct arrays *s = c->state;
	const struct finder f = { fn, arg, NULL };
	(void)err;
	arrays_check_files(s, &f, FOUND_LAYOUT);
	if (s->misplaced)
		finding_emit(&f, FOUND_INDEX, NULL, c->at.prefix, -1, -1,
			     "%" PRIu64 " tensors are in another file than it says, "
			     "'%.200s' first",
			     s->misplaced, s->misplaced_name);
	if (s->unlisted)
		finding_emit(&f, FOUND_UNLISTED, NULL, c->at.prefix, -1, -1,
			     "%" PRIu64 " tensors of the files are not listed, '%.200s' "
			     "first",
			     s->unlisted, s->unlisted_name);
	return 0;
}

static const struct metadata *safetensors_metadata(const struct ckpt *c, size_t i)
{
	const struct arrays *s = c->state;
	return i < s->metadata.n ? s->metadata.p[i] : NULL;
}

const struct reader reader_safetensors = {
	.name = "safetensors",
	.open = safetensors_open,
	.check = safetensors_check,
	.metadata = safetensors_metadata,
	ARRAYS_READER,
};
