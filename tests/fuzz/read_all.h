/* read_all.h — does everything with a checkpoint that a reader can do.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_READ_ALL_H
#define FUZZ_READ_ALL_H

enum { FUZZ_PATH = 64 };

/* A new temporary folder, which goes away with the program. */
const char *fuzz_folder(void);
/* An empty file in it, and its path: where the library looks for a name, it is there;
 * what it holds comes from memory. */
void fuzz_file(const char *folder, const char *name, char path[FUZZ_PATH]);
/* Opens, lists, finds, reads, checks. */
void read_all(const char *path);

#endif
