/* graph.h — graphs: GraphDef, MetaGraphDef and SavedModel, binary or text, any size.
 * SPDX-License-Identifier: Apache-2.0
 *
 *	GraphDef       nodes, a library of functions, versions
 *	MetaGraphDef   (.meta) a GraphDef; what it is, collections, signatures, a saver
 *	SavedModel     several MetaGraphDefs, told apart by their sets of tags
 *
 * Opening goes once over the outermost fields. Nodes are walked one at a time, and what a
 * constant holds is only located, so that memory is bounded by the largest node without
 * its constants. A text is encoded to wire form first (textproto.h); then every offset
 * counts bytes of that form, and graph->source reads it.
 *
 *	struct graph *g = graph_open(a, "model.ckpt-5.meta", NULL, limit, err);
 *	struct graph_walk w;
 *	graph_walk_begin(&w, g, GRAPH_MAIN);
 *	while ((r = graph_walk_next(&w, &node, err)) > 0)
 *		...
 *	graph_walk_end(&w);
 *	graph_close(g);
 *
 * What stands beside the nodes (signatures, collections, versions, the head of a
 * function) is unpacked when it is asked for, into the structs that protobuf-c makes of
 * proto/graph.proto. graph_net.h has a whole graph in memory, with its edges;
 * graph_const.h the values of constants.
 *
 * tensorflow/core/framework/{graph,node_def,attr_value,function}.proto,
 * core/protobuf/{meta_graph,saved_model}.proto
 */
#ifndef FORMAT_GRAPH_H
#define FORMAT_GRAPH_H

#include "base/arena.h"
#include "base/fields.h"
#include "base/spool.h"
#include "proto/graph.pb-c.h"

enum graph_kind { GRAPH_DEF, GRAPH_META, GRAPH_SAVED_MODEL };

/* Bytes of graph->source. */
struct graph_range {
	uint64_t at, n;
};

/* A function of the library, in file order. */
struct graph_function {
	struct ckpt_string name;  /* signature.name; "" if it has none */
	struct graph_range range; /* of the FunctionDef */
	uint64_t n_nodes;
};

/* One MetaGraphDef of a SavedModel. */
struct graph_tags {
	const char *text; /* sorted, "gpu,serve"; "" for the empty set */
	struct graph_range range;
};

struct graph {
	const char *path;
	enum graph_kind kind;
	bool text;		 /* it was in text form */
	bool in_events;		 /* it lies in an event file, which may grow */
	const char *note;	 /* something that has to be said of it; else NULL */
	struct source file;	 /* as it lies on disk */
	struct spool spool;	 /* text: its wire form */
	struct source *source;	 /* what offsets are of: &file, or that of the spool */
	struct graph_range range; /* of all of it in source: an event file holds more */
	struct graph_range meta; /* the MetaGraphDef; kind GRAPH_DEF: n is 0 */
	struct graph_range def;	 /* the GraphDef */
	struct graph_tags *tag_sets; /* of a SavedModel, in file order; else NULL */
	size_t n_tag_sets, tag_set;  /* which one was taken */
	uint64_t n_nodes;	     /* of the main graph */
	struct graph_function *functions;
	size_t n_functions;
	/* The library's own; use the functions below. */
	struct arena *arena;
	uint64_t limit;
	struct scan scan;
	const Ckpt__MetaGraphDef *unpacked_meta;
	const Ckpt__GraphDef *unpacked_head;
};

/* --- opening ----------------------------------------------------------------------- */

/* As tags: the first graph of a SavedModel, whatever its tags. */
#define GRAPH_FIRST_TAGS "*"

/* Opens a graph; its kind is what its bytes say, not its name. Of an event file it is the
 * last graph that was written into it (events.h). tags: of a SavedModel, the
 * set that is meant, "serve" or "serve,gpu" in any order; NULL: {serve}, else the only
 * one there is. limit: bytes that are held at once, as for an arena; a text larger than a
 * quarter of it goes to a temporary file. Memory is a's. NULL: EFORMAT (it is no graph;
 * what it is instead), ECORRUPT, ENOTFOUND (no such tags; those that there are), EIO,
 * ELIMIT. */
struct graph *graph_open(struct arena *a, const char *path, const char *tags,
			 uint64_t limit, struct ckpt_error *err);
/* The same of a graph within a file, as event files have them; kind: what it is known to
 * be. */
struct graph *graph_open_range(struct arena *a, const char *path,
			       struct graph_range range, enum graph_kind kind,
			       const char *tags, uint64_t limit, struct ckpt_error *err);
/* Its memory stays until the arena goes. NULL is fine. */
void graph_close(struct graph *g);
/* A place for a message; -1 of a text, whose own places are not kept. */
int64_t graph_offset(const struct graph *g, uint64_t at);
/* EIO if the file has changed since it was opened; an event file may have grown. */
int graph_unchanged(struct graph *g, struct ckpt_error *err);
/* "GraphDef", "MetaGraphDef", "SavedModel". */
const char *graph_kind_name(enum graph_kind kind);
/* What a range of a file holds, by its first fields: 1 known, 0 no graph, -1 EIO. */
int graph_probe(struct scan *s, struct graph_range range, enum graph_kind *kind);
/* By the first name in a text; *kind is set if it is one of a graph's. */
bool graph_probe_text(struct bytes head, enum graph_kind *kind);
/* Would graph_open() take this file for a graph? Reads its beginning only. 1: yes; 0: no,
 * or there is no such file; -1: ENOMEM, EIO. */
