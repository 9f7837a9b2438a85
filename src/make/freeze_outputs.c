/* freeze_outputs.c — the nodes that a graph is frozen for.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Those that were named; else the signature's; else the one that is likelier than all
 * others. Several that are equally likely are named, and none is taken.
 */
#include "config.h"

#include <stdio.h>

#include "base/error.h"
#include "format/graph_ends.h"
#include "format/graph_shown.h"
#include "format/graph_signatures.h"
#include "make/freeze.h"
#include "model/match.h"

struct choosing {
	struct freeze *z;
	const struct signature *signatures;
	size_t n_signatures;
	uint32_t *nodes;
	bool *taken; /* of each node */
	struct ckpt_error *err;
};

/* Each node once. */
static void take(struct choosing *c, uint32_t node, const char *reason, const char *why)
{
	struct freeze *z = c->z;
	if (c->taken[node])
		return;
	c->taken[node] = true;
	const struct net_node *n = &z->net.nodes[node];
	z->outputs[z->n_outputs] = (struct freeze_output){ n->name, n->op, reason, why };
	c->nodes[z->n_outputs++] = node;
}

static int reserve(struct choosing *c, size_t n)
{
	c->z->outputs = arena_zeroed(c->z->arena, n + 1, sizeof *c->z->outputs);
	c->nodes = arena_zeroed(c->z->arena, n + 1, sizeof *c->nodes);
	c->taken = arena_zeroed(c->z->arena, (size_t)c->z->net.n_nodes + 1, sizeof(bool));
	return c->z->outputs && c->nodes && c->taken ? 0
						     : arena_error(c->z->arena, c->err);
}

/* --- signatures -------------------------------------------------------------------- */

static int take_signature(struct choosing *c, const struct signature *s)
{
	const struct net *net = &c->z->net;
	const char *why = arena_printf(c->z->arena, "the signature %.*s returns it",
				       (int)s->key.len, s->key.p);
	if (!why || reserve(c, s->n_outputs))
		return arena_error(c->z->arena, c->err);
	for (size_t i = 0; i < s->n_outputs; i++) {
		const struct ckpt_string name = s->outputs[i].name;
		const uint32_t node = net_find(net, name.p, name.len);
		if (node == NET_MISSING)
			return error_set(c->err, CKPT_ECORRUPT, c->z->graph->path, -1,
					 "the signature '%s' returns '%s', which the "
					 "graph does not have",
					 SHOWN(s->key), SHOWN(name));
		take(c, node, output_reason_names[OUTPUT_SIGNATURE], why);
	}
	return 0;
}

static const struct signature *named_signature(const struct choosing *c, const char *name,
					       size_t len)
{
	for (size_t i = 0; i < c->n_signatures; i++)
		if (!bytes_compare(c->signatures[i].key.p, c->signatures[i].key.len, name,
				   len))
			return &c->signatures[i];
	return NULL;
}

/* The default one, or the only one; *several: there are others, and none is. */
static const struct signature *usual_signature(const struct choosing *c, size_t *several)
{
	const struct signature *usual = NULL;
	*several = 0;
	for (size_t i = 0; i < c->n_signatures; i++) {
		const struct signature *s = &c->signatures[i];
		if (s->internal || !s->n_outputs)
			continue;
		if (graph_text_is(s->key, "serving_default"))
			return s;
		usual = usual ? usual : s;
		++*several;
	}
	return *several == 1 ? usual : NULL;
}

/* --- names ------------------------------------------------------------------------- */

static int no_such_node(const struct choosing *c, const char *name, size_t len)
{
	const struct net *net = &c->z->net;
	struct near_names near = { .wanted = name, .wanted_len = len };
	const struct ckpt_string wanted = { name, len };
	for (uint32_t i = 0; i < net->n_nodes; i++)
		near_offer(&near, net->nodes[i].name.p, net->nodes[i].name.len);
	for (size_t i = 0; i < c->n_signatures; i++)
		near_offer(&near, c->signatures[i].key.p, c->signatures[i].key.len);
	if (!near.n)
		return error_set(c->err, CKPT_ENOTFOUND, c->z->graph->path, -1,
				 "no node '%s'", SHOWN(wanted));
	const struct ckpt_string best = { near.best[0].name, near.best[0].len };
	return error_set(c->err, CKPT_ENOTFOUND, c->z->graph->path, -1,
			 "no node '%s'; did you mean '%s'?", SHOWN(wanted), SHOWN(best));
}

