/* events.h — event files (events.out.tfevents.*): what a run told TensorBoard.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Records (record.h), each of which holds an Event: a time, a step, and one of: the
 * version of the file (the first event), a graph, a summary, a sign of life. What an
 * event holds is only located. A summary is a list of values with a tag each; a scalar is
 * simple_value, as TensorFlow 1 writes it, or a tensor whose metadata names the plugin
 * "scalars", as TensorFlow 2 does.
 *
 *	struct events e;
 *	events_begin(&e, &source, limit);
 *	while ((r = events_next(&e, &event, err)) > 0)
 *		if (event.kind == EVENT_SUMMARY)
 *			...
 *	events_end(&e);
 *
 * tensorflow/core/util/event.proto, core/framework/summary.proto,
 * tensorboard/plugins/scalar/metadata.py
 */
#ifndef FORMAT_EVENTS_H
#define FORMAT_EVENTS_H

#include "format/finding.h"
#include "format/graph.h"
#include "format/record.h"
#include "model/dtype.h"

struct events {
	struct scan scan;
	struct records records; /* torn: the file ends within a record */
};

enum event_kind {
	EVENT_OTHER,
	EVENT_GRAPH,	  /* the bytes of a GraphDef */
	EVENT_META_GRAPH, /* of a MetaGraphDef */
	EVENT_SUMMARY,	  /* of a Summary */
	EVENT_START,	  /* a session began: what was recorded of its step and later
			   * ones is of a run that was given up */
};

struct event {
	enum event_kind kind;
	double wall_time; /* seconds since the epoch; 0: what stands there is no time */
	int64_t step;
	uint64_t begin;		  /* of its record */
	struct graph_range range; /* of what it holds */
};

/* Does a file that begins so hold events? 64 bytes are enough. */
bool events_probe(struct bytes head);
/* The same of a file. */
bool events_is(const char *path);

/* The source is the caller's, and stays open until events_end(). limit: as of a scan. */
void events_begin(struct events *e, struct source *source, uint64_t limit);
/* 1 item, 0 end, -1 error; after ECORRUPT the next call goes on behind the damage, if
 * that is known. */
int events_next(struct events *e, struct event *event, struct ckpt_error *err);
void events_end(struct events *e);

enum event_value_kind { VALUE_OTHER, VALUE_SIMPLE, VALUE_TENSOR };

struct event_value {
	enum event_value_kind kind;
	struct ckpt_string tag;
	float simple;		   /* VALUE_SIMPLE */
	struct graph_range tensor; /* VALUE_TENSOR: of its TensorProto */
	/* A writer may leave metadata out but for the first value of a tag. */
	bool has_metadata;
	bool scalars; /* its plugin is "scalars" */
};

/* The values of a summary; a copy of it goes its own way. */
struct event_values {
	struct events *events;
	struct fields fields;
};

struct event_values event_values_of(struct events *e, const struct event *summary);
/* The next value, its tag in a: 1 item, 0 end, -1 error. ELIMIT: a tag is longer than any
 * that is meant to be read. */
int event_values_next(struct event_values *v, struct arena *a, struct event_value *value,
		      struct ckpt_error *err);

/* The element of a scalar's TensorProto, whatever its dtype. EINVAL: it is no number, or
 * not one alone; ECORRUPT. */
int event_scalar(struct events *e, struct arena *a, struct graph_range tensor,
		 const struct dtype **dtype, uint8_t element[16], struct ckpt_error *err);

/* A graph within an event file. */
struct event_graph {
	struct graph_range range;
	enum graph_kind kind; /* GRAPH_DEF or GRAPH_META */
	uint64_t n;	      /* how many there are */
	/* Damage that was met (no code: none): what else stood there is not known. */
	struct ckpt_error damage;
};

/* The graph that was written last; MetaGraphDefs without a graph do not count. any: the
 * first one will do. 1 found, 0 there is none, -1 EIO, or ECORRUPT where damage may have
 * been one. */
int events_graph(struct source *source, uint64_t limit, bool any, struct event_graph *g,
		 struct ckpt_error *err);
/* For graph_open(): finds the graph in g's file, and says in g->note what was chosen.
 * EFORMAT: there is none. */
int graph_in_events(struct graph *g, struct ckpt_error *err);
/* For a verification of such a graph: tells of all of the event file that is damaged.
 * -1: EIO. */
int graph_check_events(struct graph *g, const struct finder *f, struct ckpt_error *err);

#endif
