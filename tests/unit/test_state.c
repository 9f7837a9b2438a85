/* test_state.c — folders of checkpoints: what the state file says, what is there.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "format/path.h"
#include "format/state.h"
#include "write_table.h"

static struct arena arena;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, UINT64_MAX);
	arena_copy(&arena, "", 0); /* a chunk that stays when the rest is rewound */
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_drop(&arena);
	return 0;
}

/* A folder with these empty .index files and this state file (NULL: none). */
static const char *make_folder(const char *const *indexes, size_t n, const char *text)
{
	const char *folder = unit_folder();
	for (size_t i = 0; i < n; i++)
		unit_write(folder, indexes[i], "", 0);
	if (text)
		unit_write(folder, "checkpoint", text, strlen(text));
	return folder;
}

static struct run_folder read_run(const char *folder)
{
	struct run_folder run;
	struct ckpt_error err = { 0 };
	CHECK(run_read(&arena, folder, false, &run, &err) == 0, "%s: %s", folder,
	      err.text);
	return run;
}

static const struct snapshot *find(const struct run_folder *run, const char *base)
{
	for (size_t i = 0; i < run->n; i++)
		if (!strcmp(run->all[i].base, base))
			return &run->all[i];
	return NULL;
}

static void check_prefix(const struct snapshot *s, const char *folder, const char *base)
{
	char want[4096];
	assert_non_null(s);
	snprintf(want, sizeof want, "%s/%s", folder, base);
	assert_string_equal(s->prefix, want);
	assert_string_equal(s->base, base);
}

static const char *const three[] = { "model.ckpt-100.index", "model.ckpt-20.index",
				     "model.ckpt-3.index" };

static void steps_of_names(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int64_t step;
	} known[] = {
		{ "model.ckpt-200", 200 },
		{ "ck-1", 1 },
		{ "model.ckpt-0", 0 },
		{ "model.ckpt", -1 },
		{ "model.ckpt-", -1 },
		{ "5", -1 },
		{ "-5", 5 },
		{ "a5", -1 },
		{ "", -1 },
		{ "-", -1 },
		{ "a-007", 7 },
		{ "run-3/x-4", 4 },
		{ "a-999999999999999999", INT64_C(999999999999999999) },
		{ "a-1000000000000000000", -1 },
		{ "a-5x", -1 },
		{ "a-7-00001-of-00003", 7 },
		{ "a-7-?\?\?\?\?-of-00003", 7 },
		{ "a-7-1-of-3", 3 },
	};
	for (size_t i = 0; i < COUNT(known); i++)
		CHECK(step_of_name(known[i].name) == known[i].step, "%s", known[i].name);
}

static void paths_in_folders(void **state)
{
	(void)state;
	assert_string_equal(path_join(&arena, "", "a"), "a");
	assert_string_equal(path_join(&arena, "/", "a"), "/a");
	assert_string_equal(path_join(&arena, "x/y", "a"), "x/y/a");
	assert_string_equal(path_join(&arena, ".", "a"), "./a");
}

static void a_folder_without_a_state_file(void **state)
{
	(void)state;
	const char *folder = make_folder(three, 3, NULL);
	unit_write(folder, ".index", "", 0); /* no name */
	unit_write(folder, "model.ckpt-500.index.tmp", "", 0);
	const struct run_folder run = read_run(folder);
	assert_int_equal(run.n, 3);
	assert_null(run.state_path);
	assert_string_equal(run.path, folder);
	assert_int_equal(run.all[0].step, 3);
	assert_int_equal(run.all[1].step, 20);
	assert_int_equal(run.all[2].step, 100);
	assert_ptr_equal(run.latest, &run.all[2]);
	check_prefix(run.latest, folder, "model.ckpt-100");
	assert_true(run.latest->on_disk && !run.latest->in_state && !run.latest->latest);
	assert_true(run.latest->time > (double)time(NULL) - 1000);
	assert_true(run.latest->time < (double)time(NULL) + 1000);
	/* Slashes behind the folder's name are not doubled. */
	char slashes[100];
	snprintf(slashes, sizeof slashes, "%s///", folder);
	check_prefix(read_run(slashes).latest, folder, "model.ckpt-100");
}

