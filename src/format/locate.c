/* locate.c — from what the user typed to a checkpoint.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The order matters: what exists under the very name wins, so that "run@1" may be a
 * file. V2 wins over V1 where a prefix has both, as in TensorFlow
 * (c/checkpoint_reader.cc).
 */
#include "config.h"

#include "format/locate.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/absent.h"
#include "format/graph.h"
#include "format/graph_beside.h"
#include "format/locate_arrays.h"
#include "format/path.h"
#include "format/slices.h"
#include "format/sniff.h"
#include "format/state.h"
#include "format/table.h"

/* A search for one path. */
struct search {
	struct arena *a;
	const char *path, *as, *tags;
	bool follow;
	struct located *at;
	struct ckpt_error *err;
};

static bool ends_with(const char *s, const char *end)
{
	const size_t n = strlen(s), k = strlen(end);
	return n > k && !strcmp(s + n - k, end);
}

static bool has_index(struct arena *a, const char *prefix)
{
	return path_is_there(arena_printf(a, "%s.index", prefix));
}

/* "PREFIX.data-00000-of-00002": the length of PREFIX, or 0. */
static size_t data_prefix(const char *path)
{
	uint32_t count;
	const size_t n = shard_stem(path, &count);
	return n > 5 && !strncmp(path + n - 5, ".data", 5) ? n - 5 : 0;
}

bool locate_is_folder(struct arena *a, const char *path, const char **folder)
{
	if (path_is_folder(path)) {
		*folder = path;
		return true;
	}
	if (strcmp(path_base(path), "checkpoint") || !path_is_file(path) ||
	    has_index(a, path) || slices_probe(path))
		return false;
	*folder = path_folder(a, path);
	return *folder != NULL;
}

/* --- taking ------------------------------------------------------------------------ */

static int take_v2(struct search *s, const char *prefix, const char *taken_for)
{
	s->at->prefix = prefix;
	s->at->taken_for = taken_for;
	s->at->reader = &reader_bundle;
	return prefix ? 0 : arena_error(s->a, s->err);
}

static int take_v1_file(struct search *s, const char *path, const char *taken_for)
{
	const char **files = arena_zeroed(s->a, 1, sizeof *files);
	s->at->prefix = path;
	s->at->taken_for = taken_for;
	s->at->reader = &reader_slices;
	s->at->files = files;
	s->at->n_files = 1;
	if (!files || !path)
		return arena_error(s->a, s->err);
	files[0] = path;
	return 0;
}

static int take_graph(struct search *s, const char *path, const char *taken_for)
{
	s->at->prefix = path;
	s->at->taken_for = taken_for;
	s->at->reader = &reader_graph;
	s->at->tags = s->tags;
	return path ? 0 : arena_error(s->a, s->err);
}

/* What is called PREFIX.index is V2's, unless it has V1's content. */
static int take_index(struct search *s, const char *prefix, const char *taken_for)
{
	const char *index = prefix ? arena_printf(s->a, "%s.index", prefix) : NULL;
	if (!index || !slices_probe(index))
		return take_v2(s, prefix, taken_for);
	s->at->note = "this is a V1 checkpoint under the name of a V2 index";
	return take_v1_file(s, index, taken_for);
}

/* All files of NAME-?????-of-COUNT, those that are there and those that are not. */
static int take_v1_shards(struct search *s, const char *name, uint32_t count,
			  const char *taken_for)
{
	enum { MOST = 100000 };
	struct located *at = s->at;
	if (count == 0 || count > MOST)
		return error_set(s->err, CKPT_EFORMAT, s->path, -1,
				 "%u shards, expected 1 to %d", count, MOST);
	at->files = arena_zeroed(s->a, count, sizeof *at->files);
	at->missing = arena_zeroed(s->a, count, sizeof *at->missing);
	at->prefix = arena_printf(s->a, "%s-\?\?\?\?\?-of-%05u", name, count);
	at->taken_for = taken_for;
	at->reader = &reader_slices;
	if (!at->files || !at->missing || !at->prefix)
		return arena_error(s->a, s->err);
	for (uint32_t i = 0; i < count; i++) {
		const char *file = arena_printf(s->a, "%s-%05u-of-%05u", name, i, count);
		if (path_is_there(file))
			at->files[at->n_files++] = file;
		else
			at->missing[at->n_missing++] = file;
	}
	if (at->n_missing && at->n_files)
		at->note =
			arena_printf(s->a, "%u of %u files are missing, %s first",
				     at->n_missing, count, path_base(at->missing[0]));
	return at->n_files ? 0
			   : error_set(s->err, CKPT_ENOTFOUND, s->path, -1,
				       "none of its %u files is there", count);
}

