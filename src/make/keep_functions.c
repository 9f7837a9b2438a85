/* keep_functions.c — the functions that the kept nodes of a graph call.
 * SPDX-License-Identifier: Apache-2.0
 *
 * TensorFlow keeps the whole library. Here what nobody calls is left out: otherwise the
 * functions of saving, restoring and training would stay in every frozen graph.
 */
#include "config.h"

#include "make/keep.h"

#include <ctype.h>

#include "base/error.h"
#include "format/graph_shown.h"
#include "format/graph_sound.h"
#include "make/flow_ops.h"

/* A body that is needed but not looked at yet. */
struct body {
	int64_t function;
	struct flow_scope *scope; /* NULL: the function as it is */
};

struct reading {
	struct kept_functions *k;
	struct flow *f;
	const struct flow_scope *scope; /* of the nodes that are read; NULL: of none */
	struct buffer pending;		/* struct body */
	struct ckpt_error *err;
};

static int add_body(struct reading *r, int64_t function, struct flow_scope *scope)
{
	const struct body b = { function, scope };
	bool *known = scope ? &scope->used : &r->k->plain[function];
	if (*known)
		return 0;
	*known = true;
	return buffer_append(&r->pending, &b, sizeof b, r->err);
}

static int on_call(void *arg, uint32_t function)
{
	return add_body(arg, function, NULL);
}

static int count_call(void *arg, uint32_t function)
{
	(void)function;
	++*(size_t *)arg;
	return 0;
}

/* A call that is written anew; where the attributes of its functions name more of them,
 * those stay. */
static int add_call(struct reading *r, const struct graph_node *n,
		    const struct flow_call *call, bool *more)
{
	size_t named = 0;
	for (size_t i = 0; i < call->n_functions; i++)
		if (add_body(r, call->functions[i], call->scopes[i]))
			return -1;
	if (graph_calls(&r->f->functions, r->f->arena, n, count_call, &named, r->err))
		return -1;
	*more = named > call->n_functions;
	return 0;
}

/* Tables have contents that no graph holds. */
static bool is_table(struct ckpt_string op)
{
	return graph_text_is(op, "HashTable") || graph_text_is(op, "HashTableV2") ||
	       graph_text_is(op, "MutableHashTable") ||
	       graph_text_is(op, "MutableHashTableV2");
}

/* Does it read a variable that no value has reached? Its handle is fed, or captured by a
 * function that was traced: the variable is not in this graph. */
static bool reads_elsewhere(const struct graph_node *n, const struct flow_mark *mark)
{
	const enum flow_step step = flow_of_handle(n->op, 0);
	return (!mark || mark->step == FLOW_KEEP) && step != FLOW_KEEP &&
	       step != FLOW_PASS;
}

static int add_node(struct reading *r, const struct graph_node *n, uint32_t at)
{
	const struct flow_mark *mark = r->scope ? &r->scope->marks[at] : NULL;
	if (reads_elsewhere(n, mark))
		return error_set(r->err, CKPT_EUNSUPPORTED, r->f->graph->path, -1,
				 "%s reads a variable that is not in this graph: its "
				 "handle comes from outside",
				 NODE(r->f->graph, n->function, n));
	if (!r->k->table && is_table(n->op))
		r->k->table = arena_copy(r->f->arena, n->op.p, n->op.len);
	if (n->function >= 0 && variable_op(n->op))
		return error_set(r->err, CKPT_EUNSUPPORTED, r->f->graph->path, -1,
				 "%s is a variable within a function; no checkpoint has "
				 "its value",
				 NODE(r->f->graph, n->function, n));
	const struct arena_mark memory = arena_mark(r->f->arena);
	bool plain = true;
	if (mark && mark->step == FLOW_CALL && add_call(r, n, mark->call, &plain))
		return -1;
	if (plain && graph_calls(&r->f->functions, r->f->arena, n, on_call, r, r->err))
		return -1;
	arena_rewind(r->f->arena, memory);
	return 0;
}

/* The nodes of the main graph, or of a function. */
static int read_nodes(struct reading *r, int64_t function, size_t n_args,
		      const bool *kept)
{
	struct graph_walk w;
	struct graph_node n;
	uint32_t i = (uint32_t)n_args;
	int more;
	graph_walk_begin(&w, r->f->graph, function);
	for (; (more = graph_walk_next(&w, &n, r->err)) > 0; i++)
		if ((!kept || kept[i]) && add_node(r, &n, i)) {
			more = -1;
			break;
		}
	graph_walk_end(&w);
	return more;
}

static int read_body(struct reading *r, struct body b)
{
	struct arena *a = r->f->arena;
	r->scope = b.scope;
	if (b.scope)
		return sound_check(r->f->graph, a, &b.scope->net, NULL, b.function,
				   r->err) ||
				       read_nodes(r, b.function, b.scope->net.n_args,
						  NULL)
			       ? -1
			       : 0;
	const struct arena_mark mark = arena_mark(a);
	struct net net;
	if (net_load(r->f->graph, a, b.function, &net, r->err) ||
	    sound_check(r->f->graph, a, &net, NULL, b.function, r->err))
		return -1;
	arena_rewind(a, mark);
	return read_nodes(r, b.function, 0, NULL);
}

/* Without "_12" at its end. */
static size_t base_of(struct ckpt_string name)
{
	size_t n = name.len;
	while (n && isdigit((unsigned char)name.p[n - 1]))
		n--;
	return n && n < name.len && name.p[n - 1] == '_' ? n - 1 : name.len;
}

/* Names that no function of the graph has: "f_frozen_0". */
static int name_scopes(struct kept_functions *k, struct flow *f, struct ckpt_error *err)
{
	size_t number = 0;
	for (size_t i = 0; i < k->n_scopes; i++) {
		const struct ckpt_string old =
			f->graph->functions[k->scopes[i]->function].name;
		const int base = (int)base_of(old);
		struct ckpt_string name;
		do {
			name.p = arena_printf(f->arena, "%.*s_frozen_%zu", base, old.p,
					      number++);
			if (!name.p)
				return arena_error(f->arena, err);
			name.len = strlen(name.p);
		} while (flow_function(f, name) >= 0);
		k->scopes[i]->name = name.p;
	}
	return 0;
}

static int list_scopes(struct kept_functions *k, struct flow *f, struct ckpt_error *err)
{
	k->scopes = arena_zeroed(f->arena, f->n_scopes + 1, sizeof(struct flow_scope *));
	if (!k->scopes)
		return arena_error(f->arena, err);
	for (size_t i = 0; i < f->graph->n_functions; i++)
		for (struct flow_scope *s = f->of_function[i]; s; s = s->next)
			if (s->used)
				k->scopes[k->n_scopes++] = s;
	return name_scopes(k, f, err);
}

int keep_functions(struct kept_functions *k, struct flow *f, const bool *kept,
		   struct ckpt_error *err)
{
	struct reading r = { .k = k, .f = f, .scope = &f->main, .err = err };
	*k = (struct kept_functions){
		.plain = arena_zeroed(f->arena, f->graph->n_functions + 1, sizeof(bool)),
	};
	if (!k->plain)
		return arena_error(f->arena, err);
	buffer_init(&r.pending, f->arena->limit);
	int bad = read_nodes(&r, GRAPH_MAIN, 0, kept);
	while (!bad && r.pending.len) {
		struct body b;
		r.pending.len -= sizeof b;
		memcpy(&b, r.pending.p + r.pending.len, sizeof b);
		bad = read_body(&r, b);
	}
	buffer_drop(&r.pending);
	return bad ? -1 : list_scopes(k, f, err);
}
