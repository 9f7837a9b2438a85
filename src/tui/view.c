/* view.c — what all screens share: their memory, messages, the title.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tui/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

void *view_new(const struct view_ops *ops, size_t size)
{
	struct arena arena;
	arena_init(&arena, UINT64_MAX);
	struct view *v = arena_zeroed(&arena, 1, size);
	if (!v)
		return NULL;
	v->ops = ops;
	v->arena = arena;
	return v;
}

void view_drop(struct view *v)
{
	v->ops->close(v);
	struct arena arena = v->arena; /* the view itself is in it */
	arena_drop(&arena);
}

void say(struct request *r, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(r->message, sizeof r->message, format, args);
	va_end(args);
	r->bad = false;
}

void say_error(struct request *r, const struct ckpt_error *err)
{
	char file[256] = "";
	text_escape(file, sizeof file, err->file, strlen(err->file));
	if (err->file[0] && err->offset >= 0)
		say(r, "%s: byte %lld: %s", file, (long long)err->offset, err->text);
	else
		say(r, "%s%s%s", file, err->file[0] ? ": " : "", err->text);
	r->bad = true;
}

void request_push(struct request *r, struct view *next)
{
	r->kind = next ? REQUEST_PUSH : REQUEST_NONE;
	r->view = next;
	if (!next)
		say(r, "out of memory");
}
