/* events.c — event files (events.out.tfevents.*): what a run told TensorBoard.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/events.h"

#include <inttypes.h>

#include "base/error.h"
#include "format/graph_const.h"

/* Fields of Event, Summary.Value, SummaryMetadata and its PluginData, SessionLog. */
enum {
	EVENT_WALL_TIME = 1,
	EVENT_STEP = 2,
	EVENT_FIRST_OF = 3, /* file_version: the first of a oneof */
	EVENT_GRAPH_DEF = 4,
	EVENT_SUMMARY_FIELD = 5,
	EVENT_SESSION_LOG = 7,
	EVENT_META_GRAPH_DEF = 9,
	SUMMARY_VALUE = 1,
	VALUE_TAG = 1,
	VALUE_SIMPLE_VALUE = 2,
	VALUE_TENSOR_FIELD = 8,
	VALUE_METADATA = 9,
	METADATA_PLUGIN_DATA = 1,
	PLUGIN_NAME = 1,
	SESSION_STATUS = 1,
	SESSION_STATUS_START = 1,
};

enum { PROBED = 64 };

bool events_probe(struct bytes head)
{
	static const char version[] = "brain.Event:";
	const size_t n = bytes_left(&head) < PROBED ? bytes_left(&head) : PROBED;
	return n && memmem(head.p, n, version, sizeof version - 1);
}

bool events_is(const char *path)
{
	uint8_t head[PROBED];
	struct source s;
	if (source_open(&s, path, NULL))
		return false;
	const size_t n = s.size < PROBED ? (size_t)s.size : PROBED;
	const bool is =
		!source_read(&s, 0, head, n, NULL) && events_probe(bytes_of(head, n));
	source_close(&s);
	return is;
}

void events_begin(struct events *e, struct source *source, uint64_t limit)
{
	scan_init(&e->scan, source, limit);
	e->records = records_of(&e->scan);
}

void events_end(struct events *e)
{
	scan_drop(&e->scan);
}

/* --- events ------------------------------------------------------------------------ */

static int read_session(struct events *e, struct event *event, struct ckpt_error *err)
{
	struct fields fields = fields_of(&e->scan, event->range.at, event->range.n);
	struct field f;
	int r;
	event->kind = EVENT_OTHER;
	while ((r = fields_next(&fields, &f, err)) > 0)
		if (f.number == SESSION_STATUS && f.type == WIRE_VARINT)
			event->kind = f.value == SESSION_STATUS_START ? EVENT_START
								      : EVENT_OTHER;
	return r;
}

static double time_of(uint64_t bits)
{
	const double year_10000 = 253402300800;
	double v;
	memcpy(&v, &bits, sizeof v);
	return v > 0 && v < year_10000 ? v : 0;
}

int events_next(struct events *e, struct event *event, struct ckpt_error *err)
{
	struct record record;
	const int found = records_next(&e->records, &record, err);
	if (found <= 0)
		return found;
	struct fields fields = fields_of(&e->scan, record.at, record.n);
	struct field f;
	uint32_t what = 0;
	int r;
	*event = (struct event){ .begin = record.begin };
	while ((r = fields_next(&fields, &f, err)) > 0) {
		if (f.number == EVENT_WALL_TIME && f.type == WIRE_I64)
			event->wall_time = time_of(f.value);
		else if (f.number == EVENT_STEP && f.type == WIRE_VARINT)
			event->step = (int64_t)f.value;
		else if (f.number >= EVENT_FIRST_OF && f.type == WIRE_LEN) {
			what = f.number;
			event->range = (struct graph_range){ f.at, f.n };
		}
	}
	if (r < 0)
		return -1;
	if (what == EVENT_SESSION_LOG)
		return read_session(e, event, err) ? -1 : 1;
	event->kind = what == EVENT_GRAPH_DEF	     ? EVENT_GRAPH
		      : what == EVENT_META_GRAPH_DEF ? EVENT_META_GRAPH
		      : what == EVENT_SUMMARY_FIELD  ? EVENT_SUMMARY
						     : EVENT_OTHER;
	return 1;
}

/* --- values ------------------------------------------------------------------------ */

struct event_values event_values_of(struct events *e, const struct event *summary)
{
	return (struct event_values){ e, fields_of(&e->scan, summary->range.at,
						   summary->range.n) };
}

