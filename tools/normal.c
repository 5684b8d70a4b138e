// SPDX-License-Identifier: GPL-2.0-only
/* See normal.h. relation.c says what values are, normal_order.c what came when. */
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "check.h"
#include "clone_flags.h"
#include "names.h"
#include "normal.h"
#include "normal_order.h"
#include "observer.h"
#include "reason.h"
#include "regs.h"
#include "relation.h"

#define PARENTS	"parent's"

/* Members that are objects: "others" first, then what is different. */
static void open_others(struct fw_draft *draft, const char *name, const char *others)
{
	fw_draft_object(draft, name);
	fw_draft_constant(draft, "others", others);
}

/*
 * Registers after copy_thread(). That of the result is the one that a child has
 * for itself: it is never its parent's, even where that has the same in it.
 */
#define RESULT	0

static const char *relate_reg(struct fw_scope *scope, const struct fw_reg *reg)
{
	if (reg->type == FW_REG_PSTATE && reg->value)
		return fw_pstate_name(reg->value, scope->buf, sizeof(scope->buf));
	return fw_relate_user(scope, reg->value);
}

static void put_register(struct fw_draft *draft, struct fw_scope *scope, const struct fw_reg *reg,
			 const char *others)
{
	const char *relation = relate_reg(scope, reg);

	if (strcmp(relation, others))
		fw_put_relation(draft, scope, reg->name, relation);
}

static void put_registers(struct fw_draft *draft, struct fw_scope *scope)
{
	const struct forkwatch_regs *child = &scope->fork->copy_thread->regs_after;
	const char *others = scope->parent ? PARENTS : "0";
	struct fw_reg list[FW_NR_REGS];
	size_t i;

	open_others(draft, "registers", others);
	fw_regs_list(child, list);
	for (i = 0; i < FW_NR_REGS; i++)
		if (i == RESULT || !scope->parent ||
		    list[i].value != fw_regs_value(scope->parent, i))
			put_register(draft, scope, &list[i], others);
	fw_draft_close(draft);
}

static void put_context(struct fw_draft *draft, struct fw_scope *scope)
{
	struct fw_reg list[FW_NR_CONTEXT];
	size_t i;

	open_others(draft, "context", "0");
	fw_context_list(&scope->fork->copy_thread->context_after, list);
	for (i = 0; i < FW_NR_CONTEXT; i++)
		if (list[i].value)
			fw_put_relation(draft, scope, list[i].name,
					fw_relate_kernel(scope, list[i].value));
	fw_draft_close(draft);
}

static const char *relate_tls(const struct fw_fork *fork, uint64_t value, bool seen,
			      uint64_t parent)
{
	/* Saved when the parent was switched out last, if it was since it set it: chance. */
	if (fork->enter && !fw_fork_is_user(fork))
		return "as last saved";
	if (!value)
		return "0";
	if (fork->enter && value == fork->enter->tls)
		return "tls asked for";
	if (!seen)
		return "not observed";
	return value == parent ? PARENTS : "other";
}

/* The two thread registers, and where the child's registers lie. */
static void put_thread(struct fw_draft *draft, struct fw_scope *scope)
{
	const struct forkwatch_copy_thread *copied = scope->fork->copy_thread;
	bool seen = FW_OBSERVED(copied, parent_tpidr);
	const struct fw_fork *fork = scope->fork;

	fw_draft_object(draft, "thread");
	if (fw_regs_aarch32(&copied->regs_after)) {
		fw_draft_constant(draft, "tpidr_el0",
				  relate_tls(fork, copied->tp2_after, seen, copied->parent_tpidr));
		fw_draft_constant(draft, "tpidrro_el0",
				  relate_tls(fork, copied->tp_after, true, copied->parent_tp));
	} else {
		fw_draft_constant(draft, "tpidr_el0",
				  relate_tls(fork, copied->tp_after, seen, copied->parent_tpidr));
		fw_draft_constant(draft, "tp2_value", !copied->tp2_after ? "0" :
				  copied->tp2_after == copied->parent_tp2 ? PARENTS : "other");
	}
	fw_put_relation(draft, scope, "pt_regs", fw_relate_kernel(scope, copied->pt_regs));
	fw_draft_close(draft);
}