/* Files of V1 have no ending: they are known by what they are. */
static void v1_files(void **state)
{
	(void)state;
	static const char *const shards[] = { "s-9-00000-of-00003", "s-9-00002-of-00003",
					      "s-9-00001-of-00003" };
	const char *folder =
		make_folder(NULL, 0, "model_checkpoint_path: 's-9-?\?\?\?\?-of-00003'");
	static struct table_writer w;
	char name[64];
	table_writer_begin(&w);
	table_writer_end(&w);
	for (size_t i = 0; i < COUNT(shards); i++)
		unit_write(folder, shards[i], w.file.p, w.file.len);
	/* V2 wins where both are there, in whatever order the folder gives them. */
	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof name, "both-%d%s", i, i % 2 ? ".index" : "");
		unit_write(folder, name, w.file.p, w.file.len);
		snprintf(name, sizeof name, "both-%d%s", i, i % 2 ? "" : ".index");
		unit_write(folder, name, w.file.p, w.file.len);
	}
	unit_write(folder, "old-40", w.file.p, w.file.len);
	unit_write(folder, "old-40.meta", w.file.p, w.file.len);
	unit_write(folder, ".hidden", w.file.p, w.file.len);
	unit_write(folder, "text", "no table", 8);
	table_writer_drop(&w);
	const struct run_folder run = read_run(folder);
	assert_int_equal(run.n, 32);
	for (size_t i = 0; i < run.n; i++)
		assert_int_equal(run.all[i].v1, strncmp(run.all[i].base, "both", 4) != 0);
	assert_string_equal(run.latest->base, "s-9-?\?\?\?\?-of-00003");
	assert_true(run.latest->on_disk && run.latest->in_state && run.latest->step == 9);
	assert_int_equal(find(&run, "old-40")->step, 40);
}

static void a_folder_without_anything(void **state)
{
	(void)state;
	struct run_folder run = read_run(make_folder(NULL, 0, NULL));
	assert_int_equal(run.n, 0);
	assert_null(run.latest);
	struct ckpt_error err = { 0 };
	assert_int_equal(run_read(&arena, "/nothing/here", false, &run, &err), -1);
	assert_int_equal(err.code, CKPT_ENOTFOUND);
	assert_string_equal(err.file, "/nothing/here");
}

static void the_state_file_names_the_latest(void **state)
{
	(void)state;
	const char *folder = make_folder(three, 3,
					 "model_checkpoint_path: \"model.ckpt-20\"\n"
					 "all_model_checkpoint_paths: \"model.ckpt-1\"\n"
					 "all_model_checkpoint_paths: \"model.ckpt-20\"\n"
					 "all_model_checkpoint_timestamps: 1000.5\n"
					 "all_model_checkpoint_timestamps: 2000.5\n");
	const struct run_folder run = read_run(folder);
	char path[100];
	snprintf(path, sizeof path, "%s/checkpoint", folder);
	assert_string_equal(run.state_path, path);
	assert_int_equal(run.n, 4);
	check_prefix(run.latest, folder, "model.ckpt-20");
	assert_true(run.latest->latest && run.latest->in_state && run.latest->on_disk);
	assert_true(run.latest->time == 2000.5 && !run.latest->moved);
	const struct snapshot *gone = find(&run, "model.ckpt-1");
	assert_true(!gone->on_disk && gone->in_state && gone->time == 1000.5);
	check_prefix(gone, folder, "model.ckpt-1");
	assert_false(find(&run, "model.ckpt-100")->in_state);
}

static void a_folder_that_was_moved(void **state)
{
	(void)state;
	const char *folder =
		make_folder(three, 3,
			    "model_checkpoint_path: '/old/run/model.ckpt-100'\n"
			    "all_model_checkpoint_paths: '/old/run/model.ckpt-5'\n");
	struct run_folder run = read_run(folder);
	check_prefix(run.latest, folder, "model.ckpt-100");
	assert_true(run.latest->moved && run.latest->on_disk && run.latest->latest);
	/* What is gone is told as the state file has it, and never followed. */
	const struct snapshot *gone = find(&run, "model.ckpt-5");
	assert_string_equal(gone->prefix, "/old/run/model.ckpt-5");
	assert_false(gone->on_disk);
	/* The folder's own absolute path is no move. */
	char text[200];
	snprintf(text, sizeof text, "model_checkpoint_path: '%s/model.ckpt-100'", folder);
	unit_write(folder, "checkpoint", text, strlen(text));
	run = read_run(folder);
	check_prefix(run.latest, folder, "model.ckpt-100");
	assert_false(run.latest->moved);
}

/* The folder /tmp/x holds a checkpoint called x, and the state file says just "/tmp/x".
 * What stands in memory behind that path must not matter: here it is "x", again and
 * again. */
static void a_state_file_that_names_its_own_folder(void **state)
{
	(void)state;
	const char *folder = unit_folder(), *base = strrchr(folder, '/') + 1;
	const size_t period = strlen(base) + 1;
	char name[100], text[200];
	snprintf(name, sizeof name, "%s.index", base);
	unit_write(folder, name, "", 0);
	snprintf(text, sizeof text, "model_checkpoint_path: '%s'", folder);
	unit_write(folder, "checkpoint", text, strlen(text));
	for (size_t shift = 0; shift < period; shift++) {
		const struct arena_mark mark = arena_mark(&arena);
		char *p = arena_alloc(&arena, 12000);
		for (size_t i = 0; i < 12000; i++)
			p[i] = base[(i + shift) % period];
		arena_rewind(&arena, mark);
		const struct run_folder run = read_run(folder);
		assert_int_equal(run.n, 1);
		assert_true(run.latest->on_disk && run.latest->moved);
	}
}

