/* test_source.c — files that fail: short reads, interruptions, errors, early ends.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The functions that read files are replaced by some that fail at call number so and so.
 * A checkpoint is then read with a failure at each of its calls: the answer is an error
 * of the right kind, or the same as without the failure.
 */
#include "config.h"

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/source.h"

static const char checkpoint[] = "corpus/saver_v2/model.ckpt-200";

/* --- faults ------------------------------------------------------------------------ */

static struct fault {
	uint64_t calls;	    /* so far */
	uint64_t at, times; /* the first call that fails, how many do */
	int error;	    /* errno; 0: the file ends there */
	bool on_open, on_read, on_identify;
	size_t longest;	  /* bytes a read gives at most; 0: any */
	bool interrupted; /* every other read is */
	bool changed;	  /* later looks at the file see another */
} fault;

static bool fails(bool here)
{
	const uint64_t call = here ? fault.calls++ : 0;
	if (!here || call < fault.at || call - fault.at >= fault.times)
		return false;
	errno = fault.error;
	return true;
}

static int faulty_open(struct source *s, struct ckpt_error *err)
{
	if (fails(fault.on_open))
		return error_errno(err, s->path, "cannot open");
	return source_file.open(s, err);
}

static ssize_t faulty_pread(struct source *s, void *buf, size_t n, uint64_t offset)
{
	static bool odd;
	if (fault.interrupted && (odd = !odd)) {
		errno = EINTR;
		return -1;
	}
	if (fails(fault.on_read))
		return fault.error ? -1 : 0;
	const size_t most = fault.longest && n > fault.longest ? fault.longest : n;
	return source_file.pread(s, buf, most, offset);
}

static int faulty_identify(struct source *s, struct identity *now)
{
	if (fails(fault.on_identify))
		return -1;
	const int r = source_file.identify(s, now);
	now->mtime_ns += fault.changed;
	return r;
}

static void faulty_close(struct source *s)
{
	source_file.close(s);
}

static const struct source_ops faulty = { faulty_open, faulty_pread, faulty_identify,
					  faulty_close };

static int begin(void **state)
{
	(void)state;
	fault = (struct fault){ .times = 0 };
	source_default = &faulty;
	return 0;
}

static int end(void **state)
{
	(void)state;
	source_default = &source_file;
	return 0;
}

/* --- a checkpoint, read whole ------------------------------------------------------ */

/* What reading came to. */
struct outcome {
	bool opened, loaded, unchanged;
	size_t tensors, read, errors; /* errors: of tensors */
	uint32_t digest;	      /* of all values, if all were read */
	struct ckpt_summary summary;
	struct ckpt_error first;
};

static void read_tensor(struct ckpt *c, const struct ckpt_tensor *t, struct outcome *o)
{
	const size_t size = (size_t)t->elements * ckpt_dtype_size(t->dtype);
	void *values = test_malloc(size + 1);
	struct ckpt_error err = { 0 };
	if (ckpt_read(c, t, 0, t->elements, values, &err)) {
		o->errors++;
		if (!o->first.code)
			o->first = err;
		assert_int_not_equal(err.code, CKPT_OK);
		assert_int_not_equal(strlen(err.text), 0);
	} else {
		o->read++;
		o->digest = crc32c_table(o->digest, t->name, t->name_len);
		o->digest = crc32c_table(o->digest, values, size);
	}
	test_free(values);
}

static struct outcome read_all(void)
{
	struct outcome o = { .opened = false };
	struct ckpt *c = ckpt_open(unit_data(checkpoint), NULL, &o.first);
	if (!c) {
		assert_int_not_equal(o.first.code, CKPT_OK);
		return o;
	}
	o.opened = true;
	o.loaded = ckpt_load(c, &o.first) == 0;
	o.tensors = ckpt_count(c);
	for (size_t i = 0; i < o.tensors; i++)
		read_tensor(c, ckpt_at(c, i), &o);
	struct ckpt_error err = { 0 };
	if (ckpt_verify(c, NULL, NULL, &o.summary, &err) && !o.first.code)
		o.first = err;
	o.unchanged = ckpt_unchanged(c, NULL) == 0;
	ckpt_close(c);
	return o;
}

