/* read_all.c — does everything with a checkpoint that a reader can do.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "read_all.h"

#include <ftw.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "format/reader.h"
#include "fuzz.h"
#include "model/scope.h"

enum { MEMORY = 24 << 20, MOST_TENSORS = 64, MOST_BYTES = 4 << 20 };

static char temporary[32];

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void remove_folder(void)
{
	nftw(temporary, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_folder(void)
{
	strcpy(temporary, "/tmp/fuzz-XXXXXX");
	REQUIRE(mkdtemp(temporary));
	atexit(remove_folder);
	return temporary;
}

void fuzz_file(const char *folder, const char *name, char path[FUZZ_PATH])
{
	snprintf(path, FUZZ_PATH, "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");
	REQUIRE(f && !fclose(f));
}

/* --- values ------------------------------------------------------------------------ */

struct range {
	uint64_t next;
	size_t size;
	uint32_t touched; /* so that each byte is read */
};

static int take_run(void *arg, const struct ckpt_run *run)
{
	struct range *r = arg;
	REQUIRE(run->first == r->next && run->n > 0);
	REQUIRE(!run->data == !r->size && !run->strings == !!r->size);
	for (uint64_t i = 0; r->size && i < run->n * r->size; i++)
		r->touched += ((const uint8_t *)run->data)[i];
	for (uint64_t i = 0; !r->size && i < run->n; i++)
		for (size_t k = 0; k < run->strings[i].len; k++)
			r->touched += (uint8_t)run->strings[i].p[k];
	r->next += run->n;
	return 0;
}

static int read_range(struct ckpt *c, const struct ckpt_tensor *t, uint64_t first,
		      uint64_t n, struct ckpt_error *err)
{
	struct range r = { .next = first, .size = ckpt_dtype_size(t->dtype) };
	const int result = ckpt_each_run(c, t, first, n, take_run, &r, err);
	REQUIRE(result || r.next == first + n);
	REQUIRE(!result || !err || err->code);
	return result;
}

static void read_tensor(struct ckpt *c, const struct ckpt_tensor *t)
{
	struct ckpt_error err = { 0 }, bad = { 0 };
	const uint64_t n = t->elements;
	REQUIRE(t->name && strlen(t->name) <= t->name_len);
	REQUIRE(t->problem || t->n_pieces);
	const int checked = ckpt_check(c, t, &bad);
	REQUIRE(!checked == !bad.code);
	if (t->size_bytes > MOST_BYTES)
		return;
	/* What was found to be good can be read. */
	if (read_range(c, t, 0, n, &err) && !checked)
		REQUIRE(err.code == CKPT_ELIMIT || err.code == CKPT_ENOMEM);
	if (n && !t->problem) {
		read_range(c, t, n - 1, 1, NULL);
		read_range(c, t, n / 2, n - n / 2, NULL);
		read_range(c, t, n / 3, (n + 2) / 3, NULL);
	}
	REQUIRE(t->problem || read_range(c, t, n, 1, NULL) == -1);
}

/* --- the whole --------------------------------------------------------------------- */

static void take_finding(void *arg, const struct ckpt_finding *f)
{
	uint64_t *n = arg;
	REQUIRE(f->code && f->message && strlen(f->message) < 1024);
	++*n;
}

static void take_member(void *arg, const struct member *m)
{
	REQUIRE(m->path && (m->exists || !m->size));
	++*(uint64_t *)arg;
}

static int by_scope(const void *x, const void *y)
{
	const struct ckpt_tensor *a = *(struct ckpt_tensor *const *)x;
	const struct ckpt_tensor *b = *(struct ckpt_tensor *const *)y;
	return scope_compare(a->name, a->name_len, b->name, b->name_len);
}

static void make_tree(struct ckpt *c, size_t n)
{
	struct arena a;
	arena_init(&a, MEMORY);
	const struct ckpt_tensor **sorted = arena_zeroed(&a, n, sizeof *sorted);
	REQUIRE(sorted);
	for (size_t i = 0; i < n; i++)
		sorted[i] = ckpt_at(c, i);
	qsort(sorted, n, sizeof *sorted, by_scope);
	struct scope_node *root = scope_build(&a, sorted, n, SCOPE_BY_SIZE);
	size_t leaves = 0;
	for (struct scope_node *s = root; s; s = scope_next(s, SIZE_MAX))
		leaves += s->tensor != NULL;
	REQUIRE(!root || leaves == n);
	arena_drop(&a);
}

static void verify(struct ckpt *c, size_t n)
{
	struct ckpt_summary summary;
	uint64_t findings = 0, bytes = 0;
	for (size_t i = 0; i < n; i++)
		bytes += ckpt_at(c, i)->size_bytes;
	if (bytes > MOST_BYTES)
		return;
	if (ckpt_verify(c, take_finding, &findings, &summary, NULL))
		return;
	REQUIRE(findings == summary.errors + summary.warnings + summary.notes);
	REQUIRE(summary.tensors == n && summary.ok + summary.damaged == n);
	REQUIRE(summary.errors >= summary.damaged);
}

void read_all(const char *path)
{
	struct ckpt_error err = { 0 };
	const struct ckpt_options options = { .max_memory = MEMORY };
	struct ckpt *c = ckpt_open(path, &options, &err);
	REQUIRE(!c == !!err.code);
	if (!c)
		return;
	uint64_t members = 0;
	ckpt_find(c, "w", 1, NULL);
	const int loaded = ckpt_load(c, NULL);
	REQUIRE(ckpt_load(c, NULL) == loaded);
	const size_t n = ckpt_count(c);
	for (size_t i = 0; i < n && i < MOST_TENSORS; i++) {
		const struct ckpt_tensor *t = ckpt_at(c, i);
		read_tensor(c, t);
		const struct ckpt_tensor *found =
			ckpt_find(c, t->name, t->name_len, NULL);
		REQUIRE(found && found->name_len == t->name_len);
	}
	REQUIRE(!ckpt_at(c, n));
	const char *text = ckpt_debug_string(c, NULL);
	REQUIRE(!text || strlen(text) < MEMORY);
	make_tree(c, n);
	verify(c, n);
	c->reader->members(c, take_member, &members, NULL);
	REQUIRE(ckpt_prefix(c) && ckpt_format(c));
	ckpt_close(c);
}
