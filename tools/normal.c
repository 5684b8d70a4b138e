// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "check.h"
#include "clone_flags.h"
#include "event.h"
#include "names.h"
#include "normal.h"
#include "regs.h"

/* Below it a value is no address, and means what it says. */
#define SMALL	0x10000U

#define PARENTS	"parent's"

/* What addresses and registers are told by. */
struct scope {
	const struct fw_fork *fork;
	const struct fw_env *env;
	const struct forkwatch_regs *parent;	/* NULL: it has none that the child could get */
	uint64_t stack_low, stack_top;		/* of the child */
	char buf[128];
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
static json_t *object_of_others(const char *others)
{
	return json_pack("{s:s}", "others", others);
}

static void put_unless(json_t *object, const char *name, const char *value, const char *others)
{
	if (strcmp(value, others))
		json_object_set_new(object, name, json_string(value));
}

/*
 * Relations.
 */
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
		return name;
	snprintf(scope->buf, sizeof(scope->buf), "%.100s+0x%" PRIx64, name, offset);
	return scope->buf;
}

static const char *relate_kernel(struct scope *scope, uint64_t value)
{
	const struct fw_fork *fork = scope->fork;
	const char *name;

	if (value < SMALL)
		return fw_name_hex(value, scope->buf, sizeof(scope->buf));
	if (value > scope->stack_low && value <= scope->stack_top) {
		snprintf(scope->buf, sizeof(scope->buf), "stack_top-0x%" PRIx64,
			 scope->stack_top - value);
		return scope->buf;
	}
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
static const char *relate_reg(struct scope *scope, const struct fw_reg *reg,
			      const struct fw_reg *parent)
{
	if (parent && reg->value == parent->value && strcmp(reg->name, "x0"))
		return PARENTS;
	if (reg->type == FW_REG_PSTATE && reg->value)
		return fw_pstate_name(reg->value, scope->buf, sizeof(scope->buf));
	return relate_user(scope, reg->value);
}

static json_t *registers_json(struct scope *scope)
{
	const char *others = scope->parent ? PARENTS : "0";
	struct fw_reg child[FW_NR_REGS], parent[FW_NR_REGS];
	json_t *object = object_of_others(others);
	size_t i;

	fw_regs_list(&scope->fork->copy_thread->regs_after, child);
	if (scope->parent)
		fw_regs_list(scope->parent, parent);
	for (i = 0; object && i < FW_NR_REGS; i++)
		put_unless(object, child[i].name,
			   relate_reg(scope, &child[i], scope->parent ? &parent[i] : NULL), others);
	return object;
}

static json_t *context_json(struct scope *scope)
{
	json_t *object = object_of_others("0");
	struct fw_reg list[FW_NR_CONTEXT];
	size_t i;

	fw_context_list(&scope->fork->copy_thread->context_after, list);
	for (i = 0; object && i < FW_NR_CONTEXT; i++)
		put_unless(object, list[i].name, relate_kernel(scope, list[i].value), "0");
	return object;
}

/* The two thread registers, and where the child's registers lie. */
static json_t *thread_json(struct scope *scope)
{
	const struct forkwatch_copy_thread *copied = scope->fork->copy_thread;
	const struct forkwatch_fork_enter *enter = scope->fork->enter;
	const char *tls = "other", *tls2 = "other";
	json_t *object = json_object();

	if (!copied->tp_after)
		tls = "0";
	else if (enter && copied->tp_after == enter->tls)
		tls = "tls asked for";
	else if (copied->tp_after == copied->parent_tpidr)
		tls = PARENTS;
	if (!copied->tp2_after)
		tls2 = "0";
	else if (copied->tp2_after == copied->parent_tp2)
		tls2 = PARENTS;
	json_object_set_new(object, "tpidr_el0", json_string(tls));
	json_object_set_new(object, "tpidr2_el0", json_string(tls2));
	json_object_set_new(object, "pt_regs", json_string(relate_kernel(scope, copied->pt_regs)));
	return object;
}

/* The first moment of the child: what it has that copy_thread() did not give it. */
static void put_changes(json_t *object, struct scope *scope)
{
	const struct forkwatch_copy_thread *copied = scope->fork->copy_thread;
	const struct forkwatch_first_run *run = scope->fork->first_run;
	struct fw_reg live[FW_NR_CONTEXT], given[FW_NR_CONTEXT];
	struct fw_reg now[FW_NR_REGS], then[FW_NR_REGS];
	char name[32];
	size_t i;

	fw_context_list(&run->live, live);
	fw_context_list(&copied->context_after, given);
	/* The last one is pc: it has moved on to where this was seen. */
	for (i = 0; i + 1 < FW_NR_CONTEXT; i++)
		if (live[i].value != given[i].value)
			json_object_set_new(object, live[i].name,
					    json_string(relate_kernel(scope, live[i].value)));
	fw_regs_list(&run->regs, now);
	fw_regs_list(&copied->regs_after, then);
	for (i = 0; i < FW_NR_REGS; i++) {
		/* A switch may set or clear SSBS, as the CPU needs it. */
		if (now[i].value == then[i].value || now[i].type == FW_REG_PSTATE)
			continue;
		snprintf(name, sizeof(name), "pt_regs.%.11s", now[i].name);
		json_object_set_new(object, name,
				    json_string(relate_user(scope, now[i].value)));
	}
}

static json_t *first_run_json(struct scope *scope)
{
	const struct forkwatch_first_run *run = scope->fork->first_run;
	json_t *object = object_of_others("as copied");
	char word[24];

	snprintf(word, sizeof(word), "EL%u%s", run->el, run->spsel ? "h" : "t");
	json_object_set_new(object, "level", json_string(word));
	json_object_set_new(object, "lr", json_string(relate_kernel(scope, run->lr)));
	json_object_set_new(object, "sp_el0", json_string(relate_kernel(scope, run->sp_el0)));
	if (scope->fork->copy_thread)
		put_changes(object, scope);
	return object;
}

/*
 * Events, by the task that they are of: those of two tasks come in any order.
 */
struct seen {
	const struct forkwatch_header *event;
};

static int by_time(const void *a, const void *b)
{
	const struct forkwatch_header *x = ((const struct seen *)a)->event;
	const struct forkwatch_header *y = ((const struct seen *)b)->event;

	if (x->time == y->time)
		return x->seq < y->seq ? -1 : x->seq > y->seq;
	return x->time < y->time ? -1 : 1;
}

static json_t *order_json(struct seen *all, size_t nr)
{
	json_t *array = json_array();
	size_t i, seen = 0;

	for (i = 0; i < nr; i++)
		if (all[i].event)
			all[seen++] = all[i];
	qsort(all, seen, sizeof(*all), by_time);
	for (i = 0; i < seen; i++)
		json_array_append_new(array, json_string(fw_event_type(all[i].event->kind)->name));
	return array;
}

#define HEADER(event)	((event) ? &(event)->hdr : NULL)

static json_t *parent_events_json(const struct fw_fork *fork)
{
	struct seen seen[] = {
		{ HEADER(fork->clone_call) }, { HEADER(fork->enter) },
		{ HEADER(fork->copy_thread) }, { HEADER(fork->exit) },
		{ HEADER(fork->wakeup) }, { HEADER(fork->ret) },
	};

	return order_json(seen, ARRAY_SIZE(seen));
}

static json_t *child_events_json(const struct fw_fork *fork)
{
	struct seen seen[] = {
		{ HEADER(fork->switch_in) }, { HEADER(fork->first_run) },
		{ HEADER(fork->tail_return) },
	};

	return order_json(seen, ARRAY_SIZE(seen));
}

/*
 * Stages, in the order in which they began.
 */
#define STAGE_ENTRY(STAGE, value, function, parent)	[value] = #function,
static const char *const stage_names[] = { FORKWATCH_STAGES(STAGE_ENTRY) };

struct begun {
	unsigned int stage;
	uint64_t time;
};

static int by_beginning(const void *a, const void *b)
{
	const struct begun *x = a, *y = b;

	if (x->time == y->time)
		return (int)x->stage - (int)y->stage;
	return x->time < y->time ? -1 : 1;
}

static json_t *stage_json(const struct forkwatch_stages *stages, unsigned int stage)
{
	const char *name = stage_names[stage], *error = fw_error_name(stages->result[stage]);

	if (stages->torn & 1U << stage)
		return json_sprintf("%s = ?", name);
	if (!stages->result[stage])
		return json_string(name);
	return json_sprintf("%s = -%s", name, error ? error : "?");
}

static json_t *stages_json(const struct forkwatch_stages *stages)
{
	struct begun begun[FORKWATCH_NR_STAGES];
	unsigned int stage, nr = 0, i;
	json_t *array = json_array();

	for (stage = 0; stage < FORKWATCH_NR_STAGES; stage++)
		if (stages->calls[stage] && stage_names[stage])
			begun[nr++] = (struct begun) { stage, stages->enter[stage] };
	qsort(begun, nr, sizeof(*begun), by_beginning);
	for (i = 0; i < nr; i++)
		json_array_append_new(array, stage_json(stages, begun[i].stage));
	return array;
}

json_t *fw_normal_watched(const struct fw_fork *fork)
{
	unsigned int stage;
	json_t *array;

	if (!fork->stages || !fork->stages->armed)
		return NULL;
	array = json_array();
	for (stage = 0; stage < FORKWATCH_NR_STAGES; stage++)
		if (fork->stages->armed & 1U << stage && stage_names[stage])
			json_array_append_new(array, json_string(stage_names[stage]));
	return array;
}

/*
 * The rest.
 */
#define SHARE_ENTRY(SHARE, value, field)	[value] = #field,
static const char *const share_names[] = { FORKWATCH_SHARES(SHARE_ENTRY) };

static json_t *sharing_json(const struct forkwatch_fork_exit *exit)
{
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(share_names); i++) {
		const char *how = "own";

		if (!exit->child_ptr[i])
			how = "none";
		else if (exit->child_ptr[i] == exit->parent_ptr[i])
			how = "shared";
		json_object_set_new(object, share_names[i], json_string(how));
	}
	return object;
}

