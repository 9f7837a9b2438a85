/* dump.c — writes every tensor of a checkpoint through the public interface, for oracle.py.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	dump PATH [v1|v2|graph]
 *
 * For each tensor: name length, name, a line "DTYPE DIM DIM…", number of bytes, the bytes
 * (row-major, little-endian; strings as u64 length and bytes). A tensor that cannot be read
 * has -1 bytes and the error's text as a line.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ckpt.h"

/* Bytes collected from runs. */
struct collected {
	char *p;
	size_t len, cap, size;
};

static void append(struct collected *to, const void *p, size_t n)
{
	if (to->len + n > to->cap) {
		to->cap = 2 * (to->len + n);
		to->p = realloc(to->p, to->cap);
		if (!to->p)
			abort();
	}
	if (n)
		memcpy(to->p + to->len, p, n);
	to->len += n;
}

static int collect(void *arg, const struct ckpt_run *run)
{
	struct collected *to = arg;
	for (uint64_t i = 0; run->strings && i < run->n; i++) {
		const uint64_t len = run->strings[i].len;
		append(to, &len, sizeof len);
		append(to, run->strings[i].p, run->strings[i].len);
	}
	if (run->data)
		append(to, run->data, run->n * to->size);
	return 0;
}

int main(int argc, char **argv)
{
	struct ckpt_error err = { 0 };
	const struct ckpt_options options = { .as = argc == 3 ? argv[2] : NULL };
	struct ckpt *c = argc >= 2 ? ckpt_open(argv[1], &options, &err) : NULL;
	struct collected bytes = { 0 };
	if (!c || ckpt_load(c, &err)) {
		fprintf(stderr, "%s: %s\n", err.file, err.text);
		return 2;
	}
	for (size_t i = 0; i < ckpt_count(c); i++) {
		const struct ckpt_tensor *at = ckpt_at(c, i);
		const struct ckpt_tensor *t = ckpt_find(c, at->name, at->name_len, NULL);
		const char *dtype = ckpt_dtype_name(t->dtype);
		struct ckpt_error e = { 0 };
		printf("%zu\n", t->name_len);
		fwrite(t->name, 1, t->name_len, stdout);
		printf("\n%s", dtype ? dtype : "invalid");
		for (int d = 0; d < t->rank; d++)
			printf(" %" PRId64, t->dims[d]);
		bytes.len = 0;
		bytes.size = ckpt_dtype_size(t->dtype);
		if (ckpt_each_run(c, t, 0, t->elements, collect, &bytes, &e)) {
			printf("\n-1\n%s\n", e.text);
			continue;
		}
		printf("\n%zu\n", bytes.len);
		fwrite(bytes.p, 1, bytes.len, stdout);
		putchar('\n');
	}
	free(bytes.p);
	ckpt_close(c);
	return fflush(stdout) ? 2 : 0;
}
