/* role.c — what a tensor is there for: weight, slot, moving average, step, other.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "model/role.h"

#include <string.h>

#include "model/dtype.h"

const char *const role_names[N_ROLES] = { "weight", "slot", "ema", "step", "other" };

/* Last parts of names that optimizers give to what they keep beside a variable. A number
 * may follow: "Adam_1" (tensorflow/python/training/slot_creator.py makes them unique). */
static const char *const slot_parts[] = { "Adam",
					  "AdamAsync",
					  "AdaMax",
					  "Adagrad",
					  "AdagradDA",
					  "Adadelta",
					  "Ftrl",
					  "FtrlV2",
					  "Momentum",
					  "RMSProp",
					  "LAMB",
					  "LARS",
					  "Nadam",
					  "ProximalAdagrad",
					  "adam_m",
					  "adam_v",
					  "AdamWeightDecayOptimizer",
					  "LARSOptimizer",
					  "LAMBOptimizer",
					  "AdamOptimizer",
					  "MomentumOptimizer",
					  "gradient_accumulator",
					  "beta1_power",
					  "beta2_power",
					  "beta_1_power",
					  "beta_2_power",
					  "slow",
					  NULL };
static const char *const ema_parts[] = {
	"ExponentialMovingAverage", "EMA", "ema", "biased", "local_step", NULL
};
static const char *const step_parts[] = { "global_step", "save_counter",  "iterations",
					  "iter",	 "_iterations",	  "step",
					  "epoch",	 "_current_step", NULL };
/* First parts of the names of Keras' optimizer variables: "Adam/m/dense/kernel". */
static const char *const optimizers[] = {
	"Adam",	   "AdamW", "Adamax",	 "Nadam", "Adagrad",   "Adadelta", "RMSprop",
	"RMSProp", "SGD",   "Ftrl",	 "Lion",  "Adafactor", "LAMB",	   "adam",
	"adamw",   "sgd",   "rmsprop",	 "nadam", "adamax",    "adagrad",  "adadelta",
	"ftrl",	   "lion",  "adafactor", NULL
};
/* What an optimizer has besides slots. */
static const char *const settings[] = {
	"learning_rate", "_learning_rate",     "decay", "beta_1", "beta_2",
	"epsilon",	 "momentum",	       "rho",	"lr",	  "loss_scale",
	"good_steps",	 "current_loss_scale", NULL
};

struct word {
	const char *p;
	size_t len;
};

static bool is(struct word w, const char *text)
{
	return strlen(text) == w.len && !memcmp(w.p, text, w.len);
}

/* The text, or the text with "_1", "_2", … */
static bool is_numbered(struct word w, const char *text)
{
	const size_t n = strlen(text);
	if (w.len < n || memcmp(w.p, text, n))
		return false;
	if (w.len == n)
		return true;
	if (w.p[n] != '_' || w.len == n + 1)
		return false;
	for (size_t i = n + 1; i < w.len; i++)
		if (w.p[i] < '0' || w.p[i] > '9')
			return false;
	return true;
}

static bool is_one_of(struct word w, const char *const *list)
{
	for (; w.len && *list; list++)
		if (**list == *w.p && is_numbered(w, *list))
			return true;
	return false;
}

static struct word last_part(struct word w)
{
	const char *slash = w.len ? memrchr(w.p, '/', w.len) : NULL;
	if (!slash)
		return w;
	return (struct word){ slash + 1, (size_t)(w.p + w.len - slash - 1) };
}

static struct word first_part(struct word w)
{
	const char *slash = w.len ? memchr(w.p, '/', w.len) : NULL;
	return slash ? (struct word){ w.p, (size_t)(slash - w.p) } : w;
}

static bool begins(struct word w, const char *text)
{
	const size_t n = strlen(text);
	return w.len >= n && !memcmp(w.p, text, n);
}

static bool contains(struct word w, const char *text)
{
	return memmem(w.p, w.len, text, strlen(text)) != NULL;
}

/* A name of TF1, or the full name of a TF2 variable. */
static enum role by_name(struct word name)
{
	const struct word last = last_part(name), first = first_part(name);
	if (is_one_of(last, step_parts))
		return ROLE_STEP;
	if (is_one_of(last, ema_parts))
		return ROLE_EMA;
	if (is_one_of(last, slot_parts))
		return ROLE_SLOT;
	if (last.p != name.p && is_one_of(first, optimizers))
		return is_one_of(last, settings) ? ROLE_OTHER : ROLE_SLOT;
	return ROLE_WEIGHT;
}

/* A key "path/.ATTRIBUTES/VARIABLE_VALUE" of the object graph. */
static enum role by_key(struct word key, struct word full_name)
{
	static const char attributes[] = "/.ATTRIBUTES/";
	const char *at = memmem(key.p, key.len, attributes, sizeof attributes - 1);
	if (!at)
		return by_name(key);
	const struct word path = { key.p, (size_t)(at - key.p) };
	const struct word attribute = { at + sizeof attributes - 1,
					key.len - path.len - (sizeof attributes - 1) };
	if (!is(attribute, "VARIABLE_VALUE") || begins(path, "keras_api/metrics/"))
		return ROLE_OTHER;
	if (contains(path, "/.OPTIMIZER_SLOT/"))
		return ROLE_SLOT;
	if (is_one_of(last_part(path), step_parts))
		return ROLE_STEP;
	if (contains(path, "optimizer") && is_one_of(last_part(path), settings))
		return ROLE_OTHER;
	const enum role role = full_name.len ? by_name(full_name) : ROLE_WEIGHT;
	if (role == ROLE_WEIGHT && contains(path, "optimizer/_variables/"))
		return ROLE_SLOT;
	return role;
}

enum role role_of(const struct ckpt_tensor *t, const char *full_name, size_t full_len)
{
	const struct dtype *d = dtype_of(t->dtype);
	const struct word name = { t->name, t->name_len };
	if (!d || d->kind == KIND_STRING || d->kind == KIND_VARIANT)
		return ROLE_OTHER;
	const enum role role =
		by_key(name, (struct word){ full_name, full_name ? full_len : 0 });
	/* A step is one number; a matrix of that name is not one. */
	return role == ROLE_STEP && t->elements != 1 ? ROLE_WEIGHT : role;
}

unsigned roles_parse(const char *words)
{
	unsigned roles = 0;
	for (const char *p = words; *p;) {
		const struct word w = { p, strcspn(p, ",") };
		unsigned role = 0;
		/* "weights" is as good as "weight". */
		const struct word one = { p, w.len - (w.len && p[w.len - 1] == 's') };
		while (role < N_ROLES && !is(w, role_names[role]) &&
		       !is(one, role_names[role]))
			role++;
		if (role == N_ROLES)
			return 0;
		roles |= 1u << role;
		p += w.len + (p[w.len] == ',');
	}
	return roles;
}
