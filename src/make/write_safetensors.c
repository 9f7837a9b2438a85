/* write_safetensors.c — tensors as one .safetensors file, or as several with an index.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	header length: u64   {"__metadata__": {…}, "NAME": {"dtype": "F32",
 *	"shape": [2,3], "data_offsets": [0,24]}, …}   spaces   elements
 *
 * The elements lie side by side without gaps, those of wide dtypes first, so that each
 * begins at a multiple of its size; the header is filled up to 8 bytes. Several files are
 * called as Hugging Face's libraries look for them: model-00001-of-00002.safetensors, and
 * model.safetensors.index.json says which tensor is where.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "make/write.h"

/* The most that readers take for a header, and files that five digits count. */
enum { HEADER_MOST = 100000000, MOST_FILES = 99999, PAD = 8 };

/* One file: items of the list. */
struct shard {
	struct export_item **items;
	size_t n;
	const char *path;
};

/* --- JSON -------------------------------------------------------------------------- */

static int add(struct buffer *b, const char *text, struct ckpt_error *err)
{
	return buffer_append(b, text, strlen(text), err);
}

static int add_number(struct buffer *b, uint64_t v, struct ckpt_error *err)
{
	char text[24];
	snprintf(text, sizeof text, "%" PRIu64, v);
	return add(b, text, err);
}

/* Names are UTF-8 by now (names.c). */
static int add_string(struct buffer *b, const char *p, size_t n, struct ckpt_error *err)
{
	char escape[8];
	if (add(b, "\"", err))
		return -1;
	for (size_t done = 0, i = 0; i <= n; i++) {
		const unsigned char c = i < n ? (unsigned char)p[i] : '"';
		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		if (buffer_append(b, p + done, i - done, err))
			return -1;
		done = i + 1;
		snprintf(escape, sizeof escape,
			 c == '"' || c == '\\' ? "\\%c" : "\\u%04x", c);
		if (i < n && add(b, escape, err))
			return -1;
	}
	return add(b, "\"", err);
}

static int add_metadata(struct buffer *b, const struct export_query *q,
			struct ckpt_error *err)
{
	for (size_t i = 0; i < q->n_metadata; i++) {
		const struct metadata *m = &q->metadata[i];
		if (add(b, i ? "," : "\"__metadata__\":{", err) ||
		    add_string(b, m->key.p, m->key.len, err) || add(b, ":", err) ||
		    add_string(b, m->text.p, m->text.len, err))
			return -1;
	}
	return q->n_metadata ? add(b, "}", err) : 0;
}

static int add_item(struct buffer *b, const struct export_item *item, uint64_t at,
		    struct ckpt_error *err)
{
	if (add_string(b, item->written, item->written_len, err) ||
	    add(b, ":{\"dtype\":\"", err) ||
	    add(b, dtype_of(item->dtype)->safetensors, err) ||
	    add(b, "\",\"shape\":[", err))
		return -1;
	for (int i = 0; i < item->rank; i++)
		if ((i && add(b, ",", err)) ||
		    add_number(b, (uint64_t)item->dims[i], err))
			return -1;
	return add(b, "],\"data_offsets\":[", err) || add_number(b, at, err) ||
			       add(b, ",", err) || add_number(b, at + item->size, err) ||
			       add(b, "]}", err)
		       ? -1
		       : 0;
}

/* --- one file ---------------------------------------------------------------------- */

static int by_alignment(const void *x, const void *y)
{
	const struct export_item *a = *(struct export_item *const *)x;
	const struct export_item *b = *(struct export_item *const *)y;
	const int p = dtype_of(a->dtype)->swap, q = dtype_of(b->dtype)->swap;
	if (p != q)
		return p < q ? 1 : -1;
	return a < b ? -1 : a > b; /* in their own order */
}

static int make_header(struct export_job *e, const struct shard *s, struct buffer *b,
		       struct ckpt_error *err)
{
	uint64_t at = 0;
	bool some = e->query->n_metadata > 0;
	if (add(b, "{", err) || add_metadata(b, e->query, err))
		return -1;
	for (size_t i = 0; i < s->n; i++) {
		if ((some && add(b, ",", err)) || add_item(b, s->items[i], at, err))
			return -1;
		some = true;
		if (__builtin_add_overflow(at, s->items[i]->size, &at))
			return error_set(err, CKPT_ELIMIT, s->path, -1,
					 "the tensors have more than 2^64 bytes");
	}
	if (add(b, "}", err))
		return -1;
	while (b->len % PAD)
		if (add(b, " ", err))
			return -1;
	if (b->len <= HEADER_MOST)
		return 0;
	return error_set(err, CKPT_ELIMIT, s->path, -1,
			 "its header would have %zu bytes, readers take %d; export "
			 "fewer tensors, or set --max-shard-size",
			 b->len, HEADER_MOST);
}

