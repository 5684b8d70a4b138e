// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "clone_flags.h"
#include "filter.h"
#include "names.h"

/*
 * Parsing.
 */
static int parse_comm(struct fw_filter *filter, const char *text)
{
	if (!*text)
		return -EINVAL;
	filter->comm = text;
	return 0;
}

static int parse_pid(struct fw_filter *filter, const char *text)
{
	unsigned long pid;
	char *end;

	errno = 0;
	pid = strtoul(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || !pid || pid > INT32_MAX)
		return -EINVAL;
	filter->pid = pid;
	return 0;
}

/* Calls @take with each of the words of @text that commas separate. */
static int parse_words(struct fw_filter *filter, const char *text,
		       int (*take)(struct fw_filter *filter, const char *word))
{
	char *copy = strdup(text), *rest = copy, *word;
	int ret = copy ? 0 : -ENOMEM;

	while (!ret && (word = strsep(&rest, ",")))
		ret = take(filter, word);
	free(copy);
	return ret;
}

static int take_kind(struct fw_filter *filter, const char *word)
{
	unsigned int kind;

	for (kind = 0; kind < FW_NR_FORK_KINDS; kind++) {
		if (strcmp(fw_fork_kind_name(kind), word))
			continue;
		filter->kinds |= 1U << kind;
		return 0;
	}
	return -EINVAL;
}

static int parse_kind(struct fw_filter *filter, const char *text)
{
	filter->kinds = 0;
	return parse_words(filter, text, take_kind);
}

static bool is_flag(const struct fw_flag *flag, const char *word)
{
	static const char prefix[] = "CLONE_";

	return !strcasecmp(flag->name, word) ||
	       (!strncmp(flag->name, prefix, strlen(prefix)) &&
		!strcasecmp(flag->name + strlen(prefix), word));
}

static int take_flag(struct fw_filter *filter, const char *word)
{
	uint64_t *flags = *word == '!' ? &filter->no_flags : &filter->flags;
	const struct fw_flag *flag;

	word += *word == '!';
	for (flag = fw_clone_flag_table; flag->name; flag++) {
		if (!is_flag(flag, word))
			continue;
		*flags |= flag->bit;
		return 0;
	}
	return -EINVAL;
}

static int parse_flag(struct fw_filter *filter, const char *text)
{
	filter->flags = 0;
	filter->no_flags = 0;
	return parse_words(filter, text, take_flag);
}

#define MAX_ERROR	4095

static int parse_errno(struct fw_filter *filter, const char *text)
{
	const char *name;
	int error;

	filter->any_error = !strcmp(text, "any");
	if (filter->any_error)
		return 0;
	for (error = 1; error <= MAX_ERROR; error++) {
		name = fw_error_name(error);
		if (!name || strcasecmp(name, text))
			continue;
		filter->error = -error;
		return 0;
	}
	return -EINVAL;
}

int fw_parse_duration(const char *text, uint64_t *ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "", 1 }, { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };
	double value;
	char *end;
	size_t i;

	/* Numbers only: strtod() knows others, and blanks. */
	if (strspn(text, "0123456789.") == 0)
		return -EINVAL;
	value = strtod(text, &end);
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(end, units[i].name))
			continue;
		if (!(value * units[i].ns < 1e18))
			return -EINVAL;
		*ns = value * units[i].ns;
		return 0;
	}
	return -EINVAL;
}

/* "1ms", "1ms..2ms", "..2ms" */
static int parse_duration(struct fw_filter *filter, const char *text)
{
	const char *dots = strstr(text, "..");
	char first[32] = "";
	int ret = 0;

	filter->shortest = 0;
	filter->longest = 0;
	if (!dots)
		return fw_parse_duration(text, &filter->shortest);
	if ((size_t)(dots - text) >= sizeof(first))
		return -EINVAL;
	memcpy(first, text, dots - text);
	if (*first)
		ret = fw_parse_duration(first, &filter->shortest);
	if (!ret && (dots[2] || !*first))
		ret = fw_parse_duration(dots + 2, &filter->longest);
	if (!ret && filter->longest && filter->longest < filter->shortest)
		ret = -EINVAL;
	return ret;
}

static const struct fw_rule *find_rule(const char *id)
{
	size_t i;

	for (i = 0; i < fw_nr_rules; i++)
		if (!strcasecmp(fw_rules[i].id, id))
			return &fw_rules[i];
	return NULL;
}

