// SPDX-License-Identifier: GPL-2.0-only
/* The text format's last words: what was traced, judged and lost. */
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>

#include "array.h"
#include "clone_flags.h"
#include "render_text.h"

static unsigned long long ull(uint64_t value)
{
	return value;
}

/* "forks   412   380 fork   20 vfork   12 thread   2 failed   1 incomplete" */
static void print_forks(struct fw_text *text, const struct fw_tally *tally)
{
	unsigned int kind;

	fw_text_row(text, "forks");
	fw_text_item(text, "%llu", ull(tally->forks));
	for (kind = 0; kind < FW_NR_FORK_KINDS; kind++)
		if (tally->by_kind[kind])
			fw_text_item(text, "%llu %s", ull(tally->by_kind[kind]),
				     fw_fork_kind_name(kind));
	if (tally->failed)
		fw_text_item(text, "%llu failed with an error", ull(tally->failed));
	if (tally->incomplete)
		fw_text_styled(text, FW_LOUD, "%llu INCOMPLETE", ull(tally->incomplete));
}

/* "failed  3 rlimit-nproc   1 signal", from which one sees what to raise. */
static void print_reasons(struct fw_text *text, const struct fw_tally *tally)
{
	unsigned int code;

	if (!tally->failed)
		return;
	fw_text_row(text, "failed");
	for (code = 0; code < FW_NR_REASONS; code++)
		if (tally->by_reason[code])
			fw_text_item(text, "%llu %s", ull(tally->by_reason[code]),
				     code == FW_REASON_NOT_OBSERVED ? "reason not observed" :
				     fw_reason_name(code));
}

static void print_verdicts(struct fw_text *text, const uint64_t *counts)
{
	static const enum fw_verdict order[] = { FW_PASS, FW_FAIL, FW_NOT_OBSERVED };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		fw_text_styled(text, order[i] == FW_FAIL && counts[FW_FAIL] ? FW_LOUD : FW_PLAIN,
			       "%llu %s", ull(counts[order[i]]), fw_verdict_name(order[i]));
}

/* All rules together, then those on their own that a fork broke. */
static void print_rules(struct fw_text *text, const struct fw_tally *tally)
{
	size_t i;

	fw_text_row(text, "rules");
	print_verdicts(text, tally->verdicts);
	for (i = 0; i < fw_nr_rules; i++) {
		if (!tally->by_rule[i][FW_FAIL])
			continue;
		fw_text_row(text, "");
		fw_text_item(text, "%s", fw_rules[i].id);
		print_verdicts(text, tally->by_rule[i]);
	}
}

/* "unseen  A1 (5) A2 (5)   no copy_thread event", once for each reason. */
static void print_unseen(struct fw_text *text, const struct fw_tally *tally,
			 const struct fw_findings *findings)
{
	size_t i, j;

	for (i = 0; i < fw_nr_rules; i++) {
		const char *reason = fw_findings_unseen(findings, i);

		for (j = 0; j < i && strcmp(fw_findings_unseen(findings, j), reason); j++)
			;
		if (!*reason || j < i)
			continue;
		fw_text_row(text, "unseen");
		for (j = i; j < fw_nr_rules; j++)
			if (!strcmp(fw_findings_unseen(findings, j), reason))
				fw_text_more(text, "%s%s (%llu)", j > i ? " " : "",
					     fw_rules[j].id,
					     ull(tally->by_rule[j][FW_NOT_OBSERVED]));
		fw_text_words(text, reason);
	}
}

#define PROBE_MISSES	"times a probe did not fire, or the kernel skipped its program: load " \
			"the module (maxactive=4096 if /sys/module/forkwatch/parameters/probes " \
			"counts misses), or trace fewer stages"

/* By the names that they have in the JSON format, too. */
static const struct loss {
	const char *name;
	size_t offset;
	const char *text;
} losses[] = {
#define LOSS(field, text) { #field, offsetof(struct fw_losses, field), text }
	LOSS(ring_drops, "events found the ring buffer full: try --ring 64M"),
	LOSS(seq_gaps, "events are missing between others: try --ring 64M"),
	LOSS(probe_misses, PROBE_MISSES),
	LOSS(watch_full, "children found the watch set full, untraced: trace fewer tasks"),
	LOSS(bad_events, "events were not understood: load the module that this tool came with"),
	LOSS(forks, "forks that made a child are missing thereby, or lack their end"),
#undef LOSS
};

#define COUNT_AT	23

static void print_losses(struct fw_text *text, const struct fw_summary *summary)
{
	uint64_t total = summary->losses ? fw_losses_total(summary->losses) : 0;
	char number[24];
	size_t i;

	fw_text_row_styled(text, total ? FW_LOUD : FW_PLAIN, total ? "LOST" : "lost");
	if (!summary->losses) {
		fw_text_item(text, "not observed");
		return;
	}
	fw_text_styled(text, total ? FW_LOUD : FW_PLAIN, "%llu", ull(total));
	fw_text_item(text, "%llu events came", ull(summary->events));
	for (i = 0; i < ARRAY_SIZE(losses); i++) {
		uint64_t count;

		memcpy(&count, (const char *)summary->losses + losses[i].offset, sizeof(count));
		if (!count)
			continue;
		fw_text_row(text, "");
		fw_text_styled(text, FW_LOUD, "%s", losses[i].name);
		snprintf(number, sizeof(number), "%8llu", ull(count));
		fw_text_at(text, COUNT_AT, FW_LOUD, number);
		fw_text_hang(text);
		fw_text_words(text, losses[i].text);
	}
	if (total) {
		fw_text_row(text, "");
		fw_text_item(text, "What is shown above is true, but it is not all.");
	}
}

static void print_command(struct fw_text *text, const struct fw_summary *summary)
{
	char plain[512], signal[24];

	if (!summary->command || !*summary->command)
		return;
	fw_text_row(text, "command");
	fw_name_plain(summary->command, strlen(summary->command), plain, sizeof(plain));
	fw_text_words(text, plain);
	if (WIFSIGNALED(summary->status))
		fw_text_styled(text, FW_BOLD, "killed by %s",
			       fw_signal_name(WTERMSIG(summary->status), signal, sizeof(signal)));
	else
		fw_text_item(text, "exit %d", WEXITSTATUS(summary->status));
}

void fw_view_counts(struct fw_text *text, const struct fw_summary *summary,
		    const struct fw_env *env)
{
	if (env && *env->release) {
		fw_text_row(text, "kernel");
		fw_text_item(text, "%s %s", env->release, env->machine);
		fw_text_item(text, "%u cpu%s", env->cpus, env->cpus == 1 ? "" : "s");
	}
	print_forks(text, summary->tally);
	print_reasons(text, summary->tally);
}

void fw_view_end(struct fw_text *text, const struct fw_summary *summary)
{
	print_losses(text, summary);
	print_command(text, summary);
}

void fw_view_summary(struct fw_text *text, const struct fw_findings *findings,
		     const struct fw_summary *summary, const struct fw_env *env)
{
	fw_text_at(text, 0, FW_BOLD, "summary");
	fw_view_counts(text, summary, env);
	print_rules(text, summary->tally);
	fw_findings_show(findings, text);
	print_unseen(text, summary->tally, findings);
	fw_view_cow_totals(text, &summary->tally->cow);
	fw_view_end(text, summary);
	fw_text_end(text, false);
}
