/* test_scope.c — names as a tree: every tensor once, every scope once, sums that add up.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/scope.h"

static int by_scope(const void *x, const void *y)
{
	const struct ckpt_tensor *a = *(const struct ckpt_tensor *const *)x;
	const struct ckpt_tensor *b = *(const struct ckpt_tensor *const *)y;
	return scope_compare(a->name, a->name_len, b->name, b->name_len);
}

/* The outline of a tree: "depth:last part" for each node, a scope with '/' behind it. */
static const char *outline(struct scope_node *root, size_t max_depth)
{
	static char text[4096];
	char *to = text;
	for (struct scope_node *n = root; n; n = scope_next(n, max_depth))
		if (n != root)
			to += snprintf(to, (size_t)(text + sizeof text - to),
				       "%zu:%.*s%s ", n->depth,
				       (int)(n->path_len - n->name), n->path + n->name,
				       n->tensor ? "" : "/");
	*to = '\0';
	return text;
}

static struct scope_node *build(struct arena *a, const char *const *names, size_t n,
				enum scope_order order)
{
	const struct ckpt_tensor **tensors = arena_zeroed(a, n, sizeof *tensors);
	for (size_t i = 0; i < n; i++) {
		struct ckpt_tensor *t = arena_zeroed(a, 1, sizeof *t);
		t->name = names[i];
		t->name_len = strlen(names[i]);
		t->elements = i + 1;
		t->size_bytes = 4 * (i + 1);
		tensors[i] = t;
	}
	qsort(tensors, n, sizeof *tensors, by_scope);
	return scope_build(a, tensors, n, order);
}

static void a_small_tree(void **state)
{
	(void)state;
	static const char *const names[] = {
		"net/dense_10/bias",
		"net/dense_2/kernel",
		"net/dense_2/bias",
		"step",
		"net",
		"net/dense_2",
	};
	struct arena a;
	arena_init(&a, UINT64_MAX);
	struct scope_node *root = build(&a, names, COUNT(names), SCOPE_BY_NAME);
	assert_string_equal(
		outline(root, SIZE_MAX),
		"1:net 1:net/ 2:dense_2 2:dense_2/ 3:bias 3:kernel 2:dense_10/ "
		"3:bias 1:step ");
	assert_string_equal(outline(root, 1), "1:net 1:net/ 1:step ");
	assert_string_equal(outline(root, 2),
			    "1:net 1:net/ 2:dense_2 2:dense_2/ 2:dense_10/ 1:step ");
	assert_string_equal(outline(root, 0), "");
	assert_int_equal(root->tensors, 6);
	assert_int_equal(root->elements, 21);
	assert_int_equal(root->size_bytes, 84);
	assert_int_equal(root->path_len, 0);
	const struct scope_node *net = root->child->next;
	assert_int_equal(net->tensors, 4);
	assert_int_equal(net->size_bytes, 4 * (1 + 2 + 3 + 6));
	assert_null(net->tensor);
	assert_ptr_equal(net->parent, root);
	root = build(&a, names, COUNT(names), SCOPE_BY_SIZE);
	assert_string_equal(
		outline(root, SIZE_MAX),
		"1:net/ 2:dense_2 2:dense_2/ 3:bias 3:kernel 2:dense_10/ 3:bias "
		"1:net 1:step ");
	arena_drop(&a);
}

static void names_with_empty_parts(void **state)
{
	(void)state;
	static const char *const names[] = { "/a", "//a", "a/", "a//b", "a/b", "/", "" };
	struct arena a;
	arena_init(&a, UINT64_MAX);
	struct scope_node *root = build(&a, names, COUNT(names), SCOPE_BY_NAME);
	assert_int_equal(root->tensors, COUNT(names));
	assert_string_equal(outline(root, SIZE_MAX),
			    "1: 1:/ 2: 2:/ 3:a 2:a 1:a/ 2: 2:/ 3:b 2:b ");
	assert_null(scope_build(&a, NULL, 0, SCOPE_BY_NAME)->child);
	arena_drop(&a);
}

static size_t parts_of(const char *name, size_t n)
{
	size_t parts = 1;
	for (size_t i = 0; i < n; i++)
		parts += name[i] == '/';
	return parts;
}

