// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "check.h"
#include "clone_flags.h"
#include "event.h"
#include "names.h"
#include "observer.h"
#include "normal.h"
#include "reason.h"
#include "regs.h"
#include "undone.h"

/* Below it a value is no address, and means what it says. */
#define SMALL	0x10000U

#define PARENTS	"parent's"

#define BASE_MAX	100	/* of a symbol's name */

/* What addresses and registers are told by. */
struct scope {
	const struct fw_fork *fork;
	const struct fw_env *env;
	const struct forkwatch_regs *parent;	/* NULL: it has none that the child could get */
	uint64_t stack_low, stack_top;		/* of the child */
	char buf[640];				/* relations that no constant says */
};

static struct scope scope_of(const struct fw_fork *fork, const struct fw_env *env)
{
	struct scope scope = { .fork = fork, .env = env };

	if (fw_fork_is_user(fork))
		scope.parent = fw_caller_regs(fork);
	if (fork->copy_thread) {
		scope.stack_low = fork->copy_thread->stack_low;
		scope.stack_top = fork->copy_thread->stack_top;
	} else if (fork->first_run) {
		scope.stack_low = fork->first_run->stack_low;
		scope.stack_top = fork->first_run->stack_top;
	}
	return scope;
}

/* Members that are objects: "others" first, then what is different. */
static void open_others(struct fw_draft *draft, const char *name, const char *others)
{
	fw_draft_object(draft, name);
	fw_draft_constant(draft, "others", others);
}

/*
 * Relations. There are a dozen for each fork: printf() would take most of their time.
 */
static const char *relate_offset(struct scope *scope, const char *base, char sign, uint64_t offset)
{
	size_t length = strnlen(base, BASE_MAX);
	char *at = scope->buf + length;

	memcpy(scope->buf, base, length);
	*at++ = sign;
	if (offset)
		fw_name_hex(offset, at, sizeof(scope->buf) - length - 1);
	else
		strcpy(at, "0x0");
	return scope->buf;
}

/* A symbol's name goes with its trace. */
static const char *relate_name(struct scope *scope, const char *name)
{
	size_t length = strnlen(name, sizeof(scope->buf) - 1);

	memcpy(scope->buf, name, length);
	scope->buf[length] = '\0';
	return scope->buf;
}

static void put_relation(struct fw_draft *draft, const struct scope *scope, const char *name,
			 const char *relation)
{
	if (relation == scope->buf)
		fw_draft_string(draft, name, relation);
	else
		fw_draft_constant(draft, name, relation);
}

static const char *relate_symbol(struct scope *scope, uint64_t value)
{
	uint64_t offset;
	const char *name;

	if (!scope->env || !scope->env->ksyms)
		return NULL;
	name = fw_ksyms_find(scope->env->ksyms, value, &offset);
	if (!name)
		return NULL;
	if (!offset)
		return relate_name(scope, name);
	return relate_offset(scope, name, '+', offset);
}

static const char *relate_kernel(struct scope *scope, uint64_t value)
{
	const struct fw_fork *fork = scope->fork;
	const char *name;

	if (value < SMALL)
		return fw_name_hex(value, scope->buf, sizeof(scope->buf));
	if (value > scope->stack_low && value <= scope->stack_top)
		return relate_offset(scope, "stack_top", '-', scope->stack_top - value);
	if (value == fork->child)
		return "child";
	if (fork->enter && value == fork->enter->task)
		return "parent";
	name = relate_symbol(scope, value);
	if (name)
		return name;
	if (fork->enter && value == fork->enter->fn)
		return "fn";
	if (fork->enter && value == fork->enter->fn_arg)
		return "fn_arg";
	return "other";
}

/* Which register of the parent's holds @value? */
static const char *relate_parent(struct scope *scope, uint64_t value)
{
	struct fw_reg list[FW_NR_REGS];
	size_t i;

	if (!scope->parent)
		return NULL;
	fw_regs_list(scope->parent, list);
	for (i = 0; i < FW_NR_REGS; i++) {
		if (list[i].value != value)
			continue;
		snprintf(scope->buf, sizeof(scope->buf), "parent.%s", list[i].name);
		return scope->buf;
	}
	return NULL;
}

static const char *relate_user(struct scope *scope, uint64_t value)
{
	const struct forkwatch_fork_enter *enter = scope->fork->enter;
	const char *name;

	if (value < SMALL)
		return fw_name_hex(value, scope->buf, sizeof(scope->buf));
	if (enter && value == enter->stack)
		return "stack asked for";
	if (enter && value == enter->tls)
		return "tls asked for";
	name = relate_parent(scope, value);
	return name ? name : "other";
}