int graph_kind_of(const char *path, enum graph_kind *kind, struct ckpt_error *err);
/* The same for those to whom an error is a no. */
bool graph_is(const char *path, enum graph_kind *kind);

/* --- nodes ------------------------------------------------------------------------- */

/* Which field of AttrValue is set. */
enum graph_attr_kind {
	ATTR_NONE,
	ATTR_LIST,
	ATTR_S,
	ATTR_I,
	ATTR_F,
	ATTR_B,
	ATTR_TYPE,
	ATTR_SHAPE,
	ATTR_TENSOR,
	ATTR_PLACEHOLDER,
	ATTR_FUNC,
};

/* What an attribute or input may hold and still be kept in memory. */
enum { GRAPH_SMALL = 64 << 10 };

struct graph_attr {
	struct ckpt_string name;
	enum graph_attr_kind kind;
	/* ATTR_I as int64_t, ATTR_B 0 or 1, ATTR_TYPE an enum ckpt_dtype (+ 100: a
	 * reference), ATTR_F the bits of a float */
	uint64_t number;
	/* Of the others: the string's bytes, or those of the message
	 * (AttrValue.ListValue, TensorShapeProto, TensorProto, NameAttrList). */
	struct graph_range value;
	/* The same in memory, NUL-terminated; NULL for a tensor, and above
	 * GRAPH_SMALL: see graph_attr_bytes(). */
	const uint8_t *data;
	struct graph_range entry; /* of the map's entry: key and AttrValue */
};

struct graph_node {
	struct ckpt_string name, op, device; /* NUL-terminated too; op may be "" */
	const struct ckpt_string *inputs;    /* as they stand: "a", "a:1", "^a" */
	size_t n_inputs;
	const struct graph_attr *attrs; /* in file order */
	size_t n_attrs;
	struct graph_range range; /* of the NodeDef, to be copied as it is */
	int64_t function;	  /* its function's number, or GRAPH_MAIN */
};

enum { GRAPH_ALL = -2, GRAPH_MAIN = -1 };

struct graph_walk {
	struct graph *graph;
	struct scan scan;
	struct arena arena; /* of the node handed out last */
	struct fields outer, library, function;
	int64_t which, at_function;
	int depth; /* 0 main graph, 1 library, 2 a function */
	bool done;
};

/* which: a function's number, GRAPH_MAIN, or GRAPH_ALL (in file order: functions stand
 * where their library does). */
void graph_walk_begin(struct graph_walk *w, struct graph *g, int64_t which);
/* The next node, until the next call: 1 item, 0 end, -1 error; after an error the next
 * call goes on behind the damage. */
int graph_walk_next(struct graph_walk *w, struct graph_node *n, struct ckpt_error *err);
void graph_walk_end(struct graph_walk *w);

/* Reads one node again, by its range; its memory is a's. */
int graph_node_read(struct graph *g, struct arena *a, struct graph_range range,
		    struct graph_node *n, struct ckpt_error *err);
/* The attribute of that name; the last one where it stands twice, as in a map of
 * protobuf. NULL: there is none. */
const struct graph_attr *graph_attr(const struct graph_node *n, const char *name);
/* The bytes of attr->value: those in memory, or read into a. */
int graph_attr_bytes(struct graph *g, struct arena *a, const struct graph_attr *attr,
		     struct bytes *bytes, struct ckpt_error *err);

/* Is the text in p? */
bool graph_text_is(struct ckpt_string s, const char *text);

/* --- names ------------------------------------------------------------------------- */

/* What "add", "add:1", "^add" and, in functions, "add:z:0" refer to. */
struct graph_ref {
	struct ckpt_string node; /* NUL-terminated only at the end of the text */
	struct ckpt_string arg;	 /* in functions: the name of the output; else "" */
	int64_t output;		 /* 0 unless said; -1 if what stands there is no number */
	bool control;
};

struct graph_ref graph_ref(const char *p, size_t len);

/* --- beside the nodes -------------------------------------------------------------- */

/* The MetaGraphDef without its GraphDef: meta_info_def, saver_def, collection_def,
 * signature_def, asset_file_def, object_graph_def. It is g's. NULL: ECORRUPT, ELIMIT; or
 * without an error for a file that is a GraphDef. */
const Ckpt__MetaGraphDef *graph_meta(struct graph *g, struct ckpt_error *err);
/* The GraphDef without nodes and functions: versions, gradients. It is g's. */
const Ckpt__GraphDef *graph_head(struct graph *g, struct ckpt_error *err);
/* A function without its nodes: signature, ret, control_ret, attributes. It is a's. */
const Ckpt__FunctionDef *graph_function(struct graph *g, struct arena *a, size_t i,
					struct ckpt_error *err);
/* The function of that name, or -1; the first where two have it. */
int64_t graph_function_find(const struct graph *g, struct ckpt_string name);
/* A signature of the MetaGraphDef, NULL if there is none of that key. */
const Ckpt__SignatureDef *graph_signature(const Ckpt__MetaGraphDef *meta,
					  const char *key);
/* A collection, NULL if there is none of that key. */
const Ckpt__CollectionDef *graph_collection(const Ckpt__MetaGraphDef *meta,
					    const char *key);
/* The VariableDefs of a collection ("variables", "trainable_variables", …), unpacked into
 * a; *n is 0 where there are none. */
int graph_variable_defs(struct graph *g, struct arena *a, const char *key,
			const Ckpt__VariableDef *const **defs, size_t *n,
			struct ckpt_error *err);

#endif
