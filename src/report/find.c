/* find.c — the next element of a tensor that is NaN, zero, or above a number.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What lies ahead is cut into jobs, in the order in which it is to be found; a job ends
 * early when one before it has found something. Backwards each block is looked at from
 * its end. Between two blocks lies at most the end of a row of the selection.
 */
#include "config.h"

#include "report/find.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "model/reals.h"
#include "model/strided.h"

enum { JOB = 1 << 18 };

struct find_worker {
	struct side side;
	struct ckpt_error error;
	uint64_t job, number; /* of what it has found; job UINT64_MAX: nothing yet */
	bool failed;	      /* not found, but not read */
	uint8_t elements[BLOCK * 16];
	double reals[BLOCK];
};

/* --- what is wanted ---------------------------------------------------------------- */

static const struct find_word {
	const char *word;
	enum find_test test;
} operators[] = {
	{ "==", FIND_EQ }, { "!=", FIND_NE }, { "<=", FIND_LE }, { ">=", FIND_GE },
	{ "=", FIND_EQ },  { "<", FIND_LT },  { ">", FIND_GT },
};

static bool same_word(const char *a, const char *b)
{
	while (*a && tolower((unsigned char)*a) == *b)
		a++, b++;
	return !*a && !*b;
}

/* An integer without a fraction that has no more than 64 bits. */
static bool read_whole(struct find_what *what, const char *p)
{
	what->negative = *p == '-';
	what->magnitude = 0;
	p += *p == '-' || *p == '+';
	const char *first = p;
	for (; isdigit((unsigned char)*p); p++)
		if (__builtin_mul_overflow(what->magnitude, 10, &what->magnitude) ||
		    __builtin_add_overflow(what->magnitude, (uint64_t)(*p - '0'),
					   &what->magnitude))
			return false;
	what->negative &= what->magnitude != 0;
	return p > first && !*p;
}

static int parse_number(struct find_what *what, const char *p, const struct dtype *d,
			struct ckpt_error *err)
{
	char *end;
	what->real = number_read(p, &end);
	if (end == p || *end || isnan(what->real))
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "'%.60s' is not nan, inf, zero, a number, or a number "
				 "behind = != < <= > >=",
				 p);
	what->whole = read_whole(what, p);
	if (d->kind == KIND_FLOAT && d->size == 4)
		what->real = number_read_float(p, &end);
	else if (d->kind == KIND_FLOAT && isfinite(what->real))
		what->real = real_rounded(d, what->real);
	return 0;
}

int find_parse(struct find_what *what, const char *text, const struct dtype *d,
	       struct ckpt_error *err)
{
	char word[128];
	size_t n = strlen(text);
	*what = (struct find_what){ .test = FIND_TEXT };
	if (n >= sizeof word)
		return error_set(err, CKPT_EINVAL, NULL, -1,
				 "what is looked for is too long");
	if (!d->size) {
		memcpy(what->text, text, n + 1);
		what->text_len = n;
		return 0;
	}
	text += strspn(text, " ");
	n = strlen(text);
	while (n && text[n - 1] == ' ')
		n--;
	memcpy(word, text, n);
	word[n] = '\0';
	if (same_word(word, "nan")) {
		what->test = FIND_NAN;
		return 0;
	}
	if (same_word(word, "inf")) {
		what->test = FIND_INF;
		return 0;
	}
	const char *p = same_word(word, "zero")	   ? "0"
			: same_word(word, "true")  ? "1"
			: same_word(word, "false") ? "0"
						   : word;
	what->test = FIND_EQ;
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		if (!strncmp(p, operators[i].word, strlen(operators[i].word))) {
			what->test = operators[i].test;
			p += strlen(operators[i].word);
			break;
		}
	return parse_number(what, p + strspn(p, " "), d, err);
}

/* --- is it one? -------------------------------------------------------------------- */

static bool holds(enum find_test test, int order)
{
	switch (test) {
	case FIND_EQ:
		return order == 0;
	case FIND_NE:
		return order != 0;
	case FIND_LT:
		return order < 0;
	case FIND_LE:
		return order <= 0;
	case FIND_GT:
		return order > 0;
	case FIND_GE:
		return order >= 0;
	default:
		return false;
	}
}

static int order_of(double a, double b)
{
	return (a > b) - (a < b);
}

