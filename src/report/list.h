/* list.h — every tensor of a checkpoint, as rows; and the same as a tree of scopes.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_LIST_H
#define REPORT_LIST_H

#include "base/arena.h"
#include "ckpt.h"
#include "format/objects.h"
#include "model/match.h"
#include "model/role.h"
#include "model/scope.h"
#include "report/column.h"

struct slice_row {
	uint64_t null;
	struct cell_ints start, shape;
	uint64_t shard, offset, size_bytes;
	uint32_t crc32c;
};

struct list_row {
	uint64_t null;
	struct cell_text name, dtype, shown_dtype, role, full_name, object_path;
	struct cell_text variant_type, error;
	struct cell_ints shape;
	uint64_t elements, size_bytes, shard, offset;
	uint32_t crc32c;
	struct cell_rows slices;
};

struct tree_row {
	uint64_t null;
	struct cell_text path, shown, dtype;
	struct cell_ints shape;
	uint64_t depth, tensors, elements, size_bytes;
};

/* Sums over tensors of one kind: of a dtype, or of a role. */
struct total_row {
	uint64_t null;
	struct cell_text kind;
	uint64_t tensors, elements, size_bytes;
};

extern const struct column list_columns[], tree_columns[], dtype_columns[],
	role_columns[];

enum list_sort {
	SORT_NAME,
	SORT_SIZE,
	SORT_DTYPE,
	SORT_ELEMENTS,
	SORT_OFFSET,
	SORT_NONE
};
extern const char *const list_sorts[]; /* names, ended by NULL */

/* The answer to "what is in it". */
struct list_report {
	struct ckpt *c;
	struct arena *arena;
	const struct ckpt_tensor **tensors;
	size_t n, all; /* taken; in the checkpoint */
	uint64_t elements, size_bytes;
	struct total_row *dtypes; /* largest first */
	size_t n_dtypes;
	struct total_row
		roles[N_ROLES]; /* in the order of enum role; those without tensors too */
	struct objects objects;
};

/* The object graph of the checkpoint, if it has one that can be read: names are worth
 * less than a listing, so its errors are not ours. */
void list_objects(struct objects *o, struct ckpt *c, struct arena *a);
enum role list_role(const struct objects *o, const struct ckpt_tensor *t);

/* <0, 0, >0: which of two tensors stands first. */
int list_compare(enum list_sort sort, const struct ckpt_tensor *a,
		 const struct ckpt_tensor *b);

/* What is listed, and how. */
struct list_query {
	const struct matcher *matcher; /* NULL: all */
	enum list_sort sort;
	bool reverse;
	bool keep_going; /* list what is left of a damaged index */
	unsigned roles;  /* bits 1 << role; 0: all */
};

/* Makes an empty report, adds one tensor to its sums, puts the sums in order: for those
 * who list as they read. */
int list_begin(struct list_report *r, struct ckpt *c, struct arena *a,
	       struct ckpt_error *err);
void list_add(struct list_report *r, const struct ckpt_tensor *t, enum role role);
void list_end(struct list_report *r);
/* Takes the tensors that the matcher takes; loads the index (ECORRUPT if it is
 * damaged). */
int list_make(struct list_report *r, struct ckpt *c, struct arena *a,
	      const struct list_query *q, struct ckpt_error *err);
/* The row of one tensor. What it points to lives in the arena and in the tensor; variants
 * are looked into for the name of their type, if their data is there. Without an object
 * graph (NULL) the row has no role and no names of objects. */
bool list_row_of(struct ckpt *c, struct arena *a, const struct objects *o,
		 const struct ckpt_tensor *t, struct list_row *row);
/* The row of a node of the tree. */
bool tree_row_of(struct arena *a, const struct scope_node *node, struct tree_row *row);
/* The dtype's name, or "invalid(999)" (in the arena) for what is none; "unknown": 0. */
const char *dtype_text(struct arena *a, int dtype);

#endif
