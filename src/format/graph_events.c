/* graph_events.c — the graph of an event file: the last one that was written into it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A writer that is given a graph leaves its GraphDef and, with TensorFlow 1, its
 * MetaGraphDef behind it; a run that was started again does so once more. The last one is
 * the graph of what was recorded last, and a MetaGraphDef says more than the GraphDef
 * before it.
 *
 * tensorflow/python/summary/writer/writer.py
 */
#include "config.h"

#include <inttypes.h>

#include "base/error.h"
#include "format/events.h"

enum { META_GRAPH_DEF = 2 }; /* MetaGraphDef.graph_def */

/* Does a MetaGraphDef hold a graph? */
static int has_graph(struct events *e, const struct event *event, struct ckpt_error *err)
{
	struct fields fields = fields_of(&e->scan, event->range.at, event->range.n);
	struct field f;
	int r;
	while ((r = fields_next(&fields, &f, err)) > 0)
		if (f.number == META_GRAPH_DEF && f.type == WIRE_LEN && f.n)
			return 1;
	return r;
}

static int take_graph(struct events *e, const struct event *event, struct event_graph *g,
		      struct ckpt_error *err)
{
	const bool meta = event->kind == EVENT_META_GRAPH;
	if ((!meta && event->kind != EVENT_GRAPH) || !event->range.n)
		return 0;
	const int has = meta ? has_graph(e, event, err) : 1;
	if (has > 0) {
		g->range = event->range;
		g->kind = meta ? GRAPH_META : GRAPH_DEF;
		g->n++;
	}
	return has;
}

int events_graph(struct source *source, uint64_t limit, bool any, struct event_graph *g,
		 struct ckpt_error *err)
{
	struct events e;
	struct event event;
	int r = 1, trouble = 0;
	*g = (struct event_graph){ .n = 0 };
	events_begin(&e, source, limit);
	while (r && !trouble && !(any && g->n)) {
		struct ckpt_error why = { 0 };
		r = events_next(&e, &event, &why);
		if (r > 0 && take_graph(&e, &event, g, &why) < 0)
			r = -1;
		if (r < 0 && why.code != CKPT_ECORRUPT)
			trouble = error_copy(err, &why);
		else if (r < 0)
			error_copy(&g->damage, &why);
	}
	events_end(&e);
	if (trouble)
		return -1;
	if (!g->n && g->damage.code)
		return error_copy(err, &g->damage);
	return g->n > 0;
}

int graph_in_events(struct graph *g, struct ckpt_error *err)
{
	struct event_graph found;
	const char *note = NULL;
	const int r = events_graph(g->source, g->limit, false, &found, err);
	if (r < 0)
		return -1;
	if (!r)
		return error_set(err, CKPT_EFORMAT, g->path, -1,
				 "an event file without a graph: it holds summaries; log "
				 "shows its scalars beside the checkpoints");
	if (found.damage.code)
		note = arena_printf(g->arena,
				    "the event file is damaged at byte %" PRId64
				    "; the last graph that can be read is taken, from "
				    "byte %" PRIu64,
				    found.damage.offset, found.range.at);
	else if (found.n > 1)
		note = arena_printf(g->arena,
				    "%" PRIu64 " graphs are in this event file; the last "
				    "one is taken, a %s from byte %" PRIu64,
				    found.n, graph_kind_name(found.kind), found.range.at);
	if (!note && (found.damage.code || found.n > 1))
		return arena_error(g->arena, err);
	g->in_events = true;
	g->note = note;
	g->kind = found.kind;
	g->range = found.range;
	return 0;
}

int graph_check_events(struct graph *g, const struct finder *f, struct ckpt_error *err)
{
	struct events e;
	struct event event;
	int r, result = 0;
	events_begin(&e, g->source, g->limit);
	do {
		struct ckpt_error why = { 0 };
		r = events_next(&e, &event, &why);
		if (r < 0 && why.code != CKPT_ECORRUPT)
			result = error_copy(err, &why);
		else if (r < 0)
			finding_emit(f,
				     why.detail == DETAIL_CHECKSUM ? FOUND_CHECKSUM
								   : FOUND_INDEX,
				     NULL, g->path, why.offset, -1, "%s", why.text);
	} while (r && !result);
	if (e.records.torn)
		finding_emit(f, FOUND_TORN, NULL, g->path, (int64_t)e.records.at,
			     (int64_t)(g->source->size - e.records.at),
			     "the file ends within this record");
	events_end(&e);
	return result;
}