/* "add", "add:0", "^add"; or a signature's key, alone. */
static int take_named(struct choosing *c, const char *names)
{
	const struct signature *s = named_signature(c, names, strlen(names));
	size_t n = 1;
	if (s && net_find(&c->z->net, names, strlen(names)) == NET_MISSING)
		return take_signature(c, s);
	for (const char *p = names; *p; p++)
		n += *p == ',';
	if (reserve(c, n))
		return -1;
	for (const char *p = names; *p;) {
		const size_t len = strcspn(p, ",");
		const uint32_t node = net_find(&c->z->net, p, len);
		if (len && node == NET_MISSING)
			return no_such_node(c, p, len);
		if (len)
			take(c, node, "named", NULL);
		p += len + (p[len] == ',');
	}
	if (c->z->n_outputs)
		return 0;
	return error_set(c->err, CKPT_EINVAL, NULL, -1, "--outputs names no node");
}

/* --- guesses ----------------------------------------------------------------------- */

/* "a, b, c, …" */
static int refuse_several(const struct choosing *c, const char *what, size_t n,
			  struct ckpt_string (*name)(const void *, size_t),
			  const void *of)
{
	char text[128] = "";
	size_t at = 0, i = 0;
	for (; i < n && at + SHOWN_NAME < sizeof text; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", i ? ", " : "",
				       SHOWN(name(of, i)));
	if (i < n)
		snprintf(text + at, sizeof text - at, ", …");
	return error_set(c->err, CKPT_EINVAL, c->z->graph->path, -1,
			 "%zu %s are equally likely: %s; --outputs says which", n, what,
			 text);
}

static struct ckpt_string signature_name(const void *of, size_t i)
{
	const struct choosing *c = of;
	for (size_t k = 0; k < c->n_signatures; k++) {
		const struct signature *s = &c->signatures[k];
		if (!s->internal && s->n_outputs && !i--)
			return s->key;
	}
	return (struct ckpt_string){ "", 0 };
}

static struct ckpt_string output_name(const void *of, size_t i)
{
	return ((const struct graph_ends *)of)->outputs[i].name;
}

static int take_likely(struct choosing *c)
{
	struct freeze *z = c->z;
	struct net_users users;
	struct graph_ends ends;
	if (net_users(&z->net, z->arena, &users, c->err) ||
	    graph_ends(z->graph, &z->net, &users, z->arena, &ends, c->err))
		return -1;
	if (!ends.n_outputs)
		return error_set(c->err, CKPT_EINVAL, z->graph->path, -1,
				 "no node looks like an output; --outputs says which is");
	if (ends.n_likeliest > 1)
		return refuse_several(c, "outputs", ends.n_likeliest, output_name, &ends);
	const struct graph_output *o = &ends.outputs[0];
	if (reserve(c, 1))
		return -1;
	take(c, o->node, output_reason_names[o->reason], o->why);
	return 0;
}

int freeze_outputs(struct freeze *z, const uint32_t **nodes, struct ckpt_error *err)
{
	struct choosing c = { .z = z, .err = err };
	size_t several = 0;
	if (graph_signatures(z->graph, z->arena, &c.signatures, &c.n_signatures, err))
		return -1;
	const struct signature *usual = usual_signature(&c, &several);
	int r;
	if (z->request.outputs)
		r = take_named(&c, z->request.outputs);
	else if (usual)
		r = take_signature(&c, usual);
	else if (several)
		r = refuse_several(&c, "signatures", several, signature_name, &c);
	else
		r = take_likely(&c);
	*nodes = c.nodes;
	return r;
}
