/* path.c — parts of paths, and what the names of checkpoint files say.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/path.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool path_is_folder(const char *path)
{
	struct stat st;
	return path && !stat(path, &st) && S_ISDIR(st.st_mode);
}

bool path_is_own_folder(const char *path)
{
	struct stat st;
	return path && !lstat(path, &st) && S_ISDIR(st.st_mode);
}

bool path_is_there(const char *path)
{
	struct stat st;
	return path && !stat(path, &st);
}

bool path_is_file(const char *path)
{
	struct stat st;
	return path && !stat(path, &st) && S_ISREG(st.st_mode);
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

const char *path_called(const char *prefix, size_t *len)
{
	static const char ending[] = "/variables/variables";
	const size_t n = strlen(prefix), k = sizeof ending - 1;
	const char *end = n > k && !strcmp(prefix + n - k, ending) ? prefix + n - k
								     : prefix + n;
	const char *p = end;
	while (p > prefix && p[-1] != '/')
		p--;
	*len = (size_t)(end - p);
	return p;
}

const char *path_folder(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return "";
	return arena_copy(a, path, slash == path ? 1 : (size_t)(slash - path));
}

size_t shard_suffix(const char *p, uint32_t *count)
{
	if (*p != '-')
		return 0;
	const size_t wild = strspn(p + 1, "?"), digits = strspn(p + 1, "0123456789");
	const size_t number = wild ? wild : digits;
	if (number < 5 || strncmp(p + 1 + number, "-of-", 4))
		return 0;
	const char *n = p + 5 + number;
	const size_t len = strspn(n, "0123456789");
	if (len < 5 || len > 9 || n[len])
		return 0;
	*count = (uint32_t)strtoul(n, NULL, 10);
	return 5 + number + len;
}

size_t shard_stem(const char *path, uint32_t *count)
{
	for (const char *p = path + strlen(path); p > path; p--)
		if (*p == '-' && shard_suffix(p, count))
			return (size_t)(p - path);
	return 0;
}

/* The length of a name without the ending of a file of arrays. */
static size_t without_ending(const char *name)
{
	static const char *const endings[] = { ".npz", ".npy", ".safetensors" };
	const size_t len = strlen(name);
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		const size_t n = strlen(endings[i]);
		if (len > n && !strcmp(name + len - n, endings[i]))
			return len - n;
	}
	return len;
}

int64_t step_of_name(const char *name)
{
	uint32_t count;
	const size_t stem = shard_stem(name, &count);
	const size_t len = stem ? stem : without_ending(name);
	size_t digits = 0;
	while (digits < len && name[len - 1 - digits] >= '0' &&
	       name[len - 1 - digits] <= '9')
		digits++;
	if (!digits || digits > 18 || digits == len || name[len - 1 - digits] != '-')
		return -1;
	return strtoll(name + len - digits, NULL, 10);
}

const char *path_join(struct arena *a, const char *folder, const char *name)
{
	if (!*folder)
		return arena_copy(a, name, strlen(name));
	return arena_printf(a, "%s/%s", strcmp(folder, "/") ? folder : "", name);
}
