/* write.h — what the writers of formats share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef MAKE_WRITE_H
#define MAKE_WRITE_H

#include "base/output.h"
#include "make/export.h"

/* Takes bytes of a file. */
typedef int (*put_fn)(void *arg, const void *p, size_t n, struct ckpt_error *err);
/* output_write() as one. */
int put_output(void *output, const void *p, size_t n, struct ckpt_error *err);

/* One writer for each format: writes all items that have no error and are not left out.
 * */
int write_npz(struct export_job *e, struct ckpt_error *err);
int write_npy(struct export_job *e, struct ckpt_error *err);
int write_npy_folder(struct export_job *e, struct ckpt_error *err);
int write_safetensors(struct export_job *e, struct ckpt_error *err);
int write_csv(struct export_job *e, struct ckpt_error *err);
int write_raw(struct export_job *e, struct ckpt_error *err);

static inline bool item_is_written(const struct export_item *i)
{
	return !i->error && !i->left_out;
}

/* Opens a file of the export, which is added to its files. */
int export_open(struct export_job *e, struct output *o, const char *path,
		struct ckpt_error *err);
/* The files are whole: they are synced, and if nothing has changed meanwhile they get
 * their names, in this order. */
int export_publish(struct export_job *e, struct output *files, size_t n,
		   struct ckpt_error *err);

/* --- elements.c -------------------------------------------------------------------- */

/* n elements of an item's dtype in host order. Nonzero stops, with err set. */
typedef int (*elements_fn)(void *arg, const void *data, size_t n, struct ckpt_error *err);
typedef int (*string_fn)(void *arg, const struct ckpt_string *s, struct ckpt_error *err);

/* All elements of an item, in order. What was handed over counts only if 0 is returned:
 * checksums are compared at the end. For dtypes of a fixed size. */
int elements_each(struct export_job *e, const struct export_item *item, elements_fn fn,
		  void *arg, struct ckpt_error *err);
/* Strings and variants; they have been checked. */
int elements_strings(struct export_job *e, const struct export_item *item, string_fn fn,
		     void *arg, struct ckpt_error *err);
/* Compares all checksums of the item's tensor. */
int elements_check(struct export_job *e, const struct export_item *item,
		   struct ckpt_error *err);
/* The bytes of an item of a fixed size, little-endian. */
int elements_put(struct export_job *e, const struct export_item *item, put_fn put,
		 void *arg, struct ckpt_error *err);
/* err with the item's name before its text; returns -1. */
int item_error(struct ckpt_error *err, const struct export_item *item,
	       const struct ckpt_error *why);

/* --- put_npy.c --------------------------------------------------------------------- */

enum { NPY_HEAD_MOST = 16 << 10, NPY_MAX_RANK = 64 };

/* True if .npy has strings, or this dtype. */
bool npy_holds(const struct dtype *d);
/* The header of the item's .npy file; its length. */
size_t npy_head(const struct export_item *item, char out[NPY_HEAD_MOST]);
/* The whole .npy file. */
int npy_put(struct export_job *e, const struct export_item *item, put_fn put, void *arg,
	    struct ckpt_error *err);

/* --- names.c ----------------------------------------------------------------------- */

/* Gives each item its name, and the one that the format has. EINVAL: two would have the
 * same. */
int names_plan(struct export_job *e, struct ckpt_error *err);

#endif
