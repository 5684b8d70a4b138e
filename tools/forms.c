// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "forms.h"
#include "mix.h"

struct form {
	struct form *same_bucket;
	uint64_t hash;
	json_t *value;
	size_t used;
	uint64_t words[];		/* of the draft */
};

#define RECENT	4

struct fw_forms {
	struct form **buckets;
	size_t nr_buckets, nr;		/* nr_buckets: a power of 2 */
	struct form *recent[RECENT];	/* what was asked for lately: mostly it is again */
	unsigned int next;
};

int fw_forms_open(struct fw_forms **out)
{
	struct fw_forms *forms = malloc(sizeof(*forms));

	if (!forms)
		return -ENOMEM;
	*forms = (struct fw_forms) { .nr_buckets = 64 };
	forms->buckets = calloc(forms->nr_buckets, sizeof(*forms->buckets));
	if (!forms->buckets) {
		free(forms);
		return -ENOMEM;
	}
	*out = forms;
	return 0;
}

void fw_forms_close(struct fw_forms *forms)
{
	struct form *form, *next;
	size_t i;

	if (!forms)
		return;
	for (i = 0; i < forms->nr_buckets; i++) {
		for (form = forms->buckets[i]; form; form = next) {
			next = form->same_bucket;
			json_decref(form->value);
			free(form);
		}
	}
	free(forms->buckets);
	free(forms);
}

static uint64_t hash_words(const uint64_t *words, size_t nr)
{
	uint64_t hash = nr;
	size_t i;

	for (i = 0; i < nr; i++)
		hash = fw_mix(hash ^ words[i]);
	return hash;
}

static struct form **bucket(const struct fw_forms *forms, uint64_t hash)
{
	return &forms->buckets[hash & (forms->nr_buckets - 1)];
}

/* Four times as many buckets; where there is no memory for them, as many as before do. */
static void grow(struct fw_forms *forms)
{
	struct form **old = forms->buckets, **at, *form, *next;
	size_t nr_old = forms->nr_buckets, i;
	struct form **buckets = calloc(4 * nr_old, sizeof(*buckets));

	if (!buckets)
		return;
	forms->buckets = buckets;
	forms->nr_buckets = 4 * nr_old;
	for (i = 0; i < nr_old; i++) {
		for (form = old[i]; form; form = next) {
			next = form->same_bucket;
			at = bucket(forms, form->hash);
			form->same_bucket = *at;
			*at = form;
		}
	}
	free(old);
}

static struct form *add(struct fw_forms *forms, const struct fw_draft *draft, uint64_t hash)
{
	size_t size = draft->used * sizeof(*draft->words);
	struct form *form = malloc(sizeof(*form) + size), **at;

	if (!form)
		return NULL;
	*form = (struct form) {
		.hash = hash, .used = draft->used, .value = fw_draft_json(draft),
	};
	if (!form->value) {
		free(form);
		return NULL;
	}
	if (size)
		memcpy(form->words, draft->words, size);
	if (++forms->nr > forms->nr_buckets)
		grow(forms);
	at = bucket(forms, hash);
	form->same_bucket = *at;
	*at = form;
	return form;
}

static struct form *find_recent(const struct fw_forms *forms, const struct fw_draft *draft)
{
	size_t i;

	for (i = 0; i < RECENT; i++) {
		struct form *form = forms->recent[i];

		if (form && fw_draft_equal(draft, form->words, form->used))
			return form;
	}
	return NULL;
}

static struct form *find(const struct fw_forms *forms, const struct fw_draft *draft, uint64_t hash)
{
	struct form *form = *bucket(forms, hash);

	while (form && (form->hash != hash || !fw_draft_equal(draft, form->words, form->used)))
		form = form->same_bucket;
	return form;
}

json_t *fw_forms_get(struct fw_forms *forms, const struct fw_draft *draft)
{
	struct form *form;
	uint64_t hash;

	if (draft->failed)
		return NULL;
	form = find_recent(forms, draft);
	if (form)
		return json_incref(form->value);
	hash = hash_words(draft->words, draft->used);
	form = find(forms, draft, hash);
	if (!form)
		form = add(forms, draft, hash);
	if (!form)
		return NULL;
	forms->recent[forms->next++ % RECENT] = form;
	return json_incref(form->value);
}
