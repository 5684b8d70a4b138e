// SPDX-License-Identifier: GPL-2.0-only
/* What the rules found: for one fork, and kept over all of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render_text.h"

/* "rules   A1 A2 A3 pass" */
static void print_passes(struct fw_view *view, const struct fw_judgement *judgements)
{
	struct fw_text *text = &view->text;
	bool first = true;
	size_t i;

	for (i = 0; i < fw_nr_rules; i++) {
		if (judgements[i].verdict != FW_PASS)
			continue;
		if (first)
			fw_text_row(text, "rules");
		fw_text_word(text, fw_rules[i].id);
		first = false;
	}
	if (!first)
		fw_text_word(text, "pass");
}

/* "FAIL    A1   x0: child 0x7, expected 0x0", and the rule below it. */
static void print_failures(struct fw_view *view, const struct fw_judgement *judgements)
{
	struct fw_text *text = &view->text;
	size_t i;

	for (i = 0; i < fw_nr_rules; i++) {
		if (judgements[i].verdict != FW_FAIL)
			continue;
		fw_text_row_styled(text, FW_LOUD, "FAIL");
		fw_text_styled(text, FW_LOUD, "%s", fw_rules[i].id);
		fw_text_hang(text);
		fw_text_words(text, judgements[i].why.text);
		fw_text_row(text, "");
		fw_text_item(text, "%*s", (int)strlen(fw_rules[i].id), "");
		fw_text_styled(text, FW_DIM, "%s: %s", fw_rules[i].source, fw_rules[i].text);
	}
}

static bool same_reason(const struct fw_judgement *a, const struct fw_judgement *b)
{
	return a->verdict == FW_NOT_OBSERVED && b->verdict == FW_NOT_OBSERVED &&
	       !strcmp(a->why.text, b->why.text);
}

/* "unseen  C1 C2 not observed   first_run did not come", once for each reason. */
static void print_unseen(struct fw_view *view, const struct fw_judgement *judgements)
{
	struct fw_text *text = &view->text;
	size_t i, j;

	for (i = 0; i < fw_nr_rules; i++) {
		if (judgements[i].verdict != FW_NOT_OBSERVED)
			continue;
		for (j = 0; j < i && !same_reason(&judgements[j], &judgements[i]); j++)
			;
		if (j < i)
			continue;
		fw_text_row(text, "unseen");
		fw_text_item(text, "%s", fw_rules[i].id);
		for (j = i + 1; j < fw_nr_rules; j++)
			if (same_reason(&judgements[i], &judgements[j]))
				fw_text_word(text, fw_rules[j].id);
		fw_text_more(text, " not observed");
		fw_text_words(text, judgements[i].why.text);
	}
}

void fw_view_verdicts(struct fw_view *view)
{
	const struct fw_judgement *judgements = view->fork->verdicts;

	if (!judgements)
		return;
	print_passes(view, judgements);
	print_failures(view, judgements);
	print_unseen(view, judgements);
}

/*
 * Findings: each failure in full, and the first reason why a rule could not be
 * judged. A kernel that breaks a rule on every fork must not eat all memory.
 */
#define MAX_FAILURES	10000

struct failure {
	uint64_t fork;
	const char *rule;
	struct fw_why why;
};

struct fw_findings {
	struct failure *failures;
	size_t nr, room;
	uint64_t unlisted;
	struct fw_why *unseen;		/* fw_nr_rules */
};

int fw_findings_open(struct fw_findings **out)
{
	struct fw_findings *findings = calloc(1, sizeof(*findings));

	if (!findings)
		return -ENOMEM;
	findings->unseen = calloc(fw_nr_rules, sizeof(*findings->unseen));
	if (!findings->unseen) {
		free(findings);
		return -ENOMEM;
	}
	*out = findings;
	return 0;
}

void fw_findings_close(struct fw_findings *findings)
{
	if (!findings)
		return;
	free(findings->failures);
	free(findings->unseen);
	free(findings);
}

static int add_failure(struct fw_findings *findings, uint64_t fork, const char *rule,
		       const struct fw_why *why)
{
	size_t room = findings->room ? 2 * findings->room : 16;
	struct failure *failures;

	if (findings->nr >= MAX_FAILURES) {
		findings->unlisted++;
		return 0;
	}
	if (findings->nr == findings->room) {
		failures = realloc(findings->failures, room * sizeof(*failures));
		if (!failures)
			return -ENOMEM;
		findings->failures = failures;
		findings->room = room;
	}
	findings->failures[findings->nr++] = (struct failure){ fork, rule, *why };
	return 0;
}

int fw_findings_add(struct fw_findings *findings, const struct fw_fork *fork)
{
	const struct fw_judgement *judgements = fork->verdicts;
	int err = 0;
	size_t i;

	for (i = 0; judgements && i < fw_nr_rules && !err; i++) {
		if (judgements[i].verdict == FW_FAIL)
			err = add_failure(findings, fork->id, fw_rules[i].id, &judgements[i].why);
		else if (judgements[i].verdict == FW_NOT_OBSERVED &&
			 !*findings->unseen[i].text)
			findings->unseen[i] = judgements[i].why;
	}
	return err;
}

int fw_findings_add_life(struct fw_findings *findings, const struct fw_life *life,
			 const struct fw_judgement *judgement)
{
	if (judgement->verdict != FW_FAIL)
		return 0;
	return add_failure(findings, life->fork, FW_LIFE_RULE, &judgement->why);
}

void fw_findings_show(const struct fw_findings *findings, struct fw_text *text)
{
	size_t i;

	for (i = 0; i < findings->nr; i++) {
		const struct failure *failure = &findings->failures[i];

		fw_text_row_styled(text, FW_LOUD, "FAIL");
		fw_text_item(text, "fork %llu %s", (unsigned long long)failure->fork,
			     failure->rule);
		fw_text_hang(text);
		fw_text_words(text, failure->why.text);
	}
	if (!findings->unlisted)
		return;
	fw_text_row_styled(text, FW_LOUD, "FAIL");
	fw_text_item(text, "%llu more that are not listed here; -f json has them all",
		     (unsigned long long)findings->unlisted);
}

const char *fw_findings_unseen(const struct fw_findings *findings, size_t rule)
{
	return findings->unseen[rule].text;
}
