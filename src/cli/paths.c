/* paths.c — the arguments that are checkpoints, and the patterns behind them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/paths.h"

#include <string.h>

#include "base/error.h"
#include "cli/cmd.h"
#include "format/locate.h"
#include "format/path.h"

/* Is this its prefix or a file of it, rather than a folder that leads to it? */
static bool is_member(const struct located *at)
{
	return !at->folder;
}

int paths_take(struct options *o, size_t least, struct paths *p, struct ckpt_error *err)
{
	const struct ckpt_options options = ckpt_options_of(o);
	struct located *at = arena_zeroed(&o->arena, o->n_args + 1, sizeof *at);
	p->all = arena_zeroed(&o->arena, o->n_args + 1, sizeof *p->all);
	p->n = p->used = 0;
	if (!at || !p->all)
		return arena_error(&o->arena, err);
	for (; p->used < o->n_args; p->used++) {
		const char *arg = o->args[p->used];
		struct ckpt_error e = { 0 };
		struct located *new = &at[p->n];
		const char *folder;
		if (o->given[OPT_LATEST_COMPLETE] &&
		    locate_is_folder(&o->arena, arg, &folder)) {
			*new = (struct located){ .folder = folder, .prefix = folder };
		} else if (locate(&o->arena, arg, &options, new, &e)) {
			if (p->n >= least && !path_is_there(arg))
				return 0;
			return error_copy(err, &e);
		}
		bool known = false;
		for (size_t i = 0; i < p->n && is_member(new); i++)
			known |= is_member(&at[i]) && strcmp(p->all[i], arg) &&
				 !strcmp(at[i].prefix, new->prefix);
		if (!known)
			p->all[p->n++] = arg;
	}
	return 0;
}
