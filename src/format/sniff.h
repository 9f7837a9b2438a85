/* sniff.h — what a file is that is not called as TensorFlow does it, and the way out.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_SNIFF_H
#define FORMAT_SNIFF_H

#include "base/bytes.h"
#include "ckpt.h"

struct reader;

/* A kind of file that people take for a checkpoint, or that is read as one. */
struct file_kind {
	const char *name; /* "HDF5" */
	const char *what; /* what it is, and what to do */
};

/* The kind of a file by its first bytes (as many as there are, 4096 do) and its name;
 * NULL: not known. */
const struct file_kind *sniff(const char *path, struct bytes head);
/* The same of a file. */
const struct file_kind *sniff_path(const char *path);
/* What reads files of this kind; NULL: nothing does. */
const struct reader *sniff_reader(const struct file_kind *kind);
/* Does it begin like a graph? It may be no whole one: graph_kind_of() says that. */
bool sniff_graph(const char *path);
/* Is it called like a graph? If it is none, opening it says so. */
bool sniff_called_graph(const char *path);
/* Sets err to what the file is, if that is known, and returns true. */
bool sniff_file(const char *path, struct ckpt_error *err);
/* +1: each LF of the file has a CR before it, and there are some: LF was made CR LF.
 * -1: it is large, has LF, and not one CR LF: those were made LF. 0: neither. */
int sniff_line_ends(const char *path);
/* True if the file begins as a table does. */
bool sniff_table_start(const char *path);

#endif
