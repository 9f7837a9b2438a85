/* safetensors_index.c — the list of a model's shards: which tensor is in which file.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	{"metadata": {…}, "weight_map": {"NAME": "model-00001-of-00002.safetensors", …}}
 *
 * As the huggingface_hub package writes it (huggingface_hub/serialization). All files are
 * opened as one checkpoint. What is said of a tensor stands in its file; of a file that
 * cannot be read its tensors' names are known, and are listed with that error.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/jsontext.h"
#include "base/text.h"
#include "format/path.h"
#include "format/safetensors.h"
#include "format/sniff.h"

/* A line of the list. */
struct listed {
	const char *name, *file;
	size_t name_len;
	uint32_t shard;
};

/* The list while it is read. */
struct index_file {
	struct arena *arena; /* of the checkpoint: names and paths stay */
	const char *path;
	struct jsontext json;
	struct pointers all; /* struct listed */
	struct ckpt_error *err;
};

static int malformed(struct index_file *x)
{
	return error_set(x->err, CKPT_ECORRUPT, x->path, (int64_t)jsontext_at(&x->json),
			 "the list of files is malformed: %s", x->json.problem);
}

/* A name in the list is never a path: it stays beside the list. */
static bool is_plain_name(struct bytes file)
{
	static const char end[] = ".safetensors";
	const size_t n = bytes_left(&file), k = sizeof end - 1;
	return n > k && *file.p != '.' && !memcmp(file.end - k, end, k) &&
	       !memchr(file.p, '/', n) && !memchr(file.p, '\0', n);
}

static int add_line(struct index_file *x, struct bytes name)
{
	char shown[160];
	struct bytes file;
	struct listed *l = arena_zeroed(x->arena, 1, sizeof *l);
	if (!l || pointers_add(&x->all, l))
		return arena_error(x->arena, x->err);
	l->name_len = bytes_left(&name);
	l->name = arena_copy(x->arena, name.p, l->name_len);
	if (!l->name)
		return arena_error(x->arena, x->err);
	if (jsontext_string(&x->json, &file))
		return malformed(x);
	if (!is_plain_name(file)) {
		text_escape(shown, sizeof shown, (const char *)file.p, bytes_left(&file));
		return error_set(x->err, CKPT_EFORMAT, x->path,
				 (int64_t)jsontext_at(&x->json),
				 "it lists '%s': names of .safetensors files beside it "
				 "were expected",
				 shown);
	}
	l->file = arena_copy(x->arena, file.p, bytes_left(&file));
	return l->file ? 0 : arena_error(x->arena, x->err);
}

static int take_map(struct index_file *x)
{
	struct bytes name;
	int more;
	if (jsontext_open(&x->json, '{'))
		return malformed(x);
	while ((more = jsontext_key(&x->json, &name)) > 0)
		if (add_line(x, name))
			return -1;
	return more ? malformed(x) : 0;
}

static int take_list(struct index_file *x)
{
	static const char map[] = "weight_map";
	bool found = false;
	struct bytes key;
	int more;
	if (jsontext_open(&x->json, '{'))
		return malformed(x);
	while ((more = jsontext_key(&x->json, &key)) > 0) {
		const bool is_map = bytes_left(&key) == sizeof map - 1 &&
				    !memcmp(key.p, map, sizeof map - 1);
		if (is_map && found)
			x->json.problem = "weight_map stands twice";
		if (is_map && !found ? take_map(x) : 0)
			return -1;
		if (x->json.problem || (!is_map && jsontext_skip(&x->json)))
			return malformed(x);
		found |= is_map;
	}
	if (!more && !found)
		x->json.problem = "it has no weight_map";
	return more || !found || jsontext_end(&x->json) ? malformed(x) : 0;
}

static int read_list(struct index_file *x, uint64_t limit, struct identity *seen)
{
	struct arena scratch;
	struct source source;
	if (source_open(&source, x->path, x->err))
		return -1;
	arena_init(&scratch, limit);
	*seen = source.identity;
	int r = -1;
	uint8_t *text = NULL;
	if (source.size > SAFETENSORS_HEADER_MOST)
		error_set(x->err, CKPT_EUNSUPPORTED, x->path, -1,
			  "a list of files of %" PRIu64 " bytes", source.size);
	else if (!(text = arena_alloc(&scratch, (size_t)source.size + 1)))
		arena_error(&scratch, x->err);
	else
		r = source_read(&source, 0, text, (size_t)source.size, x->err);
	if (!r) {
		jsontext_init(&x->json, bytes_of(text, (size_t)source.size), limit);
		r = take_list(x);
		jsontext_drop(&x->json);
	}
	arena_drop(&scratch);
	source_close(&source);
	return r;
}

static int by_file(const void *x, const void *y)
{
	const struct listed *a = *(struct listed *const *)x,
			    *b = *(struct listed *const *)y;
	return strcmp(a->file, b->file);
}

static int by_name(const void *x, const void *y)
{
	const struct listed *a = *(struct listed *const *)x,
			    *b = *(struct listed *const *)y;
	return bytes_compare(a->name, a->name_len, b->name, b->name_len);
}