static bool real_is(const struct find_what *what, double v)
{
	if (what->test == FIND_NAN)
		return isnan(v);
	if (what->test == FIND_INF)
		return isinf(v);
	if (isnan(v))
		return what->test == FIND_NE;
	return holds(what->test, order_of(v, what->real));
}

/* Integers are compared as such; with a fraction, or beyond 64 bits, as doubles, which
 * then cannot be mistaken. */
static bool whole_is(const struct find_what *what, const struct dtype *d, const void *p)
{
	const bool is_signed = d->kind == KIND_INT;
	const int64_t v = is_signed ? dtype_int(d, p) : 0;
	const bool negative = is_signed && v < 0;
	const uint64_t u = negative ? 0 - (uint64_t)v : dtype_uint(d, p);
	const uint64_t magnitude = is_signed && !negative ? (uint64_t)v : u;
	if (what->test == FIND_NAN || what->test == FIND_INF)
		return false;
	if (!what->whole) {
		double x = negative ? -(double)magnitude : (double)magnitude;
		/* The largest round up to 2^64, which no element is. */
		if (x >= 0x1p64)
			x = nextafter(x, 0);
		return holds(what->test, order_of(x, what->real));
	}
	if (negative != what->negative)
		return holds(what->test, negative ? -1 : 1);
	const int order = (magnitude > what->magnitude) - (magnitude < what->magnitude);
	return holds(what->test, negative ? -order : order);
}

static bool string_is(const struct find_what *what, const struct ckpt_string *s)
{
	if (!what->text_len)
		return true;
	for (const char *p = s->p, *end = p + s->len;
	     p && (size_t)(end - p) >= what->text_len; p++) {
		p = memchr(p, what->text[0], (size_t)(end - p) - what->text_len + 1);
		if (!p)
			return false;
		if (!memcmp(p, what->text, what->text_len))
			return true;
	}
	return false;
}

/* --- blocks ------------------------------------------------------------------------ */

/* Which of the n elements counts: the first that fits, or the last. SIZE_MAX: none. */
static size_t look(const struct find *f, struct find_worker *w, const struct dtype *d,
		   size_t n)
{
	const bool whole = dtype_whole(d);
	if (!whole)
		reals_of(d, w->elements, n, w->reals);
	for (size_t k = 0; k < n; k++) {
		const size_t i = f->backwards ? n - 1 - k : k;
		if (whole ? whole_is(&f->what, d, w->elements + i * d->size)
			  : real_is(&f->what, w->reals[i]))
			return i;
	}
	return SIZE_MAX;
}

struct looking {
	const struct find *f;
	size_t at, found;
};

static int look_at_strings(void *arg, const struct ckpt_run *run)
{
	struct looking *l = arg;
	for (uint64_t i = 0; i < run->n; i++, l->at++)
		if (string_is(&l->f->what, &run->strings[i])) {
			l->found = l->at;
			if (!l->f->backwards)
				return 1;
		}
	return 0;
}

/* n elements of a row; -1: they could not be read. */
static int look_at(const struct find *f, struct find_worker *w, struct values *v,
		   uint64_t number, int64_t step, size_t n, size_t *found)
{
	const uint64_t first = planes_flat_of(&f->planes, number);
	struct looking l = { f, 0, SIZE_MAX };
	struct ckpt_error why = { 0 };
	if (v->dtype->size) {
		if (values_strided(v, first, step, n, w->elements, &w->error))
			return -1;
		*found = look(f, w, v->dtype, n);
		return 0;
	}
	for (size_t i = 0; i < n && (f->backwards || l.found == SIZE_MAX); i++)
		if (values_runs(v, first + i * (uint64_t)step, step == 1 ? n : 1,
				look_at_strings, &l, &why) &&
		    why.code)
			return error_copy(&w->error, &why);
		else if (step == 1)
			break;
	*found = l.found;
	return 0;
}

