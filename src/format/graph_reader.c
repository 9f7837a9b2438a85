/* graph_reader.c — a graph as a checkpoint: its tensors are its constants.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The constants of functions are tensors as well, called "@FUNCTION/NODE": no name of a
 * node begins with '@' (graph.proto: [A-Za-z0-9.][A-Za-z0-9_./\-]*), so they cannot be
 * taken for one of the main graph.
 *
 * Opening walks all nodes once, and keeps the names and places of constants.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "format/events.h"
#include "format/finding.h"
#include "format/graph_const.h"
#include "format/graph_net.h"
#include "format/graph_sound.h"
#include "format/reader.h"
#include "format/variables.h"

static struct graph *graph_of(const struct ckpt *c)
{
	return c->state;
}

/* --- opening ----------------------------------------------------------------------- */

static int add_damage(struct ckpt *c, const struct ckpt_error *e, struct ckpt_error *err)
{
	struct ckpt_error *copy = arena_zeroed(&c->arena, 1, sizeof *copy);
	if (!copy || pointers_add(&c->damage, copy))
		return arena_error(&c->arena, err);
	*copy = *e;
	return 0;
}

/* The name that a constant has as a tensor. */
static struct ckpt_string tensor_name(struct ckpt *c, const struct graph_node *n)
{
	if (n->function < 0)
		return (struct ckpt_string){
			arena_copy(&c->arena, n->name.p, n->name.len), n->name.len
		};
	const struct ckpt_string f = graph_of(c)->functions[n->function].name;
	const size_t len = f.len + n->name.len + 2;
	char *name = arena_alloc(&c->arena, len + 1);
	if (!name)
		return (struct ckpt_string){ NULL, 0 };
	*name = '@';
	memcpy(name + 1, f.p, f.len);
	name[f.len + 1] = '/';
	memcpy(name + f.len + 2, n->name.p, n->name.len + 1);
	return (struct ckpt_string){ name, len };
}

static int add_const(struct ckpt *c, const struct graph_node *n, struct ckpt_error *err)
{
	struct ckpt_tensor *t = arena_zeroed(&c->arena, 1, sizeof *t);
	const struct ckpt_string name = tensor_name(c, n);
	if (!t || !name.p)
		return arena_error(&c->arena, err);
	const int r = graph_const(graph_of(c), &c->arena, n, t, err);
	if (r < 0)
		return -1;
	if (r == 0) {
		struct ckpt_error *e = arena_zeroed(&c->arena, 1, sizeof *e);
		if (!e)
			return arena_error(&c->arena, err);
		error_set(e, CKPT_ECORRUPT, graph_of(c)->path,
			  graph_offset(graph_of(c), n->range.at),
			  "the constant has no value");
		t->problem = e;
	}
	t->name = name.p;
	t->name_len = name.len;
	if (pointers_add(&c->tensors, t))
		return error_set(err, CKPT_ENOMEM, NULL, -1, "out of memory");
	return 0;
}

/* Behind what has to be said already. */
static int add_note(struct ckpt *c, const char *note, struct ckpt_error *err)
{
	const char *before = c->at.note;
	c->at.note =
		before && note ? arena_printf(&c->arena, "%s; %s", before, note) : note;
	return c->at.note ? 0 : arena_error(&c->arena, err);
}

/* Who has a graph and wants its variables must not take its constants for them. */
static int note_variables(struct ckpt *c, uint64_t n, struct ckpt_error *err)
{
	if (graph_of(c)->note && add_note(c, graph_of(c)->note, err))
		return -1;
	if (!n || c->at.as_graph)
		return 0;
	const char *note =
		arena_printf(&c->arena,
			     "these are the graph's constants; the values of its "
			     "%" PRIu64 " variable%s are in a checkpoint",
			     n, n == 1 ? "" : "s");
	return add_note(c, note, err);
}

/* All constants. A node that is damaged may have been one: that is damage of the graph,
 * and reading goes on behind it. */
static int read_consts(struct ckpt *c, struct ckpt_error *err)
{
	struct graph_walk w;
	struct graph_node n;
	uint64_t variables = 0;
	int r, result = 0;
	graph_walk_begin(&w, graph_of(c), GRAPH_ALL);
	do {
		struct ckpt_error damage = { 0 };
		r = graph_walk_next(&w, &n, &damage);
		if (r < 0 && damage.code != CKPT_ECORRUPT)
			result = error_copy(err, &damage);
		else if (r < 0)
			result = add_damage(c, &damage, err);
		else if (r > 0 && graph_text_is(n.op, "Const"))
			result = add_const(c, &n, err);
		else if (r > 0)
			variables += n.function < 0 && variable_op(n.op);
	} while (r && !result);
	graph_walk_end(&w);
	return result ? -1 : note_variables(c, variables, err);
}

static int by_name(const void *x, const void *y)
{
	const struct ckpt_tensor *a = *(struct ckpt_tensor *const *)x;
	const struct ckpt_tensor *b = *(struct ckpt_tensor *const *)y;
	return bytes_compare(a->name, a->name_len, b->name, b->name_len);
}

static int sort_consts(struct ckpt *c, struct ckpt_error *err)
{
	if (!c->tensors.n)
		return 0;
	qsort(c->tensors.p, c->tensors.n, sizeof *c->tensors.p, by_name);
	for (size_t i = 1; i < c->tensors.n; i++) {
		const struct ckpt_tensor *t = c->tensors.p[i];
		struct ckpt_error damage = { 0 };
		char name[160];
		if (by_name(&c->tensors.p[i - 1], &c->tensors.p[i]))
			continue;
		text_escape(name, sizeof name, t->name, t->name_len);
		error_set_detail(&damage, DETAIL_ORDER, CKPT_ECORRUPT, graph_of(c)->path,
				 -1, "two constants are called '%s'", name);
		return add_damage(c, &damage, err);
	}
	return 0;
}

