/* graph_outputs.c — which nodes are likely outputs.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Facts spread along the edges, each once a node: which inputs a node depends on, whether
 * on weights, whether weights are applied to what it computes later on, and whether it is
 * behind the last ones. A loss begins where something that depends on weights is compared
 * with an input that it does not depend on, the labels. What then remains is judged by
 * who uses it.
 */
#include "config.h"

#include "format/graph_outputs.h"

#include <stdlib.h>

#include "base/error.h"
#include "format/graph_signatures.h"
#include "format/op_class.h"
#include "format/variables.h"

const char *const output_reason_names[] = { "signature", "answer", "before_loss", "sink",
					    "side",	 "loss",   NULL };

bool graph_is_saving(const struct net_node *n)
{
	return op_class(n->op) == OP_SAVES || op_in_scope(n->name, "save");
}

/* --- facts about nodes ------------------------------------------------------------- */

/* Bits of a node; below them, one for each input. */
#define WEIGHTS (UINT64_C(1) << 58) /* depends on a variable */
#define LOSS (UINT64_C(1) << 59)    /* is a loss, or depends on one */
#define LATER (UINT64_C(1) << 60)   /* weights are applied to what it becomes */
#define BEHIND (UINT64_C(1) << 61)  /* is behind the last weights */
#define ASIDE                                                                            \
	(UINT64_C(1) << 62) /* of training, saver, summaries; no part of the model */
#define SIGNED (UINT64_C(1) << 63) /* a signature names it */
enum { MOST_INPUTS = 58 };
#define INPUTS ((UINT64_C(1) << MOST_INPUTS) - 1)

struct judging {
	const struct net *net;
	const struct net_users *users;
	uint64_t *facts;
	uint8_t *class;	 /* enum op_class of each node */
	uint32_t *queue; /* nodes whose facts are to be passed on; a ring */
	bool *queued;
	uint32_t head, waiting;
	bool has_weights; /* what depends on an input depends on variables */
	bool applies;	  /* weights are applied somewhere */
	struct arena *a;
	const struct graph_ends *ends;
	struct graph_output *found;
	size_t n;
	struct ckpt_error *err;
};

static void enqueue(struct judging *j, uint32_t node)
{
	if (j->queued[node])
		return;
	j->queued[node] = true;
	j->queue[(j->head + j->waiting++) % j->net->n_nodes] = node;
}

static uint32_t dequeue(struct judging *j)
{
	const uint32_t node = j->queue[j->head];
	j->head = (j->head + 1) % j->net->n_nodes;
	j->waiting--;
	j->queued[node] = false;
	return node;
}

static void learn(struct judging *j, uint32_t node, uint64_t facts)
{
	if ((j->facts[node] & facts) == facts || (j->facts[node] & ASIDE))
		return;
	j->facts[node] |= facts;
	enqueue(j, node);
}

/* What stands in the queue passes facts on to those that use it. */
static void spread(struct judging *j, uint64_t which)
{
	while (j->waiting) {
		const uint32_t from = dequeue(j);
		const uint64_t facts = j->facts[from] & which;
		for (uint32_t i = j->users->first[from]; i < j->users->first[from + 1];
		     i++) {
			const struct net_use *use = &j->users->uses[i];
			if (j->net->nodes[use->node].inputs[use->input].output >= 0)
				learn(j, use->node, facts);
		}
	}
}

/* … and LATER to those that it uses, if they depend on an input. */
static void spread_back(struct judging *j)
{
	while (j->waiting) {
		const struct net_node *n = &j->net->nodes[dequeue(j)];
		for (uint32_t i = 0; i < n->n_inputs; i++) {
			const struct net_input *in = &n->inputs[i];
			if (in->node != NET_MISSING && in->output >= 0 &&
			    j->facts[in->node] & INPUTS)
				learn(j, in->node, LATER);
		}
	}
}

static bool is_aside(const struct judging *j, uint32_t i)
{
	const struct net_node *n = &j->net->nodes[i];
	const uint8_t class = j->class[i];
	return class == OP_TRAINS || class == OP_SAVES || class == OP_TELLS ||
	       op_in_scope(n->name, "gradients") || op_in_scope(n->name, "save");
}

