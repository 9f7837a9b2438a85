/* state.c — a folder of checkpoints: its `checkpoint` file, and what lies on disk.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/state.h"

#include <dirent.h>
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/source.h"
#include "base/text.h"
#include "format/message.h"
#include "format/table.h"
#include "format/textproto.h"
#include "proto/state.pb-c.h"

enum { STATE_MOST_BYTES = 16 << 20 };

size_t shard_suffix(const char *p, uint32_t *count)
{
	if (*p != '-')
		return 0;
	const size_t wild = strspn(p + 1, "?"), digits = strspn(p + 1, "0123456789");
	const size_t number = wild ? wild : digits;
	if (number < 5 || strncmp(p + 1 + number, "-of-", 4))
		return 0;
	const char *n = p + 5 + number;
	const size_t len = strspn(n, "0123456789");
	if (len < 5 || len > 9 || n[len])
		return 0;
	*count = (uint32_t)strtoul(n, NULL, 10);
	return 5 + number + len;
}

size_t shard_stem(const char *path, uint32_t *count)
{
	for (const char *p = path + strlen(path); p > path; p--)
		if (*p == '-' && shard_suffix(p, count))
			return (size_t)(p - path);
	return 0;
}

int64_t step_of_name(const char *name)
{
	uint32_t count;
	const size_t stem = shard_stem(name, &count), len = stem ? stem : strlen(name);
	size_t digits = 0;
	while (digits < len && name[len - 1 - digits] >= '0' &&
	       name[len - 1 - digits] <= '9')
		digits++;
	if (!digits || digits > 18 || digits == len || name[len - 1 - digits] != '-')
		return -1;
	return strtoll(name + len - digits, NULL, 10);
}

const char *run_path(struct arena *a, const char *folder, const char *name)
{
	if (!*folder)
		return arena_copy(a, name, strlen(name));
	return arena_printf(a, "%s/%s", strcmp(folder, "/") ? folder : "", name);
}

static const char *basename_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* A run being read. */
struct reading {
	struct arena *a;
	struct run_folder *run;
	struct pointers found; /* struct snapshot */
	struct pointers leftovers;
	void *by_base; /* of tsearch(3) */
	bool follow;
	struct ckpt_error *err;
};

/* The tree by_base holds what was found, by basename: a state file may name very many. */
static int compare_bases(const void *x, const void *y)
{
	return strcmp(((const struct snapshot *)x)->base,
		      ((const struct snapshot *)y)->base);
}

static struct snapshot *find_base(struct reading *r, const char *base)
{
	const struct snapshot want = { .base = base };
	struct snapshot *const *node = tfind(&want, &r->by_base, compare_bases);
	return node ? *node : NULL;
}

static struct snapshot *add(struct reading *r, const char *prefix)
{
	struct snapshot *s = prefix ? arena_zeroed(r->a, 1, sizeof *s) : NULL;
	if (s) {
		s->prefix = prefix;
		s->base = basename_of(prefix);
		s->step = step_of_name(s->base);
	}
	if (!s || pointers_add(&r->found, s) || !tsearch(s, &r->by_base, compare_bases)) {
		arena_error(r->a, r->err);
		return NULL;
	}
	return s;
}

static void keep_nothing(void *node)
{
	(void)node; /* snapshots are the arena's */
}

static int add_found(struct reading *r, const char *name, const char *file, bool v1)
{
	struct identity id;
	struct snapshot *s = name ? find_base(r, name) : NULL;
	if (s && v1)
		return 0; /* another shard of it, or a V2 of that name, which wins */
	if (name && !s)
		s = add(r, run_path(r->a, r->run->path, name));
	if (!s)
		return -1;
	s->on_disk = true;
	s->v1 = v1;
	if (!source_identify(run_path(r->a, r->run->path, file), &id))
		s->time = (double)id.mtime_ns / 1e9;
	return 0;
}

/* A V1 file has no ending of its own: whatever ends as a table does and has none of
 * V2's. */