static int write_file(struct export_job *e, const struct shard *s, struct output *o,
		      struct ckpt_error *err)
{
	struct buffer header;
	uint8_t length[8];
	buffer_init(&header, e->c->limit);
	int result = export_open(e, o, s->path, err);
	qsort(s->items, s->n, sizeof(struct export_item *), by_alignment);
	if (!result)
		result = make_header(e, s, &header, err);
	for (int i = 0; i < 8; i++)
		length[i] = (uint8_t)((uint64_t)header.len >> (8 * i));
	if (!result)
		result = output_write(o, length, 8, err) ||
					 output_write(o, header.p, header.len, err)
				 ? -1
				 : 0;
	buffer_drop(&header);
	for (size_t i = 0; !result && i < s->n; i++) {
		s->items[i]->file = o->path;
		result = elements_put(e, s->items[i], put_output, o, err);
	}
	/* Open files would be many: what is whole is closed. */
	return result ? result : output_finish(o, err);
}

/* --- several ----------------------------------------------------------------------- */

/* Cuts the items, which stay in their order, where a file would grow beyond the limit. */
static size_t cut(struct export_job *e, struct export_item **items, size_t n,
		  struct shard *shards)
{
	const uint64_t most = e->query->shard_size;
	uint64_t bytes = 0;
	size_t files = 0;
	for (size_t i = 0; i < n; i++) {
		const uint64_t size = items[i]->size;
		const bool full = most && bytes && (size > most || bytes > most - size);
		if (!files || full) {
			shards[files++] = (struct shard){ .items = items + i };
			bytes = 0;
		}
		shards[files - 1].n++;
		bytes += size;
	}
	return files;
}

/* "dir/model" of "dir/model.safetensors". */
static size_t stem_of(const char *path)
{
	static const char ending[] = ".safetensors";
	const size_t n = strlen(path), k = sizeof ending - 1;
	return n > k && !strcmp(path + n - k, ending) ? n - k : n;
}

static int name_shards(struct export_job *e, struct shard *shards, size_t n,
		       struct ckpt_error *err)
{
	const char *out = e->query->out;
	if (n > MOST_FILES)
		return error_set(err, CKPT_EINVAL, out, -1,
				 "there would be %zu files, the names count to %d", n,
				 MOST_FILES);
	for (size_t i = 0; i < n; i++) {
		shards[i].path =
			n == 1 ? out
			       : arena_printf(e->arena, "%.*s-%05zu-of-%05zu.safetensors",
					      (int)stem_of(out), out, i + 1, n);
		if (!shards[i].path)
			return arena_error(e->arena, err);
	}
	return 0;
}

static int by_written(const void *x, const void *y)
{
	const struct export_item *a = *(struct export_item *const *)x;
	const struct export_item *b = *(struct export_item *const *)y;
	return bytes_compare(a->written, a->written_len, b->written, b->written_len);
}

static int make_index(const struct export_item *const *items, size_t n, struct buffer *b,
		      struct ckpt_error *err)
{
	uint64_t total = 0;
	for (size_t i = 0; i < n; i++)
		total += items[i]->size;
	if (add(b, "{\n  \"metadata\": {\n    \"total_size\": ", err) ||
	    add_number(b, total, err) || add(b, "\n  },\n  \"weight_map\": {", err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *slash = strrchr(items[i]->file, '/');
		const char *file = slash ? slash + 1 : items[i]->file;
		if (add(b, i ? ",\n    " : "\n    ", err) ||
		    add_string(b, items[i]->written, items[i]->written_len, err) ||
		    add(b, ": ", err) || add_string(b, file, strlen(file), err))
			return -1;
	}
	return add(b, "\n  }\n}\n", err);
}

static int write_index(struct export_job *e, struct export_item **items, size_t n,
		       struct output *o, struct ckpt_error *err)
{
	struct buffer b;
	const char *out = e->query->out;
	const char *path = arena_printf(e->arena, "%.*s.safetensors.index.json",
					(int)stem_of(out), out);
	if (!path)
		return arena_error(e->arena, err);
	buffer_init(&b, e->c->limit);
	qsort(items, n, sizeof *items, by_written);
	const int result =
		make_index((const struct export_item *const *)items, n, &b, err) ||
				export_open(e, o, path, err) ||
				output_write(o, b.p, b.len, err) || output_finish(o, err)
			? -1
			: 0;
	buffer_drop(&b);
	return result;
}

int write_safetensors(struct export_job *e, struct ckpt_error *err)
{
	size_t n = 0, opened = 0;
	struct export_item **items = arena_zeroed(e->arena, e->n + 1, sizeof *items);
	struct shard *shards = arena_zeroed(e->arena, e->n + 1, sizeof *shards);
	if (!items || !shards)
		return arena_error(e->arena, err);
	for (size_t i = 0; i < e->n; i++)
		if (item_is_written(&e->items[i]))
			items[n++] = &e->items[i];
	const size_t files = cut(e, items, n, shards);
	struct output *o = arena_zeroed(e->arena, files + 1, sizeof *o);
	int result = o ? name_shards(e, shards, files, err) : arena_error(e->arena, err);
	for (; !result && opened < files; opened++)
		result = write_file(e, &shards[opened], &o[opened], err);
	if (!result && files > 1)
		result = write_index(e, items, n, &o[opened++], err);
	if (!result)
		result = export_publish(e, o, opened, err);
	/* A single file of that name, which may be replaced, would be read instead. */
	if (!result && files > 1)
		unlink(e->query->out);
	for (size_t i = 0; o && i < opened; i++)
		output_drop(&o[i]);
	return result;
}