/* A pattern, or one file of a sharded V1 checkpoint. */
static int try_v1_shards(struct search *s, const char *taken_for)
{
	uint32_t count;
	const size_t n = shard_stem(s->path, &count);
	const char *name = n ? arena_copy(s->a, s->path, n) : NULL;
	if (!name)
		return 0;
	const char *first = strchr(s->path + n, '?')
				    ? arena_printf(s->a, "%s-00000-of-%05u", name, count)
				    : s->path;
	if (!path_is_there(first) && !strchr(s->path + n, '?'))
		return 0;
	return take_v1_shards(s, name, count, taken_for) ? -1 : 1;
}

/* NAME where some of NAME-?????-of-COUNT lie beside it: 1 taken, 0 none, -1 error. */
static int try_v1_name(struct search *s, const char *name, const char *taken_for)
{
	const char *folder = path_folder(s->a, name), *base = path_base(name);
	const size_t len = strlen(base);
	DIR *d = folder ? opendir(*folder ? folder : ".") : NULL;
	bool found = false;
	uint32_t count = 0;
	for (struct dirent *e; d && !found && (e = readdir(d));) {
		if (strncmp(e->d_name, base, len) != 0 ||
		    !shard_suffix(e->d_name + len, &count))
			continue;
		const char *file = arena_printf(s->a, "%s%s", name, e->d_name + len);
		found = file && path_is_file(file) && slices_probe(file);
	}
	if (d)
		closedir(d);
	if (!found)
		return 0;
	return take_v1_shards(s, name, count, taken_for) ? -1 : 1;
}

/* A prefix with files of either version: 1 taken, 0 none, -1 error. */
static int try_prefix(struct search *s, const char *prefix, const char *taken_for)
{
	const bool v1 = path_is_file(prefix) && slices_probe(prefix);
	const bool v2 = has_index(s->a, prefix);
	const bool want_v1 = s->as && !strcmp(s->as, "v1");
	const bool want_v2 = s->as && !strcmp(s->as, "v2");
	if (v2 && !(want_v1 && v1)) {
		if (v1)
			s->at->note =
				"a V1 file of this name is there too; --as v1 opens it";
		return take_index(s, prefix, taken_for) ? -1 : 1;
	}
	if (v1 && !want_v2) {
		uint32_t count;
		const size_t stem = shard_stem(prefix, &count);
		if (stem) /* one file of several stands for all of them */
			return take_v1_shards(s, arena_copy(s->a, prefix, stem), count,
					      taken_for)
				       ? -1
				       : 1;
		return take_v1_file(s, prefix, taken_for) ? -1 : 1;
	}
	return want_v2 ? 0 : try_v1_name(s, prefix, taken_for);
}

/* --- folders ----------------------------------------------------------------------- */

/* file: the saved_model.pb that was given; NULL: the folder was. Where a folder is there
 * for variables they are missed, not done without. */
static int take_saved_model(struct search *s, const char *folder, const char *file,
			    const char *taken_for)
{
	const char *variables = folder ? path_join(s->a, folder, "variables") : NULL;
	const char *prefix = variables ? path_join(s->a, variables, "variables") : NULL;
	if (!prefix)
		return arena_error(s->a, s->err);
	if (has_index(s->a, prefix))
		return take_v2(s, prefix, taken_for);
	const char *graph = graph_of_saved_model(s->a, folder);
	if (file || (graph && !path_is_folder(variables)))
		return take_graph(s, file ? file : graph,
				  "graph; no checkpoint lies beside it");
	return absent(s->a, prefix, s->err);
}

static int take_snapshot(struct search *s, const struct run_folder *run,
			 const struct snapshot *snapshot, const char *taken_for)
{
	if (!snapshot->on_disk)
		return error_set(s->err, CKPT_ENOTFOUND, run->state_path, -1,
				 "%s is %.200s, which %s", taken_for, snapshot->prefix,
				 snapshot_fate(snapshot));
	if (snapshot->moved)
		s->at->note = arena_printf(
			s->a, "the state file names another folder; taking %s here",
			snapshot->base);
	uint32_t count;
	const size_t stem = snapshot->v1 ? shard_stem(snapshot->prefix, &count) : 0;
	if (stem)
		return take_v1_shards(s, arena_copy(s->a, snapshot->prefix, stem), count,
				      taken_for);
	s->path = snapshot->prefix;
	const int r = try_prefix(s, snapshot->prefix, taken_for);
	if (!r && run->serving) /* a version may be a graph alone */
		return take_saved_model(s, path_folder(s->a, path_folder(s->a, s->path)),
					NULL, taken_for);
	return r < 0 ? -1 : r ? 0 : absent(s->a, s->path, s->err);
}

