// SPDX-License-Identifier: GPL-2.0-only
/* Forks from events: each kind of event has a handler. */
#include <errno.h>
#include <stdlib.h>

#include "model.h"
#include "observer.h"

/* One that was refused is all there is of its fork. */
static int add_clone_call(struct fw_model *model, void *event)
{
	struct forkwatch_clone_call *call = event;
	struct fw_open *open = fw_opens_by_parent(&model->opens, call->hdr.tid);

	if (open)
		fw_open_leave_parent(&model->opens, open);
	open = fw_opens_add(&model->opens, call->hdr.tid);
	if (!open)
		return -ENOMEM;
	open->fork->clone_call = call;
	if (call->result < 0)
		fw_open_settle(&model->opens, open, FW_AWAIT_PARENT | FW_AWAIT_CHILD);
	return 0;
}

/* Nothing is known of this fork but its call, which another number than @syscallno made. */
static bool is_other_call(const struct fw_fork *fork, int32_t syscallno)
{
	return !fork->enter && !fork->copy_thread && !fork->arch_state && !fork->exit &&
	       fork->clone_call && fork->clone_call->nr != syscallno;
}

/* Can @enter be the beginning of this fork? Only if it was called for, and no more. */
static bool enter_fits(const struct fw_fork *fork, const struct forkwatch_fork_enter *enter)
{
	return fork->clone_call && !fork->enter && !fork->copy_thread && !fork->arch_state &&
	       !fork->exit && !is_other_call(fork, enter->regs.syscallno);
}

static int add_fork_enter(struct fw_model *model, void *event)
{
	struct forkwatch_fork_enter *enter = event;
	struct fw_open *open = fw_opens_by_parent(&model->opens, enter->hdr.tid);

	if (open && !enter_fits(open->fork, enter)) {
		fw_open_leave_parent(&model->opens, open);
		open = NULL;
	}
	if (!open)
		open = fw_opens_add(&model->opens, enter->hdr.tid);
	if (!open)
		return -ENOMEM;
	open->fork->enter = enter;
	fw_open_find_attempt(&model->opens, open);
	return 0;
}

/* Is copy_thread() over with @fork, or at work for another child than @child? */
static bool is_copied(const struct fw_fork *fork, uint64_t child)
{
	return fork->exit || (fork->copy_thread && fork->copy_thread->child != child) ||
	       (fork->arch_state && fork->arch_state->child != child);
}

static int add_copy_thread(struct fw_model *model, void *event)
{
	struct forkwatch_copy_thread *copy_thread = event;
	struct fw_open *open = fw_opens_by_parent(&model->opens, copy_thread->hdr.tid);

	if (open && (open->fork->copy_thread || is_copied(open->fork, copy_thread->child))) {
		fw_open_leave_parent(&model->opens, open);
		open = NULL;
	}
	if (!open)
		open = fw_opens_add(&model->opens, copy_thread->hdr.tid);
	if (!open)
		return -ENOMEM;
	open->fork->copy_thread = copy_thread;
	open->awaited &= ~FW_AWAIT_COPY_THREAD;
	return 0;
}

/* From copy_thread's probe too, just before or after it. */
static int add_arch_state(struct fw_model *model, void *event)
{
	struct forkwatch_arch_state *state = event;
	struct fw_open *open = fw_opens_by_parent(&model->opens, state->hdr.tid);

	if (open && (open->fork->arch_state || is_copied(open->fork, state->child))) {
		fw_open_leave_parent(&model->opens, open);
		open = NULL;
	}
	if (!open)
		open = fw_opens_add(&model->opens, state->hdr.tid);
	if (!open)
		return -ENOMEM;
	open->fork->arch_state = state;
	return 0;
}

/* Can @exit be the end of this fork? */
static bool exit_fits(const struct fw_fork *fork, const struct forkwatch_fork_exit *exit)
{
	return !fork->exit && (exit->result || !is_copied(fork, exit->child));
}