static int compare_input(const void *x, const void *y)
{
	const struct graph_input *a = x, *b = y;
	if (a->node != b->node)
		return (a->node > b->node) - (a->node < b->node);
	return (a->output > b->output) - (a->output < b->output);
}

/* The bit of an input, and whether it must be fed; 0: it is none. */
static uint64_t input_bit(const struct judging *j, uint32_t node, int32_t output,
			  bool *has_default)
{
	const struct graph_ends *e = j->ends;
	const struct graph_input key = { .node = node, .output = output };
	const struct graph_input *in = e->n_inputs ? bsearch(&key, e->inputs, e->n_inputs,
							     sizeof key, compare_input)
						   : NULL;
	const size_t k = in ? (size_t)(in - e->inputs) : 0;
	*has_default = in && in->has_default;
	return in ? UINT64_C(1) << (k < MOST_INPUTS ? k : MOST_INPUTS - 1) : 0;
}

/* Who uses an input depends on it. */
static void feed(struct judging *j, uint32_t node)
{
	bool has_default;
	for (uint32_t i = j->users->first[node]; i < j->users->first[node + 1]; i++) {
		const struct net_use *use = &j->users->uses[i];
		const int32_t output = j->net->nodes[use->node].inputs[use->input].output;
		const uint64_t bit = input_bit(j, node, output, &has_default);
		if (bit)
			learn(j, use->node, bit);
	}
}

/* The saver's own nodes: in TF2 they are calls of functions like any other. */
static void put_saver_aside(struct judging *j, struct graph *g)
{
	const Ckpt__MetaGraphDef *meta = graph_meta(g, NULL);
	if (!meta || !meta->saver_def)
		return;
	const ProtobufCBinaryData names[] = { meta->saver_def->save_tensor_name,
					      meta->saver_def->restore_op_name };
	for (size_t i = 0; i < 2; i++) {
		const uint32_t node =
			net_find(j->net, (const char *)names[i].data, names[i].len);
		if (node != NET_MISSING)
			j->facts[node] = ASIDE;
	}
}

static void spread_inputs(struct judging *j)
{
	for (uint32_t i = 0; i < j->net->n_nodes; i++) {
		j->class[i] = (uint8_t)op_class(j->net->nodes[i].op);
		if (is_aside(j, i))
			j->facts[i] = ASIDE;
	}
	for (size_t k = 0; k < j->ends->n_inputs; k++) {
		const struct graph_input *in = &j->ends->inputs[k];
		if (in->role == INPUT_MODEL && (!k || in[-1].node != in->node))
			feed(j, in->node);
	}
	for (uint32_t i = 0; i < j->net->n_nodes; i++)
		if (variable_op(j->net->nodes[i].op))
			learn(j, i, WEIGHTS);
	spread(j, INPUTS | WEIGHTS);
}

static bool is_input(const struct judging *j, uint32_t node)
{
	return graph_is_source(j->net->nodes[node].op);
}

/* Does it combine what depends on an input with what does not? */
static bool applies_weights(const struct judging *j, uint32_t i)
{
	const struct net_node *n = &j->net->nodes[i];
	const uint8_t class = j->class[i];
	if ((class != OP_WEIGHTS && class != OP_LOOKUP) || !(j->facts[i] & INPUTS) ||
	    j->facts[i] & ASIDE)
		return false;
	const uint32_t n_looked_at = class == OP_LOOKUP && n->n_inputs ? 1 : n->n_inputs;
	for (uint32_t k = 0; k < n_looked_at; k++) {
		const struct net_input *in = &n->inputs[k];
		if (in->node != NET_MISSING && in->output >= 0 &&
		    !(j->facts[in->node] & INPUTS) && !is_input(j, in->node))
			return true;
	}
	return false;
}

static void spread_weights(struct judging *j)
{
	for (uint32_t i = 0; i < j->net->n_nodes; i++) {
		if (!applies_weights(j, i))
			continue;
		j->applies = true;
		for (uint32_t k = 0; k < j->net->nodes[i].n_inputs; k++) {
			const struct net_input *in = &j->net->nodes[i].inputs[k];
			if (in->node != NET_MISSING && in->output >= 0 &&
			    j->facts[in->node] & INPUTS)
				learn(j, in->node, LATER);
		}
	}
	spread_back(j);
	for (uint32_t i = 0; i < j->net->n_nodes; i++)
		if (!(j->facts[i] & LATER) && applies_weights(j, i))
			learn(j, i, BEHIND);
	spread(j, BEHIND);
}

