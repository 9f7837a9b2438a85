/* open.c — the public functions: an open checkpoint, its tensors, their values.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "format/locate.h"
#include "format/reader.h"
#include "format/sniff.h"

enum { DEFAULT_MAX_MEMORY = 1 << 30 };

const char *ckpt_version(void)
{
	return PACKAGE_VERSION;
}

/* An index that cannot be opened: say what is known of why. */
static void explain(struct ckpt *c, struct ckpt_error *err)
{
	struct ckpt_error kind = { 0 };
	const char *path = c->state ? c->reader->file(c, 0) : NULL;
	if (!err || !path || (err->code != CKPT_EFORMAT && err->code != CKPT_ECORRUPT))
		return;
	const size_t n = strlen(err->text);
	if (err->code == CKPT_EFORMAT && sniff_file(path, &kind))
		*err = kind;
	else if (sniff_line_ends(path) > 0)
		snprintf(err->text + n, sizeof err->text - n,
			 "; its line ends are CR LF throughout: it was copied as text");
	else if (err->code == CKPT_EFORMAT && sniff_table_start(path))
		snprintf(err->text + n, sizeof err->text - n,
			 "; it begins like one: truncated, or damaged at its end");
}

struct ckpt *reader_open(const char *path, const struct ckpt_options *options,
			 struct ckpt_error *err)
{
	struct arena arena;
	arena_init(&arena,
		   options->max_memory ? options->max_memory : DEFAULT_MAX_MEMORY);
	struct ckpt *c = arena_zeroed(&arena, 1, sizeof *c);
	if (!c) {
		arena_error(&arena, err);
		return NULL;
	}
	c->limit = arena.limit;
	c->arena = arena;
	path = arena_copy(&c->arena, path, strlen(path));
	if (!path)
		arena_error(&c->arena, err);
	else if (!locate(&c->arena, path, options, &c->at, err)) {
		c->reader = c->at.reader;
		if (!c->reader->open(c, err))
			return c;
		explain(c, err);
	}
	ckpt_close(c);
	return NULL;
}

void ckpt_close(struct ckpt *c)
{
	if (!c)
		return;
	reader_values_drop(c);
	if (c->reader)
		c->reader->close(c);
	pointers_drop(&c->tensors);
	pointers_drop(&c->damage);
	buffer_drop(&c->last_name);
	struct arena arena = c->arena; /* c itself lies in it */
	arena_drop(&arena);
}

const char *ckpt_prefix(const struct ckpt *c)
{
	return c->at.prefix;
}

const char *ckpt_format(const struct ckpt *c)
{
	return c->at.format ? c->at.format : c->reader->name;
}

uint32_t ckpt_shards(const struct ckpt *c)
{
	return c->reader->shards(c);
}

/* --- tensors ----------------------------------------------------------------------- */

static int by_name(const void *x, const void *y)
{
	const struct ckpt_tensor *a = *(struct ckpt_tensor *const *)x;
	const struct ckpt_tensor *b = *(struct ckpt_tensor *const *)y;
	return bytes_compare(a->name, a->name_len, b->name, b->name_len);
}

static int add_damage(struct ckpt *c, const struct ckpt_error *e)
{
	struct ckpt_error *copy = arena_zeroed(&c->arena, 1, sizeof *copy);
	if (!copy)
		return -1;
	*copy = *e;
	return pointers_add(&c->damage, copy);
}

static int disorder(struct ckpt *c, struct ckpt_error *err)
{
	return error_set_detail(
		err, DETAIL_ORDER, CKPT_ECORRUPT, c->at.prefix, -1,
		"the names in the index are out of order, or one stands twice");
}

/* Reads all tensors. Damage is kept, and reading goes on behind it; only want of memory
 * ends it early. */
