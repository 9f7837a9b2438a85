/* export.c — tensors as files that other programs read: the plan, and its execution.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "make/export.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/text.h"
#include "make/guard.h"
#include "make/write.h"
#include "model/cast.h"
#include "model/slice.h"

const char *const export_format_names[N_EXPORT_FORMATS] = {
	[EXPORT_NPZ] = "npz",	      [EXPORT_NPY] = "npy",
	[EXPORT_NPY_DIR] = "npy-dir", [EXPORT_SAFETENSORS] = "safetensors",
	[EXPORT_CSV] = "csv",	      [EXPORT_RAW] = "raw",
};

/* The dtypes that a format has, and how many tensors. */
static bool safetensors_holds(const struct dtype *d)
{
	return d->safetensors;
}

static bool csv_holds(const struct dtype *d)
{
	return d->size || d->kind == KIND_STRING;
}

static bool raw_holds(const struct dtype *d)
{
	return d->kind != KIND_RESOURCE;
}

static const struct format {
	bool (*holds)(const struct dtype *d);
	int (*write)(struct export_job *e, struct ckpt_error *err);
	int max_rank; /* 0: any */
	bool one;     /* tensor */
	bool widths;  /* strings have one width */
} formats[] = {
	[EXPORT_NPZ] = { npy_holds, write_npz, NPY_MAX_RANK, false, true },
	[EXPORT_NPY] = { npy_holds, write_npy, NPY_MAX_RANK, true, true },
	[EXPORT_NPY_DIR] = { npy_holds, write_npy_folder, NPY_MAX_RANK, false, true },
	[EXPORT_SAFETENSORS] = { safetensors_holds, write_safetensors, 0, false, false },
	[EXPORT_CSV] = { csv_holds, write_csv, 2, true, false },
	[EXPORT_RAW] = { raw_holds, write_raw, 0, true, false },
};

bool export_format_of(const char *path, enum export_format *format)
{
	static const struct {
		const char *ending;
		enum export_format format;
	} endings[] = {
		{ ".npz", EXPORT_NPZ },	 { ".npy", EXPORT_NPY },
		{ "/", EXPORT_NPY_DIR }, { ".safetensors", EXPORT_SAFETENSORS },
		{ ".csv", EXPORT_CSV },	 { ".raw", EXPORT_RAW },
	};
	struct stat st;
	const size_t n = strlen(path);
	if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
		*format = EXPORT_NPY_DIR;
		return true;
	}
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		const size_t k = strlen(endings[i].ending);
		if (n > k && !strcmp(path + n - k, endings[i].ending)) {
			*format = endings[i].format;
			return true;
		}
	}
	return false;
}

/* --- the plan ---------------------------------------------------------------------- */

static int plan_error(struct export_job *e, const struct export_item *item,
		      const struct ckpt_error *why, struct ckpt_error *err)
{
	struct ckpt_error with_file = *why;
	if (!*with_file.file)
		snprintf(with_file.file, sizeof with_file.file, "%s", ckpt_prefix(e->c));
	return item_error(err, item, &with_file);
}

/* A tensor that is left out for what is wrong with it. */
static int leave_out(struct export_job *e, struct export_item *item,
		     const struct ckpt_error *why, struct ckpt_error *err)
{
	struct ckpt_error *kept = arena_zeroed(e->arena, 1, sizeof *kept);
	if (!kept)
		return arena_error(e->arena, err);
	*kept = *why;
	item->error = kept;
	e->damaged++;
	return 0;
}

/* The shape of what is written. */
static int plan_shape(struct export_job *e, struct export_item *item,
		      struct ckpt_error *err)
{
	const struct ckpt_tensor *t = item->tensor;
	struct selection s;
	struct ckpt_error why = { 0 };
	int64_t dims[MAX_RANK];
	selection_all(&s, t->dims, t->rank);
	if (e->query->slice &&
	    selection_parse(&s, e->query->slice, t->dims, t->rank, &why))
		return plan_error(e, item, &why, err);
	item->rank = selection_shape(&s, dims);
	int64_t *kept = arena_zeroed(e->arena, (size_t)item->rank + 1, sizeof *kept);
	if (!kept)
		return arena_error(e->arena, err);
	memcpy(kept, dims, (size_t)item->rank * sizeof *kept);
	item->dims = kept;
	item->elements = selection_elements(&s);
	return 0;
}

static int plan_dtype(struct export_job *e, struct export_item *item,
		      struct ckpt_error *err)
{
	const struct dtype *from = dtype_of(item->tensor->dtype);
	const struct dtype *to = dtype_of(e->query->cast);
	item->dtype = item->tensor->dtype;
	if (to && cast_applies(from, to)) {
		e->cast++;
		item->dtype = e->query->cast;
		from = to;
	}
	if (!__builtin_mul_overflow(item->elements, (uint64_t)from->size, &item->size))
		return 0;
	struct ckpt_error why = { 0 };
	error_set(&why, CKPT_ELIMIT, NULL, -1, "would have more than 2^64 bytes");
	return plan_error(e, item, &why, err);
}

