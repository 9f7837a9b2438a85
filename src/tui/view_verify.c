/* view_verify.c — is a checkpoint whole: what was found, and the verdict.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "format/path.h"
#include "tui/file.h"
#include "tui/verifier.h"

struct verifying {
	struct view v;
	struct verifier verifier;
	struct list list;
	bool done;
};

/* --- rows -------------------------------------------------------------------------- */

static const struct finding_row *finding(const struct verifying *k, uint32_t id)
{
	return k->verifier.findings.p[id];
}

static const void *row_of(void *arg, uint32_t id)
{
	return finding(arg, id);
}

/* What it is about: a tensor, else a file, else the checkpoint as a whole. */
static struct cell_text name_of(void *arg, uint32_t id)
{
	const struct finding_row *row = finding(arg, id);
	return row->tensor.p ? row->tensor : row->file.p ? row->file : row->path;
}

static enum style style_of(void *arg, uint32_t id)
{
	const struct cell_text severity = finding(arg, id)->severity;
	return severity.p == severity_names[CKPT_ERROR]	    ? STYLE_BAD
	       : severity.p == severity_names[CKPT_WARNING] ? STYLE_CHANGED
							    : STYLE_PLAIN;
}

static const struct list_ops list_ops = { .row = row_of, .name = name_of,
					  .style = style_of };

/* --- drawing ----------------------------------------------------------------------- */

static void draw_verdict(const struct verifying *k, int row, int cols)
{
	char text[1024], tensors[NUMBER_MAX], bytes[NUMBER_MAX];
	const struct ckpt_summary *s = &k->verifier.summary;
	const char *word = verifier_word(&k->verifier);
	const bool good = !strcmp(word, "ok");
	number_grouped(tensors, s->tensors);
	number_bytes(bytes, s->bytes);
	int n = snprintf(text, sizeof text, "%s: %s tensor%s, %s", word, tensors,
			 s->tensors == 1 ? "" : "s", bytes);
	if (s->damaged)
		n += snprintf(text + n, sizeof text - (size_t)n,
			      "; %llu damaged, %llu ok", (unsigned long long)s->damaged,
			      (unsigned long long)s->ok);
	if (s->unchecked_tensors)
		snprintf(text + n, sizeof text - (size_t)n, "; %llu without a checksum",
			 (unsigned long long)s->unchecked_tensors);
	if (k->verifier.error.code)
		snprintf(text, sizeof text, "failed: %s", k->verifier.error.text);
	term_text(row, 1, cols - 2, good ? STYLE_GOOD : STYLE_BAD, text);
}

static void draw(struct view *v, const struct area *area)
{
	struct verifying *k = (struct verifying *)v;
	struct area rows = *area;
	char title[1024];
	size_t len;
	const char *called = path_called(k->verifier.path, &len);
	text_escape(title, sizeof title, called, len);
	term_format(area->top, 1, area->cols - 2, STYLE_TITLE, "verify %s", title);
	if (!k->done)
		return;
	draw_verdict(k, area->top + 1, area->cols);
	rows.top += 2;
	rows.rows -= 2;
	if (k->list.n)
		list_draw(&k->list, &rows);
	else
		term_text(rows.top + 1, 3, area->cols - 3, STYLE_DIM,
			  "nothing was found");
}

static void status(struct view *v, char *left, char *right, size_t cap)
{
	struct verifying *k = (struct verifying *)v;
	uint32_t id;
	if (!k->done || !list_selected(&k->list, &id))
		return;
	const struct cell_text message = finding(k, id)->message;
	text_escape(left, 4096, message.p, message.len);
	list_position(&k->list, right, cap);
}

/* --- work -------------------------------------------------------------------------- */

static bool tick(struct view *v, struct request *r)
{
	struct verifying *k = (struct verifying *)v;
	const struct list_column columns[] = {
		{ column_named(finding_columns, "severity"), 8, 2 },
		{ column_named(finding_columns, "code"), 10, 1 },
		{ NULL, 0, 0 },
	};
	if (k->done)
		return list_tick(&k->list, r);
	if (!verifier_done(&k->verifier))
		return false;
	k->done = true;
	list_set(&k->list, columns, k->verifier.findings.n);
	list_rebuild(&k->list);
	return true;
}

static void progress(struct view *v, struct progress *p)
{
	verifier_progress(&((struct verifying *)v)->verifier, p);
}

static void stop(struct view *v)
{
	verifier_stop(&((struct verifying *)v)->verifier);
}

/* --- keys -------------------------------------------------------------------------- */

static void show_finding(struct verifying *k, struct request *r)
{
	uint32_t id;
	if (!list_selected(&k->list, &id))
		return;
	request_push(r, record_view("finding", finding_columns, finding(k, id)));
}

static void act(struct view *v, enum action action, struct request *r)
{
	struct verifying *k = (struct verifying *)v;
	if (!k->done)
		return;
	if (action == ACT_OPEN || action == ACT_INFO || action == ACT_RIGHT)
		show_finding(k, r);
	else if (action == ACT_LEFT)
		r->kind = REQUEST_POP;
	else if (action == ACT_WRITE)
		file_ask(r);
	else
		list_act(&k->list, action, r);
}

static void answer(struct view *v, enum action asked, const char *text, enum answer state,
		   struct request *r)
{
	struct verifying *k = (struct verifying *)v;
	if (k->done && !list_answer(&k->list, asked, text, state, r) &&
	    asked == ACT_WRITE && state == ANSWER_DONE)
		file_table(text, &k->list, finding_columns, r);
}

static bool clears(struct view *v)
{
	struct verifying *k = (struct verifying *)v;
	return k->done && list_clear(&k->list);
}

static void close_view(struct view *v)
{
	struct verifying *k = (struct verifying *)v;
	list_close(&k->list);
	verifier_close(&k->verifier);
}

static const struct key_binding keys[] = {
	{ ACT_OPEN, "Enter", "show", "all about this one", "open" },
	{ ACT_INFO, "i", "show", "the same", NULL },
	{ ACT_RIGHT, "l Right", "show", "the same", NULL },
	{ ACT_LEFT, "h Left", "leave", "back", NULL },
	LIST_KEYS,
	{ ACT_WRITE, "w", "take", "this table to a file", "write" },
	{ ACT_NONE, NULL, NULL, NULL, NULL },
};

static const struct view_ops ops = {
	.name = "verify", .keys = keys, .draw = draw, .status = status, .act = act,
	.answer = answer, .tick = tick, .progress = progress, .stop = stop,
	.close = close_view, .clears = clears,
};

struct view *verify_view(struct ckpt *c, const struct view_settings *s)
{
	static const struct list_column none[] = { { NULL, 0, 0 } };
	struct verifying *k = view_new(&ops, sizeof *k);
	const char *path = ckpt_prefix(c);
	if (!k)
		return NULL;
	list_init(&k->list, &list_ops, k, "WHAT", none);
	path = arena_copy(&k->v.arena, path, strlen(path));
	if (path) {
		verifier_start(&k->verifier, path, s);
		return &k->v;
	}
	view_drop(&k->v);
	return NULL;
}