static struct outcome read_without_faults(void)
{
	begin(NULL);
	const struct outcome o = read_all();
	CHECK(o.opened, "SRCDIR is not set, or %s is missing: %s", checkpoint,
	      o.first.text);
	assert_true(o.loaded && o.unchanged);
	assert_int_equal(o.tensors, 19);
	assert_int_equal(o.read, 19);
	assert_int_equal(o.summary.errors, 0);
	assert_int_equal(o.summary.ok, 19);
	return o;
}

static void short_reads_and_interruptions(void **state)
{
	(void)state;
	const struct outcome good = read_without_faults();
	static const size_t lengths[] = { 1, 2, 7, 48, 1000 };
	for (size_t i = 0; i < COUNT(lengths); i++) {
		fault = (struct fault){ .longest = lengths[i], .interrupted = i % 2 };
		const struct outcome o = read_all();
		assert_int_equal(o.read, 19);
		assert_int_equal(o.digest, good.digest);
		assert_int_equal(o.summary.errors, 0);
	}
}

/* One failure, at each call in turn, until there is none left to fail. */
static void fail_each_call(struct fault plan, enum ckpt_code want)
{
	const struct outcome good = read_without_faults();
	uint64_t hits = 0;
	for (plan.at = 0;; plan.at++, hits++) {
		fault = plan;
		fault.calls = 0;
		const struct outcome o = read_all();
		if (fault.calls <= plan.at)
			break;
		assert_true(plan.at < 10000);
		if (o.first.code)
			CHECK(o.first.code == want, "call %d: %s: %s", (int)plan.at,
			      ckpt_code_name(o.first.code), o.first.text);
		if (!o.opened || !o.loaded)
			continue;
		assert_int_equal(o.tensors, 19);
		assert_int_equal(o.read + o.errors, 19);
		if (!o.errors)
			assert_int_equal(o.digest, good.digest);
		if (!o.first.code && !o.summary.errors)
			assert_int_equal(o.summary.ok, 19);
		/* Nothing failed in vain: somebody was told, or it did no harm (looking
		 * whether an index is that of a V1 checkpoint may fail). */
		assert_true(o.errors || o.summary.errors || o.first.code ||
			    !o.unchanged || plan.on_open || o.digest == good.digest);
	}
	assert_true(hits >= 2);
}

static void an_error_at_each_read(void **state)
{
	(void)state;
	fail_each_call((struct fault){ .error = EIO, .times = 1, .on_read = true },
		       CKPT_EIO);
	fail_each_call(
		(struct fault){ .error = ESTALE, .times = UINT64_MAX, .on_read = true },
		CKPT_EIO);
}

static void an_end_at_each_read(void **state)
{
	(void)state;
	fail_each_call((struct fault){ .times = 1, .on_read = true }, CKPT_ECORRUPT);
	fail_each_call((struct fault){ .times = UINT64_MAX, .on_read = true },
		       CKPT_ECORRUPT);
	fail_each_call((struct fault){ .times = 1, .on_read = true, .longest = 100 },
		       CKPT_ECORRUPT);
}

static void each_opening_refused(void **state)
{
	(void)state;
	fail_each_call((struct fault){ .error = EACCES, .times = 1, .on_open = true },
		       CKPT_EIO);
	fail_each_call(
		(struct fault){ .error = EACCES, .times = UINT64_MAX, .on_open = true },
		CKPT_EIO);
}

static void files_that_change(void **state)
{
	(void)state;
	read_without_faults();
	fault = (struct fault){ .changed = true };
	const struct outcome o = read_all();
	assert_false(o.unchanged);
	assert_int_equal(o.first.code, CKPT_EIO);
	assert_non_null(strstr(o.first.text, "changed"));
	fault = (struct fault){ .error = EIO, .times = UINT64_MAX, .on_identify = true };
	assert_int_equal(read_all().first.code, CKPT_EIO);
}

/* --- files as they are ------------------------------------------------------------- */

static void check_refused(const char *folder, const char *name, enum ckpt_code want)
{
	char path[4096];
	struct source s;
	struct ckpt_error err = { 0 };
	snprintf(path, sizeof path, "%s/%s", folder, name);
	assert_int_equal(source_open(&s, path, &err), -1);
	CHECK(err.code == want, "%s: %s", path, err.text);
	assert_string_equal(err.file, path);
	source_close(&s);
	source_close(&s);
}