/* The first moment of the child: what it has that copy_thread() did not give it. */
static void put_live_changes(struct fw_draft *draft, struct fw_scope *scope)
{
	struct fw_reg live[FW_NR_CONTEXT], given[FW_NR_CONTEXT];
	size_t i;

	fw_context_list(&scope->fork->first_run->live, live);
	fw_context_list(&scope->fork->copy_thread->context_after, given);
	/* The last one is pc: it has moved on to where this was seen. */
	for (i = 0; i + 1 < FW_NR_CONTEXT; i++)
		if (live[i].value != given[i].value)
			fw_put_relation(draft, scope, live[i].name,
					fw_relate_kernel(scope, live[i].value));
}

static void put_pt_regs_changes(struct fw_draft *draft, struct fw_scope *scope)
{
	const struct forkwatch_regs *then = &scope->fork->copy_thread->regs_after;
	const struct forkwatch_regs *now = &scope->fork->first_run->regs;
	struct fw_reg list[FW_NR_REGS];
	char name[32];
	size_t i;

	/* Mostly so: then no name is asked for. */
	if (!memcmp(now, then, sizeof(*now)))
		return;
	fw_regs_list(now, list);
	for (i = 0; i < FW_NR_REGS; i++) {
		/* A switch may set or clear SSBS, as the CPU needs it. */
		if (list[i].value == fw_regs_value(then, i) || list[i].type == FW_REG_PSTATE)
			continue;
		snprintf(name, sizeof(name), "pt_regs.%.11s", list[i].name);
		fw_draft_string(draft, name, fw_relate_user(scope, list[i].value));
	}
}

static void put_level(struct fw_draft *draft, const struct forkwatch_first_run *run)
{
	static const char *const names[][2] = {
		{ "EL0t", "EL0h" }, { "EL1t", "EL1h" }, { "EL2t", "EL2h" }, { "EL3t", "EL3h" },
	};

	char word[24];

	if (run->el < ARRAY_SIZE(names)) {
		fw_draft_constant(draft, "level", names[run->el][!!run->spsel]);
		return;
	}
	snprintf(word, sizeof(word), "EL%u%s", run->el, run->spsel ? "h" : "t");
	fw_draft_string(draft, "level", word);
}

static void put_first_run(struct fw_draft *draft, struct fw_scope *scope)
{
	const struct forkwatch_first_run *run = scope->fork->first_run;

	open_others(draft, "first run", "as copied");
	put_level(draft, run);
	fw_put_relation(draft, scope, "lr", fw_relate_kernel(scope, run->lr));
	if (FW_OBSERVED(run, sp_el0))
		fw_put_relation(draft, scope, "sp_el0", fw_relate_kernel(scope, run->sp_el0));
	if (scope->fork->copy_thread) {
		put_live_changes(draft, scope);
		put_pt_regs_changes(draft, scope);
	}
	fw_draft_close(draft);
}

/*
 * The rest.
 */
#define SHARE_ENTRY(SHARE, value, field)	[value] = #field,
static const char *const share_names[] = { FORKWATCH_SHARES(SHARE_ENTRY) };

static void put_sharing(struct fw_draft *draft, const struct forkwatch_fork_exit *exit)
{
	size_t i;

	fw_draft_object(draft, "sharing");
	for (i = 0; i < ARRAY_SIZE(share_names); i++) {
		const char *how = "own";

		if (!exit->child_ptr[i])
			how = "none";
		else if (exit->child_ptr[i] == exit->parent_ptr[i])
			how = "shared";
		fw_draft_constant(draft, share_names[i], how);
	}
	fw_draft_close(draft);
}