/* What an operand depends on; an input depends on itself, unless it has a default: that
 * is a setting, and no label. */
static uint64_t inputs_of(const struct judging *j, const struct net_input *in)
{
	bool has_default;
	const uint64_t bit = input_bit(j, in->node, in->output, &has_default);
	return (j->facts[in->node] & INPUTS) | (has_default ? 0 : bit);
}

/* A result meets an input that it does not depend on. */
static bool meets_labels(const struct judging *j, uint32_t i)
{
	const struct net_node *n = &j->net->nodes[i];
	if (j->class[i] != OP_COMPARES || j->facts[i] & LATER || n->n_inputs < 2 ||
	    n->inputs[0].node == NET_MISSING || n->inputs[1].node == NET_MISSING)
		return false;
	const uint64_t a = inputs_of(j, &n->inputs[0]), b = inputs_of(j, &n->inputs[1]);
	const bool weights_a = j->facts[n->inputs[0].node] & WEIGHTS,
		   weights_b = j->facts[n->inputs[1].node] & WEIGHTS;
	return (weights_a && !weights_b && a && b & ~a) ||
	       (weights_b && !weights_a && b && a & ~b);
}

static void spread_loss(struct judging *j)
{
	for (uint32_t i = 0; i < j->net->n_nodes; i++)
		if (j->facts[i] & INPUTS &&
		    (j->class[i] == OP_LOSS || op_named_loss(j->net->nodes[i].name) ||
		     meets_labels(j, i)))
			learn(j, i, LOSS);
	spread(j, LOSS);
}

/* --- judging ----------------------------------------------------------------------- */

/* Who uses a node. */
struct use {
	bool model, loss, summary;
};

static struct use use_of(const struct judging *j, uint32_t node)
{
	struct use use = { false, false, false };
	for (uint32_t i = j->users->first[node]; i < j->users->first[node + 1]; i++) {
		const struct net_use *u = &j->users->uses[i];
		const uint64_t facts = j->facts[u->node];
		if (j->net->nodes[u->node].inputs[u->input].output < 0 ||
		    j->class[u->node] == OP_MEASURES)
			continue;
		if (facts & ASIDE)
			use.summary |= j->class[u->node] == OP_TELLS;
		else if (facts & LOSS)
			use.loss = true;
		else
			use.model = true;
	}
	return use;
}

static bool is_candidate(const struct judging *j, uint32_t i)
{
	return j->facts[i] & INPUTS && !(j->facts[i] & (ASIDE | LATER | SIGNED)) &&
	       j->class[i] != OP_MEASURES && !is_input(j, i) &&
	       (j->facts[i] & WEIGHTS || !j->has_weights);
}

static void propose(struct judging *j, uint32_t i, enum output_reason reason,
		    const char *why)
{
	const struct net_node *n = &j->net->nodes[i];
	j->found[j->n++] = (struct graph_output){
		.name = n->name, .op = n->op, .node = i, .reason = reason, .why = why
	};
}

static void judge(struct judging *j, uint32_t i)
{
	const struct use use = use_of(j, i);
	const bool last = j->facts[i] & BEHIND || !j->applies;
	if (j->facts[i] & LOSS) {
		if (!use.model && !use.loss)
			propose(j, i, OUTPUT_LOSS, "nobody uses it; a loss or a metric");
	} else if (j->class[i] == OP_ANSWER && last)
		propose(j, i, OUTPUT_ANSWER,
			use.model  ? "what models end with, behind the last weights"
			: use.loss ? "what models end with; only the loss uses it"
				   : "what models end with; nobody uses it");
	else if (use.model)
		return;
	else if (use.summary && !use.loss)
		propose(j, i, OUTPUT_SIDE, "only a summary or an assertion uses it");
	else if (!last)
		propose(j, i, OUTPUT_SIDE,
			"nobody uses it, but more weights follow beside it");
	else if (use.loss)
		propose(j, i, OUTPUT_BEFORE_LOSS, "only the loss uses it");
	else
		propose(j, i, OUTPUT_SINK, "nobody uses it, and it depends on an input");
}