static int load_all(struct ckpt *c, struct ckpt_error *err)
{
	bool sorted = true;
	const struct ckpt_tensor *last = NULL;
	for (;;) {
		struct ckpt_tensor *t = arena_alloc(&c->arena, sizeof *t);
		struct ckpt_error damage = { 0 };
		if (!t)
			return arena_error(&c->arena, err);
		const int r = c->reader->next(c, &c->arena, t, &damage);
		if (r == 0)
			break;
		if (r < 0 && (damage.code == CKPT_ENOMEM || damage.code == CKPT_ELIMIT))
			return error_copy(err, &damage);
		if (r < 0 && add_damage(c, &damage))
			return arena_error(&c->arena, err);
		if (r < 0)
			continue;
		if (last && by_name(&last, &t) >= 0)
			sorted = false;
		last = t;
		if (pointers_add(&c->tensors, t))
			return error_set(err, CKPT_ENOMEM, NULL, -1, "out of memory");
	}
	if (sorted)
		return 0; /* so fewer than two cannot get further */
	struct ckpt_error damage = { 0 };
	disorder(c, &damage);
	qsort(c->tensors.p, c->tensors.n, sizeof *c->tensors.p, by_name);
	return add_damage(c, &damage) ? arena_error(&c->arena, err) : 0;
}

static int next_loaded(struct ckpt *c, struct ckpt_tensor *t, struct ckpt_error *err)
{
	if (c->streamed < c->tensors.n) {
		*t = *(const struct ckpt_tensor *)c->tensors.p[c->streamed++];
		return 1;
	}
	if (c->damage_told == c->damage.n)
		return 0;
	return error_copy(err, c->damage.p[c->damage_told++]);
}

int reader_next(struct ckpt *c, struct arena *a, struct ckpt_tensor *t,
		struct ckpt_error *err)
{
	if (c->loaded)
		return next_loaded(c, t, err);
	if (c->damage_told == SIZE_MAX) { /* the item before was out of order */
		c->damage_told = 0;
		return disorder(c, err);
	}
	const int r = c->reader->next(c, a, t, err);
	if (r <= 0)
		return r;
	c->last_name.limit = SIZE_MAX;
	const bool sorted = !c->streamed++ ||
			    bytes_compare(c->last_name.p, c->last_name.len, t->name,
					  t->name_len) < 0;
	c->last_name.len = 0;
	if (buffer_append(&c->last_name, t->name, t->name_len, err))
		return -1;
	c->damage_told = sorted ? 0 : SIZE_MAX;
	return 1;
}

int ckpt_load(struct ckpt *c, struct ckpt_error *err)
{
	if (!c->loaded && load_all(c, &c->load_error)) {
		/* The end of the list is missing: damage as well, or what follows looks
		 * whole. */
		pointers_add(&c->damage, &c->load_error);
	}
	c->loaded = true;
	const struct ckpt_error *first = c->load_error.code ? &c->load_error
					 : c->damage.n      ? c->damage.p[0] : NULL;
	return first ? error_copy(err, first) : 0;
}

int reader_load(struct ckpt *c, struct ckpt_error *err)
{
	if (ckpt_load(c, err))
		return -1;
	return c->at.n_missing
		       ? error_set(err, CKPT_ENOTFOUND, c->at.missing[0], -1,
				   "the file is missing; what is in it is not known")
		       : 0;
}

size_t ckpt_count(struct ckpt *c)
{
	ckpt_load(c, NULL);
	return c->tensors.n;
}

const struct ckpt_tensor *ckpt_at(struct ckpt *c, size_t i)
{
	ckpt_load(c, NULL);
	return i < c->tensors.n ? c->tensors.p[i] : NULL;
}