static json_t *flags_json(const struct forkwatch_fork_enter *enter)
{
	char flags[FW_CLONE_FLAGS_LEN], *rest = flags, *flag;
	json_t *array = json_array();

	fw_clone_flags(enter->clone_flags, enter->exit_signal, flags, sizeof(flags));
	while ((flag = strsep(&rest, "|")))
		if (strcmp(flag, "0"))
			json_array_append_new(array, json_string(flag));
	return array;
}

static json_t *result_json(const struct fw_fork *fork)
{
	int error = fw_fork_error(fork);
	const char *name = error < 0 ? fw_error_name(error) : NULL;

	if (error < 0)
		return name ? json_sprintf("-%s", name) : json_sprintf("%d", error);
	if (!fork->ret || !fork->exit)
		return error ? NULL : json_string("a child");
	return json_string((uint32_t)fork->ret->result == fork->exit->child_vpid ?
			   "the child's pid" : "another number than the child's pid");
}

/* The registers with which the parent goes on, but for the result. */
static json_t *parent_json(const struct scope *scope)
{
	struct fw_reg now[FW_NR_REGS], then[FW_NR_REGS];
	json_t *object = object_of_others("unchanged");
	size_t i;

	fw_regs_list(&scope->fork->ret->regs, now);
	fw_regs_list(scope->parent, then);
	for (i = 0; i < FW_NR_REGS; i++)
		if (now[i].value != then[i].value)
			json_object_set_new(object, now[i].name, json_string("changed"));
	return object;
}