static void what_is_no_file(void **state)
{
	(void)state;
	const char *folder = unit_folder();
	char path[4096];
	snprintf(path, sizeof path, "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(path, sizeof path, "%s/loop", folder);
	assert_int_equal(symlink("loop", path), 0);
	check_refused(folder, "fifo", CKPT_EFORMAT);
	check_refused(folder, ".", CKPT_EFORMAT);
	check_refused(folder, "missing", CKPT_ENOTFOUND);
	check_refused(folder, "missing/below", CKPT_ENOTFOUND);
	check_refused(folder, "loop", CKPT_EIO);
	check_refused("/dev", "null", CKPT_EFORMAT);
}

static void reading_within_a_file(void **state)
{
	(void)state;
	const char *folder = unit_folder();
	char path[4096], buf[16] = { 0 };
	struct source s;
	struct ckpt_error err = { 0 };
	snprintf(path, sizeof path, "%s/file", folder);
	unit_write(folder, "file", "0123456789", 10);
	assert_int_equal(source_open(&s, path, &err), 0);
	assert_int_equal(s.size, 10);
	assert_int_equal(source_read(&s, 3, buf, 4, &err), 0);
	assert_memory_equal(buf, "3456", 4);
	assert_int_equal(source_read(&s, 10, buf, 0, &err), 0);
	static const uint64_t outside[][2] = { { 0, 11 },	  { 10, 1 },
					       { 11, 0 },	  { 7, 4 },
					       { UINT64_MAX, 1 }, { 5, SIZE_MAX } };
	for (size_t i = 0; i < COUNT(outside); i++) {
		struct ckpt_error e = { 0 };
		assert_int_equal(
			source_read(&s, outside[i][0], buf, (size_t)outside[i][1], &e),
			-1);
		assert_int_equal(e.code, CKPT_ECORRUPT);
	}
	assert_int_equal(source_unchanged(&s, &err), 0);
	/* Somebody cuts it off while it is open. */
	assert_int_equal(truncate(path, 5), 0);
	assert_int_equal(source_read(&s, 2, buf, 8, &err), -1);
	assert_int_equal(err.code, CKPT_ECORRUPT);
	assert_int_equal(err.offset, 5);
	err = (struct ckpt_error){ 0 };
	assert_int_equal(source_unchanged(&s, &err), -1);
	assert_int_equal(err.code, CKPT_EIO);
	close(s.fd);
	err = (struct ckpt_error){ 0 };
	assert_int_equal(source_unchanged(&s, &err), -1);
	assert_non_null(strstr(err.text, "cannot stat"));
	s.fd = -1;
	source_close(&s);
}

static void identities(void **state)
{
	(void)state;
	const struct identity a = { 1, 2, 3, 4, 5 };
	struct identity b = a, now;
	assert_true(identity_same(&a, &b));
	for (int i = 0; i < 5; i++) {
		b = a;
		switch (i) {
		case 0:
			b.device++;
			break;
		case 1:
			b.inode++;
			break;
		case 2:
			b.size++;
			break;
		case 3:
			b.mtime_ns++;
			break;
		default: /* who sets the time of writing back does not set this one */
			b.ctime_ns++;
		}
		assert_false(identity_same(&a, &b));
	}
	assert_int_equal(source_identify("/nothing/here", &now), -1);
	assert_int_equal(source_identify("/", &now), 0);
}

int group_source(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(short_reads_and_interruptions, begin,
						end),
		cmocka_unit_test_setup_teardown(an_error_at_each_read, begin, end),
		cmocka_unit_test_setup_teardown(an_end_at_each_read, begin, end),
		cmocka_unit_test_setup_teardown(each_opening_refused, begin, end),
		cmocka_unit_test_setup_teardown(files_that_change, begin, end),
		cmocka_unit_test(what_is_no_file),
		cmocka_unit_test(reading_within_a_file),
		cmocka_unit_test(identities),
	};
	return unit_run("source", tests, COUNT(tests));
}