static void put_flags(struct fw_draft *draft, const struct forkwatch_fork_enter *enter)
{
	const struct fw_flag *flag = fw_clone_flag_table;
	uint64_t flags = enter->clone_flags;
	char buf[24];

	fw_draft_array(draft, "flags");
	for (; flag->name; flag++) {
		if (flags & flag->bit)
			fw_draft_constant(draft, NULL, flag->name);
		flags &= ~flag->bit;
	}
	if (flags)
		fw_draft_string(draft, NULL, fw_name_hex(flags, buf, sizeof(buf)));
	if (enter->exit_signal)
		fw_draft_string(draft, NULL, fw_signal_name(enter->exit_signal, buf, sizeof(buf)));
	fw_draft_close(draft);
}

/* NULL if it was not seen. @buf: for a text that is made. */
static const char *result_text(const struct fw_fork *fork, char *buf, size_t size)
{
	int error = fw_fork_error(fork);
	const char *name = error < 0 ? fw_error_name(error) : NULL;

	if (error < 0) {
		if (name)
			snprintf(buf, size, "-%s", name);
		else
			snprintf(buf, size, "%d", error);
		return buf;
	}
	if (!fork->ret || !fork->exit)
		return error ? NULL : "a child";
	return (uint32_t)fork->ret->result == fork->exit->child_vpid ?
		"the child's pid" : "another number than the child's pid";
}

/* The registers with which the parent goes on, but for the result. */
static void put_parent(struct fw_draft *draft, const struct fw_scope *scope)
{
	const struct forkwatch_regs *now = &scope->fork->ret->regs, *then = scope->parent;
	struct fw_reg list[FW_NR_REGS];
	size_t i;

	open_others(draft, "parent registers", "unchanged");
	if (memcmp(now, then, sizeof(*now))) {
		fw_regs_list(now, list);
		for (i = 0; i < FW_NR_REGS; i++)
			if (list[i].value != fw_regs_value(then, i))
				fw_draft_constant(draft, list[i].name, "changed");
	}
	fw_draft_close(draft);
}

static void put_verdicts(struct fw_draft *draft, const struct fw_judgement *judgements)
{
	size_t i;

	open_others(draft, "rules", fw_verdict_name(FW_PASS));
	for (i = 0; i < fw_nr_rules; i++)
		if (judgements[i].verdict != FW_PASS)
			fw_draft_constant(draft, fw_rules[i].id,
					  fw_verdict_name(judgements[i].verdict));
	fw_draft_close(draft);
}

static void put_copied(struct fw_draft *draft, struct fw_scope *scope)
{
	if (fw_fork_error(scope->fork) < 0)
		return;
	put_registers(draft, scope);
	put_context(draft, scope);
	put_thread(draft, scope);
}

void fw_normal_fork(const struct fw_fork *fork, const struct fw_env *env, struct fw_draft *draft)
{
	struct fw_scope scope = fw_scope_of(fork, env);
	char buf[32];

	fw_draft_reset(draft);
	fw_draft_constant(draft, "kind", fw_fork_kind_name(fw_fork_kind(fork)));
	fw_draft_constant(draft, "call", fw_name_call(fork));
	if (fw_caller_is_compat(fork))
		fw_draft_constant(draft, "instructions",
				  fw_regs_instructions(fw_caller_regs(fork)));
	if (fork->enter)
		put_flags(draft, fork->enter);
	fw_draft_string(draft, "result", result_text(fork, buf, sizeof(buf)));
	if (fork->reason && fork->reason->code != FW_REASON_NOT_OBSERVED)
		fw_draft_string(draft, "reason", fw_reason_name(fork->reason->code));
	fw_normal_parent_events(draft, fork);
	if (fw_fork_error(fork) >= 0)
		fw_normal_child_events(draft, fork);
	if (fork->stages)
		fw_normal_stages(draft, fork);
	if (fork->exit && !fork->exit->result)
		put_sharing(draft, fork->exit);
	if (fork->copy_thread)
		put_copied(draft, &scope);
	if (fork->first_run)
		put_first_run(draft, &scope);
	if (fork->ret && scope.parent)
		put_parent(draft, &scope);
	if (fork->verdicts)
		put_verdicts(draft, fork->verdicts);
}
