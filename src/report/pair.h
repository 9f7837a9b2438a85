/* pair.h — which tensor of one checkpoint is which of another.
 * SPDX-License-Identifier: Apache-2.0
 *
 * By name; after prefixes are stripped, a map is looked up, and regular expressions have
 * replaced what they match; and, if asked for, by content.
 */
#ifndef REPORT_PAIR_H
#define REPORT_PAIR_H

#include "base/arena.h"
#include "format/reader.h"
#include "model/match.h"
#include "model/naming.h"

/* A tensor of a, of b, or of both. */
struct pair {
	const struct ckpt_tensor *a, *b; /* NULL: added; removed */
	bool found;              /* by content, though the names differ */
	/* Removed: tensors of b with the same content, of which none is nearest. */
	const struct ckpt_tensor **candidates;
	size_t n_candidates;
};

struct pairs {
	struct pair *all; /* by name: b's, or a's where there is no b */
	size_t n;
};

/* Joins the tensors that the matcher takes (NULL: all); loads both, and fails if an
 * index is damaged. naming may be NULL. A pair has up to three names: a's, b's, and the
 * one that they meet by. It is taken if one of them is, unless an exclude has one of
 * them: what is left out under one name does not come back under another, nor does half
 * of it as added or removed. EINVAL: a map or an expression is malformed, two names that
 * are taken become one, or a line of the map names a tensor that is not there. */
int pair_make(struct pairs *pairs, struct arena *a, struct ckpt *ca, struct ckpt *cb,
	      const struct naming *naming, const struct matcher *m,
	      struct ckpt_error *err);
/* Puts them by name again, after the pairs themselves were changed. */
void pair_sort(struct pairs *pairs);
/* Joins what is only in a with what is only in b where dtype, shape and bytes are the
 * same. Checksums, recorded or computed, tell what may be the same; then the bytes are
 * compared. recorded: by recorded checksums alone, without reading values. Tensors that
 * cannot be read stay as they are. EIO: a file has changed meanwhile.
 *
 * Of several the nearest path is taken (nearest.h); where none is, the removed tensors
 * get candidates. */
int pair_renamed(struct pairs *pairs, struct arena *a, struct ckpt *ca, struct ckpt *cb,
		 bool recorded, struct ckpt_error *err);

/* --- what a tensor's recorded checksums say ---------------------------------------- */

enum recorded { RECORDED_SAME, RECORDED_DIFFERENT, RECORDED_UNKNOWN };

/* Compares two tensors of the same dtype and shape without reading them. DIFFERENT: their
 * bytes are not the same (the values may be: -0 and 0). UNKNOWN: one has no checksums, or
 * they are of other slices, another spelling or byte order; or one is malformed. Without
 * elements they are the SAME. */
enum recorded recorded_compare(const struct ckpt_tensor *a, const struct ckpt_tensor *b);

#endif