static int take_folder(struct search *s, const char *folder)
{
	struct run_folder run;
	if (run_read(s->a, folder, s->follow, &run, s->err))
		return -1;
	if (run.n == 0 && saved_model_is(s->a, folder))
		return take_saved_model(s, folder, NULL, "SavedModel folder");
	if (!run.n) {
		const int r = arrays_in_folder(s->a, folder, s->at, s->err);
		if (r)
			return r < 0 ? -1 : 0;
	}
	if (!run.latest)
		return error_set(
			s->err, CKPT_ENOTFOUND, *folder ? folder : ".", -1,
			"no checkpoint here: neither a `checkpoint` file nor any .index, "
			".npy, .npz or .safetensors");
	s->at->folder = folder;
	return take_snapshot(s, &run, run.latest,
			     run.serving ? "highest version of a serving folder"
			     : run.state_path
				     ? "latest checkpoint of the folder"
				     : "highest step of the folder (no state file)");
}

/* DIR@STEP, DIR@latest, DIR@0005: 1 taken, 0 not of this form, -1 error. */
static int try_step(struct search *s)
{
	const char *mark = strrchr(s->path, '@');
	const char *folder,
		*dir = mark ? arena_copy(s->a, s->path, (size_t)(mark - s->path)) : NULL;
	struct run_folder run;
	if (!dir || !mark[1] || !locate_is_folder(s->a, *dir ? dir : ".", &folder))
		return 0;
	const bool latest = !strcmp(mark + 1, "latest");
	char *end;
	const long long step = strtoll(mark + 1, &end, 10);
	if (!latest && (*end || mark[1] == '-' || mark[1] == '+'))
		return error_set(s->err, CKPT_EINVAL, s->path, -1,
				 "behind '@' stands a step or 'latest', not '%.40s'",
				 mark + 1);
	if (run_read(s->a, folder, s->follow, &run, s->err))
		return -1;
	s->at->folder = latest ? folder : NULL;
	if (latest && run.latest)
		return take_snapshot(s, &run, run.latest,
				     "latest checkpoint of the folder")
			       ? -1
			       : 1;
	for (size_t i = 0; i < run.n && !latest; i++)
		if (run.all[i].step == step)
			return take_snapshot(s, &run, &run.all[i], "step of a folder")
				       ? -1
				       : 1;
	char known[160] = "";
	size_t at = 0;
	for (size_t i = 0; i < run.n && at < sizeof known; i++)
		if (run.all[i].step >= 0)
			at += (size_t)snprintf(known + at, sizeof known - at, "%s%lld",
					       at ? ", " : "",
					       (long long)run.all[i].step);
	return error_set(s->err, CKPT_ENOTFOUND, dir, -1,
			 "no step %.40s here; there are %s", mark + 1,
			 at ? known : "no steps");
}

/* --- the search -------------------------------------------------------------------- */

/* Files that name a checkpoint by standing beside it: 1 taken, 0 none, -1 error. */
static int try_sibling(struct search *s)
{
	const char *path = s->path;
	const size_t len = strlen(path), data = data_prefix(path);
	if (data) {
		const char *prefix = arena_copy(s->a, path, data);
		if (prefix && has_index(s->a, prefix)) {
			if (path_is_there(path))
				return take_v2(s, prefix, "data file") ? -1 : 1;
			return error_set(s->err, CKPT_ENOTFOUND, path, -1,
					 "no such data file, but %.150s.index is there",
					 path_base(prefix));
		}
		if (path_is_there(path) && prefix)
			return error_set(
				s->err, CKPT_ENOTFOUND, path, -1,
				"a data file without its index: names, dtypes and "
				"shapes are in %.150s.index, which is not there",
				path_base(prefix));
		return 0;
	}
	if (ends_with(path, ".meta")) {
		const char *prefix = arena_copy(s->a, path, len - 5);
		return prefix ? try_prefix(s, prefix, "graph file beside a checkpoint")
			      : 0;
	}
	const char *base = path_base(path);
	if (path_is_there(path) &&
	    (!strcmp(base, "saved_model.pb") || !strcmp(base, "saved_model.pbtxt"))) {
		const char *folder = path_folder(s->a, path);
		return take_saved_model(s, folder, path, "SavedModel") ? -1 : 1;
	}
	return 0;
}

static int refuse_file(struct search *s)
{
	struct source source;
	struct table table;
	if (sniff_file(s->path, s->err))
		return -1;
	if (source_open(&source, s->path, s->err))
		return -1;
	const int r = table_open(&table, &source, UINT64_MAX, s->err);
	source_close(&source);
	if (r)
		return -1;
	return error_set(s->err, CKPT_EFORMAT, s->path, -1,
			 "a table, but no V1 checkpoint; a V2 index has to be called "
			 "PREFIX.index");
}

