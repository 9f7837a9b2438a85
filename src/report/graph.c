/* graph.c — what a graph is: counts, inputs, likely outputs, signatures, variables.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "report/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/graph_const.h"

/* --- how often --------------------------------------------------------------------- */

/* Names as they come; they are sorted and counted at the end, since a table of names that
 * is kept sorted, or hashed, is what a hostile graph would make slow. */
struct tally {
	struct tallied {
		struct ckpt_string name;
		bool in_function;
	} * all;
	size_t n, cap;
};

static int tally_add(struct tally *t, struct arena *a, struct ckpt_string name,
		     bool in_function, struct ckpt_error *err)
{
	if (t->n == t->cap)
		return error_set(err, CKPT_ECORRUPT, NULL, -1,
				 "there are more nodes than were counted");
	/* Neighbours are often alike. */
	const struct tallied *last = t->n ? &t->all[t->n - 1] : NULL;
	const bool same =
		last && !bytes_compare(last->name.p, last->name.len, name.p, name.len);
	const char *p = same ? last->name.p : arena_copy(a, name.p, name.len);
	if (!p)
		return arena_error(a, err);
	t->all[t->n++] = (struct tallied){ { p, name.len }, in_function };
	return 0;
}

static int by_name(const void *x, const void *y)
{
	const struct tallied *a = x, *b = y;
	return bytes_compare(a->name.p, a->name.len, b->name.p, b->name.len);
}

static int by_count(const void *x, const void *y)
{
	const struct graph_count_row *a = x, *b = y;
	const uint64_t na = a->nodes + a->in_functions, nb = b->nodes + b->in_functions;
	if (na != nb)
		return na < nb ? 1 : -1;
	return bytes_compare(a->name.p, a->name.len, b->name.p, b->name.len);
}

static int tally_rows(struct tally *t, struct arena *a, const struct graph_count_row **to,
		      size_t *n, struct ckpt_error *err)
{
	size_t kinds = 0;
	qsort(t->all, t->n, sizeof *t->all, by_name);
	for (size_t i = 0; i < t->n; i++)
		kinds += !i || by_name(&t->all[i - 1], &t->all[i]) != 0;
	struct graph_count_row *rows = arena_zeroed(a, kinds + 1, sizeof *rows);
	if (!rows)
		return arena_error(a, err);
	struct graph_count_row *row = rows - 1;
	for (size_t i = 0; i < t->n; i++) {
		if (!i || by_name(&t->all[i - 1], &t->all[i]) != 0)
			(++row)->name = (struct cell_text){
				t->all[i].name.len ? t->all[i].name.p : NULL,
				t->all[i].name.len
			};
		++*(t->all[i].in_function ? &row->in_functions : &row->nodes);
	}
	qsort(rows, kinds, sizeof *rows, by_count);
	*to = rows;
	*n = kinds;
	return 0;
}

/* --- one walk ---------------------------------------------------------------------- */

struct counting {
	struct graph_report *r;
	struct arena *a, *scratch;
	struct tally ops, devices;
	struct ckpt_error *err;
};

