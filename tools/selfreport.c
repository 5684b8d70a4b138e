// SPDX-License-Identifier: GPL-2.0-only
/* Two accounts of one fork, compared field by field. */
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "regs.h"
#include "rule.h"
#include "observer.h"
#include "selfreport.h"

/* Both accounts, on their way into the list. */
struct pair {
	const struct forkwatch_clone_report *report;
	const struct fw_fork *fork;
	const struct fw_env *env;
	struct fw_accounts *accounts;
};

/* The next account. It is not observed until a value is there to compare with. */
static struct fw_account *add(struct pair *pair, const char *field, const char *event)
{
	struct fw_account *account = &pair->accounts->list[pair->accounts->nr++];

	*account = (struct fw_account) {
		.field = field,
		.event = event,
		.verdict = FW_NOT_OBSERVED,
	};
	return account;
}

static void judge(struct fw_account *account, bool same)
{
	account->verdict = same ? FW_PASS : FW_FAIL;
}

static void add_number(struct pair *pair, const char *field, const char *event, int64_t report,
		       const int64_t *seen)
{
	struct fw_account *account = add(pair, field, event);

	snprintf(account->report, FW_ACCOUNT_LEN, "%lld", (long long)report);
	if (!seen)
		return;
	snprintf(account->seen, FW_ACCOUNT_LEN, "%lld", (long long)*seen);
	judge(account, report == *seen);
}

static void add_hex(struct pair *pair, const char *field, const char *event, uint64_t report,
		    const __u64 *seen)
{
	struct fw_account *account = add(pair, field, event);

	fw_name_hex(report, account->report, FW_ACCOUNT_LEN);
	if (!seen)
		return;
	fw_name_hex(*seen, account->seen, FW_ACCOUNT_LEN);
	judge(account, report == *seen);
}

/*
 * Who it was, and what both share.
 */
static void add_result(struct pair *pair)
{
	const struct forkwatch_fork_return *ret = pair->fork ? pair->fork->ret : NULL;

	add_number(pair, "pid", "fork_return", pair->report->pid,
		   ret ? (const int64_t[]) { ret->result } : NULL);
}

static void add_cookie(struct pair *pair)
{
	const struct forkwatch_clone_call *call = pair->fork ? pair->fork->clone_call : NULL;

	add_hex(pair, "cookie", "clone_call", pair->report->cookie, call ? &call->cookie : NULL);
}

const char * const fw_share_names[FORKWATCH_NR_SHARE] = {
#define SHARE(NAME, value, object) #object,
	FORKWATCH_SHARES(SHARE)
#undef SHARE
};

static void name_objects(uint32_t shared, char *buf)
{
	size_t i, len = 0;

	snprintf(buf, FW_ACCOUNT_LEN, "nothing");
	for (i = 0; i < FORKWATCH_NR_SHARE && len < FW_ACCOUNT_LEN; i++)
		if (shared & 1U << i)
			len += snprintf(buf + len, FW_ACCOUNT_LEN - len, "%s%s", len ? " " : "",
					fw_share_names[i]);
}

static void add_shared(struct pair *pair)
{
	const struct forkwatch_fork_exit *exit = pair->fork ? pair->fork->exit : NULL;
	struct fw_account *account = add(pair, "shared", "fork_exit");
	uint32_t shared = 0;
	size_t i;

	name_objects(pair->report->shared, account->report);
	if (!exit || exit->result)
		return;
	for (i = 0; i < FORKWATCH_NR_SHARE; i++)
		if (exit->parent_ptr[i] == exit->child_ptr[i])
			shared |= 1U << i;
	name_objects(shared, account->seen);
	judge(account, shared == pair->report->shared);
}

/*
 * Registers.
 */
static void add_child_x0(struct pair *pair)
{
	const struct forkwatch_first_run *run = pair->fork ? pair->fork->first_run : NULL;

	add_hex(pair, "child x0", "first_run", pair->report->child_regs.x[0],
		run ? &run->regs.x[0] : NULL);
}

/* Of the registers @first.., as fw_regs_list() has them; @first + @nr if there is none. */
static unsigned int first_difference(const struct forkwatch_regs *report,
				     const struct forkwatch_regs *seen, unsigned int first,
				     unsigned int nr)
{
	struct fw_regs_side ours = { "", report }, theirs = { "", seen };
	struct fw_why why;
	unsigned int i;

	for (i = first; i < first + nr; i++)
		if (!fw_same_regs(ours, theirs, i, 1, 0, &why))
			break;
	return i;
}

static void name_reg(const struct fw_reg *reg, char *buf)
{
	snprintf(buf, FW_ACCOUNT_LEN, "%s %#llx", reg->name, (unsigned long long)reg->value);
}

