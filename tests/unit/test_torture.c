/* test_torture.c — every allocation fails once, and for good: an error, no leak.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The program is linked with --wrap: the library's malloc and realloc come by here.
 */
#include "config.h"

#include "unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "make/export.h"
#include "model/match.h"
#include "model/scope.h"
#include "report/diff.h"
#include "report/history_row.h"
#include "report/holds.h"
#include "report/list.h"
#include "report/stats.h"
#include "report/pair.h"
#include "report/rules.h"
#include "format/graph_net.h"
#include "report/scalars.h"
#include "write_bundle.h"

void *__real_malloc(size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_realloc(void *p, size_t n);

/* Fails the calls from number at on, so many of them. */
static uint64_t calls, at, times;
static const char *pair_files[3], *rules_file, *out_folder; /* a, b, a map */

static bool fails(void)
{
	const uint64_t call = calls++;
	return call >= at && call - at < times;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

/* Removes what has been published into a folder; files that were left beside their place
 * are a failure. */
static int remove_published(const char *path, const struct stat *st, int kind,
			    struct FTW *where)
{
	(void)st;
	(void)kind;
	CHECK(!strstr(path, ".part"), "%s was left behind", path);
	return where->level ? remove(path) : 0;
}

static void empty_folder(const char *folder)
{
	assert_int_equal(nftw(folder, remove_published, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* What is done with failures; each returns the error that it met. */
typedef void (*scenario_fn)(struct ckpt_error *err);

static int ignore_run(void *arg, const struct ckpt_run *run)
{
	(void)arg;
	(void)run;
	return 0;
}

static void read_tensors(const char *path, struct ckpt_error *err)
{
	struct ckpt *c = ckpt_open(path, NULL, err);
	if (!c)
		return;
	const size_t n = ckpt_load(c, err) ? 0 : ckpt_count(c);
	for (size_t i = 0; i < n && i < 30; i++)
		ckpt_each_run(c, ckpt_at(c, i), 0, ckpt_at(c, i)->elements, ignore_run,
			      NULL, err);
	ckpt_debug_string(c, err);
	ckpt_close(c);
}

static void read_plain(struct ckpt_error *err)
{
	read_tensors(unit_data("corpus/saver_v2/model.ckpt-200"), err);
}

static void read_frozen(struct ckpt_error *err)
{
	read_tensors(unit_data("corpus/ref_variables/frozen.pb"), err);
}

static void read_text(struct ckpt_error *err)
{
	read_tensors(unit_data("corpus/saver_v2/graph.pbtxt"), err);
}

static void parts_of_a_graph(struct ckpt_error *err)
{
	struct arena a;
	struct net net;
	const Ckpt__VariableDef *const *defs;
	size_t n;
	arena_init(&a, UINT64_MAX);
	struct graph *g = graph_open(&a, unit_data("corpus/ref_variables/ref.ckpt.meta"),
				     NULL, UINT64_MAX, err);
	if (g && graph_meta(g, err) && graph_head(g, err) &&
	    graph_function(g, &a, 0, err) &&
	    !graph_variable_defs(g, &a, "variables", &defs, &n, err))
		net_load(g, &a, GRAPH_MAIN, &net, err);
	graph_close(g);
	arena_drop(&a);
}

/* Scalars of both kinds, two event files, a graph in one of them. */
static void event_files(struct ckpt_error *err)
{
	static const struct scalar_checkpoint steps[] = { { 40, 0 }, { 80, 1 } };
	const char *folder = unit_data("events/restarts");
	struct scalars s = { 0 };
	struct arena a;
	arena_init(&a, UINT64_MAX);
	if (!scalars_read(&s, &a, folder, steps, COUNT(steps), UINT64_MAX, err)) {
		/* What a file did not give is an error of its own. */
		if (s.errors.n)
			error_copy(err, s.errors.p[0]);
		else
			assert_int_equal(s.n, 3);
	}
	scalars_drop(&s);
	const char *path =
		unit_data("events/restarts/events.out.tfevents.1700001000.host");
	struct graph *g = err->code ? NULL : graph_open(&a, path, NULL, UINT64_MAX, err);
	graph_close(g);
	arena_drop(&a);
}

static void read_latest(struct ckpt_error *err)
{
	read_tensors(unit_data("corpus/saver_v2"), err);
}

static void read_slices(struct ckpt_error *err)
{
	read_tensors(unit_data("broken/slices_ok/m"), err);
}

static void read_archive(struct ckpt_error *err)
{
	read_tensors(unit_data("corpus/arrays/descriptors.npz"), err);
}

static void read_arrays(struct ckpt_error *err)
{
	read_tensors(unit_data("corpus/arrays/folder"), err);
}

static void read_safetensors(struct ckpt_error *err)
{
	read_tensors(unit_data("corpus/arrays/sharded"), err);
}

static void read_big_endian(struct ckpt_error *err)
{
	read_tensors(unit_data("corpus/big_endian_v2/big"), err);
}

static void read_snappy(struct ckpt_error *err)
{
	read_tensors(unit_data("broken/snappy_copies/m"), err);
}

static void find_one(struct ckpt_error *err)
{
	struct ckpt *c =
		ckpt_open(unit_data("corpus/saver_v2/model.ckpt-200.index"), NULL, err);
	if (c)
		ckpt_find(c, "net/logits/bias", 15, err);
	ckpt_close(c);
}

/* Want of memory may look like damage, but damage must not look sound. */
static void verify(const char *path, bool sound, struct ckpt_error *err)
{
	struct ckpt *c = ckpt_open(path, NULL, err);
	struct ckpt_summary summary = { 0 };
	if (c && !ckpt_verify(c, NULL, NULL, &summary, err)) {
		assert_true(!sound || summary.tensors == 19);
		assert_true(sound || summary.errors > 0);
		assert_int_equal(summary.ok + summary.damaged, summary.tensors);
		assert_true(summary.errors >= summary.damaged);
		if (times && calls > at &&
		    summary.errors) /* a finding tells of it as well */
			err->code = CKPT_ENOMEM;
	}
	ckpt_close(c);
}

static void verify_sound(struct ckpt_error *err)
{
	verify(unit_data("corpus/saver_v2/model.ckpt-200"), true, err);
}

static void verify_damaged(struct ckpt_error *err)
{
	verify(unit_data("broken/slices_hole/m"), false, err);
}

/* A tensor has all of its numbers, or an error. */
static void check_stats(const struct stats *st, struct ckpt_error *err)
{
	for (size_t i = 0; i < st->n_ready; i++) {
		const struct stats_item *item = st->ready[i];
		const struct stats_found *f = item->found;
		uint64_t linear = 0, log2 = 0;
		if (item->error && !err->code)
			*err = *item->error;
		if (!f)
			continue;
		for (size_t k = 0; k < f->linear.n; k++)
			linear += f->linear.all[k].count;
		for (size_t k = 0; k < f->log2.n; k++)
			log2 += f->log2.all[k].count;
		assert_int_equal(f->moments.elements, item->tensor->elements);
		assert_int_equal(linear, f->moments.finite);
		assert_int_equal(log2, f->moments.finite - f->moments.zeros);
	}
}

static void numbers(struct ckpt_error *err)
{
	struct arena a;
	struct stats st = { 0 };
	struct ckpt *c = ckpt_open(unit_data("corpus/saver_v2/model.ckpt-200"), NULL, err);
	arena_init(&a, UINT64_MAX);
	if (c && !ckpt_load(c, err)) {
		const size_t n = ckpt_count(c);
		const struct ckpt_tensor **all = arena_alloc(&a, n * sizeof *all);
		for (size_t i = 0; all && i < n; i++)
			all[i] = ckpt_at(c, i);
		if (!all)
			arena_error(&a, err);
		else if (!stats_begin(&st, c, &a, all, n, STATS_ALL, 1, err)) {
			while (!pool_wait(&st.sweep.pool, 1000))
				;
			if (!stats_end(&st, err))
				check_stats(&st, err);
		}
	}
	stats_drop(&st);
	ckpt_close(c);
	arena_drop(&a);
}

static void patterns_and_scopes(struct ckpt_error *err)
{
	static const char *const names[] = { "a/b/c", "a/b/d", "e/f" };
	struct ckpt_tensor t[COUNT(names)] = { { 0 } };
	const struct ckpt_tensor *p[COUNT(names)];
	char *glob[] = { (char *)"a*", (char *)"**" };
	struct arena a;
	arena_init(&a, UINT64_MAX);
	for (size_t i = 0; i < COUNT(names); i++) {
		t[i] = (struct ckpt_tensor){ .name = names[i],
					     .name_len = strlen(names[i]) };
		p[i] = &t[i];
	}
	struct matcher *m = match_compile(&a, glob, 2, glob, 1, false, err);
	if (m)
		assert_true(match_name(m, "b", 1));
	match_free(m);
	if (!scope_build(&a, p, COUNT(p), SCOPE_BY_SIZE))
		arena_error(&a, err);
	arena_drop(&a);
}

/* Strings and slices have to be read; two of them are the same. */
static void pairs_by_name_and_content(struct ckpt_error *err)
{
	static char *const renames[] = { (char *)"layer=block", (char *)"^x(.*)$=$1" };
	struct naming naming = { .renames = renames, .n_renames = 2, .strip_b = "y" };
	struct arena a;
	struct pairs pairs;
	arena_init(&a, UINT64_MAX);
	naming.map_path = pair_files[2];
	struct ckpt *ca = ckpt_open(pair_files[0], NULL, err);
	struct ckpt *cb = ckpt_open(pair_files[1], NULL, err);
	if (ca && cb && !pair_make(&pairs, &a, ca, cb, &naming, NULL, err) &&
	    !pair_renamed(&pairs, &a, ca, cb, false, err) && !times) {
		size_t found = 0;
		for (size_t i = 0; i < pairs.n; i++)
			found += pairs.all[i].found;
		assert_int_equal(found, 4);
	}
	ckpt_close(ca);
	ckpt_close(cb);
	arena_drop(&a);
}

static void checkpoint_and_graph(struct ckpt_error *err)
{
	const struct diff_query query = { .depth = DEPTH_NAMES };
	struct arena a;
	struct diff d = { 0 };
	struct holds h;
	arena_init(&a, UINT64_MAX);
	struct ckpt *c = ckpt_open(unit_data("corpus/ref_variables/ref.ckpt"), NULL, err);
	struct ckpt *g = ckpt_open(unit_data("corpus/ref_variables/frozen.pb"), NULL, err);
	if (c && g && !holds_find(&h, &a, c, err) && !holds_find(&h, &a, g, err) &&
	    !diff_begin(&d, c, g, &a, &query, 1, err) && !diff_end(&d, err) && !times)
		assert_int_equal(d.counts.compared, 2);
	diff_drop(&d);
	ckpt_close(c);
	ckpt_close(g);
	arena_drop(&a);
}

static void write_pairs(void)
{
	struct bundle_writer w;
	const float four[] = { 1, 2, 3, 4 };
	const char *const words[] = { "a", "bc" };
	static char map[64];
	const char *folder = unit_folder();
	for (int side = 0; side < 2; side++) {
		bundle_writer_begin(&w);
		bundle_writer_floats(&w, side ? "yname" : "layer", 4, four);
		bundle_writer_floats(&w, side ? "p/l1" : "q/l1", 2, four);
		bundle_writer_floats(&w, side ? "p/l2" : "q/l2", 2, four);
		bundle_writer_halves(&w, side ? "h" : "g", 4, four);
		bundle_writer_strings(&w, side ? "v" : "w", 2, words);
		pair_files[side] = bundle_writer_end(&w);
	}
	unit_write(folder, "map", "layer\tname\n", 11);
	snprintf(map, sizeof map, "%s/map", folder);
	pair_files[2] = map;
}

/* What could not be read is an error, not a tensor that stands still. */
static void look_at(struct history *h, struct arena *a, struct ckpt_error *err)
{
	struct history_row row;
	for (size_t i = 0; i < h->n; i++) {
		struct history_item *item = h->items[i];
		for (size_t k = 0; k < h->n_snapshots; k++)
			if (history_ready(h, item) && item->cells[k].error)
				*err = *item->cells[k].error;
		if (!err->code)
			assert_true(item->moving && !item->frozen);
		if (!history_row_of(h, a, item, &row))
			arena_error(a, err);
	}
	const struct cell_text all = { "all", 3 };
	if (!history_scope_row_of(h, a, all, 0, h->n, &row))
		arena_error(a, err);
}

static void history_of_two(struct ckpt_error *err)
{
	static const char *const paths[] = { "corpus/saver_v2/model.ckpt-150",
					     "corpus/saver_v2/model.ckpt-200" };
	struct history_snapshot two[2] = { { .step = 150 }, { .step = 200 } };
	const struct history_query query = { .recorded = false };
	struct history h = { .n = 0 };
	struct arena a;
	arena_init(&a, UINT64_MAX);
	bool ready = true;
	for (size_t k = 0; k < 2; k++) {
		two[k].c = ckpt_open(unit_data(paths[k]), NULL, err);
		ready = ready && two[k].c && !ckpt_load(two[k].c, err);
	}
	if (ready && !history_begin(&h, two, 2, &a, &query, 1, err)) {
		while (!pool_wait(&h.sweep.pool, 1000))
			;
		if (!history_end(&h, err))
			look_at(&h, &a, err);
	}
	history_drop(&h);
	for (size_t k = 0; k < 2; k++)
		ckpt_close(two[k].c);
	arena_drop(&a);
}

static void file_of_rules(struct ckpt_error *err)
{
	struct arena a;
	const struct tolerance none = { 0 };
	arena_init(&a, UINT64_MAX);
	struct rules *r = rules_read(&a, rules_file, err);
	if (r)
		assert_int_equal(rules_for(r, "ab", 2, &none).tolerance.ulp, 4);
	rules_free(r);
	arena_drop(&a);
}

static void write_rules(void)
{
	static const char text[] = "a* ulp=1\nab ulp=4\n\"c d\" frozen\n";
	static char path[64];
	const char *folder = unit_folder();
	unit_write(folder, "rules", text, sizeof text - 1);
	snprintf(path, sizeof path, "%s/rules", folder);
	rules_file = path;
}

/* What cannot be written is not there, in any format. */
static void export_as(enum export_format format, const char *name, struct ckpt_error *err)
{
	static char *const renames[] = { (char *)"bias=shift" };
	char out[128];
	struct stat st;
	struct arena a;
	struct list_report list;
	struct export_job job = { .n = 0 };
	struct export_query query = { .format = format, .out = out, .compress = true };
	query.naming = (struct naming){ .renames = renames, .n_renames = 1 };
	if (format == EXPORT_SAFETENSORS)
		query.shard_size = 2000;
	snprintf(out, sizeof out, "%s/%s", out_folder, name);
	struct ckpt *c = ckpt_open(unit_data("corpus/saver_v2/model.ckpt-200"), NULL, err);
	const struct list_query all = { .matcher = NULL };
	arena_init(&a, UINT64_MAX);
	if (c && !list_make(&list, c, &a, &all, err) &&
	    !export_plan(&job, &a, c, list.tensors, list.n, &list.objects, &query, err)) {
		const bool written = !export_run(&job, err);
		const char *last = job.files.n ? job.files.p[job.files.n - 1] : out;
		assert_int_equal(written, !stat(last, &st));
	}
	export_drop(&job);
	ckpt_close(c);
	arena_drop(&a);
	empty_folder(out_folder);
}

static void export_archive(struct ckpt_error *err)
{
	export_as(EXPORT_NPZ, "w.npz", err);
}

static void export_shards(struct ckpt_error *err)
{
	export_as(EXPORT_SAFETENSORS, "w.safetensors", err);
}

static void export_folder(struct ckpt_error *err)
{
	export_as(EXPORT_NPY_DIR, "w", err);
}

static const struct {
	const char *name;
	scenario_fn run;
} scenarios[] = {
	{ "plain", read_plain },
	{ "frozen", read_frozen },
	{ "text", read_text },
	{ "parts of a graph", parts_of_a_graph },
	{ "event files", event_files },
	{ "latest of a folder", read_latest },
	{ "slices", read_slices },
	{ "big endian", read_big_endian },
	{ "snappy", read_snappy },
	{ "archive", read_archive },
	{ "folder of arrays", read_arrays },
	{ "safetensors", read_safetensors },
	{ "find", find_one },
	{ "sound", verify_sound },
	{ "damaged", verify_damaged },
	{ "numbers", numbers },
	{ "patterns", patterns_and_scopes },
	{ "pairs", pairs_by_name_and_content },
	{ "checkpoint and graph", checkpoint_and_graph },
	{ "rules", file_of_rules },
	{ "history", history_of_two },
	{ "archive", export_archive },
	{ "shards", export_shards },
	{ "folder", export_folder },
};

static void each_allocation_fails(uint64_t how_often)
{
	for (size_t i = 0; i < COUNT(scenarios); i++) {
		struct ckpt_error err = { 0 };
		times = 0;
		scenarios[i].run(&err);
		CHECK(!err.code, "%s: %s", scenarios[i].name, err.text);
		for (uint64_t n = 0;; n++) {
			err = (struct ckpt_error){ 0 };
			calls = 0;
			at = n;
			times = how_often;
			scenarios[i].run(&err);
			const uint64_t reached = calls;
			times = 0;
			if (reached <= n) {
				CHECK(!err.code, "%s: %s", scenarios[i].name, err.text);
				break;
			}
			assert_true(n < 5000);
			if (err.code)
				CHECK(err.code == CKPT_ENOMEM ||
					      err.code == CKPT_ELIMIT ||
					      err.code == CKPT_EINVAL ||
					      err.code == CKPT_ECORRUPT,
				      "%s, allocation %d: %s: %s", scenarios[i].name,
				      (int)n, ckpt_code_name(err.code), err.text);
			else /* somebody did without */
				CHECK(how_often == 1, "%s, allocation %d: no error",
				      scenarios[i].name, (int)n);
		}
	}
}

static void each_allocation_fails_once(void **state)
{
	(void)state;
	each_allocation_fails(1);
}

static void each_allocation_and_all_that_follow_fail(void **state)
{
	(void)state;
	each_allocation_fails(UINT64_MAX);
}

int group_torture(void)
{
	write_pairs();
	write_rules();
	out_folder = unit_folder();
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_fails_once),
		cmocka_unit_test(each_allocation_and_all_that_follow_fail),
	};
	return unit_run("torture", tests, COUNT(tests));
}