/*
 * Registers after copy_thread(). That of the result is the one that a child has
 * for itself: it is never its parent's, even where that has the same in it.
 */
#define RESULT	0

static const char *relate_reg(struct scope *scope, const struct fw_reg *reg)
{
	if (reg->type == FW_REG_PSTATE && reg->value)
		return fw_pstate_name(reg->value, scope->buf, sizeof(scope->buf));
	return relate_user(scope, reg->value);
}

static void put_register(struct fw_draft *draft, struct scope *scope, const struct fw_reg *reg,
			 const char *others)
{
	const char *relation = relate_reg(scope, reg);

	if (strcmp(relation, others))
		put_relation(draft, scope, reg->name, relation);
}

static void put_registers(struct fw_draft *draft, struct scope *scope)
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

static void put_context(struct fw_draft *draft, struct scope *scope)
{
	struct fw_reg list[FW_NR_CONTEXT];
	size_t i;

	open_others(draft, "context", "0");
	fw_context_list(&scope->fork->copy_thread->context_after, list);
	for (i = 0; i < FW_NR_CONTEXT; i++)
		if (list[i].value)
			put_relation(draft, scope, list[i].name,
				     relate_kernel(scope, list[i].value));
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
static void put_thread(struct fw_draft *draft, struct scope *scope)
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
	put_relation(draft, scope, "pt_regs", relate_kernel(scope, copied->pt_regs));
	fw_draft_close(draft);
}

/* The first moment of the child: what it has that copy_thread() did not give it. */
static void put_live_changes(struct fw_draft *draft, struct scope *scope)
{
	struct fw_reg live[FW_NR_CONTEXT], given[FW_NR_CONTEXT];
	size_t i;

	fw_context_list(&scope->fork->first_run->live, live);
	fw_context_list(&scope->fork->copy_thread->context_after, given);
	/* The last one is pc: it has moved on to where this was seen. */
	for (i = 0; i + 1 < FW_NR_CONTEXT; i++)
		if (live[i].value != given[i].value)
			put_relation(draft, scope, live[i].name,
				     relate_kernel(scope, live[i].value));
}

static void put_pt_regs_changes(struct fw_draft *draft, struct scope *scope)
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
		fw_draft_string(draft, name, relate_user(scope, list[i].value));
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

static void put_first_run(struct fw_draft *draft, struct scope *scope)
{
	const struct forkwatch_first_run *run = scope->fork->first_run;

	open_others(draft, "first run", "as copied");
	put_level(draft, run);
	put_relation(draft, scope, "lr", relate_kernel(scope, run->lr));
	if (FW_OBSERVED(run, sp_el0))
		put_relation(draft, scope, "sp_el0", relate_kernel(scope, run->sp_el0));
	if (scope->fork->copy_thread) {
		put_live_changes(draft, scope);
		put_pt_regs_changes(draft, scope);
	}
	fw_draft_close(draft);
}

/*
 * Events, by the task that they are of: those of two tasks come in any order.
 */
struct seen {
	const struct forkwatch_header *event;
};

static bool is_before(const struct forkwatch_header *a, const struct forkwatch_header *b)
{
	return a->time == b->time ? a->seq < b->seq : a->time < b->time;
}

/* They are few, and mostly in order. */
static void put_order(struct fw_draft *draft, const char *name, struct seen *all, size_t nr)
{
	size_t i, at, seen = 0;

	for (i = 0; i < nr; i++) {
		struct seen next = all[i];

		if (!next.event)
			continue;
		for (at = seen++; at && is_before(next.event, all[at - 1].event); at--)
			all[at] = all[at - 1];
		all[at] = next;
	}
	fw_draft_array(draft, name);
	for (i = 0; i < seen; i++)
		fw_draft_constant(draft, NULL, fw_event_type(all[i].event->kind)->name);
	fw_draft_close(draft);
}

#define HEADER(event)	((event) ? &(event)->hdr : NULL)

static void put_parent_events(struct fw_draft *draft, const struct fw_fork *fork)
{
	struct seen seen[] = {
		{ HEADER(fork->clone_call) }, { HEADER(fork->enter) },
		{ HEADER(fork->copy_thread) }, { HEADER(fork->exit) },
		{ HEADER(fork->wakeup) }, { HEADER(fork->ret) }, { HEADER(fork->clone3) },
	};

	put_order(draft, "parent events", seen, ARRAY_SIZE(seen));
}

