/* objects.c — the object graph of a TF2 checkpoint: what its keys mean.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The message is decoded in two passes with the wire cursor (count, then fill); paths
 * come from a breadth-first walk, so that each node gets its shortest one. Slot
 * variables hang on no child edge: their path is that of the variable they belong to,
 * with the slot's name.
 */
#include "config.h"

#include "format/objects.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/wire.h"
#include "format/reader.h"

enum { MOST_BYTES = 512 << 20 };

/* A graph being read. */
struct reading {
	struct arena *a;
	struct objects *o;
	struct ckpt_error *err;
	const char *file;
};

static int malformed(struct reading *r, const char *what)
{
	return error_set(r->err, CKPT_ECORRUPT, r->file, -1,
			 "the object graph is malformed: %s",
			 what ? what : "it is cut short");
}

static struct object_text text_of(struct bytes b)
{
	return (struct object_text){ (const char *)b.p, bytes_left(&b) };
}

/* How many submessages of a number there are; -1 if the message is malformed. */
static int64_t count_fields(struct bytes message, uint32_t field, const char **problem)
{
	struct wire w = wire_of(message);
	int64_t n = 0;
	int r;
	while ((r = wire_next(&w)) > 0)
		n += w.field == field && w.type == WIRE_LEN;
	*problem = w.problem;
	return r < 0 ? -1 : n;
}

static const char *decode_child(struct bytes message, struct object_child *c)
{
	struct wire w = wire_of(message);
	int r;
	while ((r = wire_next(&w)) > 0)
		if (w.field == 1 && w.type == WIRE_VARINT)
			c->node = (uint32_t)w.value;
		else if (w.field == 2 && w.type == WIRE_LEN)
			c->name = text_of(w.data);
	return r < 0 ? w.problem : NULL;
}

static const char *decode_attribute(struct bytes message, struct object_attribute *at)
{
	struct wire w = wire_of(message);
	int r;
	while ((r = wire_next(&w)) > 0) {
		if (w.type != WIRE_LEN)
			continue;
		if (w.field == 1)
			at->name = text_of(w.data);
		else if (w.field == 2)
			at->full_name = text_of(w.data);
		else if (w.field == 3)
			at->key = text_of(w.data);
	}
	return r < 0 ? w.problem : NULL;
}

static const char *decode_slot(struct bytes message, struct object_slot *s)
{
	struct wire w = wire_of(message);
	int r;
	while ((r = wire_next(&w)) > 0)
		if (w.field == 1 && w.type == WIRE_VARINT)
			s->original = (uint32_t)w.value;
		else if (w.field == 2 && w.type == WIRE_LEN)
			s->name = text_of(w.data);
		else if (w.field == 3 && w.type == WIRE_VARINT)
			s->slot = (uint32_t)w.value;
	return r < 0 ? w.problem : NULL;
}

static int decode_node(struct reading *r, struct bytes message, struct object_node *node)
{
	const char *problem = NULL;
	const int64_t children = count_fields(message, 1, &problem);
	const int64_t attributes = count_fields(message, 2, &problem);
	const int64_t slots = count_fields(message, 3, &problem);
	if (children < 0)
		return malformed(r, problem);
	node->children = arena_zeroed(r->a, (size_t)children, sizeof *node->children);
	node->attributes =
		arena_zeroed(r->a, (size_t)attributes, sizeof *node->attributes);
	node->slots = arena_zeroed(r->a, (size_t)slots, sizeof *node->slots);
	if (!node->children || !node->attributes || !node->slots)
		return arena_error(r->a, r->err);
	struct wire w = wire_of(message);
	while (!problem && wire_next(&w) > 0) {
		if (w.type != WIRE_LEN)
			continue;
		if (w.field == 1)
			problem =
				decode_child(w.data, &node->children[node->n_children++]);
		else if (w.field == 2)
			problem = decode_attribute(
				w.data, &node->attributes[node->n_attributes++]);
		else if (w.field == 3)
			problem = decode_slot(w.data, &node->slots[node->n_slots++]);
	}
	return problem ? malformed(r, problem) : 0;
}

/* All node numbers must be those of nodes. */
static int check_numbers(struct reading *r)
{
	const struct objects *o = r->o;
	for (uint32_t i = 0; i < o->n_nodes; i++) {
		const struct object_node *n = &o->nodes[i];
		for (uint32_t k = 0; k < n->n_children; k++)
			if (n->children[k].node >= o->n_nodes)
				return malformed(r, "a child is no node");
		for (uint32_t k = 0; k < n->n_slots; k++)
			if (n->slots[k].original >= o->n_nodes ||
			    n->slots[k].slot >= o->n_nodes)
				return malformed(r, "a slot variable is no node");
	}
	return 0;
}