/* Looks at the elements from low to high - 1: 1 found, 0 not, -1 not read. */
static int look_through(struct find *f, struct find_worker *w, uint64_t job, uint64_t low,
			uint64_t high)
{
	struct selection_walk row;
	struct values *v = side_values(&w->side, &w->error);
	if (!v)
		return -1;
	selection_begin(&row, &f->planes.s, f->planes.dims);
	while (low < high) {
		if (pool_cancelled(&f->pool) || atomic_load(&f->best) < job)
			return 0;
		uint64_t begin = low, end = high;
		if (f->backwards) {
			const uint64_t start = (high - 1) / row.row_n * row.row_n;
			begin = begin < start ? start : begin;
			begin = high - begin > BLOCK ? high - BLOCK : begin;
		} else {
			const uint64_t stop = (low / row.row_n + 1) * row.row_n;
			end = end > stop ? stop : end;
			end = end - low > BLOCK ? low + BLOCK : end;
		}
		size_t found = SIZE_MAX;
		if (look_at(f, w, v, begin, row.row_step, (size_t)(end - begin), &found))
			return -1;
		pool_count(&f->pool, (end - begin) * v->dtype->size);
		if (found != SIZE_MAX) {
			w->number = begin + found;
			return 1;
		}
		if (f->backwards)
			high = begin;
		else
			low = end;
	}
	return 0;
}

/* --- jobs -------------------------------------------------------------------------- */

static uint64_t jobs_of(uint64_t elements)
{
	return elements / JOB + (elements % JOB != 0);
}

/* What is behind the element one stands at comes first, then the rest. */
static void do_job(void *arg, unsigned worker, size_t job)
{
	struct find *f = arg;
	struct find_worker *w = &f->workers[worker];
	const uint64_t all = selection_elements(&f->planes.s);
	const uint64_t cut = f->backwards ? f->from : f->from + 1;
	const uint64_t before = f->backwards ? cut : all - cut;
	const bool first = job < jobs_of(before);
	const uint64_t base = first == f->backwards ? 0 : cut;
	const uint64_t n = first ? before : all - before;
	const uint64_t k = (uint64_t)JOB * (first ? job : job - jobs_of(before));
	const uint64_t some = n - k < JOB ? n - k : JOB;
	const uint64_t low = f->backwards ? base + n - k - some : base + k;
	/* Jobs come in order: what this thread has found already is nearer. */
	if (w->job != UINT64_MAX)
		return;
	const int r = look_through(f, w, job, low, low + some);
	if (!r)
		return;
	w->job = job;
	w->failed = r < 0;
	uint64_t best = atomic_load(&f->best);
	while (job < best && !atomic_compare_exchange_weak(&f->best, &best, job))
		;
}

int find_begin(struct find *f, struct ckpt *c, const struct ckpt_tensor *t,
	       const struct planes *planes, const struct find_what *what, uint64_t at,
	       bool backwards, unsigned threads, struct ckpt_error *err)
{
	const unsigned most = !ckpt_dtype_size(t->dtype) || !threads ? 1 : threads;
	const uint64_t all = selection_elements(&planes->s);
	*f = (struct find){
		.planes = *planes, .what = *what, .from = at, .backwards = backwards
	};
	const uint64_t ahead = backwards ? at : all ? all - at - 1 : 0;
	arena_init(&f->arena, UINT64_MAX);
	atomic_init(&f->best, UINT64_MAX);
	f->jobs = jobs_of(ahead) + jobs_of(all - ahead);
	f->workers = arena_zeroed(&f->arena, most, sizeof *f->workers);
	int r = f->workers ? 0 : arena_error(&f->arena, err);
	while (!r && f->n_workers < most) {
		struct find_worker *w = &f->workers[f->n_workers];
		w->job = UINT64_MAX;
		r = side_fork(&w->side, c, t, err);
		f->n_workers += !r;
	}
	if (!r) {
		pool_start(&f->pool, most, (size_t)f->jobs, do_job, f);
		return 0;
	}
	for (unsigned i = 0; i < f->n_workers; i++)
		side_join(&f->workers[i].side, NULL);
	arena_drop(&f->arena);
	return -1;
}

int find_end(struct find *f, uint64_t *number, struct ckpt_error *err)
{
	const struct find_worker *nearest = NULL;
	const bool stopped = pool_cancelled(&f->pool);
	int r = 0;
	pool_end(&f->pool);
	for (unsigned i = 0; i < f->n_workers; i++) {
		struct find_worker *w = &f->workers[i];
		if (w->side.open && side_intact(&w->side, r ? NULL : err))
			r = -1;
		if (side_join(&w->side, r ? NULL : err))
			r = -1;
		if (w->job != UINT64_MAX && (!nearest || w->job < nearest->job))
			nearest = w;
	}
	if (!r && nearest && nearest->failed)
		r = error_copy(err, &nearest->error);
	else if (!r && stopped)
		r = -1;
	else if (!r && nearest)
		*number = nearest->number;
	r = r ? r : nearest != NULL;
	arena_drop(&f->arena);
	return r;
}