/* Many registers as one account, which names the first that differs. */
static void add_regs(struct pair *pair, const char *field, const char *event,
		     const struct forkwatch_regs *report, const struct forkwatch_regs *seen,
		     unsigned int first, unsigned int nr, const char *what)
{
	struct fw_account *account = add(pair, field, event);
	struct fw_reg ours[FW_NR_REGS], theirs[FW_NR_REGS];
	unsigned int i;

	snprintf(account->report, FW_ACCOUNT_LEN, "%s", what);
	if (!seen)
		return;
	i = first_difference(report, seen, first, nr);
	judge(account, i == first + nr);
	if (account->verdict == FW_PASS) {
		snprintf(account->seen, FW_ACCOUNT_LEN, "the same");
		return;
	}
	fw_regs_list(report, ours);
	fw_regs_list(seen, theirs);
	name_reg(&ours[i], account->report);
	name_reg(&theirs[i], account->seen);
}

static void add_parent_regs(struct pair *pair)
{
	const struct forkwatch_regs *report = &pair->report->parent_regs;
	const struct forkwatch_regs *seen = pair->fork && pair->fork->enter ?
					    &pair->fork->enter->regs : NULL;

	add_regs(pair, "parent x0..x30", "fork_enter", report, seen, 0, FORKWATCH_NR_X,
		 "31 values");
	add_hex(pair, "parent sp", "fork_enter", report->sp, seen ? &seen->sp : NULL);
	add_hex(pair, "parent pc", "fork_enter", report->pc, seen ? &seen->pc : NULL);
	add_regs(pair, "parent others", "fork_enter", report, seen, FW_AT_PSTATE,
		 FW_AT_END - FW_AT_PSTATE, "pstate orig_x0 syscallno");
}

static void add_child_regs(struct pair *pair)
{
	const struct forkwatch_regs *report = &pair->report->child_regs;
	const struct forkwatch_regs *seen = pair->fork && pair->fork->copy_thread ?
					    &pair->fork->copy_thread->regs_after : NULL;

	add_child_x0(pair);
	add_regs(pair, "child x1..x30", "copy_thread", report, seen, 1, FORKWATCH_NR_X - 1,
		 "30 values");
	add_hex(pair, "child sp", "copy_thread", report->sp, seen ? &seen->sp : NULL);
	add_hex(pair, "child pc", "copy_thread", report->pc, seen ? &seen->pc : NULL);
	add_regs(pair, "child others", "copy_thread", report, seen, FW_AT_PSTATE,
		 FW_AT_END - FW_AT_PSTATE, "pstate orig_x0 syscallno");
}

static void add_tls(struct pair *pair)
{
	const struct forkwatch_copy_thread *copy = pair->fork ? pair->fork->copy_thread : NULL;

	add_hex(pair, "parent tpidr_el0", "copy_thread", pair->report->parent_tls,
		copy && FW_OBSERVED(copy, parent_tpidr) ? &copy->parent_tpidr : NULL);
	add_hex(pair, "child tpidr_el0", "copy_thread", pair->report->tls,
		copy ? &copy->tp_after : NULL);
}

/*
 * The child's kernel side: distances, which say the same to everybody, then
 * addresses for those who may see them.
 */
static void name_distance(uint32_t below_top, char *buf)
{
	if (below_top)
		snprintf(buf, FW_ACCOUNT_LEN, "stack top - %#x", below_top);
	else
		snprintf(buf, FW_ACCOUNT_LEN, "not in its stack");
}

static uint32_t below_top(const struct forkwatch_copy_thread *copy, uint64_t addr)
{
	return addr >= copy->stack_low && addr < copy->stack_top ? copy->stack_top - addr : 0;
}

static void add_distance(struct pair *pair, const char *field, uint32_t report,
			 const __u64 *addr)
{
	struct fw_account *account = add(pair, field, "copy_thread");
	uint32_t seen;

	name_distance(report, account->report);
	if (!addr)
		return;
	seen = below_top(pair->fork->copy_thread, *addr);
	name_distance(seen, account->seen);
	judge(account, report == seen);
}

static void add_start(struct pair *pair)
{
	const struct forkwatch_copy_thread *copy = pair->fork ? pair->fork->copy_thread : NULL;
	const struct fw_ksyms *ksyms = pair->env ? pair->env->ksyms : NULL;
	struct fw_account *account = add(pair, "context pc", "copy_thread");
	const char *name = NULL;
	uint64_t offset = 0;

	fw_name_plain(pair->report->context_pc_symbol, sizeof(pair->report->context_pc_symbol),
		      account->report, FW_ACCOUNT_LEN);
	if (copy && ksyms)
		name = fw_ksyms_find(ksyms, copy->context_after.pc, &offset);
	if (!name)
		return;
	snprintf(account->seen, FW_ACCOUNT_LEN, "%s+%#llx", name, (unsigned long long)offset);
	/* "%#x" has no prefix for 0. */
	if (!offset)
		snprintf(account->seen, FW_ACCOUNT_LEN, "%s+0x0", name);
	judge(account, !strcmp(account->report, account->seen));
}