static int add_fork_exit(struct fw_model *model, void *event)
{
	struct forkwatch_fork_exit *exit = event;
	struct fw_open *open = fw_opens_by_parent(&model->opens, exit->hdr.tid);
	int err;

	if (open && !exit_fits(open->fork, exit)) {
		fw_open_leave_parent(&model->opens, open);
		open = NULL;
	}
	if (!open)
		open = fw_opens_add(&model->opens, exit->hdr.tid);
	if (!open)
		return -ENOMEM;
	err = fw_children_add(&model->children, open->fork->id, exit);
	if (err)
		return err;

	open->fork->exit = exit;
	open->awaited &= ~(FW_AWAIT_COPY_THREAD | FW_AWAIT_EXIT);
	if (!exit->result)
		fw_open_learn_child(&model->opens, open, exit->child, exit->start_time);
	else
		open->awaited &= FW_AWAIT_RETURN;
	if (fw_fork_is_idle(open->fork))
		open->awaited = 0;
	if (!fw_fork_returns(open->fork)) {
		fw_open_forget_parent(open);
		open->awaited &= ~FW_AWAIT_RETURN;
	}
	fw_open_settle(&model->opens, open, 0);
	return 0;
}

/*
 * Does wake_up_new_task(), called by the parent of @open, tell who its child
 * is? It does where fork_exit did not: it was missed, or spoke of an error.
 */
static bool wakeup_tells_child(const struct fw_open *open,
			       const struct forkwatch_wakeup_new *wakeup)
{
	const struct fw_fork *fork = open->fork;

	return (!fork->exit || fork->exit->result) && !fork->wakeup &&
	       (!fork->copy_thread || fork->copy_thread->child == wakeup->child);
}

/* A wake-up of a tid, which its parent's fork_exit has told before. */
static int add_wakeup_of(struct fw_model *model, struct forkwatch_wakeup_new *wakeup)
{
	struct fw_open *open = fw_opens_by_child_tid(&model->opens, wakeup->child_tid);

	if (!open || open->fork->wakeup) {
		free(wakeup);
		return 0;
	}
	open->fork->wakeup = wakeup;
	fw_open_settle(&model->opens, open, FW_AWAIT_WAKEUP);
	return 0;
}

static int add_wakeup_new(struct fw_model *model, void *event)
{
	struct forkwatch_wakeup_new *wakeup = event;
	struct fw_open *open, *parents;

	if (!FW_OBSERVED(wakeup, child))
		return add_wakeup_of(model, wakeup);
	open = fw_opens_by_child(&model->opens, wakeup->child, wakeup->start_time);
	if (!open || open->orphan) {
		parents = fw_opens_by_parent(&model->opens, wakeup->hdr.tid);
		if (parents && wakeup_tells_child(parents, wakeup)) {
			fw_open_learn_child(&model->opens, parents, wakeup->child,
					    wakeup->start_time);
			open = parents;
		}
	}
	if (!open)
		open = fw_opens_add_orphan(&model->opens, wakeup->child, wakeup->start_time);
	if (!open)
		return -ENOMEM;
	if (open->fork->wakeup)
		return -EEXIST;
	open->fork->wakeup = wakeup;
	fw_open_settle(&model->opens, open, FW_AWAIT_WAKEUP);
	return 0;
}

/* The switch into a child is the last one on its CPU before its first_run. */
static struct forkwatch_cpu_switch_to *take_switch(struct fw_model *model,
						   const struct forkwatch_first_run *first_run)
{
	struct fw_cpu *cpu = &model->cpus[first_run->hdr.cpu];
	struct forkwatch_cpu_switch_to *last = cpu->last_switch;

	if (!last || last->next != first_run->child || last->next_tid != first_run->hdr.tid)
		return NULL;
	cpu->last_switch = NULL;
	return last;
}

static int add_first_run(struct fw_model *model, void *event)
{
	struct forkwatch_first_run *first_run = event;
	struct fw_open *open;

	open = fw_opens_by_child(&model->opens, first_run->child, first_run->start_time);
	if (!open)
		open = fw_opens_add_orphan(&model->opens, first_run->child, first_run->start_time);
	if (!open)
		return -ENOMEM;
	if (open->fork->first_run)
		return -EEXIST;
	open->fork->first_run = first_run;
	open->fork->switch_in = take_switch(model, first_run);
	fw_open_settle(&model->opens, open, FW_AWAIT_FIRST_RUN);
	return 0;
}

