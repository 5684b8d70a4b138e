// SPDX-License-Identifier: GPL-2.0-only
/* The text format, below the registers: the child's first run, and what both sides return. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "array.h"
#include "clone_flags.h"
#include "regs.h"
#include "render_text.h"

/* "sp = its stack top - 0x200" */
static void put_address(struct fw_view *view, const char *what, const char *whose,
			const struct fw_stack *stack, uint64_t addr)
{
	bool inside = addr > stack->low && addr <= stack->top;

	fw_text_item(&view->text, "%s = %s%s", what, inside ? whose : "",
		     fw_view_kernel(view, stack, addr));
}

/*
 * switch  woken on cpu 0 for cpu 1   first run on cpu 1, 88.0 us after that
 *         prev swapper/1[0] saved pc = __switch_to+0xe8   sp = its stack top - 0x200
 *         child loaded pc = ret_from_fork   sp = stack top - 0x150
 */
static bool has_run(const struct fw_view *view)
{
	return view->fork->first_run || view->fork->wakeup || fw_view_has_child(view);
}

static void put_cpus(struct fw_view *view)
{
	const struct forkwatch_wakeup_new *wakeup = view->fork->wakeup;
	const struct forkwatch_first_run *run = view->fork->first_run;

	if (wakeup)
		fw_text_item(&view->text, "woken on cpu %u for cpu %u", wakeup->hdr.cpu,
			     wakeup->target_cpu);
	else
		fw_text_item(&view->text, "wake-up " FW_UNSEEN);
	if (!run)
		fw_text_item(&view->text, "first run " FW_UNSEEN);
	else if (wakeup)
		fw_text_item(&view->text, "first run on cpu %u, %s after that", run->hdr.cpu,
			     fw_view_time(view, wakeup->hdr.time, run->hdr.time));
	else
		fw_text_item(&view->text, "first run on cpu %u", run->hdr.cpu);
}

/* What prev left behind, to be resumed with. */
static void put_prev(struct fw_view *view)
{
	const struct forkwatch_first_run *run = view->fork->first_run;
	struct fw_stack stack = { run->prev_stack_low, run->prev_stack_top };
	bool elsewhere = run->switch_return && run->prev_context.pc != run->switch_return;
	char prev[FW_NAME_TASK_LEN];

	fw_text_row(&view->text, "");
	fw_text_item(&view->text, "prev %s saved pc = %s",
		     fw_name_task(run->prev_comm, run->prev_tid, 0, prev, sizeof(prev)),
		     fw_view_kernel(view, NULL, run->prev_context.pc));
	if (elsewhere)
		fw_text_styled(&view->text, FW_LOUD, "NOT behind bl cpu_switch_to");
	put_address(view, "sp", "its ", &stack, run->prev_context.sp);
}

/* What was loaded from memory; with --switches, as seen just before. */
static void put_loaded(struct fw_view *view)
{
	const struct forkwatch_first_run *run = view->fork->first_run;
	const struct forkwatch_context *loaded = &run->context;
	struct fw_stack stack = { run->stack_low, run->stack_top };

	if (view->fork->switch_in)
		loaded = &view->fork->switch_in->next_context;
	fw_text_row(&view->text, "");
	fw_text_item(&view->text, "child loaded pc = %s", fw_view_kernel(view, NULL, loaded->pc));
	put_address(view, "sp", "", &stack, loaded->sp);
	if (view->fork->switch_in)
		fw_text_item(&view->text, "as read at bl cpu_switch_to");
}

static void print_switch(struct fw_view *view)
{
	put_cpus(view);
	if (!view->fork->first_run)
		return;
	put_prev(view);
	put_loaded(view);
}

/*
 * live    lr = ret_from_fork+0x4   x19 = 0, so to user mode   x20..x28 = 0   fp = 0   ...
 */
static bool has_first_run(const struct fw_view *view)
{
	return view->fork->first_run;
}

/* The live x19..x28, equal neighbours together. */
static void put_saved(struct fw_view *view, const struct fw_reg *list)
{
	const struct forkwatch_fork_enter *enter = view->fork->enter;
	const char *meaning = ", so to user mode";
	size_t first, last;

	/* x19 decides where ret_from_fork goes, so that it stands alone. */
	if (list[0].value)
		meaning = enter && list[0].value == enter->fn ? ", the thread's fn" :
								", so it calls that";
	fw_text_item(&view->text, "x19 = %s%s", fw_view_kernel(view, NULL, list[0].value),
		     meaning);
	for (first = 1; first < FORKWATCH_NR_SAVED; first = last + 1) {
		last = first;
		while (last + 1 < FORKWATCH_NR_SAVED && list[last + 1].value == list[first].value)
			last++;
		fw_text_item(&view->text, "%s%s%s = %s", list[first].name,
			     last > first ? ".." : "", last > first ? list[last].name : "",
			     fw_view_kernel(view, NULL, list[first].value));
	}
}

