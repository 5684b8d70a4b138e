// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "verdicts.h"

int fw_verdicts_open(struct fw_verdicts *verdicts)
{
	size_t i;

	memset(verdicts, 0, sizeof(*verdicts));
	verdicts->rules = calloc(fw_nr_rules, sizeof(*verdicts->rules));
	if (!verdicts->rules)
		return -ENOMEM;
	for (i = 0; i < fw_nr_rules; i++) {
		verdicts->rules[i].rule = &fw_rules[i];
		verdicts->rules[i].chosen = true;
	}
	return 0;
}

void fw_verdicts_close(struct fw_verdicts *verdicts)
{
	free(verdicts->rules);
	verdicts->rules = NULL;
}

/* Chooses what @word of @length names; false if it names nothing. */
static bool choose(struct fw_verdicts *verdicts, const char *word, size_t length)
{
	bool found = false;
	size_t i;

	for (i = 0; i < fw_nr_rules; i++) {
		struct fw_rule_verdict *rule = &verdicts->rules[i];
		const char *id = rule->rule->id;
		bool named = strlen(id) == length && !strncasecmp(id, word, length);

		if (!named && (length != 1 || toupper((unsigned char)*word) != *id))
			continue;
		rule->chosen = true;
		rule->named |= named;
		found = true;
	}
	return found;
}

int fw_verdicts_choose(struct fw_verdicts *verdicts, const char *list, char *word, size_t size)
{
	size_t length, i;

	for (i = 0; i < fw_nr_rules; i++)
		verdicts->rules[i].chosen = false;
	for (;; list += length + 1) {
		length = strcspn(list, ",");
		if (!choose(verdicts, list, length)) {
			snprintf(word, size, "%.*s", (int)length, list);
			return -EINVAL;
		}
		if (!list[length])
			return 0;
	}
}

/* Is it a known deviation? Then it is counted here. */
static bool is_allowed(struct fw_verdicts *verdicts, struct fw_rule_verdict *rule,
		       const struct fw_deviation *deviation)
{
	if (!verdicts->allow || !fw_allow_excuses(verdicts->allow, deviation))
		return false;
	rule->allowed++;
	return true;
}

static const char *comm_of(const struct fw_fork *fork)
{
	if (fork->enter)
		return fork->enter->comm;
	return fork->first_run ? fork->first_run->comm : "";
}

static bool fork_is_allowed(struct fw_verdicts *verdicts, struct fw_rule_verdict *rule,
			    const struct fw_fork *fork, const char *why)
{
	const struct fw_deviation deviation = {
		.rule = rule->rule->id,
		.comm = comm_of(fork),
		.kind = fw_fork_kind(fork),
		.kernel = verdicts->info->env.release,
		.why = why,
	};

	return is_allowed(verdicts, rule, &deviation);
}

static void keep_failure(struct fw_rule_verdict *rule, const struct fw_fork *fork,
			 const char *why)
{
	struct fw_failure *failure;

	if (rule->nr_failures == FW_FAILURES_KEPT)
		return;
	failure = &rule->failures[rule->nr_failures++];
	failure->fork = fork->id;
	fw_name_parent(fork, failure->parent, sizeof(failure->parent));
	fw_name_child(fork, failure->child, sizeof(failure->child));
	snprintf(failure->why, sizeof(failure->why), "%s", why);
}

void fw_verdicts_add(struct fw_verdicts *verdicts, const struct fw_fork *fork)
{
	const struct fw_judgement *judgements = fork->verdicts;
	size_t i;

	verdicts->forks++;
	for (i = 0; judgements && i < fw_nr_rules; i++) {
		struct fw_rule_verdict *rule = &verdicts->rules[i];
		const char *why = judgements[i].why.text;

		if (judgements[i].verdict == FW_FAIL && fork_is_allowed(verdicts, rule, fork, why))
			continue;
		rule->counts[judgements[i].verdict]++;
		if (judgements[i].verdict == FW_FAIL)
			keep_failure(rule, fork, why);
		else if (judgements[i].verdict == FW_NOT_OBSERVED && !*rule->unseen)
			snprintf(rule->unseen, sizeof(rule->unseen), "%s", why);
	}
}

/* What a child did later has no kind: the fork is long gone. */
static bool life_is_allowed(struct fw_verdicts *verdicts, struct fw_rule_verdict *rule,
			    const struct fw_life *life, const char *why)
{
	const struct fw_deviation deviation = {
		.rule = rule->rule->id,
		.comm = life->comm,
		.kind = FW_KIND_UNKNOWN,
		.kernel = verdicts->info->env.release,
		.why = why,
	};

	return is_allowed(verdicts, rule, &deviation);
}