/* Later than any other of a child's. One that no fork waits for is of no use. */
static int add_tail_return(struct fw_model *model, void *event)
{
	struct forkwatch_tail_return *tail = event;
	struct fw_open *open = fw_opens_by_child(&model->opens, tail->child, tail->start_time);

	model->opens.tails = FW_TAILS_SENT;
	if (!open || open->fork->tail_return) {
		free(tail);
		return 0;
	}
	open->fork->tail_return = tail;
	fw_open_settle(&model->opens, open, FW_AWAIT_CHILD);
	return 0;
}

/* Can @ret be the end of this fork? Not if that began before the kernel_clone() which @ret ends. */
static bool return_fits(const struct fw_fork *fork, const struct forkwatch_fork_return *ret)
{
	return !(fork->enter && fork->enter->hdr.time < ret->enter_time) &&
	       !(fork->copy_thread && fork->copy_thread->hdr.time < ret->enter_time) &&
	       !(fork->exit && fork->exit->hdr.time < ret->enter_time) &&
	       !is_other_call(fork, ret->regs.syscallno);
}

static int add_fork_return(struct fw_model *model, void *event)
{
	struct forkwatch_fork_return *ret = event;
	struct fw_open *open = fw_opens_by_parent(&model->opens, ret->hdr.tid);
	int err = fw_refusals_add(&model->refusals, ret);

	if (err)
		return err;
	if (open && !return_fits(open->fork, ret)) {
		fw_open_leave_parent(&model->opens, open);
		open = NULL;
	}
	if (!open)
		open = fw_opens_add(&model->opens, ret->hdr.tid);
	if (!open)
		return -ENOMEM;
	open->fork->ret = ret;
	fw_open_return(&model->opens, open);
	return 0;
}

/* Was @open's fork_return, which would come before @call, missed? */
static bool is_end_of(const struct fw_open *open, const struct forkwatch_clone3_return *call)
{
	const struct forkwatch_fork_enter *enter = open->fork->enter;

	return enter && enter->regs.syscallno == call->regs.syscallno &&
	       enter->hdr.time >= call->enter_time;
}

/* All there is of its fork, unless kernel_clone() was called, and refused it. */
static int add_clone3_return(struct fw_model *model, void *event)
{
	struct forkwatch_clone3_return *call = event;
	struct fw_open *open = fw_opens_by_parent(&model->opens, call->hdr.tid);
	bool told = fw_refusals_take(&model->refusals, call->hdr.tid);

	if (open) {
		told |= is_end_of(open, call);
		fw_open_leave_parent(&model->opens, open);
	}
	if (told) {
		free(call);
		return 0;
	}
	open = fw_opens_add(&model->opens, call->hdr.tid);
	if (!open)
		return -ENOMEM;
	open->fork->clone3 = call;
	fw_open_settle(&model->opens, open, FW_AWAIT_PARENT | FW_AWAIT_CHILD);
	return 0;
}

/* Comes just before the parent's last event; one that no fork waits for is of no use. */
static int add_stages(struct fw_model *model, void *event)
{
	struct forkwatch_stages *stages = event;
	struct fw_open *open = fw_opens_by_parent(&model->opens, stages->hdr.tid);

	if (!open || open->fork->stages || !open->fork->enter) {
		free(stages);
		return 0;
	}
	open->fork->stages = stages;
	return 0;
}

/* Comes just before fork_exit; likewise. */
static int add_undone(struct fw_model *model, void *event)
{
	struct forkwatch_undone *undone = event;
	struct fw_open *open = fw_opens_by_parent(&model->opens, undone->hdr.tid);

	if (!open || open->fork->undone || !open->fork->enter || open->fork->exit) {
		free(undone);
		return 0;
	}
	open->fork->undone = undone;
	return 0;
}

