// SPDX-License-Identifier: GPL-2.0-only
/* forkwatch_clone()'s report beside what the tracepoints said. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "clone_flags.h"
#include "json.h"
#include "names.h"
#include "selfreport.h"

#define SCHEMA_VERSION	1

/* Where the columns begin. */
#define AT_FIELD	2
#define AT_REPORT	20
#define AT_SEEN		46
#define AT_AGREE	72
#define AT_EVENT	80

/*
 * Text.
 */
static void put_header(struct fw_text *text, const struct fw_selfreport *self)
{
	const struct fw_fork *fork = self->fork;
	char flags[FW_CLONE_FLAGS_LEN], parent[FW_NAME_TASK_LEN], child[FW_NAME_TASK_LEN];
	char time[24];

	fw_text_at(text, 0, FW_BOLD, "clone");
	if (fork)
		fw_text_styled(text, FW_BOLD, "%s -> %s",
			       fw_name_parent(fork, parent, sizeof(parent)),
			       fw_name_child(fork, child, sizeof(child)));
	fw_text_styled(text, FW_BOLD, "forkwatch_clone(%s)",
		       fw_clone_flags(self->args->flags, self->args->exit_signal, flags,
				      sizeof(flags)));
	fw_text_item(text, "%s", fw_name_duration(self->report->called, self->report->returned,
						  time, sizeof(time)));
	fw_text_end(text, true);
}

static const char *agreement(const struct fw_account *account)
{
	if (account->verdict == FW_PASS)
		return "yes";
	return account->verdict == FW_FAIL ? "NO" : "";
}

static void put_account(struct fw_text *text, const struct fw_account *account)
{
	enum fw_style style = account->verdict == FW_FAIL ? FW_LOUD : FW_PLAIN;

	fw_text_at(text, AT_FIELD, style, account->field);
	fw_text_at(text, AT_REPORT, style, account->report);
	fw_text_at(text, AT_SEEN, style,
		   account->verdict == FW_NOT_OBSERVED ? "not observed" : account->seen);
	fw_text_at(text, AT_AGREE, style, agreement(account));
	fw_text_at(text, AT_EVENT, FW_DIM, account->event);
	fw_text_end(text, false);
}

static void put_table(struct fw_text *text, const struct fw_accounts *accounts)
{
	size_t i;

	fw_text_at(text, AT_FIELD, FW_DIM, "field");
	fw_text_at(text, AT_REPORT, FW_DIM, "report");
	fw_text_at(text, AT_SEEN, FW_DIM, "tracepoints");
	fw_text_at(text, AT_AGREE, FW_DIM, "agree");
	fw_text_at(text, AT_EVENT, FW_DIM, "seen at");
	fw_text_end(text, false);
	for (i = 0; i < accounts->nr; i++)
		put_account(text, &accounts->list[i]);
	fw_text_end(text, true);
}

/* Where the child's result comes from, in one sentence. */
static void put_child(struct fw_text *text, const struct fw_selfreport *self)
{
	const struct forkwatch_copy_thread *copy = self->fork ? self->fork->copy_thread : NULL;
	bool asked = self->args->options & FORKWATCH_CLONE_CHILD_X0;

	if (!self->child_returned)
		return;
	fw_text_row(text, "child");
	fw_text_item(text, "returned %lld", (long long)*self->child_returned);
	if (copy && asked)
		fw_text_item(text, "copy_thread had left %lld in its x0, child_x0 asked for %lld",
			     (long long)copy->regs_after.x[0], (long long)self->args->child_x0);
	else if (copy)
		fw_text_item(text, "as copy_thread left it in its x0");
	fw_text_end(text, false);
}

static void put_rules(struct fw_text *text, const struct fw_fork *fork)
{
	const struct fw_judgement *judgements = fork ? fork->verdicts : NULL;
	size_t counts[FW_NR_VERDICTS] = { 0 }, i;

	if (!judgements)
		return;
	for (i = 0; i < fw_nr_rules; i++)
		counts[judgements[i].verdict]++;
	fw_text_row(text, "rules");
	fw_text_item(text, "%zu pass", counts[FW_PASS]);
	fw_text_styled(text, counts[FW_FAIL] ? FW_LOUD : FW_PLAIN, "%zu FAIL", counts[FW_FAIL]);
	fw_text_item(text, "%zu not observed", counts[FW_NOT_OBSERVED]);
	for (i = 0; i < fw_nr_rules; i++) {
		if (judgements[i].verdict != FW_FAIL)
			continue;
		fw_text_row_styled(text, FW_LOUD, fw_rules[i].id);
		fw_text_item(text, "%s", judgements[i].why.text);
	}
	fw_text_end(text, false);
}

static void put_agreement(struct fw_text *text, const struct fw_selfreport *self)
{
	const size_t *counts = self->accounts->counts;
	uint64_t lost = self->losses ? fw_losses_total(self->losses) : 0;

	fw_text_row(text, "agree");
	fw_text_styled(text, counts[FW_FAIL] ? FW_LOUD : FW_BOLD, "%zu of %zu fields agree",
		       counts[FW_PASS], self->accounts->nr);
	if (counts[FW_NOT_OBSERVED])
		fw_text_item(text, "%zu not observed", counts[FW_NOT_OBSERVED]);
	if (lost)
		fw_text_styled(text, FW_LOUD, "%llu events were lost", (unsigned long long)lost);
	fw_text_end(text, false);
}

