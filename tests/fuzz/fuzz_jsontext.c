/* fuzz_jsontext.c — what the cursor takes for JSON is what jansson takes for it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * They differ where jansson reads numbers and the cursor only passes over them, in how
 * deep values may be nested, and in zeros in keys, which jansson's objects cannot have. A
 * zero byte, which is never JSON, is the end of the text for jansson.
 */
#include "config.h"

#include <jansson.h>
#include <string.h>

#include "base/jsontext.h"
#include "fuzz.h"

static bool is_other_limit(const json_error_t *e)
{
	switch (json_error_code(e)) {
	case json_error_numeric_overflow:
	case json_error_stack_overflow:
	case json_error_null_byte_in_key:
		return true;
	default:
		return false;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct jsontext j;
	json_error_t e = { .line = 0 };
	jsontext_init(&j, bytes_of(p, n), SIZE_MAX);
	if (!n)
		return 0;
	const bool ours = !jsontext_skip(&j) && !jsontext_end(&j);
	REQUIRE(ours == !j.problem && jsontext_at(&j) <= n);
	if (memchr(p, 0, n)) {
		REQUIRE(!ours);
		jsontext_drop(&j);
		return 0;
	}
	json_t *root =
		json_loadb((const char *)p, n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);
	const bool too_deep = j.problem && strstr(j.problem, "levels");
	REQUIRE(ours == !!root || too_deep || (ours && is_other_limit(&e)));
	json_decref(root);
	jsontext_drop(&j);
	return 0;
}