static void check_node(const struct scope_node *n, enum scope_order order)
{
	uint64_t tensors = 0, elements = 0, size = 0;
	assert_int_equal(n->depth,
			 n->path_len || n->parent ? parts_of(n->path, n->path_len) : 0);
	for (const struct scope_node *c = n->child; c; c = c->next) {
		assert_ptr_equal(c->parent, n);
		assert_true(c->path_len >= n->path_len);
		assert_memory_equal(c->path, n->path, n->path_len);
		assert_int_equal(c->name, n->parent ? n->path_len + 1 : 0);
		tensors += c->tensors;
		elements += c->elements;
		size += c->size_bytes;
		const struct scope_node *d = c->next;
		if (!d)
			break;
		const int names =
			scope_compare(c->path, c->path_len, d->path, d->path_len);
		if (order == SCOPE_BY_SIZE)
			assert_true(c->size_bytes > d->size_bytes ||
				    (c->size_bytes == d->size_bytes && names <= 0));
		else
			assert_true(names < 0 || (names == 0 && c->tensor && !d->tensor));
	}
	if (n->tensor) {
		assert_null(n->child);
		assert_int_equal(n->tensors, 1);
		return;
	}
	assert_int_equal(n->tensors, tensors);
	assert_int_equal(n->elements, elements);
	assert_int_equal(n->size_bytes, size);
}

/* The number of different scopes that names lie in. */
static size_t count_scopes(const char *const *names, size_t n)
{
	size_t scopes = 0;
	for (size_t i = 0; i < n; i++)
		for (const char *s = strchr(names[i], '/'); s; s = strchr(s + 1, '/')) {
			const size_t len = (size_t)(s - names[i]) + 1;
			bool seen = false;
			for (size_t k = 0; k < i && !seen; k++)
				seen = !strncmp(names[i], names[k], len);
			scopes += !seen;
		}
	return scopes;
}

static void random_trees(void **state)
{
	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct arena a;
		const char *names[30];
		size_t n = 0, nodes = 0;
		arena_init(&a, UINT64_MAX);
		for (size_t wanted = chance_below(COUNT(names)); n < wanted;) {
			char name[8];
			const size_t len = 1 + chance_below(7);
			chance_text(name, len, "ab01_//");
			bool seen = false;
			for (size_t i = 0; i < n; i++)
				seen |= strlen(names[i]) == len &&
					!memcmp(names[i], name, len);
			if (!seen)
				names[n++] = arena_copy(&a, name, len);
		}
		const enum scope_order order = round % 2 ? SCOPE_BY_SIZE : SCOPE_BY_NAME;
		struct scope_node *root = build(&a, names, n, order);
		for (struct scope_node *s = root; s; s = scope_next(s, SIZE_MAX), nodes++)
			check_node(s, order);
		assert_int_equal(nodes, 1 + n + count_scopes(names, n));
		assert_int_equal(root->tensors, n);
		arena_drop(&a);
	}
}

static void scope_order_is_total(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		char s[3][6];
		size_t n[3];
		int c[3][3];
		for (int k = 0; k < 3; k++) {
			n[k] = chance_below(6);
			chance_text(s[k], n[k], "01a!//");
		}
		for (int k = 0; k < 3; k++)
			for (int m = 0; m < 3; m++)
				c[k][m] = scope_compare(s[k], n[k], s[m], n[m]);
		for (int k = 0; k < 3; k++)
			for (int m = 0; m < 3; m++) {
				const bool same =
					n[k] == n[m] && !memcmp(s[k], s[m], n[k]);
				const int last = 3 - k - m;
				assert_int_equal(c[k][m] == 0, same);
				assert_int_equal(c[k][m]<0, c[m][k]> 0);
				if (k != m && c[k][m] < 0 && c[m][last] < 0)
					assert_true(c[k][last] < 0);
			}
	}
}

static void a_tree_without_memory(void **state)
{
	(void)state;
	static const char *const names[] = { "a/b/c/d", "a/b/x", "z" };
	enum { CHUNK = 16 << 10 };
	size_t built = 0;
	for (size_t left = 0; left < 2000; left += 40) {
		struct arena a;
		struct ckpt_tensor t[COUNT(names)] = { { 0 } };
		const struct ckpt_tensor *p[COUNT(names)];
		for (size_t i = 0; i < COUNT(names); i++) {
			t[i].name = names[i];
			t[i].name_len = strlen(names[i]);
			p[i] = &t[i];
		}
		arena_init(&a, CHUNK);
		arena_alloc(&a, 1); /* a chunk, and no more than this one */
		arena_alloc(&a, CHUNK - 32 - left);
		built += scope_build(&a, p, COUNT(p), SCOPE_BY_NAME) != NULL;
		arena_drop(&a);
	}
	assert_in_range(built, 1, 45);
}

int group_scope(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_tree),
		cmocka_unit_test(names_with_empty_parts),
		cmocka_unit_test(random_trees),
		cmocka_unit_test(scope_order_is_total),
		cmocka_unit_test(a_tree_without_memory),
	};
	return unit_run("scope", tests, COUNT(tests));
}