static void paths_that_lead_out(void **state)
{
	(void)state;
	const char *folder = make_folder(three, 3,
					 "model_checkpoint_path: '../../etc/passwd'\n"
					 "all_model_checkpoint_paths: 's3://b/c-7'");
	const struct run_folder run = read_run(folder);
	assert_int_equal(run.n, 5);
	assert_false(run.latest->on_disk);
	assert_false(find(&run, "c-7")->on_disk);
	assert_int_equal(find(&run, "c-7")->step, 7);
}

static void state_files_that_are_wrong(void **state)
{
	(void)state;
	static const char *const wrong[] = { "",
					     "model_checkpoint_path: ''",
					     "model_checkpoint_path: \"model.ckpt-3",
					     "all_model_checkpoint_paths: 'model.ckpt-3'",
					     "<html>",
					     "\xff\xfe" };
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct run_folder run;
		struct ckpt_error err = { 0 };
		const char *folder = make_folder(three, 3, wrong[i]);
		CHECK(run_read(&arena, folder, false, &run, &err) == -1, "'%s' is taken",
		      wrong[i]);
		assert_int_equal(err.code, CKPT_ECORRUPT);
		assert_non_null(strstr(err.file, "/checkpoint"));
	}
	/* A folder in its place, and one that cannot be opened. */
	struct run_folder run;
	struct ckpt_error err = { 0 };
	char path[100];
	const char *folder = make_folder(three, 1, NULL);
	snprintf(path, sizeof path, "%s/checkpoint", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(run_read(&arena, folder, false, &run, &err), -1);
	assert_int_equal(err.code, CKPT_EFORMAT);
}

static void names_of_any_bytes(void **state)
{
	(void)state;
	static const char *const odd[] = { "a b.index", "\xff\x1b[2J-4.index",
					   "x\ny-5.index" };
	const char *folder =
		make_folder(odd, 3, "model_checkpoint_path: \"\\377\\033[2J-4\"");
	const struct run_folder run = read_run(folder);
	assert_int_equal(run.n, 3);
	assert_true(run.latest->on_disk);
	assert_string_equal(run.latest->base, "\xff\x1b[2J-4");
	assert_int_equal(run.latest->step, 4);
}

/* A state file of a hundred thousand checkpoints does not take a minute. */
static void very_many_checkpoints(void **state)
{
	(void)state;
	enum { MANY = 100000 };
	struct buffer text;
	const char *folder = make_folder(three, 3, NULL);
	buffer_init(&text, 16 << 20);
	buffer_append(&text,
		      "model_checkpoint_path:'/x/b-9' all_model_checkpoint_paths:[", 59,
		      NULL);
	for (int i = 0; i < MANY; i++) {
		char one[32];
		const int n = snprintf(one, sizeof one, "%s'/x/a-%d'", i ? "," : "", i);
		buffer_append(&text, one, (size_t)n, NULL);
	}
	buffer_append(&text, "]", 1, NULL);
	unit_write(folder, "checkpoint", text.p, text.len);
	buffer_drop(&text);
	const clock_t start = clock();
	const struct run_folder run = read_run(folder);
	assert_int_equal(run.n, MANY + 4);
	CHECK((clock() - start) / CLOCKS_PER_SEC < 5, "that took %d s",
	      (int)((clock() - start) / CLOCKS_PER_SEC));
}

int group_state(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(steps_of_names, begin, end),
		cmocka_unit_test_setup_teardown(paths_in_folders, begin, end),
		cmocka_unit_test_setup_teardown(a_folder_without_a_state_file, begin,
						end),
		cmocka_unit_test_setup_teardown(v1_files, begin, end),
		cmocka_unit_test_setup_teardown(a_folder_without_anything, begin, end),
		cmocka_unit_test_setup_teardown(the_state_file_names_the_latest, begin,
						end),
		cmocka_unit_test_setup_teardown(a_folder_that_was_moved, begin, end),
		cmocka_unit_test_setup_teardown(a_state_file_that_names_its_own_folder,
						begin, end),
		cmocka_unit_test_setup_teardown(paths_that_lead_out, begin, end),
		cmocka_unit_test_setup_teardown(state_files_that_are_wrong, begin, end),
		cmocka_unit_test_setup_teardown(names_of_any_bytes, begin, end),
		cmocka_unit_test_setup_teardown(very_many_checkpoints, begin, end),
	};
	return unit_run("state", tests, COUNT(tests));
}