static void put_command(struct fw_text *text, const struct fw_selfreport *self)
{
	char signal[24];

	fw_text_row(text, "command");
	fw_text_item(text, "%s", self->command);
	if (WIFSIGNALED(self->status))
		fw_text_item(text, "%s", fw_signal_name(WTERMSIG(self->status), signal,
							sizeof(signal)));
	else
		fw_text_item(text, "exit %d", WEXITSTATUS(self->status));
	fw_text_end(text, false);
}

void fw_selfreport_text(struct fw_text *text, const struct fw_selfreport *self)
{
	put_header(text, self);
	put_table(text, self->accounts);
	put_child(text, self);
	put_rules(text, self->fork);
	put_agreement(text, self);
	put_command(text, self);
}

/*
 * JSON.
 */
static json_t *args_json(const struct forkwatch_clone_args *args)
{
	bool asked = args->options & FORKWATCH_CLONE_CHILD_X0;

	return json_pack("{s:o, s:I, s:o, s:o}",
			 "flags", fw_json_flags(args->flags),
			 "exit_signal", (json_int_t)args->exit_signal,
			 "cookie", fw_json_hex(args->cookie),
			 "child_x0", asked ? fw_json_hex(args->child_x0) : json_null());
}

static json_t *shared_json(uint32_t shared)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; array && i < FORKWATCH_NR_SHARE; i++)
		if (shared & 1U << i)
			json_array_append_new(array, json_string(fw_share_names[i]));
	return array;
}

static json_t *addresses_json(const struct forkwatch_clone_report *report)
{
	if (!(report->flags & FORKWATCH_REPORT_ADDRESSES))
		return json_null();
	return json_pack("{s:o, s:o}", "context", fw_json_context(&report->context),
			 "stack_low", fw_json_hex(report->stack_low));
}

static json_t *report_json(const struct forkwatch_clone_report *report)
{
	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
			 " s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}",
			 "pid", report->pid,
			 "cookie", fw_json_hex(report->cookie),
			 "shared", shared_json(report->shared),
			 "called", fw_json_integer(report->called),
			 "copied", fw_json_integer(report->copied),
			 "woken", fw_json_integer(report->woken),
			 "returned", fw_json_integer(report->returned),
			 "tls", fw_json_hex(report->tls),
			 "parent_tls", fw_json_hex(report->parent_tls),
			 "stack_bytes", (json_int_t)report->stack_bytes,
			 "pt_regs_bytes", (json_int_t)report->pt_regs_bytes,
			 "pt_regs_below_top", (json_int_t)report->pt_regs_below_top,
			 "context_sp_below_top", (json_int_t)report->context_sp_below_top,
			 "context_fp_below_top", (json_int_t)report->context_fp_below_top,
			 "context_pc_symbol", fw_json_text(report->context_pc_symbol,
							   sizeof(report->context_pc_symbol)),
			 "parent_regs", fw_json_regs(&report->parent_regs),
			 "child_regs", fw_json_regs(&report->child_regs),
			 "addresses", addresses_json(report));
}

static json_t *account_json(const struct fw_account *account)
{
	bool seen = account->verdict != FW_NOT_OBSERVED;

	return json_pack("{s:s, s:s, s:o, s:o, s:s}",
			 "field", account->field,
			 "report", account->report,
			 "tracepoints", seen ? json_string(account->seen) : json_null(),
			 "agree", seen ? json_boolean(account->verdict == FW_PASS) : json_null(),
			 "seen_at", account->event);
}

static json_t *accounts_json(const struct fw_accounts *accounts)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; array && i < accounts->nr; i++)
		json_array_append_new(array, account_json(&accounts->list[i]));
	return array;
}

static json_t *command_json(const struct fw_selfreport *self)
{
	bool killed = WIFSIGNALED(self->status);
	char signal[24];

	if (killed)
		fw_signal_name(WTERMSIG(self->status), signal, sizeof(signal));
	return json_pack("{s:o, s:o, s:o}",
			 "text", fw_json_text(self->command, strlen(self->command)),
			 "exit", killed ? json_null() : json_integer(WEXITSTATUS(self->status)),
			 "signal", killed ? json_string(signal) : json_null());
}

json_t *fw_selfreport_json(const struct fw_selfreport *self)
{
	const size_t *counts = self->accounts->counts;
	uint64_t lost = self->losses ? fw_losses_total(self->losses) : 0;

	return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:{s:I, s:I, s:I}, s:o, s:o}",
			 "version", SCHEMA_VERSION,
			 "type", "clone",
			 "args", args_json(self->args),
			 "child_returned", self->child_returned ?
				json_integer(*self->child_returned) : json_null(),
			 "report", report_json(self->report),
			 "fields", accounts_json(self->accounts),
			 "agreement",
				"agree", (json_int_t)counts[FW_PASS],
				"disagree", (json_int_t)counts[FW_FAIL],
				"not_observed", (json_int_t)counts[FW_NOT_OBSERVED],
			 "lost", fw_json_integer(lost),
			 "command", command_json(self));
}