const struct ckpt_tensor *tensors_search(const struct pointers *tensors, const char *name,
					 size_t len)
{
	size_t low = 0, high = tensors->n;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const struct ckpt_tensor *t = tensors->p[middle];
		const int order = bytes_compare(t->name, t->name_len, name, len);
		if (order == 0)
			return t;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int reader_find(struct ckpt *c, const char *name, size_t len,
		const struct ckpt_tensor **t, struct ckpt_error *err)
{
	if (c->loaded) {
		*t = tensors_search(&c->tensors, name, len);
		return *t != NULL;
	}
	struct ckpt_tensor *found = arena_alloc(&c->arena, sizeof *found);
	*t = found;
	return found ? c->reader->find(c, &c->arena, name, len, found, err)
		     : arena_error(&c->arena, err);
}

const struct ckpt_tensor *ckpt_find(struct ckpt *c, const char *name, size_t len,
				    struct ckpt_error *err)
{
	char shown[160];
	const struct ckpt_tensor *t;
	const int r = reader_find(c, name, len, &t, err);
	if (r)
		return r > 0 ? t : NULL;
	/* An index whose names are out of order cannot be searched: be sure. */
	const bool damaged = ckpt_load(c, NULL);
	if ((t = tensors_search(&c->tensors, name, len)))
		return t;
	if (damaged) {
		ckpt_load(c, err);
		return NULL;
	}
	text_escape(shown, sizeof shown, name, len);
	error_set(err, CKPT_ENOTFOUND, c->at.prefix, -1, "no tensor '%s'", shown);
	return NULL;
}

bool ckpt_has(struct ckpt *c, const char *name, size_t len)
{
	return ckpt_find(c, name, len, NULL) != NULL;
}

static int debug_line(struct buffer *b, const struct ckpt_tensor *t)
{
	char number[32];
	const struct dtype *d = dtype_of(t->dtype);
	const char *type = d ? d->proto : "DT_INVALID";
	if (buffer_append(b, t->name, t->name_len, NULL) ||
	    buffer_append(b, " (", 2, NULL) ||
	    buffer_append(b, type, strlen(type), NULL) ||
	    buffer_append(b, ") [", 3, NULL))
		return -1;
	for (int i = 0; i < t->rank; i++) {
		const size_t n = (size_t)snprintf(number, sizeof number, "%s%" PRId64,
						  i ? "," : "", t->dims[i]);
		if (buffer_append(b, number, n, NULL))
			return -1;
	}
	return buffer_append(b, "]\n", 2, NULL);
}

const char *ckpt_debug_string(struct ckpt *c, struct ckpt_error *err)
{
	struct buffer b;
	if (c->debug_string)
		return c->debug_string;
	if (ckpt_load(c, err))
		return NULL;
	buffer_init(&b, c->limit);
	int r = 0;
	for (size_t i = 0; !r && i < c->tensors.n; i++)
		r = debug_line(&b, c->tensors.p[i]);
	c->debug_string = r ? NULL : arena_copy(&c->arena, b.p, b.len);
	buffer_drop(&b);
	if (!c->debug_string)
		arena_error(&c->arena, err);
	return c->debug_string;
}

/* --- values ------------------------------------------------------------------------ */

void reader_values_drop(struct ckpt *c)
{
	if (c->values_of)
		values_close(&c->values);
	c->values_of = NULL;
}

struct values *reader_values(struct ckpt *c, const struct ckpt_tensor *t,
			   struct ckpt_error *err)
{
	if (c->values_of == t)
		return &c->values;
	reader_values_drop(c);
	if (values_open(&c->values, c->store, t, c->limit, err)) {
		values_close(&c->values);
		if (err && !*err->file) /* it concerns the tensor, not one of its files */
			snprintf(err->file, sizeof err->file, "%s", c->at.prefix);
		return NULL;
	}
	c->values_of = t;
	return &c->values;
}

int ckpt_each_run(struct ckpt *c, const struct ckpt_tensor *t, uint64_t first, uint64_t n,
		  ckpt_run_fn fn, void *arg, struct ckpt_error *err)
{
	struct values *v = reader_values(c, t, err);
	return v ? values_runs(v, first, n, fn, arg, err) : -1;
}

struct destination {
	char *to;
	size_t size;
};

static int copy_run(void *arg, const struct ckpt_run *run)
{
	struct destination *d = arg;
	memcpy(d->to, run->data, run->n * d->size);
	d->to += run->n * d->size;
	return 0;
}

int ckpt_read(struct ckpt *c, const struct ckpt_tensor *t, uint64_t first, uint64_t n,
	      void *buf, struct ckpt_error *err)
{
	struct destination d = { buf, ckpt_dtype_size(t->dtype) };
	if (!t->problem && !d.size)
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "elements of a %s tensor have no fixed size",
				 ckpt_dtype_name(t->dtype));
	return ckpt_each_run(c, t, first, n, copy_run, &d, err);
}

int ckpt_check(struct ckpt *c, const struct ckpt_tensor *t, struct ckpt_error *err)
{
	struct values *v = reader_values(c, t, err);
	return v ? values_check(v, err) : -1;
}

int ckpt_unchanged(struct ckpt *c, struct ckpt_error *err)
{
	return c->reader->unchanged(c, err);
}
