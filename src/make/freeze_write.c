/* freeze_write.c — the file of a frozen graph.
 * SPDX-License-Identifier: Apache-2.0
 *
 * All bytes are counted before the first one is written. A text is printed from the wire
 * form, which waits in memory or in a temporary file.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/output.h"
#include "base/spool.h"
#include "format/textprint.h"
#include "make/freeze.h"
#include "make/frozen_node.h"

/* What bytes go to. */
struct target {
	struct output output;
	struct spool spool;
	struct pool *pool;
};

static int cancelled(struct target *t, size_t n, struct ckpt_error *err)
{
	if (!t->pool)
		return 0;
	pool_count(t->pool, n);
	return pool_cancelled(t->pool) ? error_set(err, CKPT_EIO, t->output.path, -1,
						   "interrupted: nothing was written")
				       : 0;
}

static int to_file(void *arg, const void *p, size_t n, struct ckpt_error *err)
{
	struct target *t = arg;
	return cancelled(t, n, err) || output_write(&t->output, p, n, err) ? -1 : 0;
}

static int to_spool(void *arg, const void *p, size_t n, struct ckpt_error *err)
{
	struct target *t = arg;
	return cancelled(t, n, err) || spool_append(&t->spool, p, n, err) ? -1 : 0;
}

/* As many bytes as were counted, or the file would be no message. */
static int put_graph(struct freeze *z, struct sink *s, struct ckpt_error *err)
{
	struct ckpt_error why = { 0 };
	s->err = &why;
	frozen_put(&z->frozen, s);
	if (s->failed)
		return error_copy(err, &why);
	if (s->n != z->graph_bytes)
		return error_set(err, CKPT_EIO, z->graph->path, -1,
				 "%" PRIu64 " bytes were written, %" PRIu64
				 " were counted: a file changed meanwhile",
				 s->n, z->graph_bytes);
	return 0;
}

static int print_graph(struct freeze *z, struct target *t, struct ckpt_error *err)
{
	enum { MOST = 64 << 20 };
	const uint64_t share = z->c->limit / 4;
	struct sink wire = { .write = to_spool, .arg = t };
	struct sink text = { .write = to_file, .arg = t, .err = err };
	spool_init(&t->spool, z->request.out, share < MOST ? share : MOST);
	int r = put_graph(z, &wire, err);
	if (!r) {
		spool_finish(&t->spool);
		r = textprint(&ckpt__graph_def__descriptor, &t->spool.source, 0,
			      t->spool.source.size, &text, err);
	}
	spool_drop(&t->spool);
	return r;
}

/* --- ops --------------------------------------------------------------------------- */

static int by_op(const void *x, const void *y)
{
	const struct freeze_op *a = x, *b = y;
	return bytes_compare(a->op.p, a->op.len, b->op.p, b->op.len);
}

static int by_number(const void *x, const void *y)
{
	const struct freeze_op *a = x, *b = y;
	return a->nodes != b->nodes ? (a->nodes < b->nodes) - (a->nodes > b->nodes)
				    : by_op(x, y);
}

static int count_ops(struct freeze *z, struct ckpt_error *err)
{
	const struct flow_scope *s = &z->flow.main;
	const size_t most = (size_t)s->net.n_nodes + 2;
	struct freeze_op *ops = arena_zeroed(z->arena, most, sizeof *ops);
	size_t n = 0, kept = 0;
	if (!ops)
		return arena_error(z->arena, err);
	for (uint32_t i = 0; i < s->net.n_nodes; i++)
		if (z->kept[i])
			ops[n++] = (struct freeze_op){
				new_op(&s->net.nodes[i], &s->marks[i]), 1
			};
	if (s->n_gathers) /* their axes */
		ops[n++] = (struct freeze_op){ { "Const", 5 }, s->n_gathers };
	qsort(ops, n, sizeof *ops, by_op);
	for (size_t i = 0; i < n; i++) {
		if (kept && !by_op(&ops[kept - 1], &ops[i]))
			ops[kept - 1].nodes += ops[i].nodes;
		else
			ops[kept++] = ops[i];
	}
	qsort(ops, kept, sizeof *ops, by_number);
	z->ops = ops;
	z->n_ops = kept;
	return 0;
}

/* --- the file ---------------------------------------------------------------------- */

static int write_file(struct freeze *z, struct target *t, struct ckpt_error *err)
{
	struct sink s = { .write = to_file, .arg = t };
	return output_open(&t->output, z->arena, z->request.out, err) ||
			       (z->request.text ? print_graph(z, t, err)
						: put_graph(z, &s, err)) ||
			       output_finish(&t->output, err) ||
			       graph_unchanged(z->graph, err) ||
			       ckpt_unchanged(z->c, err) ||
			       output_publish(&t->output, z->request.replace, err)
		       ? -1
		       : 0;
}

int freeze_write(struct freeze *z, struct pool *pool, struct ckpt_error *err)
{
	struct target t = { .pool = pool };
	struct ckpt_error why = { 0 };
	struct sink count = sink_counting(&why);
	frozen_put(&z->frozen, &count);
	if (count.failed)
		return error_copy(err, &why);
	z->graph_bytes = count.n;
	if (count.n > FREEZE_LONGEST)
		return freeze_too_long(z, count.n, err);
	const int r = count_ops(z, err) || write_file(z, &t, err) ? -1 : 0;
	z->file_bytes = t.output.at;
	z->n_nodes = z->frozen.n_nodes;
	z->n_functions = z->frozen.n_functions;
	output_drop(&t.output);
	return r;
}