/* "fail", "pass:A1" */
static int parse_verdict(struct fw_filter *filter, const char *text)
{
	static const struct {
		const char *word;
		enum fw_verdict verdict;
	} words[] = {
		{ "pass", FW_PASS }, { "fail", FW_FAIL }, { "unseen", FW_NOT_OBSERVED },
		{ "na", FW_NA },
	};
	const char *colon = strchrnul(text, ':');
	size_t i;

	filter->rule = *colon ? find_rule(colon + 1) : NULL;
	if (*colon && !filter->rule)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i].word) != (size_t)(colon - text) ||
		    strncasecmp(words[i].word, text, colon - text))
			continue;
		filter->has_verdict = true;
		filter->verdict = words[i].verdict;
		return 0;
	}
	return -EINVAL;
}

const struct fw_condition fw_conditions[] = {
	{ "comm", "'sh*'", parse_comm },
	{ "pid", "1234", parse_pid },
	{ "kind", "fork,vfork", parse_kind },
	{ "flag", "CLONE_VM,!CLONE_VFORK", parse_flag },
	{ "errno", "EAGAIN, or any", parse_errno },
	{ "duration", "1ms, 10us..1ms or ..10us", parse_duration },
	{ "verdict", "pass, fail, unseen or na, or that of one rule: fail:A1", parse_verdict },
	{ NULL, NULL, NULL }
};

_Static_assert(ARRAY_SIZE(fw_conditions) == FW_NR_FILTERS + 1, "all conditions are counted");

/*
 * Taking. What was not observed meets no condition.
 */
static bool is_called(const char *pattern, const char *comm)
{
	char plain[FORKWATCH_COMM_LEN + 1];

	return !fnmatch(pattern, fw_name_plain(comm, FORKWATCH_COMM_LEN, plain, sizeof(plain)), 0);
}

static bool takes_comm(const struct fw_filter *filter, const struct fw_fork *fork)
{
	return !filter->comm ||
	       (fork->enter && is_called(filter->comm, fork->enter->comm)) ||
	       (fork->exit && is_called(filter->comm, fork->exit->comm)) ||
	       (fork->first_run && is_called(filter->comm, fork->first_run->comm));
}

static bool takes_pid(const struct fw_filter *filter, const struct fw_fork *fork)
{
	uint32_t pid = filter->pid;

	return !pid || fork->parent_tid == pid || fork->parent_tgid == pid ||
	       fork->child_tid == pid || fork->child_tgid == pid;
}

static bool takes_flags(const struct fw_filter *filter, const struct fw_fork *fork)
{
	if (!filter->flags && !filter->no_flags)
		return true;
	return fork->enter && (fork->enter->clone_flags & filter->flags) == filter->flags &&
	       !(fork->enter->clone_flags & filter->no_flags);
}

static bool takes_error(const struct fw_filter *filter, const struct fw_fork *fork)
{
	int error = fw_fork_error(fork);

	return filter->any_error ? error < 0 : !filter->error || error == filter->error;
}

static bool takes_duration(const struct fw_filter *filter, const struct fw_fork *fork)
{
	uint64_t ns;

	if (!filter->shortest && !filter->longest)
		return true;
	if (!fork->enter || !fork->exit)
		return false;
	ns = fork->exit->hdr.time - fork->enter->hdr.time;
	return ns >= filter->shortest && (!filter->longest || ns <= filter->longest);
}

/* Of no rule in particular: it passed if none that was judged failed. */
static bool takes_verdict(const struct fw_filter *filter, const struct fw_fork *fork)
{
	const struct fw_judgement *judgements = fork->verdicts;
	size_t counts[FW_NR_VERDICTS] = { 0 }, i;

	if (!filter->has_verdict || !judgements)
		return !filter->has_verdict;
	if (filter->rule)
		return judgements[filter->rule - fw_rules].verdict == filter->verdict;
	for (i = 0; i < fw_nr_rules; i++)
		counts[judgements[i].verdict]++;
	if (filter->verdict == FW_PASS)
		return counts[FW_PASS] && !counts[FW_FAIL];
	return filter->verdict == FW_NA ? counts[FW_NA] == fw_nr_rules : counts[filter->verdict];
}

bool fw_filter_takes(const struct fw_filter *filter, const struct fw_fork *fork)
{
	return takes_comm(filter, fork) && takes_pid(filter, fork) &&
	       (!filter->kinds || filter->kinds & 1U << fw_fork_kind(fork)) &&
	       takes_flags(filter, fork) && takes_error(filter, fork) &&
	       takes_duration(filter, fork) && takes_verdict(filter, fork);
}
