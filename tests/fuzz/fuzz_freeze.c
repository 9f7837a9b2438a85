/* fuzz_freeze.c — any bytes as a graph, frozen with the values of two variables.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The checkpoint is that of corpus/ref_variables: b, int32 [], and w, float32 [3,2]. What
 * is written has to be as long as was counted, a graph, and sound.
 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "format/graph_sound.h"
#include "format/textprint.h"
#include "fuzz.h"
#include "make/freeze.h"
#include "memory.h"
#include "read_all.h"

enum { MEMORY = 24 << 20, MOST_BYTES = 8 << 20 };

static const uint8_t index_bytes[] = {
	0x00, 0x00, 0x06, 0x08, 0x01, 0x1a, 0x02, 0x08, 0x01, 0x00, 0x01, 0x0b,
	0x62, 0x08, 0x03, 0x12, 0x00, 0x28, 0x04, 0x35, 0x1d, 0x15, 0x82, 0x65,
	0x00, 0x01, 0x15, 0x77, 0x08, 0x01, 0x12, 0x08, 0x12, 0x02, 0x08, 0x03,
	0x12, 0x02, 0x08, 0x02, 0x20, 0x04, 0x28, 0x18, 0x35, 0x6b, 0x3e, 0x3a,
	0xa8, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0xdb, 0xf6,
	0x81, 0x0d, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0xc0,
	0xf2, 0xa1, 0xb0, 0x00, 0x01, 0x02, 0x78, 0x00, 0x39, 0x00, 0x00, 0x00,
	0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x53, 0xee, 0x0f, 0x5d, 0x3e, 0x08,
	0x4b, 0x0e, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb,
};

static const uint8_t data_bytes[] = {
	0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x80, 0x3f,
	0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x80, 0x3f,
	0x00, 0x00, 0x80, 0x3f,
};

static char path[FUZZ_PATH];
static struct memory_file files[] = {
	{ ".index", { index_bytes, index_bytes + sizeof index_bytes } },
	{ ".data-", { data_bytes, data_bytes + sizeof data_bytes } },
	{ ".meta", { NULL, NULL } },
	{ ".frozen", { NULL, NULL } },
};

static void make_files(void)
{
	static const char *const names[] = { "m.data-00000-of-00001", "m.meta", "m.index" };
	const char *folder = fuzz_folder();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		fuzz_file(folder, names[i], path);
}

/* The bytes are a graph that could run, and print as a text. */
static void read_back(const struct buffer *b)
{
	struct ckpt_error err = { 0 };
	struct arena a;
	struct net net;
	struct sink text = sink_counting(NULL);
	arena_init(&a, MEMORY);
	files[3].content = bytes_of(b->p, b->len);
	memory_files(files, 4);
	struct graph *g = graph_open_range(&a, "x.frozen", (struct graph_range){ 0, b->len },
					   GRAPH_DEF, NULL, MEMORY, &err);
	int r = g ? net_load(g, &a, GRAPH_MAIN, &net, &err) : -1;
	if (!r)
		r = sound_check(g, &a, &net, NULL, GRAPH_MAIN, &err);
	REQUIRE(!r || err.code == CKPT_ELIMIT);
	if (!r)
		textprint(&ckpt__graph_def__descriptor, g->source, 0, g->source->size,
			  &text, NULL);
	graph_close(g);
	arena_drop(&a);
}

static void write_graph(struct freeze *z)
{
	struct ckpt_error err = { 0 };
	struct sink count = sink_counting(&err);
	struct buffer b;
	buffer_init(&b, MOST_BYTES);
	struct sink s = sink_into(&b, &err);
	frozen_put(&z->frozen, &count);
	REQUIRE(count.failed == !!err.code);
	if (!count.failed && count.n <= MOST_BYTES) {
		frozen_put(&z->frozen, &s);
		REQUIRE(s.failed == !!err.code);
		REQUIRE(s.failed || s.n == count.n);
		if (!s.failed)
			read_back(&b);
	}
	buffer_drop(&b);
}

static void freeze(const char *outputs)
{
	struct ckpt_error err = { 0 };
	const struct ckpt_options options = { .max_memory = MEMORY };
	const struct freeze_request request = { .outputs = outputs, .out = "no/such/file" };
	struct arena a;
	struct freeze z;
	memory_files(files, 3);
	struct ckpt *c = ckpt_open(path, &options, &err);
	REQUIRE(c);
	arena_init(&a, MEMORY);
	const int r = freeze_open(&z, &a, c, &request, &err);
	REQUIRE(!r == !err.code);
	if (!r)
		write_graph(&z);
	freeze_drop(&z);
	arena_drop(&a);
	ckpt_close(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (!*path)
		make_files();
	files[2].content = bytes_of(p, n);
	freeze(NULL);
	freeze("out");
	memory_files(NULL, 0);
	return 0;
}