static int search(struct search *s)
{
	const char *path = s->path, *folder;
	enum graph_kind kind;
	int r;
	if ((r = try_prefix(s, path, "prefix")))
		return r < 0 ? -1 : 0;
	if (locate_is_folder(s->a, path, &folder))
		return take_folder(s, folder);
	if (ends_with(path, ".index") && path_is_there(path))
		return take_index(s, arena_copy(s->a, path, strlen(path) - 6),
				  "index file");
	if ((r = try_sibling(s)))
		return r < 0 ? -1 : 0;
	if (!path_is_file(path) || slices_probe(path)) {
		if ((r = try_v1_shards(s, "V1 shards")))
			return r < 0 ? -1 : 0;
	}
	if ((r = arrays_file_at(s->a, path, s->at, s->err)))
		return r < 0 ? -1 : 0;
	if ((r = graph_kind_of(path, &kind, s->err)) < 0)
		return -1;
	if (r || (path_is_file(path) && (sniff_graph(path) || sniff_called_graph(path))))
		return take_graph(s, path,
				  ends_with(path, ".meta")
					  ? "graph; no checkpoint lies beside it"
					  : "graph");
	if (path_is_there(path))
		return refuse_file(s);
	if ((r = try_step(s)))
		return r < 0 ? -1 : 0;
	return absent(s->a, s->path, s->err);
}

/* A checkpoint without a graph of its own: one of the folder may serve. */
static int borrow_graph(struct search *s, const char *prefix)
{
	const struct ckpt_options options = { .tags = s->tags, .follow = s->follow };
	const char *graph = NULL;
	struct graph_values v = { 0 };
	bool borrowed;
	struct ckpt *c = reader_open(prefix, &options, s->err);
	const int r = c ? graph_beside(&v, s->a, c, &borrowed, s->err) : -1;
	if (r > 0)
		graph = v.graph->path;
	graph_values_drop(&v);
	ckpt_close(c);
	if (r < 0)
		return -1;
	if (!r)
		return error_set(s->err, CKPT_ENOTFOUND, prefix, -1,
				 "no graph lies beside this checkpoint: there is no "
				 "%.150s.meta, and no other graph whose variables it has",
				 path_base(prefix));
	s->at->note = arena_printf(s->a, "there is no %s.meta: taking %s, each of whose "
				   "variables the checkpoint has", path_base(prefix),
				   path_base(graph));
	return take_graph(s, graph, "graph beside a checkpoint");
}

/* --as graph: the file itself, or what stands beside the checkpoint that is meant. */
static int search_graph(struct search *s)
{
	const char *path = s->path, *folder;
	enum graph_kind kind;
	s->at->as_graph = true;
	const int r = graph_kind_of(path, &kind, s->err);
	if (r < 0)
		return -1;
	if (r)
		return take_graph(s, path, "graph");
	const char *model = locate_is_folder(s->a, path, &folder)
				    ? graph_of_saved_model(s->a, folder)
				    : NULL;
	if (model)
		return take_graph(s, model, "graph of a SavedModel");
	struct located at = { .given = path };
	struct search checkpoint = *s;
	checkpoint.as = NULL;
	checkpoint.at = &at;
	if (search(&checkpoint))
		return -1;
	if (at.reader == &reader_graph) /* a version for serving that is nothing else */
		return take_graph(s, at.prefix, at.taken_for);
	const char *graph = graph_of_prefix(s->a, at.prefix);
	if (!graph)
		return borrow_graph(s, at.prefix);
	return take_graph(s, graph, "graph beside a checkpoint");
}

/* What --as calls a reader. */
static const char *word_for(const struct reader *reader)
{
	return reader == &reader_bundle	  ? "v2"
	       : reader == &reader_slices ? "v1"
	       : reader == &reader_graph  ? "graph"
					  : "arrays";
}

static const char *kind_for(const char *word)
{
	return !strcmp(word, "v1")   ? "V1 checkpoint"
	       : !strcmp(word, "v2") ? "V2 checkpoint"
				     : "graph";
}

int locate(struct arena *a, const char *path, const struct ckpt_options *options,
	   struct located *at, struct ckpt_error *err)
{
	const char *as = options->as;
	struct search s = { a, path, as, options->tags, options->follow, at, err };
	*at = (struct located){ .given = path };
	if (!*path)
		return error_set(err, CKPT_EINVAL, NULL, -1, "the path is empty");
	if (as && strcmp(as, "v1") && strcmp(as, "v2") && strcmp(as, "graph"))
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "--as takes v1, v2 or graph, not '%.40s'", as);
	if (as && !strcmp(as, "graph"))
		return search_graph(&s);
	if (search(&s))
		return -1;
	const char *is = word_for(at->reader);
	if (as && strcmp(as, is))
		return error_set(err, CKPT_ENOTFOUND, at->prefix, -1,
				 "this is a %s; there is no %s of that name",
				 at->reader->name, kind_for(as));
	return 0;
}
