/* dead.h — rows and columns of a matrix that are all zeros.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A tensor is looked at as the matrix that its last dimension makes of it: the elements
 * of a column have the same last index, those of a row all the others. Units that a
 * network has lost stand out like this.
 */
#ifndef REPORT_DEAD_H
#define REPORT_DEAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The rows of a range of elements, which may begin and end within one. */
struct dead_rows {
	uint64_t dead;   /* behind the first row that ends here, and whole */
	bool ended;      /* a row has ended */
	bool head, tail; /* all zeros: up to the first end; behind the last one */
};

void dead_rows_begin(struct dead_rows *r);
/* The next n elements; first is the index of the first one in the tensor, zeros how many
 * of them are zero, width the length of a row. */
void dead_rows_block(struct dead_rows *r, const double *reals, size_t n, uint64_t first,
		     size_t zeros, uint64_t width);
/* next begins where r ends. */
void dead_rows_join(struct dead_rows *r, const struct dead_rows *next);
/* Of all elements of a tensor. */
uint64_t dead_rows_count(const struct dead_rows *r);

/* Columns, for several threads at once: in any order it comes to the same. */
struct dead_columns {
	uint64_t width;
	atomic_uint_least64_t left;   /* columns of which only zeros have been seen */
	atomic_uint_least64_t *words; /* a bit for each of the others */
};

/* More columns than this would cost too much memory. */
enum { DEAD_MOST_COLUMNS = 1 << 22 };

/* Words that a number of columns needs. */
static inline size_t dead_columns_words(uint64_t width)
{
	return (size_t)(width / 64 + 1);
}
void dead_columns_begin(struct dead_columns *c, uint64_t width,
			atomic_uint_least64_t *words);
/* As dead_rows_block(). */
void dead_columns_block(struct dead_columns *c, const double *reals, size_t n,
			uint64_t first, size_t zeros);

#endif
