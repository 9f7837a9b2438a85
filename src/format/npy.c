/* npy.c — the header of a .npy file: what array follows it, and how it is laid out.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/npy.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "base/error.h"
#include "base/text.h"

static const char magic[] = "\x93NUMPY";

bool npy_is(struct bytes head)
{
	return bytes_left(&head) >= 6 && !memcmp(head.p, magic, 6);
}

int npy_length(struct bytes lead, size_t *length, struct ckpt_error *err)
{
	if (!npy_is(lead) || bytes_left(&lead) < NPY_LEAD)
		return error_set(err, CKPT_ECORRUPT, NULL, 0,
				 "this does not begin as a .npy file does");
	const unsigned major = lead.p[6], minor = lead.p[7];
	if (major < 1 || major > 3 || minor)
		return error_set(err, CKPT_EUNSUPPORTED, NULL, 6,
				 "version %u.%u of .npy; 1.0, 2.0 and 3.0 are read",
				 major, minor);
	const size_t fixed = major == 1 ? 10 : 12;
	const uint32_t n =
		major == 1 ? load_u32le(lead.p + 8) & 0xffff : load_u32le(lead.p + 8);
	if (n > NPY_MOST - fixed)
		return error_set(err, CKPT_EUNSUPPORTED, NULL, 8,
				 "a header of %u bytes: an array of plain numbers needs "
				 "no more than %u",
				 n, NPY_MOST - 12);
	*length = fixed + n;
	return 0;
}

/* --- Python text ------------------------------------------------------------------- */

struct parser {
	struct bytes left;
	const uint8_t *begin;
	struct ckpt_error *err;
};

static int malformed(const struct parser *p, const char *expected)
{
	char found[8] = "the end";
	if (bytes_left(&p->left))
		text_escape(found, sizeof found, (const char *)p->left.p, 1);
	return error_set(p->err, CKPT_ECORRUPT, NULL, p->left.p - p->begin,
			 "the header has %s where %s was expected", found, expected);
}

static void skip_blanks(struct parser *p)
{
	while (bytes_left(&p->left) && memchr(" \t\n", *p->left.p, 3))
		p->left.p++;
}

static bool take(struct parser *p, char c)
{
	skip_blanks(p);
	return bytes_left(&p->left) && *p->left.p == (uint8_t)c && p->left.p++;
}

static bool take_word(struct parser *p, const char *word)
{
	const size_t n = strlen(word);
	skip_blanks(p);
	if (bytes_left(&p->left) < n || memcmp(p->left.p, word, n))
		return false;
	p->left.p += n;
	return true;
}

/* What stands between quotes; np.save needs no escapes for what is read. */
static int take_string(struct parser *p, struct bytes *text)
{
	skip_blanks(p);
	const uint8_t quote = bytes_left(&p->left) ? *p->left.p : 0;
	if (quote != '\'' && quote != '"')
		return malformed(p, "a string");
	const uint8_t *from = ++p->left.p;
	while (bytes_left(&p->left) && *p->left.p != quote && *p->left.p != '\\' &&
	       *p->left.p != '\n')
		p->left.p++;
	*text = (struct bytes){ from, p->left.p };
	return take(p, (char)quote) ? 0 : malformed(p, "the end of a string");
}

static bool is(struct bytes text, const char *word)
{
	return bytes_left(&text) == strlen(word) && !memcmp(text.p, word, strlen(word));
}

static int take_dimension(struct parser *p, int64_t *dim)
{
	uint64_t v = 0;
	skip_blanks(p);
	const uint8_t *from = p->left.p;
	for (; bytes_left(&p->left) && *p->left.p >= '0' && *p->left.p <= '9';
	     p->left.p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, *p->left.p - '0', &v) || v > INT64_MAX)
			return malformed(p, "a dimension below 2^63");
	if (p->left.p == from)
		return malformed(p, "a dimension");
	take(p, 'L'); /* as Python 2 wrote it */
	*dim = (int64_t)v;
	return 0;
}

/* "()", "(3,)", "(2, 3)": one number alone is no tuple. */
static int take_shape(struct parser *p, struct npy *n)
{
	bool comma = true;
	n->rank = 0;
	if (!take(p, '('))
		return malformed(p, "a tuple");
	while (!take(p, ')')) {
		if (!comma || n->rank == MAX_RANK)
			return malformed(p, comma ? "the end of a long tuple" : "','");
		if (take_dimension(p, &n->dims[n->rank++]))
			return -1;
		comma = take(p, ',');
	}
	return n->rank == 1 && !comma ? malformed(p, "a tuple") : 0;
}