static int decode(struct reading *r, struct bytes message)
{
	const char *problem;
	const int64_t n = count_fields(message, 1, &problem);
	if (n < 0 || n > UINT32_MAX)
		return malformed(r, problem);
	r->o->nodes = arena_zeroed(r->a, (size_t)n, sizeof *r->o->nodes);
	if (!r->o->nodes)
		return arena_error(r->a, r->err);
	struct wire w = wire_of(message);
	while (wire_next(&w) > 0)
		if (w.field == 1 && w.type == WIRE_LEN &&
		    decode_node(r, w.data, &r->o->nodes[r->o->n_nodes++]))
			return -1;
	return check_numbers(r);
}

/* --- paths ------------------------------------------------------------------------- */

static struct object_text join(struct arena *a, struct object_text path,
			       struct object_text name)
{
	struct object_text joined = { NULL, path.len + (path.len > 0) + name.len };
	char *p = arena_alloc(a, joined.len + 1);
	if (!p)
		return joined;
	joined.p = p;
	if (path.len) {
		memcpy(p, path.p, path.len);
		p[path.len] = '/';
		p += path.len + 1;
	}
	if (name.len)
		memcpy(p, name.p, name.len);
	p[name.len] = '\0';
	return joined;
}

static int make_paths(struct reading *r)
{
	struct objects *o = r->o;
	uint32_t *queue = arena_zeroed(r->a, o->n_nodes, sizeof *queue);
	uint32_t head = 0, tail = 0;
	if (!queue)
		return arena_error(r->a, r->err);
	if (o->n_nodes) {
		o->nodes[0].reached = true;
		o->nodes[0].path = (struct object_text){ "", 0 };
		queue[tail++] = 0;
	}
	while (head < tail) {
		struct object_node *n = &o->nodes[queue[head++]];
		for (uint32_t k = 0; k < n->n_children; k++) {
			struct object_node *child = &o->nodes[n->children[k].node];
			if (child->reached)
				continue;
			child->reached = true;
			child->path = join(r->a, n->path, n->children[k].name);
			if (!child->path.p)
				return arena_error(r->a, r->err);
			queue[tail++] = n->children[k].node;
		}
	}
	return 0;
}

static int attach_slots(struct reading *r)
{
	struct objects *o = r->o;
	for (uint32_t i = 0; i < o->n_nodes; i++)
		for (uint32_t k = 0; k < o->nodes[i].n_slots; k++) {
			const struct object_slot *s = &o->nodes[i].slots[k];
			struct object_node *slot = &o->nodes[s->slot];
			slot->slot_of = s;
			slot->optimizer = i;
			if (slot->reached)
				continue;
			slot->path = join(r->a, o->nodes[s->original].path, s->name);
			if (!slot->path.p)
				return arena_error(r->a, r->err);
		}
	return 0;
}

/* --- keys -------------------------------------------------------------------------- */

static int by_key(const void *x, const void *y)
{
	const struct object_key *a = x, *b = y;
	return bytes_compare(a->key.p, a->key.len, b->key.p, b->key.len);
}

static int make_keys(struct reading *r)
{
	struct objects *o = r->o;
	size_t n = 0;
	for (uint32_t i = 0; i < o->n_nodes; i++)
		n += o->nodes[i].n_attributes;
	o->keys = arena_zeroed(r->a, n, sizeof *o->keys);
	if (!o->keys)
		return arena_error(r->a, r->err);
	for (uint32_t i = 0; i < o->n_nodes; i++) {
		const struct object_node *node = &o->nodes[i];
		for (uint32_t k = 0; k < node->n_attributes; k++) {
			const struct object_attribute *at = &node->attributes[k];
			o->keys[o->n_keys++] = (struct object_key){
				at->key, node->path, at->full_name, at->name, node };
		}
	}
	if (o->n_keys)
		qsort(o->keys, o->n_keys, sizeof *o->keys, by_key);
	return 0;
}