/* The graph of objects says what keys mean; where a format has no strings, it is not
 * missed. */
static bool is_object_graph(const struct export_item *item)
{
	return item->tensor->name_len == sizeof OBJECT_GRAPH_KEY - 1 &&
	       !memcmp(item->tensor->name, OBJECT_GRAPH_KEY, sizeof OBJECT_GRAPH_KEY - 1);
}

/* What can be done with a tensor that a format cannot hold. */
static const char *way_out(const struct export_job *e, const struct export_item *item)
{
	const struct dtype *d = dtype_of(item->dtype);
	const int most = formats[e->query->format].max_rank;
	if (most && item->rank > most)
		return "; -s takes a slice, --format raw writes one tensor's bytes";
	if (d->kind == KIND_STRING && !formats[e->query->format].widths)
		return "; .npz holds strings";
	if (d->size)
		return "; --cast makes another dtype of it, .npz holds all numbers";
	return d->kind == KIND_RESOURCE ? "" : "; --format raw writes one tensor's bytes";
}

/* Names the first of the tensors that the format cannot hold, and how many there are. */
static int refuse(struct export_job *e, const struct export_item *first, size_t n,
		  struct ckpt_error *err)
{
	const int most = formats[e->query->format].max_rank;
	const bool rank = most && first->rank > most;
	char name[160], what[80], others[80] = "";
	text_escape(name, sizeof name, first->tensor->name, first->tensor->name_len);
	if (rank)
		snprintf(what, sizeof what, "%d dimensions", first->rank);
	else
		snprintf(what, sizeof what, "%s", ckpt_dtype_name(first->dtype));
	if (n > 1)
		snprintf(others, sizeof others, " and %zu other tensor%s", n - 1,
			 n == 2 ? "" : "s");
	return error_set(err, CKPT_EUNSUPPORTED, ckpt_prefix(e->c), -1,
			 "%s cannot hold '%s' (%s)%s; -x leaves %s out%s",
			 export_format_names[e->query->format], name, what, others,
			 n == 1 ? "it" : "them", way_out(e, first));
}

static int plan_holds(struct export_job *e, struct ckpt_error *err)
{
	const struct format *f = &formats[e->query->format];
	const struct export_item *first = NULL;
	size_t n = 0;
	for (size_t i = 0; i < e->n; i++) {
		struct export_item *item = &e->items[i];
		if (item->error)
			continue;
		const bool dtype = f->holds(dtype_of(item->dtype));
		if (dtype && (!f->max_rank || item->rank <= f->max_rank))
			continue;
		if (!dtype && e->n > 1 && is_object_graph(item)) {
			item->left_out = true;
			continue;
		}
		first = first ? first : item;
		n++;
	}
	return first ? refuse(e, first, n, err) : 0;
}

static int plan_items(struct export_job *e, const struct ckpt_tensor *const *tensors,
		      struct ckpt_error *err)
{
	for (size_t i = 0; i < e->n; i++) {
		struct export_item *item = &e->items[i];
		const struct ckpt_tensor *t = item->tensor = tensors[i];
		item->dims = t->dims;
		item->dtype = t->dtype;
		if (!t->problem) {
			if (plan_shape(e, item, err) || plan_dtype(e, item, err))
				return -1;
			continue;
		}
		struct ckpt_error why = { 0 };
		plan_error(e, item, t->problem, &why);
		if (!e->query->skip_damaged)
			return error_copy(err, &why);
		if (leave_out(e, item, &why, err))
			return -1;
	}
	return 0;
}

int export_plan(struct export_job *e, struct arena *arena, struct ckpt *c,
		const struct ckpt_tensor *const *tensors, size_t n,
		const struct objects *objects, const struct export_query *query,
		struct ckpt_error *err)
{
	*e = (struct export_job){
		.c = c, .arena = arena, .query = query, .objects = objects, .n = n
	};
	buffer_init(&e->block, c->limit);
	buffer_init(&e->turned, c->limit);
	e->items = arena_zeroed(arena, n + 1, sizeof *e->items);
	if (!e->items)
		return arena_error(arena, err);
	if (formats[query->format].one && n != 1)
		return error_set(err, CKPT_EINVAL, query->out, -1,
				 "%s holds one tensor, %zu match; .npz and .safetensors "
				 "hold many",
				 export_format_names[query->format], n);
	if (query->object_names && !objects->n_nodes)
		return error_set(err, CKPT_EINVAL, ckpt_prefix(c), -1,
				 "has no object graph that can be read, so that there "
				 "are no names but the tensors' own");
	if (guard_path(c, arena, query->out, NULL, err) ||
	    output_free(query->out, query->format == EXPORT_NPY_DIR, query->force, err) ||
	    plan_items(e, tensors, err) || names_plan(e, err) || plan_holds(e, err))
		return -1;
	if (query->cast && !e->cast)
		return error_set(err, CKPT_EINVAL, ckpt_prefix(c), -1,
				 "no tensor can be cast to %s: reals become reals, "
				 "integers integers",
				 ckpt_dtype_name(query->cast));
	return 0;
}

