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
#include "format/path.h"
#include "format/table.h"
#include "format/textproto.h"
#include "proto/state.pb-c.h"

enum { STATE_MOST_BYTES = 16 << 20 };

/* A run being read. */
struct reading {
	struct arena *a;
	struct run_folder *run;
	struct pointers found; /* struct snapshot */
	struct pointers leftovers;
	void *by_prefix; /* of tsearch(3): a state file may name very many */
	bool follow;
	struct ckpt_error *err;
};

static int compare_prefixes(const void *x, const void *y)
{
	return strcmp(((const struct snapshot *)x)->prefix,
		      ((const struct snapshot *)y)->prefix);
}

static struct snapshot *find_prefix(struct reading *r, const char *prefix)
{
	const struct snapshot want = { .prefix = prefix };
	struct snapshot *const *node = tfind(&want, &r->by_prefix, compare_prefixes);
	return node ? *node : NULL;
}

/* The snapshot of that prefix, a new one if there is none. */
static struct snapshot *add(struct reading *r, const char *prefix)
{
	struct snapshot *s = prefix ? find_prefix(r, prefix) : NULL;
	if (s)
		return s;
	s = prefix ? arena_zeroed(r->a, 1, sizeof *s) : NULL;
	if (s) {
		s->prefix = prefix;
		s->base = path_base(prefix);
		s->step = step_of_name(s->base);
	}
	if (!s || pointers_add(&r->found, s) ||
	    !tsearch(s, &r->by_prefix, compare_prefixes)) {
		arena_error(r->a, r->err);
		return NULL;
	}
	return s;
}

static void keep_nothing(void *node)
{
	(void)node; /* snapshots are the arena's */
}

static void take_time(struct snapshot *s, const char *file)
{
	struct identity id;
	if (file && !source_identify(file, &id))
		s->time = (double)id.mtime_ns / 1e9;
}

enum kind { DATA_ALONE, V1_FILE, V2_INDEX };

/* NAME in the folder, of which file was met. Of a name with several files the index
 * counts: V2 wins over V1. */
static int add_found(struct reading *r, const char *name, const char *file,
		     enum kind kind)
{
	struct snapshot *s =
		name ? add(r, path_join(r->a, r->run->path, name)) : NULL;
	if (!s)
		return name ? -1 : arena_error(r->a, r->err);
	if (s->on_disk && kind != V2_INDEX)
		return 0;
	s->on_disk = true;
	s->v1 = kind == V1_FILE;
	take_time(s, path_join(r->a, r->run->path, file));
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
	    !table_is_one(path_join(r->a, r->run->path, file)))
		return 0;
	const size_t stem = shard_stem(file, &count);
	if (!stem)
		return add_found(r, arena_copy(r->a, file, strlen(file)), file, V1_FILE);
	const char *pattern =
		arena_printf(r->a, "%.*s-\?\?\?\?\?-of-%05u", (int)stem, file, count);
	return add_found(r, pattern, file, V1_FILE);
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
		arena_printf(r->a, "%s/.", path_join(r->a, r->run->path, name));
	return inside && !source_identify(inside, &id);
}

/* One name of the folder: NAME.index is a V2 checkpoint, and NAME.data-… what is left
 * of one. */
static int look_at(struct reading *r, const char *file)
{
	const size_t len = strlen(file);
	uint32_t count;
	const size_t stem = shard_stem(file, &count);
	if (is_leftover(r, file))
		return pointers_add(&r->leftovers, arena_copy(r->a, file, len));
	if (len > 6 && !strcmp(file + len - 6, ".index"))
		return add_found(r, arena_copy(r->a, file, len - 6), file, V2_INDEX);
	if (stem > 5 && !strncmp(file + stem - 5, ".data", 5))
		return add_found(r, arena_copy(r->a, file, stem - 5), file, DATA_ALONE);
	return file[0] == '.' ? 0 : look_for_v1(r, file);
}

static int scan_folder(struct reading *r, int (*look)(struct reading *, const char *))
{
	const char *folder = r->run->path;
	DIR *d = opendir(*folder ? folder : ".");
	if (!d)
		return error_errno(r->err, folder, "cannot open the folder");
	int result = 0;
	for (struct dirent *e; !result && (e = readdir(d));)
		result = look(r, e->d_name);
	closedir(d);
	return result;
}

bool saved_model_is(struct arena *a, const char *folder)
{
	static const char *const parts[] = { "saved_model.pb", "saved_model.pbtxt",
					     "saved_model.cpb", "variables/." };
	struct identity id;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		const char *part = path_join(a, folder, parts[i]);
		if (part && !source_identify(part, &id))
			return true;
	}
	return false;
}

/* DIR/17 of a folder for serving: a SavedModel, or what SessionBundle exported before
 * there were such (tensorflow/contrib/session_bundle); its version is the number. */