/* Numbers the files; the list itself is the last one. */
static int number_files(struct index_file *x, const char ***paths, uint32_t *n)
{
	enum { MOST = 100000 };
	uint32_t files = 0;
	if (x->all.n)
		qsort(x->all.p, x->all.n, sizeof *x->all.p, by_file);
	for (size_t i = 0; i < x->all.n; i++) {
		struct listed *l = x->all.p[i];
		files += !i || by_file(&x->all.p[i - 1], &x->all.p[i]);
		l->shard = files - 1;
	}
	if (files > MOST)
		return error_set(x->err, CKPT_EUNSUPPORTED, x->path, -1,
				 "it lists %u files, %d at most are read", files, MOST);
	const char *folder = path_folder(x->arena, x->path);
	*paths = arena_zeroed(x->arena, (size_t)files + 1, sizeof **paths);
	if (!folder || !*paths)
		return arena_error(x->arena, x->err);
	for (size_t i = 0; i < x->all.n; i++) {
		const struct listed *l = x->all.p[i];
		if (!(*paths)[l->shard])
			(*paths)[l->shard] = path_join(x->arena, folder, l->file);
		if (!(*paths)[l->shard])
			return arena_error(x->arena, x->err);
	}
	(*paths)[files] = x->path;
	*n = files;
	return 0;
}

/* The tensors of a file that cannot be read, or that does not have them. */
static int add_lost(struct arrays *s, const struct listed *l,
		    const struct ckpt_error *why, struct ckpt_error *err)
{
	struct ckpt_tensor *t = arrays_add(s, l->name, l->name_len, err);
	return t && !arrays_shape(s, t, NULL, 0, 0, err) &&
			       !arrays_problem(s, t, l->shard, why, err)
		       ? 0
		       : -1;
}

/* A file that is something else altogether: what it is says more than its bytes. */
static void name_kind(const char *path, struct ckpt_error *why)
{
	const struct file_kind *kind =
		why->code == CKPT_ECORRUPT ? sniff_path(path) : NULL;
	if (!kind || sniff_reader(kind))
		return;
	error_clear(why);
	error_set(why, CKPT_ECORRUPT, path, -1, "this is %s", kind->what);
}

static int read_shards(struct index_file *x, struct arrays *s, uint64_t limit)
{
	size_t next = 0; /* the list is sorted by file */
	for (uint32_t i = 0; i < s->n_shards; i++) {
		struct ckpt_error why = { 0 };
		const size_t before = s->tensors.n;
		const int r = safetensors_read(s, i, limit, &why);
		if (r && (why.code == CKPT_ENOMEM || why.code == CKPT_ELIMIT))
			return error_copy(x->err, &why);
		if (r) {
			s->tensors.n = before;
			name_kind(s->paths[i], &why);
		}
		for (; next < x->all.n; next++) {
			const struct listed *l = x->all.p[next];
			if (l->shard != i)
				break;
			if (r && add_lost(s, l, &why, x->err))
				return -1;
		}
	}
	return 0;
}

/* Compares the list with what the files have, both sorted by name. */
static int compare_list(struct index_file *x, struct arrays *s)
{
	struct ckpt_error why = { 0 };
	const size_t n = s->tensors.n;
	size_t k = 0;
	error_set(&why, CKPT_ECORRUPT, NULL, -1,
		  "the list says that this file has it, which it has not");
	for (size_t i = 0; i < x->all.n; i++) {
		const struct listed *l = x->all.p[i];
		int order = 1;
		for (; k < n; k++) {
			const struct ckpt_tensor *t = s->tensors.p[k];
			order = bytes_compare(t->name, t->name_len, l->name, l->name_len);
			if (order >= 0)
				break;
			if (!s->unlisted++)
				s->unlisted_name = t->name;
		}
		if (k == n || order) {
			if (add_lost(s, l, &why, x->err))
				return -1;
			continue;
		}
		const struct ckpt_tensor *t = s->tensors.p[k++];
		if (t->n_pieces && t->pieces->shard != l->shard && !s->misplaced++)
			s->misplaced_name = t->name;
	}
	if (k < n && !s->unlisted)
		s->unlisted_name = ((const struct ckpt_tensor *)s->tensors.p[k])->name;
	s->unlisted += n - k;
	return 0;
}

static int open_listed(struct index_file *x, struct ckpt *c)
{
	const char **paths = NULL;
	char name[160];
	uint32_t n = 0;
	struct identity seen = { .size = 0 };
	if (read_list(x, c->limit, &seen) || number_files(x, &paths, &n))
		return -1;
	struct arrays *s = arrays_begin(c, paths, n + 1, x->err);
	if (!s)
		return -1;
	s->n_shards = n;
	s->expected[n] = seen.size;
	s->seen[n] = seen;
	if (read_shards(x, s, c->limit) || arrays_end(s, x->err))
		return -1;
	if (x->all.n)
		qsort(x->all.p, x->all.n, sizeof *x->all.p, by_name);
	for (size_t i = 1; i < x->all.n; i++) {
		const struct listed *l = x->all.p[i];
		if (by_name(&x->all.p[i - 1], &x->all.p[i]))
			continue;
		text_escape(name, sizeof name, l->name, l->name_len);
		return error_set(x->err, CKPT_ECORRUPT, x->path, -1,
				 "it lists '%s' twice", name);
	}
	return compare_list(x, s) ? -1 : arrays_end(s, x->err);
}

int safetensors_open_index(struct ckpt *c, struct ckpt_error *err)
{
	struct index_file x = { .arena = &c->arena, .path = c->at.files[0], .err = err };
	const int r = open_listed(&x, c);
	pointers_drop(&x.all);
	return r;
}