static int by_reason(const void *x, const void *y)
{
	const struct graph_output *a = x, *b = y;
	if (a->reason != b->reason)
		return (int)a->reason - (int)b->reason;
	return (a->node > b->node) - (a->node < b->node);
}

/* The guesses, without those of nodes that a signature names; losses only where there is
 * nothing else. */
static void guess(struct judging *j)
{
	const size_t signed_for = j->n;
	for (uint32_t i = 0; i < j->net->n_nodes; i++)
		if (j->facts[i] & INPUTS && j->facts[i] & WEIGHTS &&
		    !(j->facts[i] & (ASIDE | LOSS)))
			j->has_weights = true;
	for (size_t k = 0; k < signed_for; k++)
		j->facts[j->found[k].node] |= SIGNED;
	for (uint32_t i = 0; i < j->net->n_nodes; i++)
		if (is_candidate(j, i))
			judge(j, i);
	if (j->n > signed_for)
		qsort(j->found + signed_for, j->n - signed_for, sizeof *j->found,
		      by_reason);
	size_t n = j->n;
	while (n > signed_for && j->found[n - 1].reason == OUTPUT_LOSS)
		n--;
	if (n)
		j->n = n;
}

/* How much of a name is quoted. */
static int shown(struct ckpt_string s)
{
	enum { MOST = 120 };
	return s.len < MOST ? (int)s.len : MOST;
}

/* The outputs of the signatures, each node once. */
static int take_signatures(struct judging *j, struct graph *g)
{
	const struct signature *all;
	size_t n;
	if (graph_signatures(g, j->a, &all, &n, j->err))
		return -1;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < all[i].n_outputs && !all[i].internal; k++) {
			const struct signature_tensor *t = &all[i].outputs[k];
			const uint32_t node = net_find(j->net, t->name.p, t->name.len);
			if (node == NET_MISSING || j->queued[node])
				continue;
			j->queued[node] = true;
			const char *why = arena_printf(j->a, "signature %.*s, %.*s",
						       shown(all[i].key), all[i].key.p,
						       shown(t->key), t->key.p);
			if (!why)
				return arena_error(j->a, j->err);
			propose(j, node, OUTPUT_SIGNATURE, why);
			j->found[j->n - 1].output =
				(int32_t)graph_ref(t->name.p, t->name.len).output;
		}
	for (size_t i = 0; i < j->n; i++)
		j->queued[j->found[i].node] = false;
	return 0;
}

int graph_outputs(struct graph *g, const struct net *net, const struct net_users *users,
		  struct arena *a, struct graph_ends *ends, struct ckpt_error *err)
{
	const size_t n = (size_t)net->n_nodes + 1;
	struct arena scratch;
	arena_init(&scratch, g->limit);
	struct judging j = { .net = net,
			     .users = users,
			     .a = a,
			     .ends = ends,
			     .facts = arena_zeroed(&scratch, n, sizeof *j.facts),
			     .class = arena_zeroed(&scratch, n, sizeof *j.class),
			     .queue = arena_zeroed(&scratch, n, sizeof *j.queue),
			     .queued = arena_zeroed(&scratch, n, sizeof *j.queued),
			     .found = arena_zeroed(a, n, sizeof *j.found),
			     .err = err };
	int result = 0;
	if (!j.facts || !j.class || !j.queue || !j.queued)
		result = arena_error(&scratch, err);
	else if (!j.found)
		result = arena_error(a, err);
	if (!result)
		result = take_signatures(&j, g);
	if (!result) {
		put_saver_aside(&j, g);
		spread_inputs(&j);
		spread_weights(&j);
		spread_loss(&j);
		guess(&j);
	}
	ends->outputs = j.found;
	ends->n_outputs = j.n;
	for (size_t i = 0; i < j.n && j.found[i].reason == j.found[0].reason; i++)
		ends->n_likeliest++;
	arena_drop(&scratch);
	return result;
}