static int look_for_version(struct reading *r, const char *name)
{
	const size_t digits = strspn(name, "0123456789");
	if (!digits || digits > 18 || name[digits])
		return 0;
	const char *folder = path_join(r->a, r->run->path, name);
	if (!folder)
		return arena_error(r->a, r->err);
	const bool model = saved_model_is(r->a, folder);
	if (!model && !path_is_file(path_join(r->a, folder, "export.meta")))
		return 0;
	struct snapshot *s = add(r, path_join(r->a, folder,
					      model ? "variables/variables" : "export"));
	if (!s)
		return -1;
	s->on_disk = true;
	s->step = strtoll(name, NULL, 10);
	take_time(s, arena_printf(r->a, "%s.index", s->prefix));
	r->run->serving = true;
	return 0;
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

/* Is what the first len bytes of a path name the folder that is being read? */
static bool is_folder_itself(struct reading *r, const char *said, size_t len)
{
	struct identity there, here;
	const char *dir = len ? arena_copy(r->a, said, len) : ".";
	return dir && !source_identify(dir, &there) &&
	       !source_identify(*r->run->path ? r->run->path : ".", &here) &&
	       there.device == here.device && there.inode == here.inode;
}

static bool leads_out(const char *path)
{
	for (const char *p = path; p; p = strchr(p, '/')) {
		p += *p == '/';
		if (!strncmp(p, "..", 2) && (p[2] == '/' || !p[2]))
			return true;
	}
	return false;
}

/* Without "./" and doubled slashes: two ways to write a path are one. */
static char *tidy(struct arena *a, const uint8_t *p, size_t len)
{
	char *path = arena_copy(a, p, len), *to = path;
	for (const char *from = path; path && *from;) {
		const bool starts = to == path || to[-1] == '/';
		if (*from == '/' && to > path && to[-1] == '/')
			from++;
		else if (starts && from[0] == '.' && from[1] == '/')
			from += 2;
		else
			*to++ = *from++;
	}
	if (path)
		*to = 0;
	return path;
}

/* A checkpoint that is there, or NULL. */
static struct snapshot *find_there(struct reading *r, const char *prefix)
{
	struct snapshot *s = prefix ? find_prefix(r, prefix) : NULL;
	if (s || !prefix || !is_checkpoint(r, prefix))
		return s && s->on_disk ? s : NULL;
	s = add(r, prefix);
	if (s) {
		s->on_disk = true;
		take_time(s, arena_printf(r->a, "%s.index", prefix));
	}
	return s;
}

/* Where a path of the state file leads within the folder: the path itself, or its end if
 * the folder was moved: "/old/run/2/ckpt" may be 2/ckpt here, or ckpt. */
static struct snapshot *find_within(struct reading *r, const char *said, bool moved)
{
	enum { DEEPEST = 8 };
	const char *ends[DEEPEST] = { NULL };
	size_t n = 0;
	for (const char *p = said + strlen(said); p > said && n < DEEPEST; p--)
		if (p[-1] == '/' && *p)
			ends[n++] = p;
	if (said[0] != '/' && n < DEEPEST)
		ends[n++] = said;
	while (n--) {
		const bool itself =
			ends[n] == said ||
			(said[0] == '/' &&
			 is_folder_itself(r, said, (size_t)(ends[n] - said)));
		if (itself == moved || (leads_out(ends[n]) && !r->follow))
			continue;
		struct snapshot *s =
			find_there(r, path_join(r->a, r->run->path, ends[n]));
		if (s) {
			s->moved = moved;
			return s;
		}
	}
	return NULL;
}

/* A path of the state file: the snapshot that it means. */
static struct snapshot *resolve(struct reading *r, const ProtobufCBinaryData *path)
{
	const char *said = tidy(r->a, path->data, path->len);
	if (!said) {
		arena_error(r->a, r->err);
		return NULL;
	}
	struct snapshot *s = find_within(r, said, false);
	if (!s && r->follow && said[0] == '/')
		s = find_there(r, said);
	if (!s)
		s = find_within(r, said, true);
	if (!s) {
		const bool relative = said[0] != '/';
		s = add(r, relative ? path_join(r->a, r->run->path, said) : said);
		if (s)
			s->outside = is_checkpoint(r, s->prefix);
	}
	if (s)
		s->in_state = true;
	return s;
}

static int read_state(struct reading *r)
{
	const char *path = path_join(r->a, r->run->path, "checkpoint");
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
	return text_natural(a->prefix, strlen(a->prefix), b->prefix, strlen(b->prefix));
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

const char *snapshot_fate(const struct snapshot *s)
{
	return s->outside ? "lies outside the folder; --follow opens it" : "is not there";
}

int snapshot_gone(const struct run_folder *run, const struct snapshot *s,
		  struct ckpt_error *err)
{
	return error_set(err, CKPT_ENOTFOUND, run->state_path, -1,
			 "names %s%.200s, which %s",
			 s->latest ? "the latest checkpoint " : "", s->prefix,
			 snapshot_fate(s));
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
	int result = scan_folder(&r, look_at) || read_state(&r) ? -1 : 0;
	if (!result && !r.found.n && !saved_model_is(a, run->path))
		result = scan_folder(&r, look_for_version);
	result = result || keep_leftovers(&r) ? -1 : 0;
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
	tdestroy(r.by_prefix, keep_nothing);
	return result;
}
