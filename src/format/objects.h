/* objects.h — the object graph of a TF2 checkpoint: what its keys mean.
 * SPDX-License-Identifier: Apache-2.0
 *
 * tf.train.Checkpoint stores tensors under keys made of paths between Python objects,
 * and the graph of those objects as a string tensor (TrackableObjectGraph,
 * core/protobuf/ trackable_object_graph.proto). It may have cycles, and objects with
 * several paths.
 *
 *	key        model/layer-1/kernel/.ATTRIBUTES/VARIABLE_VALUE
 *	path       model/layer-1/kernel    shortest way from the root, escapes undone
 *	full name  dense/kernel            the variable's own; may be empty or repeated
 */
#ifndef FORMAT_OBJECTS_H
#define FORMAT_OBJECTS_H

#include "base/arena.h"
#include "ckpt.h"

#define OBJECT_GRAPH_KEY "_CHECKPOINTABLE_OBJECT_GRAPH"

struct object_text {
	const char *p;
	size_t len;
};

struct object_child {
	uint32_t node;
	struct object_text name;
};

struct object_attribute {
	struct object_text name, full_name, key;
};

/* A variable that an optimizer keeps beside another one. */
struct object_slot {
	uint32_t original, slot;
	struct object_text name; /* "m" */
};

struct object_node {
	struct object_child *children;
	struct object_attribute *attributes;
	struct object_slot *slots; /* of an optimizer */
	uint32_t n_children, n_attributes, n_slots;
	struct object_text path; /* shortest; NULL: not reachable from the root */
	const struct object_slot *slot_of; /* this node is that slot's variable */
	uint32_t optimizer;                /* which keeps slot_of */
	bool reached;
};

/* What a key means. */
struct object_key {
	struct object_text key, path, full_name, attribute;
	const struct object_node *node;
};

struct objects {
	struct object_node *nodes; /* 0 is the root */
	uint32_t n_nodes;
	struct object_key *keys; /* in byte order of key */
	const struct object_key **by_full_name, **by_path;
	size_t n_keys;
};

/* 1: read; 0: the checkpoint has none; -1: it is damaged, or its data is missing. */
int objects_read(struct ckpt *c, struct arena *a, struct objects *o,
		 struct ckpt_error *err);
/* What a tensor's name means: the key itself, or one that a saveable has added to (a
 * table's "KEY-keys", an iterator's "KEY_STATE"). NULL: no key of the graph. */
const struct object_key *objects_key(const struct objects *o, const char *name,
				     size_t len);
/* Those with a full name, or with a path; the first of them, and how many there are. */
const struct object_key *const *
objects_full_name(const struct objects *o, const char *name, size_t len, size_t *n);
const struct object_key *const *objects_path(const struct objects *o, const char *path,
					     size_t len, size_t *n);
/* Keras 3 names what an optimizer keeps "Adam/m/dense/kernel": the variable that this one
 * belongs to, and the slot's name; NULL if it is none such. */
const struct object_key *objects_slot_of(const struct objects *o,
					 const struct object_key *k,
					 struct object_text *slot);

#endif