static void add_kernel_side(struct pair *pair)
{
	const struct forkwatch_clone_report *report = pair->report;
	const struct forkwatch_copy_thread *copy = pair->fork ? pair->fork->copy_thread : NULL;

	add_number(pair, "stack bytes", "copy_thread", report->stack_bytes,
		   copy ? (const int64_t[]) { copy->stack_top - copy->stack_low } : NULL);
	add_number(pair, "pt_regs bytes", "copy_thread", report->pt_regs_bytes,
		   copy ? (const int64_t[]) { copy->pt_regs_size } : NULL);
	add_distance(pair, "pt_regs", report->pt_regs_below_top, copy ? &copy->pt_regs : NULL);
	add_distance(pair, "context sp", report->context_sp_below_top,
		     copy ? &copy->context_after.sp : NULL);
	add_distance(pair, "context fp", report->context_fp_below_top,
		     copy ? &copy->context_after.fp : NULL);
	add_start(pair);
}

static void add_addresses(struct pair *pair)
{
	const struct forkwatch_clone_report *report = pair->report;
	const struct forkwatch_copy_thread *copy = pair->fork ? pair->fork->copy_thread : NULL;
	struct fw_account *account;

	if (!(report->flags & FORKWATCH_REPORT_ADDRESSES))
		return;
	add_hex(pair, "stack", "copy_thread", report->stack_low, copy ? &copy->stack_low : NULL);
	account = add(pair, "context", "copy_thread");
	snprintf(account->report, FW_ACCOUNT_LEN, "x19..x28 fp sp pc");
	if (!copy)
		return;
	judge(account, !memcmp(&report->context, &copy->context_after, sizeof(report->context)));
	snprintf(account->seen, FW_ACCOUNT_LEN, "%s",
		 account->verdict == FW_PASS ? "the same" : "others");
}

/*
 * Times. The parent took each step of the report between two of its events, the
 * last one after all of them.
 */
static uint64_t time_of(const void *event)
{
	const struct forkwatch_header *hdr = event;

	return hdr ? hdr->time : 0;
}

static void add_between(struct pair *pair, const char *field, const char *event, uint64_t time,
			uint64_t from, uint64_t to)
{
	struct fw_account *account = add(pair, field, event);
	const uint64_t start = pair->report->called;
	char first[24], last[24];

	fw_name_duration(start, time, account->report, FW_ACCOUNT_LEN);
	if (!from || !to)
		return;
	snprintf(account->seen, FW_ACCOUNT_LEN, "%s to %s",
		 fw_name_duration(start, from, first, sizeof(first)),
		 fw_name_duration(start, to, last, sizeof(last)));
	judge(account, from <= time && time <= to);
}

static void add_after(struct pair *pair, const char *field, const char *event, uint64_t time,
		      uint64_t from)
{
	struct fw_account *account = add(pair, field, event);
	const uint64_t start = pair->report->called;
	char first[24];

	fw_name_duration(start, time, account->report, FW_ACCOUNT_LEN);
	if (!from)
		return;
	snprintf(account->seen, FW_ACCOUNT_LEN, "after %s",
		 fw_name_duration(start, from, first, sizeof(first)));
	judge(account, from <= time);
}

static void add_times(struct pair *pair)
{
	static const struct fw_fork nothing;
	const struct forkwatch_clone_report *report = pair->report;
	const struct fw_fork *fork = pair->fork ? pair->fork : &nothing;

	add_between(pair, "called at", "clone_call, fork_enter", report->called,
		    time_of(fork->clone_call), time_of(fork->enter));
	add_between(pair, "copied at", "copy_thread, fork_exit", report->copied,
		    time_of(fork->copy_thread), time_of(fork->exit));
	add_between(pair, "woken at", "fork_exit, fork_return", report->woken,
		    time_of(fork->exit), time_of(fork->ret));
	add_after(pair, "returned at", "fork_return", report->returned, time_of(fork->ret));
}

void fw_selfreport_compare(const struct forkwatch_clone_report *report,
			   const struct fw_fork *fork, const struct fw_env *env,
			   struct fw_accounts *accounts)
{
	struct pair pair = { report, fork, env, accounts };
	size_t i;

	memset(accounts, 0, sizeof(*accounts));
	add_result(&pair);
	add_cookie(&pair);
	/* Without a child the rest was not reached. */
	if (report->pid > 0) {
		add_shared(&pair);
		add_parent_regs(&pair);
		add_child_regs(&pair);
		add_tls(&pair);
		add_kernel_side(&pair);
		add_addresses(&pair);
		add_times(&pair);
	}
	for (i = 0; i < accounts->nr; i++)
		accounts->counts[accounts->list[i].verdict]++;
}