static int open_graph(struct ckpt *c, struct ckpt_error *err)
{
	struct graph *g = graph_open(&c->arena, c->at.prefix, c->at.tags, c->limit, err);
	if (!g)
		return -1;
	c->state = g;
	c->at.format =
		g->text ? arena_printf(&c->arena, "text %s", graph_kind_name(g->kind))
			: graph_kind_name(g->kind);
	c->loaded = true;
	c->store = graph_store(g, &c->arena);
	if (!c->store)
		return arena_error(&c->arena, err);
	return read_consts(c, err) || sort_consts(c, err) ? -1 : 0;
}

static void close_graph(struct ckpt *c)
{
	graph_store_drop(c->store);
	graph_close(graph_of(c));
}

/* --- verification ------------------------------------------------------------------ */

static void tell_missing(const struct finder *f, const struct graph *g, int64_t which,
			 const struct net *net)
{
	char from[120], to[120];
	for (uint32_t i = 0; i < net->n_nodes; i++) {
		const struct net_node *n = &net->nodes[i];
		for (uint32_t k = 0; k < n->n_inputs; k++) {
			const struct ckpt_string in = n->inputs[k].text;
			if (n->inputs[k].node != NET_MISSING)
				continue;
			text_escape(from, sizeof from, n->name.p, n->name.len);
			text_escape(to, sizeof to, in.p, in.len);
			finding_emit(f, FOUND_GRAPH, NULL, g->path,
				     graph_offset(g, n->range.at),
				     g->text ? -1 : (int64_t)n->range.n,
				     "%s '%s' has the input '%s', which is not there; "
				     "inputs like that: %" PRIu64,
				     which < 0 ? "node" : "in a function, node", from, to,
				     net->n_missing);
			return;
		}
	}
}

/* Names and inputs are in order: what is left are nodes that need their own result. */
static int check_circles(struct graph *g, int64_t which, struct arena *a,
			 const struct net *net, const struct finder *f,
			 struct ckpt_error *err)
{
	struct ckpt_error why = { 0 };
	if (!sound_check(g, a, net, NULL, which, &why))
		return 0;
	if (why.code != CKPT_EUNSUPPORTED)
		return error_copy(err, &why);
	finding_emit(f, FOUND_GRAPH, NULL, g->path, -1, -1, "%s", why.text);
	return 0;
}

static int check_net(struct graph *g, int64_t which, struct arena *a,
		     const struct finder *f, struct ckpt_error *err)
{
	struct net net;
	char name[120];
	struct ckpt_error damage = { 0 };
	const int r = net_load(g, a, which, &net, &damage);
	if (r && damage.code != CKPT_ECORRUPT) /* that has been told as damage */
		return error_copy(err, &damage);
	if (r)
		return 0;
	tell_missing(f, g, which, &net);
	if (net.duplicate == NET_MISSING)
		return net.n_missing ? 0 : check_circles(g, which, a, &net, f, err);
	const struct net_node *n = &net.nodes[net.duplicate];
	text_escape(name, sizeof name, n->name.p, n->name.len);
	finding_emit(f, FOUND_GRAPH, NULL, g->path, graph_offset(g, n->range.at),
		     g->text ? -1 : (int64_t)n->range.n, "two nodes are called '%s'",
		     name);
	return 0;
}

static int check_graph(struct ckpt *c, ckpt_finding_fn found, void *arg,
		       struct ckpt_error *err)
{
	struct graph *g = graph_of(c);
	const struct finder f = { found, arg, NULL };
	struct arena a;
	int r = g->in_events ? graph_check_events(g, &f, err) : 0;
	arena_init(&a, c->limit);
	for (int64_t i = GRAPH_MAIN; !r && i < (int64_t)g->n_functions; i++) {
		r = check_net(g, i, &a, &f, err);
		arena_rewind(&a, (struct arena_mark){ 0 });
	}
	arena_drop(&a);
	return r;
}

/* --- the rest ---------------------------------------------------------------------- */

static int members(struct ckpt *c, member_fn fn, void *arg, struct ckpt_error *err)
{
	const struct graph *g = graph_of(c);
	(void)err;
	fn(arg, &(struct member){ g->path, g->file.size, g->file.size, true, -1 });
	return 0;
}

static const char *file(struct ckpt *c, size_t i)
{
	return i ? NULL : graph_of(c)->path;
}

static int unchanged(struct ckpt *c, struct ckpt_error *err)
{
	return graph_unchanged(graph_of(c), err);
}

static struct store *fork_store(struct ckpt *c, struct arena *a)
{
	return graph_store(graph_of(c), a);
}

static int join_store(struct ckpt *c, struct store *s, struct ckpt_error *err)
{
	const int r = s->intact ? s->intact(s, NULL, err) : 0;
	graph_store_drop(s);
	return graph_unchanged(graph_of(c), err) ? -1 : r;
}

static uint32_t one_shard(const struct ckpt *c)
{
	(void)c;
	return 1;
}

const struct reader reader_graph = {
	.name = "graph",
	.open = open_graph,
	.close = close_graph,
	.check = check_graph,
	.members = members,
	.file = file,
	.unchanged = unchanged,
	.fork = fork_store,
	.join = join_store,
	.shards = one_shard,
};

const struct graph *graph_of_checkpoint(const struct ckpt *c)
{
	return c->reader == &reader_graph ? graph_of(c) : NULL;
}