const struct object_key *objects_key(const struct objects *o, const char *name,
				     size_t len)
{
	size_t low = 0, high = o->n_keys;
	while (low < high) { /* to the first key that is greater */
		const size_t middle = low + (high - low) / 2;
		const struct object_text *k = &o->keys[middle].key;
		if (bytes_compare(k->p, k->len, name, len) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	const struct object_key *k = low ? &o->keys[low - 1] : NULL;
	if (!k || k->key.len > len || memcmp(k->key.p, name, k->key.len))
		return NULL;
	const char next = k->key.len == len ? '-' : name[k->key.len];
	return k->key.len && (next == '-' || next == '_') ? k : NULL;
}

/* Keys sorted by another of their texts. */
struct index {
	const struct object_key **keys;
	size_t n, text; /* text: offset of the struct object_text in an object_key */
};

static const struct object_text *text_at(const struct object_key *k, size_t offset)
{
	return (const struct object_text *)(const void *)((const char *)k + offset);
}

static int by_text(const void *x, const void *y, void *offset)
{
	const struct object_text *a =
		text_at(*(const struct object_key *const *)x, *(size_t *)offset);
	const struct object_text *b =
		text_at(*(const struct object_key *const *)y, *(size_t *)offset);
	return bytes_compare(a->p, a->len, b->p, b->len);
}

static int make_index(struct reading *r, struct index *i)
{
	i->n = r->o->n_keys;
	i->keys = arena_zeroed(r->a, i->n, sizeof *i->keys);
	if (!i->keys)
		return arena_error(r->a, r->err);
	for (size_t k = 0; k < i->n; k++)
		i->keys[k] = &r->o->keys[k];
	if (i->n)
		qsort_r(i->keys, i->n, sizeof *i->keys, by_text, &i->text);
	return 0;
}

static const struct object_key *const *look_up(const struct index *i, const char *text,
					       size_t len, size_t *n)
{
	size_t low = 0, high = i->n;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const struct object_text *t = text_at(i->keys[middle], i->text);
		if (bytes_compare(t->p, t->len, text, len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (*n = 0; len && low + *n < i->n; ++*n) {
		const struct object_text *t = text_at(i->keys[low + *n], i->text);
		if (t->len != len || memcmp(t->p, text, len))
			break;
	}
	return *n ? i->keys + low : NULL;
}

const struct object_key *const *objects_full_name(const struct objects *o,
						  const char *name, size_t len, size_t *n)
{
	const struct index i = { o->by_full_name, o->n_keys,
				 offsetof(struct object_key, full_name) };
	return look_up(&i, name, len, n);
}

const struct object_key *const *objects_path(const struct objects *o, const char *path,
					     size_t len, size_t *n)
{
	const struct index i = { o->by_path, o->n_keys,
				 offsetof(struct object_key, path) };
	return look_up(&i, path, len, n);
}

const struct object_key *objects_slot_of(const struct objects *o,
					 const struct object_key *k,
					 struct object_text *slot)
{
	const char *name = k->full_name.p, *end = name + k->full_name.len;
	const char *first = name ? memchr(name, '/', k->full_name.len) : NULL;
	const char *second =
		first ? memchr(first + 1, '/', (size_t)(end - first - 1)) : NULL;
	size_t n;
	if (!second || second + 1 == end)
		return NULL;
	const struct object_key *const *found =
		objects_full_name(o, second + 1, (size_t)(end - second - 1), &n);
	*slot = (struct object_text){ first + 1, (size_t)(second - first - 1) };
	return found && n == 1 && found[0] != k ? found[0] : NULL;
}

/* --- reading ----------------------------------------------------------------------- */

static int keep_graph(void *arg, const struct ckpt_run *run)
{
	struct buffer *b = arg;
	return run->strings
		       ? buffer_append(b, run->strings[0].p, run->strings[0].len, NULL)
		       : -1;
}

int objects_read(struct ckpt *c, struct arena *a, struct objects *o,
		 struct ckpt_error *err)
{
	const struct ckpt_tensor *t;
	*o = (struct objects){ .n_nodes = 0 };
	if (reader_find(c, OBJECT_GRAPH_KEY, sizeof OBJECT_GRAPH_KEY - 1, &t, NULL) <=
		    0 ||
	    t->dtype != CKPT_STRING || t->elements != 1)
		return 0;
	struct buffer b;
	buffer_init(&b, MOST_BYTES);
	int result = ckpt_each_run(c, t, 0, 1, keep_graph, &b, err);
	const char *kept = result ? NULL : arena_copy(a, b.p, b.len);
	const size_t n = b.len;
	buffer_drop(&b);
	if (!kept)
		return result ? -1 : arena_error(a, err);
	struct reading r = { a, o, err, ckpt_prefix(c) };
	struct index full_names = { .text = offsetof(struct object_key, full_name) };
	struct index paths = { .text = offsetof(struct object_key, path) };
	if (decode(&r, bytes_of(kept, n)) || make_paths(&r) || attach_slots(&r) ||
	    make_keys(&r) || make_index(&r, &full_names) || make_index(&r, &paths))
		return -1;
	o->by_full_name = full_names.keys;
	o->by_path = paths.keys;
	return 1;
}