/* --- the dtype --------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static int
refused(struct parser *p, struct bytes descr, const char *why, ...)
{
	char shown[80], reason[200];
	va_list ap;
	va_start(ap, why);
	vsnprintf(reason, sizeof reason, why, ap);
	va_end(ap);
	const size_t len = text_escape(shown, sizeof shown, (const char *)descr.p,
				       bytes_left(&descr));
	return error_set(p->err, CKPT_EUNSUPPORTED, NULL, descr.p - p->begin,
			 "dtype %s%s: %s", shown, len < sizeof shown ? "" : "...",
			 reason);
}

/* The text of a list or tuple with all that is in it, however it goes on. */
static int take_nested(struct parser *p, struct bytes *text)
{
	struct bytes string;
	int depth = 0;
	skip_blanks(p);
	const uint8_t *from = p->left.p;
	do {
		skip_blanks(p);
		const uint8_t c = bytes_left(&p->left) ? *p->left.p : 0;
		if (c == '\'' || c == '"') {
			if (take_string(p, &string))
				return -1;
			continue;
		}
		if (!c)
			return malformed(p, "']'");
		depth += (c == '[' || c == '(') - (c == ']' || c == ')');
		p->left.p++;
	} while (depth > 0);
	*text = (struct bytes){ from, p->left.p };
	return 0;
}

/* [('qint8', '|i1')]: TensorFlow's quantized types; true if it is a list of one field. */
static bool one_field(struct bytes descr, struct bytes *name, struct bytes *code)
{
	struct parser p = { descr, descr.p, NULL };
	return take(&p, '[') && take(&p, '(') && !take_string(&p, name) &&
	       take(&p, ',') && !take_string(&p, code) && take(&p, ')') && take(&p, ']');
}

/* A code without its order of bytes, as a string; false if it cannot be one. */
static bool split_code(struct bytes text, char *order, char code[8])
{
	*order = '|';
	if (bytes_left(&text) && memchr("<>|=", *text.p, 4))
		*order = (char)*text.p++;
	const size_t n = bytes_left(&text);
	if (!n || n > 7)
		return false;
	memcpy(code, text.p, n);
	code[n] = '\0';
	return strlen(code) == n;
}

static int set_dtype(struct parser *p, struct npy *n, struct bytes descr, int dtype,
		     char order, uint64_t *item)
{
	const struct dtype *d = dtype_of(dtype);
	if (!d)
		return refused(p, descr, "there is no such type of numbers here");
	n->dtype = dtype;
	n->spelling = SPELL_RAW;
	n->swap = order == '>' && d->swap > 1;
	*item = d->size;
	return 0;
}

/* S and U with a length. */
static int set_text(struct parser *p, struct npy *n, struct bytes descr, const char *code,
		    char order, uint64_t *item)
{
	const bool wide = code[0] == 'U';
	const unsigned long width = strtoul(code + 1, NULL, 10);
	if (!code[1] || code[1 + strspn(code + 1, "0123456789")] || !width)
		return refused(p, descr, "a string type without a length");
	n->dtype = CKPT_STRING;
	n->spelling = wide ? SPELL_UCS4 : SPELL_BYTES;
	n->swap = wide && order == '>';
	*item = wide ? 4 * (uint64_t)width : width;
	return 0;
}

static int plain_dtype(struct parser *p, struct npy *n, struct bytes descr,
		       uint64_t *item)
{
	char order, code[8];
	if (!split_code(descr, &order, code))
		return refused(p, descr, "there is no such type");
	if (code[0] == 'S' || code[0] == 'a' || code[0] == 'U')
		return set_text(p, n, descr, code, order, item);
	if (code[0] == 'O')
		return refused(p, descr,
			       "Python objects, which are pickled; nothing is "
			       "unpickled here");
	if (code[0] == 'M' || code[0] == 'm')
		return refused(p, descr,
			       "dates and times, which TensorFlow has no dtype "
			       "for; save them as int64");
	if (!strcmp(code, "V1"))
		return refused(p, descr,
			       "a float8 or int4 of ml_dtypes, and .npy does "
			       "not say which; .safetensors does");
	return set_dtype(p, n, descr, dtype_of_npy(code, NULL), order, item);
}

static int set_descr(struct parser *p, struct npy *n, struct bytes descr, bool nested,
		     uint64_t *item)
{
	struct bytes name, code_text;
	char order, code[8], field[24];
	if (!nested)
		return plain_dtype(p, n, descr, item);
	if (one_field(descr, &name, &code_text) && bytes_left(&name) < sizeof field &&
	    split_code(code_text, &order, code)) {
		memcpy(field, name.p, bytes_left(&name));
		field[bytes_left(&name)] = '\0';
		const int dtype = dtype_of_npy(code, field);
		if (dtype)
			return set_dtype(p, n, descr, dtype, order, item);
	}
	return refused(p, descr, "a structure with fields; save each field as an array");
}