static json_t *verdicts_json(const struct fw_judgement *judgements)
{
	const char *others = fw_verdict_name(FW_PASS);
	json_t *object = object_of_others(others);
	size_t i;

	for (i = 0; i < fw_nr_rules; i++)
		put_unless(object, fw_rules[i].id, fw_verdict_name(judgements[i].verdict), others);
	return object;
}

/* Sets a member, unless it is NULL: not seen. */
static void put(json_t *object, const char *name, json_t *value)
{
	if (value)
		json_object_set_new(object, name, value);
}

static void put_copied(json_t *object, struct scope *scope)
{
	if (fw_fork_error(scope->fork) < 0)
		return;
	put(object, "registers", registers_json(scope));
	put(object, "context", context_json(scope));
	put(object, "thread", thread_json(scope));
}

json_t *fw_normal_fork(const struct fw_fork *fork, const struct fw_env *env)
{
	json_t *object = json_pack("{s:s}", "kind", fw_fork_kind_name(fw_fork_kind(fork)));
	const char *call = fw_name_call(fork);
	struct scope scope = scope_of(fork, env);

	if (!object)
		return NULL;
	put(object, "call", call ? json_string(call) : NULL);
	put(object, "flags", fork->enter ? flags_json(fork->enter) : NULL);
	put(object, "result", result_json(fork));
	put(object, "parent events", parent_events_json(fork));
	put(object, "child events", fw_fork_error(fork) < 0 ? NULL : child_events_json(fork));
	put(object, "stages", fork->stages ? stages_json(fork->stages) : NULL);
	if (fork->exit && !fork->exit->result)
		put(object, "sharing", sharing_json(fork->exit));
	if (fork->copy_thread)
		put_copied(object, &scope);
	if (fork->first_run)
		put(object, "first run", first_run_json(&scope));
	if (fork->ret && scope.parent)
		put(object, "parent registers", parent_json(&scope));
	if (fork->verdicts)
		put(object, "rules", verdicts_json(fork->verdicts));
	return object;
}
