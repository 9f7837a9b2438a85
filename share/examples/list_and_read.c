/* list_and_read.c — lists a checkpoint, then adds up the values of one float32 tensor.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	cc list_and_read.c -o list_and_read $(pkg-config --cflags --libs ckpt)
 *	./list_and_read run dense1/bias
 */
#include <ckpt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct ckpt_error err = { 0 }; /* the first error stays */
	const struct ckpt_tensor *t = NULL;
	float *values = NULL;
	double sum = 0;
	struct ckpt *c = argc == 3 ? ckpt_open(argv[1], NULL, &err) : NULL;
	for (size_t i = 0; c && i < ckpt_count(c); i++)
		puts(ckpt_at(c, i)->name); /* may hold anything: not for terminals */
	if (c && !ckpt_load(c, &err)) /* the list above was the whole index */
		t = ckpt_find(c, argv[2], strlen(argv[2]), &err);
	if (t && t->dtype == CKPT_FLOAT32)
		values = calloc(t->elements + 1, sizeof *values);
	if (values && !ckpt_read(c, t, 0, t->elements, values, &err) &&
	    !ckpt_unchanged(c, &err)) {
		for (uint64_t i = 0; i < t->elements; i++)
			sum += values[i];
		printf("%s: %g\n", argv[2], sum);
	}
	if (err.code)
		fprintf(stderr, "%s: %s\n", err.file, err.text);
	free(values);
	ckpt_close(c);
	return values && !err.code ? 0 : 1;
}