/* Are the live x19..x28, fp and sp what copy_thread() wrote? */
static void put_changes(struct fw_view *view, const struct fw_reg *live)
{
	const struct forkwatch_copy_thread *copy = view->fork->copy_thread;
	struct fw_reg written[FW_NR_CONTEXT];
	unsigned char differs[FW_NR_CONTEXT];
	size_t i, nr = FW_NR_CONTEXT - 1;	/* not pc: that has moved on */
	char *runs = fw_view_name(view);

	if (!copy)
		return;
	fw_context_list(&copy->context_after, written);
	for (i = 0; i < nr; i++)
		differs[i] = live[i].value != written[i].value;
	if (*fw_regs_runs(live, differs, nr, runs, FW_VIEW_NAME_SIZE))
		fw_text_styled(&view->text, FW_LOUD, "%s: NOT as copy_thread wrote", runs);
	else
		fw_text_item(&view->text, "all as copy_thread wrote them");
}

static void put_state(struct fw_view *view)
{
	const struct forkwatch_first_run *run = view->fork->first_run;
	struct fw_text *text = &view->text;
	char daif[8];

	fw_text_row(text, "");
	fw_text_item(text, "EL%u", run->el);
	fw_text_item(text, "SPSel %u", run->spsel);
	fw_text_item(text, "DAIF %s", fw_daif_name(run->daif, daif, sizeof(daif)));
	if (!FW_SENT(run, sp_el0))
		fw_text_item(text, "sp_el0 and tpidr_el0 " FW_UNSEEN);
	else if (run->sp_el0 == run->child)
		fw_text_item(text, "sp_el0 = its task");
	else
		fw_text_item(text, "sp_el0 = %s", fw_view_hex(view, run->sp_el0));
	if (FW_SENT(run, tpidr_el0) && fw_fork_is_user(view->fork))
		fw_text_item(text, "tpidr_el0 = %s", fw_view_hex(view, run->tpidr_el0));
}

static void print_live(struct fw_view *view)
{
	const struct forkwatch_first_run *run = view->fork->first_run;
	struct fw_stack stack = { run->stack_low, run->stack_top };
	struct fw_reg list[FW_NR_CONTEXT];

	fw_context_list(&run->live, list);
	fw_text_item(&view->text, "lr = %s", fw_view_kernel(view, NULL, run->lr));
	put_saved(view, list);
	put_address(view, "fp", "", &stack, run->live.fp);
	put_address(view, "sp", "", &stack, run->live.sp);
	put_changes(view, list);
	put_state(view);
}

/*
 * return  parent x0 = 413   child x0 = 0   parent's other registers as at the call
 */
/* What the kernel compared before it said EAGAIN. */
static void put_limit(struct fw_view *view)
{
	const struct forkwatch_fork_exit *exit = view->fork->exit;

	if (!exit || exit->result != -EAGAIN || !FW_SENT(exit, rlimit_nproc))
		return;
	fw_text_item(&view->text, "tasks of uid %u: %llu", exit->uid,
		     (unsigned long long)exit->user_processes);
	if (exit->rlimit_nproc == RLIM64_INFINITY)
		fw_text_item(&view->text, "RLIMIT_NPROC: unlimited");
	else
		fw_text_item(&view->text, "RLIMIT_NPROC: %llu",
			     (unsigned long long)exit->rlimit_nproc);
	/* Then it was not this limit: a cgroup's, threads-max, pid_max. */
	if (FW_SENT(exit, flags) && exit->flags & FORKWATCH_EXIT_NPROC_EXEMPT)
		fw_text_item(&view->text, "which does not bind it");
}

static void put_parent(struct fw_view *view)
{
	const struct fw_fork *fork = view->fork;
	const char *who = !fw_view_from_user(view) ? "kernel_clone" :
			  fw_caller_is_compat(fork) ? "parent r0" : "parent x0";
	int error = fw_fork_error(fork);

	if (error < 0)
		fw_text_styled(&view->text, FW_BOLD, "%s = %s: %s", who,
			       fw_view_error(view, error), fw_error_text(error));
	else if (fork->ret)
		fw_text_item(&view->text, "%s = %lld", who, (long long)fork->ret->result);
	else
		fw_text_item(&view->text, "%s " FW_UNSEEN, who);
}

/* Which of @now's registers are not @then's; "" if all are. x0 counts only with @with_x0. */
static const char *changed(struct fw_view *view, const struct forkwatch_regs *then,
			   const struct forkwatch_regs *now, bool with_x0)
{
	struct fw_reg before[FW_NR_REGS], after[FW_NR_REGS];
	unsigned char differs[FW_NR_REGS];
	size_t i;

	fw_regs_list(then, before);
	fw_regs_list(now, after);
	for (i = 0; i < FW_NR_REGS; i++)
		differs[i] = before[i].value != after[i].value && (i || with_x0);
	return fw_regs_runs(after, differs, FW_NR_REGS, fw_view_name(view), FW_VIEW_NAME_SIZE);
}