static int look_for_v1(struct reading *r, const char *file)
{
	static const char *const others[] = { ".meta", ".pb",  ".pbtxt",
					      ".json", ".txt", ".py" };
	uint32_t count = 0;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		const size_t n = strlen(file), k = strlen(others[i]);
		if (n > k && !strcmp(file + n - k, others[i]))
			return 0;
	}
	if (!strcmp(file, "checkpoint") || strstr(file, ".data-") ||
	    !table_is_one(run_path(r->a, r->run->path, file)))
		return 0;
	const size_t stem = shard_stem(file, &count);
	if (!stem)
		return add_found(r, file, file, true);
	const char *pattern =
		arena_printf(r->a, "%.*s-\?\?\?\?\?-of-%05u", (int)stem, file, count);
	return add_found(r, pattern, file, true);
}

/* What BundleWriter and the savers leave when they are interrupted:
 * NAME.index.tempstate123, NAME_temp/part-00000-of-00001.data-…
 * (python/checkpoint/functional_saver.py). */
static bool is_leftover(struct reading *r, const char *name)
{
	const size_t n = strlen(name);
	struct identity id;
	if (strstr(name, ".tempstate") || strstr(name, ".part-"))
		return true;
	if (n < 5 || strcmp(name + n - 5, "_temp"))
		return false;
	const char *inside =
		arena_printf(r->a, "%s/.", run_path(r->a, r->run->path, name));
	return inside && !source_identify(inside, &id);
}

/* Each NAME.index in the folder is a V2 checkpoint. */
static int scan_folder(struct reading *r)
{
	const char *folder = r->run->path;
	DIR *d = opendir(*folder ? folder : ".");
	if (!d)
		return error_errno(r->err, folder, "cannot open the folder");
	int result = 0;
	for (struct dirent *e; !result && (e = readdir(d));) {
		const size_t len = strlen(e->d_name);
		if (is_leftover(r, e->d_name))
			result = pointers_add(&r->leftovers,
					      arena_copy(r->a, e->d_name, len));
		else if (len > 6 && !strcmp(e->d_name + len - 6, ".index"))
			result = add_found(r, arena_copy(r->a, e->d_name, len - 6),
					   e->d_name, false);
		else if (e->d_name[0] != '.')
			result = look_for_v1(r, e->d_name);
	}
	closedir(d);
	return result;
}

static int read_file(struct reading *r, const char *path, struct bytes *text)
{
	struct source s;
	if (source_open(&s, path, r->err))
		return -1;
	uint8_t *p = NULL;
	int result = -1;
	if (s.size > STATE_MOST_BYTES)
		error_set(r->err, CKPT_EFORMAT, path, -1,
			  "too large for a checkpoint state file");
	else if (!(p = arena_alloc(r->a, (size_t)s.size + 1)))
		arena_error(r->a, r->err);
	else
		result = source_read(&s, 0, p, (size_t)s.size, r->err);
	*text = bytes_of(p, (size_t)s.size);
	source_close(&s);
	return result;
}

static bool is_checkpoint(struct reading *r, const char *prefix)
{
	struct identity id;
	const char *index = arena_printf(r->a, "%s.index", prefix);
	return index && (!source_identify(index, &id) || table_is_one(prefix));
}

/* Does an absolute path lie in the folder that is being read? */
static bool is_in(struct reading *r, const char *said, const char *base)
{
	struct identity there, here;
	const char *dir = arena_copy(r->a, said, (size_t)(base - said));
	return dir && !source_identify(dir, &there) &&
	       !source_identify(*r->run->path ? r->run->path : ".", &here) &&
	       there.device == here.device && there.inode == here.inode;
}

/* A path of the state file: the snapshot that it means. */
static struct snapshot *resolve(struct reading *r, const ProtobufCBinaryData *path)
{
	const char *said = arena_copy(r->a, path->data, path->len);
	if (!said)
		return NULL;
	const char *base = basename_of(said), *folder = r->run->path;
	struct snapshot *s = find_base(r, base);
	if (!s) {
		const bool relative = said[0] != '/';
		s = add(r, relative ? run_path(r->a, folder, said) : said);
		if (s) {
			s->base = base;
			s->on_disk = (r->follow || (relative && !strstr(said, ".."))) &&
				     is_checkpoint(r, s->prefix);
		}
	} else if (said[0] == '/' && s->on_disk) {
		s->moved = !is_in(r, said, base);
	}
	if (s)
		s->in_state = true;
	return s;
}

