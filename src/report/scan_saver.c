/* scan_saver.c — which nodes and functions are the saver's alone.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The saver consists of what SaverDef.save_tensor_name and restore_op_name need. Its own
 * ops would be an easy way to write a file unseen, were they believed because of their
 * name; so each way from them to anything else is looked for, and one is enough to
 * believe none of them.
 */
#include "config.h"

#include "report/scan_saver.h"

#include <stdlib.h>

#include "base/error.h"
#include "format/graph_outputs.h"
#include "format/graph_signatures.h"
#include "report/hazard.h"

struct finding {
	struct scan_saver *s;
	struct graph *g;
	const struct graph_index *index;
	struct arena *a;
	const Ckpt__MetaGraphDef *meta;
	struct net_users users;
	uint32_t *queue;
	struct ckpt_error *err;
};

static uint32_t node_named(const struct finding *f, ProtobufCBinaryData name)
{
	return net_find(&f->s->net, (const char *)name.data, name.len);
}

/* --- along the edges --------------------------------------------------------------- */

/* Marks what a node needs, by edges of all kinds. */
static void mark_needs(const struct finding *f, uint32_t from, bool *marked)
{
	size_t n = 0;
	if (from == NET_MISSING || marked[from])
		return;
	marked[from] = true;
	f->queue[n++] = from;
	while (n) {
		const struct net_node *at = &f->s->net.nodes[f->queue[--n]];
		for (uint32_t i = 0; i < at->n_inputs; i++) {
			const uint32_t next = at->inputs[i].node;
			if (next == NET_MISSING || marked[next])
				continue;
			marked[next] = true;
			f->queue[n++] = next;
		}
	}
}

/* Marks who depends on a node; data: by edges of data only. */
static void mark_users(const struct net *net, const struct net_users *users,
		       uint32_t *queue, uint32_t from, bool data, bool *marked)
{
	size_t n = 0;
	if (marked[from])
		return;
	marked[from] = true;
	queue[n++] = from;
	while (n) {
		const uint32_t at = queue[--n];
		for (uint32_t i = users->first[at]; i < users->first[at + 1]; i++) {
			const struct net_use *u = &users->uses[i];
			if (marked[u->node] ||
			    (data && net->nodes[u->node].inputs[u->input].output < 0))
				continue;
			marked[u->node] = true;
			queue[n++] = u->node;
		}
	}
}

/* --- ways out, and in -------------------------------------------------------------- */

static bool names_one_of(const struct finding *f, ProtobufCBinaryData name,
			 const bool *marked)
{
	const uint32_t node = node_named(f, name);
	return node != NET_MISSING && marked[node];
}

/* Does a signature, or a collection of nodes, lead to one of them? */
static int led_to(const struct finding *f, const bool *marked, bool *led)
{
	const struct signature *all;
	size_t n;
	*led = false;
	if (graph_signatures(f->g, f->a, &all, &n, f->err))
		return -1;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < all[i].n_outputs; k++) {
			const struct ckpt_string name = all[i].outputs[k].name;
			const uint32_t node = net_find(&f->s->net, name.p, name.len);
			*led |= node != NET_MISSING && marked[node];
		}
	for (size_t i = 0; i < f->meta->n_collection_def; i++) {
		const Ckpt__CollectionDef *c = f->meta->collection_def[i]->value;
		if (!c || c->kind_case != CKPT__COLLECTION_DEF__KIND_NODE_LIST)
			continue;
		for (size_t k = 0; k < c->node_list->n_value; k++)
			*led |= names_one_of(f, c->node_list->value[k], marked);
	}
	return 0;
}

/* Does everything that depends on the saver's ops belong to it, and nothing that is fed
 * to the model? dependent: filled. */
static bool closed(const struct finding *f, const bool *file, bool *dependent)
{
	const struct net *net = &f->s->net;
	const bool *needs = f->s->needs;
	for (uint32_t i = 0; i < net->n_nodes; i++) {
		const struct hazard *h = needs[i] ? hazard_of(net->nodes[i].op) : NULL;
		if (h && hazard_is_saving(h))
			mark_users(net, &f->users, f->queue, i, false, dependent);
		if (needs[i] && !file[i] && graph_is_source(net->nodes[i].op))
			return false;
	}
	for (uint32_t i = 0; i < net->n_nodes; i++)
		if (dependent[i] && !needs[i])
			return false;
	return true;
}

/* --- functions --------------------------------------------------------------------- */

static void mark_functions(const struct finding *f, ProtobufCBinaryData name,
			   bool *marked)
{
	size_t first;
	const size_t n = graph_index_find(
		f->index, (struct ckpt_string){ (const char *)name.data, name.len },
		&first);
	for (size_t i = 0; i < n; i++)
		marked[f->index->by_name[first + i]] = true;
}

/* Functions that are called from elsewhere, or that Python calls by their names. */
static bool *strangers(const struct finding *f, const struct scan_call *calls, size_t n)
{
	bool *strange = arena_zeroed(f->a, f->g->n_functions + 1, sizeof *strange);
	const Ckpt__SavedObjectGraph *o = f->meta->object_graph_def;
	for (size_t i = 0; strange && i < n; i++)
		if (calls[i].from >= 0 || !f->s->needs[calls[i].node])
			strange[calls[i].function] = true;
	for (size_t i = 0; strange && o && i < o->n_nodes; i++) {
		const Ckpt__SavedObject *node = o->nodes[i];
		if (node->kind_case != CKPT__SAVED_OBJECT__KIND_FUNCTION)
			continue;
		for (size_t k = 0; k < node->function->n_concrete_functions; k++)
			mark_functions(f, node->function->concrete_functions[k], strange);
	}
	return strange;
}

