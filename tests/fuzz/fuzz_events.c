/* fuzz_events.c — any bytes as an event file: every event, value, scalar, and the graph.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The checksums of records are made good first, as far as their lengths hold; an input
 * that ends with 'd' keeps its own.
 */
#include "config.h"

#include <string.h>

#include "base/crc32c.h"
#include "format/events.h"
#include "fuzz.h"
#include "memory.h"

enum { MEMORY = 8 << 20, HEADER = 12, FOOTER = 4 };

static void put_crc(uint8_t *to, const uint8_t *p, size_t n)
{
	const uint32_t crc = crc32c_mask(crc32c(0, p, n));
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(crc >> (8 * i));
}

static void sign_records(uint8_t *p, size_t n)
{
	while (n >= HEADER + FOOTER) {
		const uint64_t len = load_u64le(p);
		put_crc(p + 8, p, 8);
		if (len > n - HEADER - FOOTER)
			return;
		put_crc(p + HEADER + len, p + HEADER, (size_t)len);
		p += HEADER + len + FOOTER;
		n -= HEADER + (size_t)len + FOOTER;
	}
}

static void read_values(struct events *e, struct arena *a, const struct event *event)
{
	struct event_values values = event_values_of(e, event);
	struct event_value v;
	for (int r = 1; r > 0;) {
		struct ckpt_error err = { 0 };
		const struct arena_mark mark = arena_mark(a);
		const struct dtype *dtype;
		uint8_t element[16];
		r = event_values_next(&values, a, &v, &err);
		REQUIRE((r < 0) == !!err.code);
		REQUIRE(r <= 0 || strlen(v.tag.p) <= v.tag.len);
		if (r > 0 && v.kind == VALUE_TENSOR) {
			const int s = event_scalar(e, a, v.tensor, &dtype, element, &err);
			REQUIRE(!s == !err.code);
			REQUIRE(s || (dtype && dtype->size && dtype->size <= 16));
		}
		arena_rewind(a, mark);
	}
}

static void read_events(struct source *source, struct arena *a, uint64_t *graphs)
{
	struct events e;
	struct event event;
	uint64_t last = 0;
	events_begin(&e, source, MEMORY);
	for (int r = 1; r;) {
		struct ckpt_error err = { 0 };
		r = events_next(&e, &event, &err);
		REQUIRE((r < 0) == !!err.code);
		if (r <= 0)
			continue;
		REQUIRE(event.begin >= last);
		REQUIRE(event.range.n <= source->size);
		last = event.begin + 1;
		*graphs += event.kind == EVENT_GRAPH || event.kind == EVENT_META_GRAPH;
		if (event.kind == EVENT_SUMMARY)
			read_values(&e, a, &event);
	}
	events_end(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct memory_file file = { "e", { NULL, NULL } };
	struct ckpt_error err = { 0 };
	struct source source;
	struct event_graph found;
	struct arena a;
	uint64_t graphs = 0;
	uint8_t *copy = malloc(n ? n : 1);
	REQUIRE(copy);
	if (n)
		memcpy(copy, p, n);
	if (n && p[n - 1] != 'd')
		sign_records(copy, n);
	file.content = bytes_of(copy, n);
	memory_files(&file, 1);
	arena_init(&a, MEMORY);
	arena_copy(&a, "", 0);
	REQUIRE(!source_open(&source, "e", NULL));
	read_events(&source, &a, &graphs);
	const int r = events_graph(&source, MEMORY, false, &found, &err);
	REQUIRE((r < 0) == !!err.code && (r <= 0) == !found.n && found.n <= graphs);
	source_close(&source);
	struct graph *g = graph_open(&a, "e", NULL, MEMORY, NULL);
	REQUIRE(!g || !g->in_events || (r > 0 && g->range.at == found.range.at));
	graph_close(g);
	arena_drop(&a);
	memory_files(NULL, 0);
	free(copy);
	return 0;
}