static uint64_t sum_saturated(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static int count_constant(struct counting *c, const struct graph_node *n)
{
	struct ckpt_tensor t;
	const struct arena_mark mark = arena_mark(c->scratch);
	const int found = graph_const(c->r->graph, c->scratch, n, &t, c->err);
	if (found > 0 && !t.problem)
		c->r->constant_elements =
			sum_saturated(c->r->constant_elements, t.elements);
	c->r->n_constants++;
	arena_rewind(c->scratch, mark);
	return found < 0 ? -1 : 0;
}

static int count_node(struct counting *c, const struct graph_node *n)
{
	const bool in_function = n->function >= 0;
	++*(in_function ? &c->r->n_function_nodes : &c->r->n_nodes);
	for (size_t i = 0; i < n->n_inputs; i++)
		c->r->n_control_edges += n->inputs[i].len && n->inputs[i].p[0] == '^';
	if (graph_text_is(n->op, "Const") && count_constant(c, n))
		return -1;
	return tally_add(&c->ops, c->a, n->op, in_function, c->err) ||
			       tally_add(&c->devices, c->a, n->device, in_function,
					 c->err)
		       ? -1
		       : 0;
}

static int count_nodes(struct counting *c)
{
	struct graph *g = c->r->graph;
	struct graph_walk w;
	struct graph_node n;
	uint64_t total = g->n_nodes;
	int r;
	for (size_t i = 0; i < g->n_functions; i++)
		total += g->functions[i].n_nodes;
	c->ops.cap = c->devices.cap = (size_t)total;
	c->ops.all = arena_zeroed(c->scratch, (size_t)total + 1, sizeof *c->ops.all);
	c->devices.all =
		arena_zeroed(c->scratch, (size_t)total + 1, sizeof *c->devices.all);
	if (!c->ops.all || !c->devices.all)
		return arena_error(c->scratch, c->err);
	graph_walk_begin(&w, g, GRAPH_ALL);
	while ((r = graph_walk_next(&w, &n, c->err)) > 0)
		if (count_node(c, &n)) {
			r = -1;
			break;
		}
	graph_walk_end(&w);
	return r || tally_rows(&c->ops, c->a, &c->r->ops, &c->r->n_ops, c->err) ||
			       tally_rows(&c->devices, c->a, &c->r->devices,
					  &c->r->n_devices, c->err)
		       ? -1
		       : 0;
}

static void count_variables(struct graph_report *r)
{
	for (size_t i = 0; i < r->variables.n; i++) {
		const struct variable *v = &r->variables.all[i];
		uint64_t elements;
		if (v->rank >= 0 && shape_elements(v->dims, v->rank, &elements))
			r->variable_elements =
				sum_saturated(r->variable_elements, elements);
		else
			r->n_shapeless++;
	}
}

/* --- beside the nodes -------------------------------------------------------------- */

static int by_key(const void *x, const void *y)
{
	const struct graph_collection_row *a = x, *b = y;
	return bytes_compare(a->name.p, a->name.len, b->name.p, b->name.len);
}

static void describe_collection(const Ckpt__CollectionDef *c,
				struct graph_collection_row *row)
{
	row->kind = cell_of("empty");
	if (!c)
		return;
	switch (c->kind_case) {
	case CKPT__COLLECTION_DEF__KIND_NODE_LIST:
		row->kind = cell_of("nodes");
		row->items = c->node_list->n_value;
		break;
	case CKPT__COLLECTION_DEF__KIND_BYTES_LIST:
		row->kind = cell_of("bytes");
		row->items = c->bytes_list->n_value;
		break;
	case CKPT__COLLECTION_DEF__KIND_INT64_LIST:
		row->kind = cell_of("int64");
		row->items = c->int64_list->n_value;
		break;
	case CKPT__COLLECTION_DEF__KIND_FLOAT_LIST:
		row->kind = cell_of("float");
		row->items = c->float_list->n_value;
		break;
	case CKPT__COLLECTION_DEF__KIND_ANY_LIST:
		row->kind = cell_of("any");
		row->items = c->any_list->n_value;
		break;
	default:
		break;
	}
}

static const char *text_of(struct arena *a, ProtobufCBinaryData b)
{
	return b.len ? arena_copy(a, b.data, b.len) : NULL;
}

static int read_meta(struct graph_report *r, struct arena *a, struct ckpt_error *err)
{
	struct ckpt_error why = { 0 };
	const Ckpt__MetaGraphDef *meta = graph_meta(r->graph, &why);
	if (!meta)
		return why.code ? error_copy(err, &why) : 0;
	r->saver = meta->saver_def;
	if (meta->meta_info_def) {
		r->version = text_of(a, meta->meta_info_def->tensorflow_version);
		r->git_version = text_of(a, meta->meta_info_def->tensorflow_git_version);
	}
	struct graph_collection_row *rows =
		arena_zeroed(a, meta->n_collection_def + 1, sizeof *rows);
	if (!rows)
		return arena_error(a, err);
	for (size_t i = 0; i < meta->n_collection_def; i++) {
		const ProtobufCBinaryData key = meta->collection_def[i]->key;
		rows[i].name = (struct cell_text){ key.data ? (const char *)key.data : "",
						   key.len };
		describe_collection(meta->collection_def[i]->value, &rows[i]);
	}
	qsort(rows, meta->n_collection_def, sizeof *rows, by_key);
	r->collections = rows;
	r->n_collections = meta->n_collection_def;
	return 0;
}

static int read_versions(struct graph_report *r, struct ckpt_error *err)
{
	const Ckpt__GraphDef *head = graph_head(r->graph, err);
	if (!head)
		return -1;
	if (head->versions) {
		r->producer = head->versions->producer;
		r->min_consumer = head->versions->min_consumer;
	}
	return 0;
}

int graph_report(struct graph_report *r, struct arena *a, struct graph *g,
		 struct ckpt_error *err)
{
	struct arena scratch;
	*r = (struct graph_report){ .graph = g };
	struct counting c = { .r = r, .a = a, .scratch = &scratch, .err = err };
	arena_init(&scratch, g->limit);
	const bool failed =
		read_versions(r, err) || read_meta(r, a, err) ||
		net_load(g, a, GRAPH_MAIN, &r->net, err) ||
		net_users(&r->net, a, &r->users, err) ||
		graph_ends(g, &r->net, &r->users, a, &r->ends, err) ||
		graph_signatures(g, a, &r->signatures, &r->n_signatures, err) ||
		variables_read(&r->variables, g, &r->net, a, err) || count_nodes(&c);
	if (!failed)
		count_variables(r);
	arena_drop(&scratch);
	return failed ? -1 : 0;
}
