/* npy.h — the header of a .npy file: what array follows it, and how it is laid out.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	\x93NUMPY  major  minor  length: u16, from version 2 on u32
 *	{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   spaces  \n
 *
 * numpy/lib/_format_impl.py. The dictionary is Python text, of which only what np.save
 * writes is understood; nothing is ever evaluated or unpickled.
 */
#ifndef FORMAT_NPY_H
#define FORMAT_NPY_H

#include "base/bytes.h"
#include "model/slice.h"
#include "model/values.h"

/* Before the length is known, so many bytes have to be at hand; at most so many are read
 * of a header: only structures, which are refused, have longer ones. */
enum { NPY_LEAD = 12, NPY_MOST = 12 + (64 << 10) };

struct npy {
	int rank; /* -1: not known */
	int64_t dims[MAX_RANK];
	uint64_t elements;
	int dtype; /* 0: none of ours */
	enum spelling spelling;
	bool swap, by_columns;
	uint64_t size; /* bytes of all elements */
	size_t header; /* bytes before them */
};

/* True if a file that begins so is a .npy file. */
bool npy_is(struct bytes head);
/* The bytes of the header, from its first NPY_LEAD: ECORRUPT, or EUNSUPPORTED for a
 * version or a length that is not read. */
int npy_length(struct bytes lead, size_t *length, struct ckpt_error *err);
/* Parses a whole header. ECORRUPT: it is malformed. EUNSUPPORTED: the array is of a kind
 * that is not read (objects, structures, dates), which is named; its shape is known. */
int npy_parse(struct bytes header, struct npy *n, struct ckpt_error *err);

/* The next n bytes of the file, or of an archive's member. */
typedef int (*npy_next_fn)(void *arg, void *buf, size_t n, struct ckpt_error *err);
/* Reads the header with the first bytes that next() gives, and parses it; *crc is the
 * CRC-32 of them. The arena is left as it was. */
int npy_read(struct npy *n, struct arena *a, npy_next_fn next, void *arg, uint32_t *crc,
	     struct ckpt_error *err);

#endif