static int read_state(struct reading *r)
{
	const char *path = run_path(r->a, r->run->path, "checkpoint");
	struct bytes text;
	struct identity id;
	if (!path)
		return arena_error(r->a, r->err);
	if (source_identify(path, &id))
		return 0;
	if (read_file(r, path, &text))
		return -1;
	struct buffer wire;
	buffer_init(&wire, 2 * STATE_MOST_BYTES);
	const ProtobufCMessageDescriptor *type = &ckpt__checkpoint_state__descriptor;
	int result = textproto_encode(type, text, path, &wire, r->err);
	const Ckpt__CheckpointState *state =
		result ? NULL
		       : message_unpack(r->a, type, bytes_of(wire.p, wire.len), path, 0,
					r->err);
	buffer_drop(&wire);
	if (!state)
		return -1;
	r->run->state_path = path;
	for (size_t i = 0; i < state->n_all_model_checkpoint_paths; i++) {
		struct snapshot *s = resolve(r, &state->all_model_checkpoint_paths[i]);
		if (!s)
			return -1;
		if (i < state->n_all_model_checkpoint_timestamps)
			s->time = state->all_model_checkpoint_timestamps[i];
	}
	if (!state->model_checkpoint_path.len)
		return error_set(
			r->err, CKPT_ECORRUPT, path, -1,
			"names no latest checkpoint: model_checkpoint_path is empty");
	struct snapshot *latest = resolve(r, &state->model_checkpoint_path);
	if (!latest)
		return -1;
	latest->latest = true;
	return 0;
}

static int by_step(const void *x, const void *y)
{
	const struct snapshot *a = *(struct snapshot *const *)x,
			      *b = *(struct snapshot *const *)y;
	if (a->step != b->step)
		return a->step < b->step ? -1 : 1;
	return text_natural(a->base, strlen(a->base), b->base, strlen(b->base));
}

/* The names of leftovers, in order. */
static int by_text(const void *x, const void *y)
{
	return strcmp(*(char *const *)x, *(char *const *)y);
}

static int keep_leftovers(struct reading *r)
{
	const size_t n = r->leftovers.n;
	r->run->leftovers = arena_zeroed(r->a, n, sizeof *r->run->leftovers);
	if (!r->run->leftovers)
		return arena_error(r->a, r->err);
	for (size_t i = 0; i < n; i++)
		r->run->leftovers[i] = r->leftovers.p[i];
	if (n)
		qsort(r->run->leftovers, n, sizeof *r->run->leftovers, by_text);
	r->run->n_leftovers = n;
	return 0;
}

int run_read(struct arena *a, const char *folder, bool follow, struct run_folder *run,
	     struct ckpt_error *err)
{
	struct reading r = { .a = a, .run = run, .err = err, .follow = follow };
	size_t len = strlen(folder);
	while (len > 1 && folder[len - 1] == '/')
		len--;
	*run = (struct run_folder){ .path = arena_copy(a, folder, len) };
	if (!run->path)
		return arena_error(a, err);
	int result = scan_folder(&r) || read_state(&r) || keep_leftovers(&r) ? -1 : 0;
	if (!result && r.found.n) {
		qsort(r.found.p, r.found.n, sizeof *r.found.p, by_step);
		run->all = arena_zeroed(a, r.found.n, sizeof *run->all);
		if (!run->all)
			result = arena_error(a, err);
		for (size_t i = 0; run->all && i < r.found.n; i++) {
			run->all[i] = *(struct snapshot *)r.found.p[i];
			if (run->all[i].latest || !run->state_path)
				run->latest = &run->all[i];
		}
		run->n = r.found.n;
	}
	pointers_drop(&r.found);
	pointers_drop(&r.leftovers);
	tdestroy(r.by_base, keep_nothing);
	return result;
}