static int find_functions(const struct finding *f, const struct scan_call *calls,
			  size_t n)
{
	const struct net *net = &f->s->net;
	const bool *strange = strangers(f, calls, n);
	f->s->function = arena_zeroed(f->a, f->g->n_functions + 1, sizeof(bool));
	if (!strange || !f->s->function)
		return arena_error(f->a, f->err);
	for (size_t i = 0; i < n; i++) {
		if (calls[i].from >= 0 || strange[calls[i].function])
			continue;
		const struct net_node *node = &net->nodes[calls[i].node];
		const uint32_t name = node->n_inputs ? node->inputs[0].node : NET_MISSING;
		if (name != NET_MISSING && f->s->named[name])
			f->s->function[calls[i].function] = true;
	}
	return 0;
}

/* --- all of it --------------------------------------------------------------------- */

static int find(const struct finding *f, const struct scan_call *calls, size_t n_calls)
{
	const Ckpt__SaverDef *saver = f->meta->saver_def;
	struct scan_saver *s = f->s;
	const uint32_t file = node_named(f, saver->filename_tensor_name);
	const size_t n = (size_t)s->net.n_nodes + 1;
	bool *file_needs = arena_zeroed(f->a, n, sizeof *file_needs);
	bool *dependent = arena_zeroed(f->a, n, sizeof *dependent);
	bool led;
	s->needs = arena_zeroed(f->a, n, sizeof *s->needs);
	s->named = arena_zeroed(f->a, n, sizeof *s->named);
	if (!file_needs || !dependent || !s->needs || !s->named)
		return arena_error(f->a, f->err);
	if (file == NET_MISSING)
		return 0;
	mark_needs(f, file, file_needs);
	mark_needs(f, node_named(f, saver->save_tensor_name), s->needs);
	mark_needs(f, node_named(f, saver->restore_op_name), s->needs);
	mark_users(&s->net, &f->users, f->queue, file, true, s->named);
	if (!closed(f, file_needs, dependent))
		return 0;
	if (led_to(f, dependent, &led) || find_functions(f, calls, n_calls))
		return -1;
	s->good = !led;
	return 0;
}

int scan_saver_find(struct scan_saver *s, const struct graph_index *index,
		    struct arena *a, const struct scan_call *calls, size_t n_calls,
		    struct ckpt_error *err)
{
	struct ckpt_error why = { 0 };
	struct graph *g = index->graph;
	struct finding f = { .s = s,
			     .g = g,
			     .index = index,
			     .a = a,
			     .err = err,
			     .meta = graph_meta(g, &why) };
	*s = (struct scan_saver){ .arena = a, .last = GRAPH_MAIN };
	if (!f.meta)
		return why.code ? error_copy(err, &why) : 0;
	if (!f.meta->saver_def)
		return 0;
	if (net_load(g, a, GRAPH_MAIN, &s->net, err) ||
	    net_users(&s->net, a, &f.users, err))
		return -1;
	f.queue = arena_zeroed(a, (size_t)s->net.n_nodes + 1, sizeof *f.queue);
	return f.queue ? find(&f, calls, n_calls) : arena_error(a, err);
}

/* Follows the first argument of a function, which is the name of the file. */
static int look_into(struct scan_saver *s, struct graph *g, int64_t function,
		     struct ckpt_error *err)
{
	struct net_users users;
	struct net *net = &s->last_net;
	if (s->last == function)
		return 0;
	if (net_load(g, s->arena, function, net, err) ||
	    net_users(net, s->arena, &users, err))
		return -1;
	const size_t n = (size_t)net->n_nodes + 1;
	uint32_t *queue = arena_zeroed(s->arena, n, sizeof *queue);
	s->last_named = arena_zeroed(s->arena, n, sizeof *s->last_named);
	if (!queue || !s->last_named)
		return arena_error(s->arena, err);
	if (net->n_args)
		mark_users(net, &users, queue, 0, true, s->last_named);
	s->last = function;
	return 0;
}

/* Does a node get the file's name as its first input? */
static uint32_t named_node(const struct net *net, const bool *named,
			   struct ckpt_string name)
{
	const uint32_t at = net_find(net, name.p, name.len);
	if (at == NET_MISSING || !net->nodes[at].n_inputs ||
	    net->duplicate != NET_MISSING)
		return NET_MISSING;
	const uint32_t from = net->nodes[at].inputs[0].node;
	return from != NET_MISSING && named[from] ? at : NET_MISSING;
}

int scan_saver_has(struct scan_saver *s, struct graph *g, int64_t function,
		   struct ckpt_string node, bool *has, struct ckpt_error *err)
{
	*has = false;
	if (!s->good)
		return 0;
	if (function < 0) {
		const uint32_t at = named_node(&s->net, s->named, node);
		*has = at != NET_MISSING && s->needs[at];
		return 0;
	}
	if (!s->function[function])
		return 0;
	if (look_into(s, g, function, err))
		return -1;
	*has = named_node(&s->last_net, s->last_named, node) != NET_MISSING;
	return 0;
}