void export_drop(struct export_job *e)
{
	pointers_drop(&e->files);
	buffer_drop(&e->block);
	buffer_drop(&e->turned);
}

/* --- what has to be known before anything is written ------------------------------- */

/* How wide a string is, for formats that know one width. */
struct widest {
	uint64_t width, bytes;
	bool nul; /* at the end of one: it would not come back */
};

static int measure(void *arg, const struct ckpt_string *s, struct ckpt_error *err)
{
	struct widest *w = arg;
	(void)err;
	w->width = s->len > w->width ? s->len : w->width;
	w->bytes += s->len;
	w->nul |= s->len && !s->p[s->len - 1];
	return 0;
}

static int measure_strings(struct export_job *e, struct export_item *item,
			   struct ckpt_error *err)
{
	enum { MUCH = 1 << 30, TIMES = 16 };
	struct widest w = { .width = 1 };
	struct ckpt_error why = { 0 };
	if (elements_strings(e, item, measure, &w, err))
		return -1;
	item->width = w.width;
	const bool huge = __builtin_mul_overflow(w.width, item->elements, &item->size) ||
			  (item->size > MUCH && item->size / TIMES > w.bytes);
	if (!w.nul && !huge)
		return 0;
	if (e->n > 1 && is_object_graph(item)) {
		item->left_out = true;
		return 0;
	}
	error_set(&why, CKPT_EUNSUPPORTED, NULL, -1, "%s; -x leaves it out%s",
		  w.nul ? "has a string with a zero byte at its end, which NumPy would "
			  "take off"
			: "has strings of such different lengths that NumPy's one width "
			  "would fill the disk",
		  way_out(e, item));
	return plan_error(e, item, &why, err);
}

static bool is_measured(const struct export_job *e, const struct export_item *item)
{
	return formats[e->query->format].widths &&
	       dtype_of(item->dtype)->kind == KIND_STRING;
}

static int examine(struct export_job *e, struct export_item *item, struct ckpt_error *err)
{
	if (is_measured(e, item))
		return measure_strings(e, item, err);
	return e->query->skip_damaged ? elements_check(e, item, err) : 0;
}

/* A tensor that cannot be read, if that is no reason to stop. */
static int set_aside(struct export_job *e, struct export_item *item,
		     const struct ckpt_error *why, struct ckpt_error *err)
{
	const bool damaged = why->code == CKPT_ECORRUPT || why->code == CKPT_ENOTFOUND ||
			     why->code == CKPT_EIO;
	if (!e->query->skip_damaged || !damaged)
		return error_copy(err, why);
	return leave_out(e, item, why, err);
}

static int examine_all(struct export_job *e, struct ckpt_error *err)
{
	for (size_t i = 0; i < e->n; i++) {
		struct export_item *item = &e->items[i];
		struct ckpt_error why = { 0 };
		if (!item_is_written(item) || !examine(e, item, &why))
			continue;
		if (!why.code || set_aside(e, item, &why, err))
			return -1;
	}
	return 0;
}

uint64_t export_work(const struct export_job *e)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < e->n; i++) {
		const struct export_item *item = &e->items[i];
		const uint64_t size = item->tensor->size_bytes;
		if (!item_is_written(item))
			continue;
		bytes += size;
		if (e->query->skip_damaged || is_measured(e, item))
			bytes += size;
		/* What has no checksum of its own is checked first. */
		if (!values_summable(item->tensor) && !e->query->slice &&
		    dtype_of(item->tensor->dtype)->size)
			bytes += size;
	}
	return bytes;
}

/* --- execution --------------------------------------------------------------------- */

int export_open(struct export_job *e, struct output *o, const char *path,
		struct ckpt_error *err)
{
	return guard_path(e->c, e->arena, path, NULL, err) ||
			       output_free(path, false, e->query->force, err) ||
			       output_open(o, e->arena, path, err)
		       ? -1
		       : 0;
}

int export_publish(struct export_job *e, struct output *files, size_t n,
		   struct ckpt_error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (files[i].fd >= 0 && output_finish(&files[i], err))
			return -1;
		if (pointers_add(&e->files, (void *)(uintptr_t)files[i].path))
			return error_copy(err, &error_no_memory);
		e->file_bytes += files[i].at;
	}
	if (ckpt_unchanged(e->c, err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (!output_publish(&files[i], e->query->force, err))
			continue;
		/* Some of several are worth nothing; what they replaced is gone. */
		for (size_t k = 0; k < i && !e->query->force; k++)
			output_withdraw(&files[k]);
		return -1;
	}
	return 0;
}

int export_run(struct export_job *e, struct ckpt_error *err)
{
	if (examine_all(e, err))
		return -1;
	for (size_t i = 0; i < e->n; i++)
		e->written += item_is_written(&e->items[i]);
	if (!e->written)
		return 0;
	return formats[e->query->format].write(e, err);
}