static int read_metadata(struct events *e, const struct field *in,
			 struct event_value *value, struct ckpt_error *err)
{
	static const char plugin[] = "scalars";
	struct fields metadata = fields_of(&e->scan, in->at, in->n);
	struct field f, name;
	int r;
	value->has_metadata = true;
	while ((r = fields_next(&metadata, &f, err)) > 0) {
		if (f.number != METADATA_PLUGIN_DATA || f.type != WIRE_LEN)
			continue;
		struct fields data = fields_of(&e->scan, f.at, f.n);
		while ((r = fields_next(&data, &name, err)) > 0) {
			if (name.number != PLUGIN_NAME || name.type != WIRE_LEN)
				continue;
			value->scalars = name.n == sizeof plugin - 1;
			if (!value->scalars)
				continue;
			const uint8_t *p =
				scan_bytes(&e->scan, name.at, sizeof plugin - 1, err);
			if (!p)
				return -1;
			value->scalars = !memcmp(p, plugin, sizeof plugin - 1);
		}
		if (r < 0)
			return -1;
	}
	return r;
}

static int read_tag(struct events *e, struct arena *a, const struct field *f,
		    struct event_value *value, struct ckpt_error *err)
{
	if (f->n > GRAPH_SMALL)
		return error_set(err, CKPT_ELIMIT, e->scan.source->path, (int64_t)f->at,
				 "a tag of %" PRIu64 " bytes, %d at most", f->n,
				 GRAPH_SMALL);
	value->tag.p = scan_copy(&e->scan, a, f->at, f->n, err);
	value->tag.len = (size_t)f->n;
	return value->tag.p ? 0 : -1;
}

static int read_part(struct events *e, struct arena *a, const struct field *f,
		     struct event_value *value, struct ckpt_error *err)
{
	if (f->number == VALUE_TAG && f->type == WIRE_LEN)
		return read_tag(e, a, f, value, err);
	if (f->number == VALUE_METADATA && f->type == WIRE_LEN)
		return read_metadata(e, f, value, err);
	if (f->number == VALUE_SIMPLE_VALUE && f->type == WIRE_I32) {
		const uint32_t bits = (uint32_t)f->value;
		value->kind = VALUE_SIMPLE;
		memcpy(&value->simple, &bits, sizeof bits);
	} else if (f->number == VALUE_TENSOR_FIELD && f->type == WIRE_LEN) {
		value->kind = VALUE_TENSOR;
		value->tensor = (struct graph_range){ f->at, f->n };
	}
	return 0;
}

int event_values_next(struct event_values *v, struct arena *a, struct event_value *value,
		      struct ckpt_error *err)
{
	struct field in, f;
	int r;
	do {
		if ((r = fields_next(&v->fields, &in, err)) <= 0)
			return r;
	} while (in.number != SUMMARY_VALUE || in.type != WIRE_LEN);
	struct fields fields = fields_of(&v->events->scan, in.at, in.n);
	*value = (struct event_value){ .tag = { "", 0 } };
	while ((r = fields_next(&fields, &f, err)) > 0)
		if (read_part(v->events, a, &f, value, err))
			return -1;
	return r < 0 ? -1 : 1;
}

static int check_scalar(const struct events *e, const struct ckpt_tensor *t,
			const struct dtype *d, struct ckpt_error *err)
{
	if (t->problem)
		return error_copy(err, t->problem);
	if (d->kind > KIND_BOOL || t->elements != 1)
		return error_set(err, CKPT_EINVAL, e->scan.source->path,
				 (int64_t)t->pieces->offset,
				 "a scalar is one number; this is a tensor of %" PRIu64
				 " %s",
				 t->elements, d->name);
	return 0;
}

/* The values of tensors are read in one place, as constants of a graph are; for that the
 * event file stands as a graph of which nothing but its bytes is known. */
int event_scalar(struct events *e, struct arena *a, struct graph_range tensor,
		 const struct dtype **dtype, uint8_t element[16], struct ckpt_error *err)
{
	struct source *source = e->scan.source;
	struct graph g = { .path = source->path,
			   .text = true, /* nothing is mapped */
			   .source = source,
			   .limit = e->scan.b.limit };
	struct values v = { 0 };
	struct ckpt_tensor t;
	struct store *store = NULL;
	scan_init(&g.scan, source, g.limit);
	int r = graph_tensor(&g, a, tensor, (struct ckpt_string){ "", 0 }, &t, err);
	*dtype = dtype_of(t.dtype);
	if (!r)
		r = check_scalar(e, &t, *dtype, err);
	if (!r && !(store = graph_store(&g, a)))
		r = arena_error(a, err);
	if (!r)
		r = values_open(&v, store, &t, g.limit, err);
	const void *p = r ? NULL : values_block(&v, 0, 1, err);
	if (p)
		memcpy(element, p, (*dtype)->size);
	values_close(&v);
	graph_store_drop(store);
	scan_drop(&g.scan);
	return p ? 0 : -1;
}