static void put_child_events(struct fw_draft *draft, const struct fw_fork *fork)
{
	struct seen seen[] = {
		{ HEADER(fork->switch_in) }, { HEADER(fork->first_run) },
		{ HEADER(fork->tail_return) },
	};

	put_order(draft, "child events", seen, ARRAY_SIZE(seen));
}

/*
 * Stages, in the order in which they began, and what took back those of a fork that
 * failed. What the child does comes last: it runs beside the others.
 */
#define STAGE_ENTRY(STAGE, value, function, parent)	[value] = #function,
static const char *const stage_names[] = { FORKWATCH_STAGES(STAGE_ENTRY) };

struct begun {
	const char *name;
	uint64_t time;
	int32_t result;
	bool torn;
};

static int by_beginning(const void *a, const void *b)
{
	const struct begun *x = a, *y = b;

	if (x->time == y->time)
		return strcmp(x->name, y->name);
	return x->time < y->time ? -1 : 1;
}

static void put_stage(struct fw_draft *draft, const struct begun *begun)
{
	const char *name = begun->name, *error = fw_error_name(begun->result);
	char text[128];

	if (begun->torn)
		snprintf(text, sizeof(text), "%s = ?", name);
	else if (begun->result)
		snprintf(text, sizeof(text), "%s = -%s", name, error ? error : "?");
	else
		snprintf(text, sizeof(text), "%s", name);
	fw_draft_string(draft, NULL, text);
}

static unsigned int list_undone(const struct forkwatch_undone *undone, struct begun *list)
{
	unsigned int undo, nr = 0;

	for (undo = 0; undo < FORKWATCH_NR_UNDOS; undo++)
		if (undone->calls[undo] && fw_undo_name(undo))
			list[nr++] = (struct begun) {
				fw_undo_name(undo), undone->enter[undo], 0,
				undone->torn & 1U << undo
			};
	return nr;
}

/* copy_thread() has an event of its own, and its place among the stages. */
static void put_stages(struct fw_draft *draft, const struct fw_fork *fork)
{
	const struct forkwatch_stages *stages = fork->stages;
	const struct forkwatch_copy_thread *copied = fork->copy_thread;
	struct begun begun[FORKWATCH_NR_STAGES + FORKWATCH_NR_UNDOS + 2];
	unsigned int stage, nr = 0, i;

	for (stage = 0; stage < FORKWATCH_NR_STAGES; stage++)
		if (stages->calls[stage] && stage_names[stage])
			begun[nr++] = (struct begun) {
				stage_names[stage], stages->enter[stage], stages->result[stage],
				stages->torn & 1U << stage
			};
	if (copied)
		begun[nr++] = (struct begun) {
			stage_names[FORKWATCH_STAGE_COPY_THREAD], copied->enter_time,
			copied->result, false
		};
	if (fork->undone)
		nr += list_undone(fork->undone, begun + nr);
	qsort(begun, nr, sizeof(*begun), by_beginning);
	if (fork->finish_switch)
		begun[nr++] = (struct begun) {
			stage_names[FORKWATCH_STAGE_FINISH_SWITCH], 0, 0, false
		};
	fw_draft_array(draft, "stages");
	for (i = 0; i < nr; i++)
		put_stage(draft, &begun[i]);
	fw_draft_close(draft);
}

json_t *fw_normal_watched(const struct fw_fork *fork)
{
	unsigned int stage, undo;
	json_t *array;

	if (!fork->stages || !fork->stages->armed)
		return NULL;
	array = json_array();
	for (stage = 0; stage < FORKWATCH_NR_STAGES; stage++)
		if (fork->stages->armed & 1U << stage && stage_names[stage])
			json_array_append_new(array, json_string(stage_names[stage]));
	json_array_append_new(array, json_string(stage_names[FORKWATCH_STAGE_COPY_THREAD]));
	for (undo = 0; fork->undone && undo < FORKWATCH_NR_UNDOS; undo++)
		if (fork->undone->armed & 1U << undo && fw_undo_name(undo))
			json_array_append_new(array, json_string(fw_undo_name(undo)));
	return array;
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
static void put_parent(struct fw_draft *draft, const struct scope *scope)
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

static void put_copied(struct fw_draft *draft, struct scope *scope)
{
	if (fw_fork_error(scope->fork) < 0)
		return;
	put_registers(draft, scope);
	put_context(draft, scope);
	put_thread(draft, scope);
}

void fw_normal_fork(const struct fw_fork *fork, const struct fw_env *env, struct fw_draft *draft)
{
	struct scope scope = scope_of(fork, env);
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
	put_parent_events(draft, fork);
	if (fw_fork_error(fork) >= 0)
		put_child_events(draft, fork);
	if (fork->stages)
		put_stages(draft, fork);
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