/* Between first_run and tail_return; likewise. */
static int add_finish_switch(struct fw_model *model, void *event)
{
	struct forkwatch_finish_switch *finish = event;
	struct fw_open *open = fw_opens_by_child(&model->opens, finish->child, finish->start_time);

	if (!open || open->fork->finish_switch) {
		free(finish);
		return 0;
	}
	open->fork->finish_switch = finish;
	return 0;
}

static int add_cpu_switch_to(struct fw_model *model, void *event)
{
	struct forkwatch_cpu_switch_to *sw = event;
	struct fw_cpu *cpu = &model->cpus[sw->hdr.cpu];

	free(cpu->last_switch);
	cpu->last_switch = sw;
	return 0;
}

static int add_mm_release(struct fw_model *model, void *event)
{
	if (!fw_opens_release(&model->opens, event))
		free(event);
	return 0;
}

/*
 * A task ends, in whatever it did: a parent killed while it waited for its
 * vfork child came back from kernel_clone() before this.
 */
static int add_exit(struct fw_model *model, void *event)
{
	struct forkwatch_exit *exit = event;
	const struct forkwatch_exit copy = *exit;
	struct fw_open *open = fw_opens_by_parent(&model->opens, exit->hdr.tid);
	struct fw_fork *fork;

	if (open)
		fw_open_end_parent(&model->opens, open, exit->code);
	fork = fw_opens_released(&model->opens, exit->task, exit->start_time);
	if (fork)
		fork->end = exit;
	else
		free(exit);
	fw_opens_leave_child(&model->opens, copy.task, copy.start_time);
	fw_children_exit(&model->children, &copy);
	fw_cows_exit(model->cows, copy.task, copy.start_time);
	return 0;
}

static int add_exec(struct fw_model *model, void *event)
{
	struct forkwatch_exec *exec = event;
	const struct forkwatch_exec copy = *exec;
	struct fw_fork *fork = fw_opens_released(&model->opens, exec->task, exec->start_time);

	if (fork)
		fork->exec = exec;
	else
		free(exec);
	fw_opens_leave_child(&model->opens, copy.task, copy.start_time);
	fw_children_exec(&model->children, &copy, fw_model_gaps(model) > 0);
	return 0;
}

static int add_cow(struct fw_model *model, void *event)
{
	return fw_cows_event(model->cows, event);
}

static int drop_event(struct fw_model *model, void *event)
{
	(void)model;
	free(event);
	return 0;
}

/* Handlers own the event when they return 0. */
static int (*const handlers[FORKWATCH_KIND_MASK + 1])(struct fw_model *model, void *event) = {
	[FORKWATCH_FORK_ENTER] = add_fork_enter,
	[FORKWATCH_COPY_THREAD] = add_copy_thread,
	[FORKWATCH_ARCH_STATE] = add_arch_state,
	[FORKWATCH_FORK_EXIT] = add_fork_exit,
	[FORKWATCH_FORK_RETURN] = add_fork_return,
	[FORKWATCH_FIRST_RUN] = add_first_run,
	[FORKWATCH_CPU_SWITCH_TO] = add_cpu_switch_to,
	[FORKWATCH_CLONE_CALL] = add_clone_call,
	[FORKWATCH_CLONE3_RETURN] = add_clone3_return,
	[FORKWATCH_WAKEUP_NEW] = add_wakeup_new,
	[FORKWATCH_TAIL_RETURN] = add_tail_return,
	[FORKWATCH_EXEC] = add_exec,
	[FORKWATCH_EXIT] = add_exit,
	[FORKWATCH_STAGES] = add_stages,
	[FORKWATCH_FINISH_SWITCH] = add_finish_switch,
	[FORKWATCH_UNDONE] = add_undone,
	[FORKWATCH_MM_RELEASE] = add_mm_release,
	[FORKWATCH_COW] = add_cow,
};

int fw_model_dispatch(struct fw_model *model, struct forkwatch_header *event)
{
	const uint16_t kind = fw_kind(event);

	return handlers[kind] ? handlers[kind](model, event) : drop_event(model, event);
}