/* The child's registers as they stand in its pt_regs when it first runs. */
static void put_child(struct fw_view *view)
{
	const struct forkwatch_first_run *run = view->fork->first_run;
	const char *regs, *x0 = fw_caller_is_compat(view->fork) ? "r0" : "x0";
	const __u64 *asked = fw_view_asked_x0(view);

	if (!run) {
		fw_text_item(&view->text, "child %s " FW_UNSEEN, x0);
		return;
	}
	fw_text_item(&view->text, "child %s = %s%s", x0, fw_view_hex(view, run->regs.x[0]),
		     asked && *asked == run->regs.x[0] ? ", as asked" : "");
	if (!view->fork->copy_thread)
		return;
	regs = changed(view, &view->fork->copy_thread->regs_after, &run->regs, !asked);
	if (*regs)
		fw_text_styled(&view->text, FW_LOUD, "child's %s CHANGED since copy_thread", regs);
}

static void put_parent_regs(struct fw_view *view)
{
	const struct fw_fork *fork = view->fork;
	const char *regs;

	if (!fork->ret || !fork->enter || !fw_view_from_user(view))
		return;
	regs = changed(view, &fork->enter->regs, &fork->ret->regs, true);
	if (*regs)
		fw_text_styled(&view->text, FW_LOUD, "parent's %s CHANGED since the call", regs);
	else
		fw_text_item(&view->text, "parent's other registers as at the call");
}

static void print_return(struct fw_view *view)
{
	if (fw_fork_returns(view->fork))
		put_parent(view);
	if (fw_fork_is_user(view->fork) && fw_view_has_child(view))
		put_child(view);
	put_parent_regs(view);
	put_limit(view);
}

static bool has_return(const struct fw_view *view)
{
	if (fw_fork_is_refused(view->fork))
		return false;
	return fw_fork_returns(view->fork) || fw_fork_is_user(view->fork);
}

/*
 * tids    119 at child_tid 0x1d41e0d0   119 at parent_tid 0xffffaee235f0
 */
static bool has_tids(const struct fw_view *view)
{
	const struct fw_fork *fork = view->fork;

	if (fw_fork_error(fork) < 0)
		return false;
	return (fork->tail_return && fork->tail_return->set_child_tid) ||
	       (fork->ret && fork->ret->parent_tid);
}

static void put_tid(struct fw_view *view, const char *where, uint64_t addr, int32_t tid,
		    uint32_t flags)
{
	if (!addr)
		return;
	if (flags & FORKWATCH_TID_READ)
		fw_text_item(&view->text, "%d at %s %s", tid, where, fw_view_hex(view, addr));
	else
		fw_text_item(&view->text, "%s %s could not be read", where,
			     fw_view_hex(view, addr));
}

static void print_tids(struct fw_view *view)
{
	const struct forkwatch_tail_return *tail = view->fork->tail_return;
	const struct forkwatch_fork_return *ret = view->fork->ret;

	if (tail)
		put_tid(view, "child_tid", tail->set_child_tid, tail->tid_there, tail->flags);
	if (ret)
		put_tid(view, "parent_tid", ret->parent_tid, ret->tid_there, ret->flags);
}

/*
 * missing first_run, fork_return
 */
static bool is_incomplete(const struct fw_view *view)
{
	return !view->fork->complete;
}

static void print_missing(struct fw_view *view)
{
	const struct fw_fork *fork = view->fork;
	const struct {
		const char *name;
		bool missing;
	} events[] = {
		{ "fork_enter", !fork->enter },
		{ "copy_thread", !fork->copy_thread && fw_fork_error(fork) >= 0 },
		{ "fork_exit", !fork->exit },
		{ "wakeup_new", !fork->wakeup && fw_view_has_child(view) },
		{ "first_run", !fork->first_run && fw_view_has_child(view) },
		{ "fork_return", !fork->ret && fw_fork_returns(fork) },
	};
	bool any = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (!events[i].missing)
			continue;
		fw_text_styled(&view->text, FW_LOUD, "%s", events[i].name);
		any = true;
	}
	/* The one that not every module sends. */
	if (!any && !fork->tail_return)
		fw_text_styled(&view->text, FW_LOUD, "tail_return");
}

const struct fw_view_row fw_view_run_rows[] = {
	{ "state", fw_view_has_state, fw_view_print_state },
	{ "switch", has_run, print_switch },
	{ "live", has_first_run, print_live },
	{ "vfork", fw_view_is_vfork, fw_view_print_vfork },
	{ "return", has_return, print_return },
	{ "tids", has_tids, print_tids },
	{ "missing", is_incomplete, print_missing },
	{ NULL }
};