void fw_verdicts_add_life(struct fw_verdicts *verdicts, const struct fw_life *life)
{
	struct fw_rule_verdict *rule = &verdicts->rules[fw_rule_index(FW_LIFE_RULE)];
	struct fw_judgement judgement;
	struct fw_failure *failure;

	fw_check_life(life, &judgement);
	if (judgement.verdict == FW_NA ||
	    (judgement.verdict == FW_FAIL && life_is_allowed(verdicts, rule, life,
							     judgement.why.text)))
		return;
	rule->counts[judgement.verdict]++;
	if (judgement.verdict != FW_FAIL || rule->nr_failures == FW_FAILURES_KEPT)
		return;
	failure = &rule->failures[rule->nr_failures++];
	failure->fork = life->fork;
	fw_name_task(life->comm, life->tid, life->tgid, failure->parent, sizeof(failure->parent));
	fw_name_task(life->exec->comm, life->exec->hdr.tid, life->exec->hdr.tgid, failure->child,
		     sizeof(failure->child));
	snprintf(failure->why, sizeof(failure->why), "%s", judgement.why.text);
}

static enum fw_verdict overall(const uint64_t *counts)
{
	static const enum fw_verdict order[] = { FW_FAIL, FW_PASS, FW_NOT_OBSERVED };
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(*order); i++)
		if (counts[order[i]])
			return order[i];
	return FW_NA;
}

/* Appends " ID" to @list; what does not fit is left out. */
static void name_rule(char *list, size_t size, const char *id)
{
	size_t length = strlen(list);

	snprintf(list + length, size - length, " %s", id);
}

void fw_verdicts_settle(struct fw_verdicts *verdicts, const struct fw_replay_result *replay)
{
	char broken[FW_WHY_LEN / 2] = "", unseen[FW_WHY_LEN / 2] = "";
	uint64_t passed = 0, allowed = 0;
	size_t i;

	verdicts->replay = replay;
	for (i = 0; i < fw_nr_rules; i++) {
		struct fw_rule_verdict *rule = &verdicts->rules[i];

		rule->verdict = overall(rule->counts);
		if (!rule->chosen)
			continue;
		passed += rule->counts[FW_PASS];
		allowed += rule->allowed;
		if (rule->verdict == FW_FAIL)
			name_rule(broken, sizeof(broken), rule->rule->id);
		else if (rule->named && rule->verdict == FW_NOT_OBSERVED)
			name_rule(unseen, sizeof(unseen), rule->rule->id);
	}
	verdicts->answer = FW_HOLDS;
	*verdicts->reason = '\0';
	if (*broken) {
		verdicts->answer = FW_BROKEN;
		snprintf(verdicts->reason, FW_WHY_LEN, "broken:%s", broken);
	} else if (!replay->complete) {
		verdicts->answer = FW_INCOMPLETE;
		snprintf(verdicts->reason, FW_WHY_LEN,
			 "the trace is incomplete: what it lacks was not judged");
	} else if (*unseen) {
		verdicts->answer = FW_UNSUPPORTED;
		snprintf(verdicts->reason, FW_WHY_LEN, "not observed in any fork:%s", unseen);
	} else if (allowed) {
		snprintf(verdicts->reason, FW_WHY_LEN, "but for %" PRIu64 " known deviation%s",
			 allowed, allowed == 1 ? "" : "s");
	} else if (!passed) {
		verdicts->answer = FW_UNSUPPORTED;
		snprintf(verdicts->reason, FW_WHY_LEN, "%s",
			 verdicts->forks ? "no fork shows what these rules are about" :
					   "there is no fork in it");
	}
}

const char *fw_answer_name(enum fw_answer answer)
{
	static const char *const names[] = {
		[FW_HOLDS] = "holds",
		[FW_BROKEN] = "broken",
		[FW_INCOMPLETE] = "incomplete",
		[FW_UNSUPPORTED] = "not supported",
	};

	return names[answer];
}

const struct fw_verdict_format *fw_verdict_format_find(const char *name)
{
	const struct fw_verdict_format *format;

	for (format = fw_verdict_formats; format->name; format++)
		if (!strcmp(format->name, name))
			return format;
	return NULL;
}