/* --- the dictionary ---------------------------------------------------------------- */

struct header {
	struct bytes descr;
	bool nested, fortran;
	bool has_descr, has_order, has_shape;
};

static int take_item(struct parser *p, struct header *h, struct npy *n)
{
	struct bytes key;
	if (take_string(p, &key))
		return -1;
	if (!take(p, ':'))
		return malformed(p, "':'");
	skip_blanks(p);
	if (is(key, "descr") && !h->has_descr) {
		h->has_descr = true;
		h->nested = bytes_left(&p->left) && memchr("[(", *p->left.p, 2);
		return h->nested ? take_nested(p, &h->descr) : take_string(p, &h->descr);
	}
	if (is(key, "fortran_order") && !h->has_order) {
		h->has_order = true;
		h->fortran = take_word(p, "True");
		return h->fortran || take_word(p, "False")
			       ? 0
			       : malformed(p, "True or False");
	}
	if (is(key, "shape") && !h->has_shape) {
		h->has_shape = true;
		return take_shape(p, n);
	}
	p->left.p = key.p;
	return malformed(p, "one of the keys descr, fortran_order and shape, once");
}

static int take_dictionary(struct parser *p, struct header *h, struct npy *n)
{
	bool comma = true;
	if (!take(p, '{'))
		return malformed(p, "'{'");
	while (!take(p, '}')) {
		if (!comma)
			return malformed(p, "','");
		if (take_item(p, h, n))
			return -1;
		comma = take(p, ',');
	}
	skip_blanks(p);
	if (bytes_left(&p->left))
		return malformed(p, "nothing more");
	if (!h->has_descr || !h->has_order || !h->has_shape)
		return error_set(p->err, CKPT_ECORRUPT, NULL, -1,
				 "the header lacks descr, fortran_order or shape");
	return 0;
}

/* Fortran's order is another one only if two dimensions are longer than 1. */
static bool order_matters(const struct npy *n)
{
	int longer = 0;
	for (int i = 0; i < n->rank; i++)
		longer += n->dims[i] > 1;
	return n->elements && longer > 1;
}

int npy_parse(struct bytes header, struct npy *n, struct ckpt_error *err)
{
	struct header h = { .nested = false };
	size_t length;
	uint64_t item = 0;
	*n = (struct npy){ .rank = -1 };
	if (npy_length(header, &length, err))
		return -1;
	if (length > bytes_left(&header))
		return error_set_detail(err, DETAIL_SHORT_FILE, CKPT_ECORRUPT, NULL,
					(int64_t)bytes_left(&header),
					"the file ends within its header of %zu bytes",
					length);
	struct parser p = { { header.p + (header.p[6] == 1 ? 10 : 12),
			      header.p + length },
			    header.p,
			    err };
	n->header = length;
	if (take_dictionary(&p, &h, n)) {
		n->rank = -1;
		return -1;
	}
	if (!shape_elements(n->dims, n->rank, &n->elements)) {
		n->rank = -1;
		return error_set(err, CKPT_ECORRUPT, NULL, -1,
				 "the shape overflows: it has 2^63 elements or more");
	}
	if (set_descr(&p, n, h.descr, h.nested, &item))
		return -1;
	if (__builtin_mul_overflow(n->elements, item, &n->size) || n->size > INT64_MAX)
		return error_set(err, CKPT_ECORRUPT, NULL, -1,
				 "%" PRIu64 " elements of %" PRIu64 " bytes overflow",
				 n->elements, item);
	n->by_columns = h.fortran && order_matters(n);
	return 0;
}

int npy_read(struct npy *n, struct arena *a, npy_next_fn next, void *arg, uint32_t *crc,
	     struct ckpt_error *err)
{
	uint8_t lead[NPY_LEAD];
	size_t length;
	*n = (struct npy){ .rank = -1 };
	if (next(arg, lead, sizeof lead, err) ||
	    npy_length(bytes_of(lead, sizeof lead), &length, err))
		return -1;
	const struct arena_mark mark = arena_mark(a);
	const size_t len = length > sizeof lead ? length : sizeof lead;
	uint8_t *header = arena_alloc(a, len);
	if (!header)
		return arena_error(a, err);
	memcpy(header, lead, sizeof lead);
	int r = next(arg, header + sizeof lead, len - sizeof lead, err);
	if (!r) {
		*crc = crc32_of(0, header, length);
		r = npy_parse(bytes_of(header, length), n, err);
	}
	arena_rewind(a, mark);
	return r;
}
