/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The second witness: reads of a fork what the module reads, at the same
 * functions and from the same memory, but by itself. Beside the module it makes a
 * copy of each event, by which the two can be compared; where there is no module
 * it stands alone. What lies in no memory, the system registers of the CPU, it
 * cannot see: FORKWATCH_UNSEEN_BPF.
 *
 * Included by forkwatch.bpf.c, behind what it uses.
 */
#ifndef FW_WITNESS_BPF_H
#define FW_WITNESS_BPF_H

#include "witness_read.bpf.h"

/* copy_thread() does not sleep. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__type(key, __u32);
	__type(value, struct forkwatch_copy_thread);
} witness_copies SEC(".maps");

/* How both begin. Never written. */
static struct forkwatch_copy_thread copy_none;

/* Begins an event of kind @KIND as ours; beside the module it tears no fork. */
#define witness_begin(event, KIND, task)						\
	begin(forkwatch_##event,							\
	      FORKWATCH_##KIND + (witness == FW_WITNESS_ALONE ? FORKWATCH_BY_BPF :	\
							    FORKWATCH_BY_WITNESS),	\
	      witness == FW_WITNESS_ALONE ? (task) : NULL)

/* Without it no stack can be read: what would be told is lost. */
static __always_inline bool can_read_stacks(void)
{
	if (know_thread_size())
		return true;
	if (witness == FW_WITNESS_ALONE)
		count_missed();
	return false;
}

/* copy_process(pid, trace, node, args) */
SEC("kprobe")
int witness_fork_enter(const struct live_regs *regs)
{
	const struct kernel_clone_args *args = (const void *)regs->x[3];
	const task_t *parent = current_task();
	struct forkwatch_fork_enter *event;
	__u8 *task = find_parent();
	bool first;

	if (!task || !can_read_stacks())
		return 0;
	first = !(*task & FW_TASK_FORKED);
	if (witness == FW_WITNESS_ALONE) {
		set_task(task, FW_TASK_FORKED);
		set_in_copy_process(current_tid(), true);
		begin_stages(current_tid(), task,
			     clone_args_io_thread(args) || clone_args_user_worker(args));
	}
	event = witness_begin(fork_enter, FORK_ENTER, task);
	if (!event)
		return 0;
	copy_clone_args(event, args, parent);
	event->task = (__u64)parent;
	event->start_time = BPF_CORE_READ(parent, start_time);
	event->switches = switches(parent);
	event->stack_low = stack_low(parent);
	event->stack_top = stack_top(parent);
	event->pt_regs = (__u64)task_pt_regs(parent);
	copy_comm(event->comm, parent);
	copy_context(&event->context, parent);
	copy_regs(&event->regs, task_pt_regs(parent));
	copy_user_insn(event);
	submit(event, first && witness == FW_WITNESS_ALONE);
	return 0;
}

/*
 * copy_thread
 */
SEC("kprobe")
int witness_copy_thread_enter(const __u64 *regs)
{
	const task_t *child = copy_thread_child(regs), *parent = current_task();
	struct forkwatch_copy_thread *event;
	__u32 tid = current_tid();

	if (!find_task(tid) || !can_read_stacks())
		return 0;
	bpf_map_update_elem(&witness_copies, &tid, &copy_none, BPF_ANY);
	event = bpf_map_lookup_elem(&witness_copies, &tid);
	if (!event)
		return 0;
	event->enter_time = bpf_ktime_get_ns();
	event->child = (__u64)child;
	event->clone_flags = copy_thread_flags(regs);
	event->pt_regs_size = bpf_core_type_size(struct pt_regs);
	event->stack_low = stack_low(child);
	event->stack_top = stack_top(child);
	event->pt_regs = (__u64)task_pt_regs(child);
	event->stackframe = event->pt_regs + stackframe_offset();
	event->parent_switches = switches(parent);
	event->parent_tp = BPF_CORE_READ(parent, thread.uw.tp_value);
	event->parent_tp2 = BPF_CORE_READ(parent, thread.uw.tp2_value);
	event->tp_before = BPF_CORE_READ(child, thread.uw.tp_value);
	event->tp2_before = BPF_CORE_READ(child, thread.uw.tp2_value);
	event->thread_flags_before = task_flags(child);
	copy_context(&event->parent_context, parent);
	copy_context(&event->context_before, child);
	copy_regs(&event->regs_before, task_pt_regs(child));
	return 0;
}

SEC("kretprobe")
int witness_copy_thread(const __u64 *regs)
{
	const __u32 hdr = sizeof(struct forkwatch_header);
	struct forkwatch_copy_thread *event, *before;
	__u32 tid = current_tid();
	const task_t *child;
	__u8 *task = find_task(tid);

	before = bpf_map_lookup_elem(&witness_copies, &tid);
	if (!task || !before)
		return 0;
	event = witness_begin(copy_thread, COPY_THREAD, task);
	if (event) {
		bpf_probe_read_kernel((char *)event + hdr, sizeof(*event) - hdr,
				      (char *)before + hdr);
		child = (const task_t *)event->child;
		event->result = regs[0];
		event->tp_after = BPF_CORE_READ(child, thread.uw.tp_value);
		event->tp2_after = BPF_CORE_READ(child, thread.uw.tp2_value);
		event->thread_flags_after = task_flags(child);
		copy_context(&event->context_after, child);
		copy_regs(&event->regs_after, task_pt_regs(child));
		submit(event, false);
	}
	bpf_map_delete_elem(&witness_copies, &tid);
	return 0;
}

/* What ends a fork ends its stages, too. */
static __always_inline void witness_stages(__u8 *task, bool worker)
{
	struct forkwatch_header end = { .time = bpf_ktime_get_ns() };

	if (witness == FW_WITNESS_ALONE && stages_level)
		on_stages(&end, task, worker);
}

/* The return of copy_thread() was missed where what it left is still there. */
static __always_inline void forget_copy(__u32 tid)
{
	if (!bpf_map_delete_elem(&witness_copies, &tid))
		count_missed();
}

SEC("kretprobe")
int witness_fork_exit(const __u64 *regs)
{
	const __u32 hdr = sizeof(struct forkwatch_header);
	const task_t *parent = current_task();
	struct forkwatch_fork_exit *event;
	__u64 result = regs[0];
	__u32 tid = current_tid();
	__u8 *task = find_task(tid);

	if (!task)
		return 0;
	if (witness == FW_WITNESS_ALONE) {
		set_in_copy_process(tid, false);
		forget_copy(tid);
		on_undone(bpf_ktime_get_ns(), result >= -4095UL ? (__s64)result : 0, task);
	}
	witness_stages(task, true);
	event = witness_begin(fork_exit, FORK_EXIT, task);
	if (!event) {
		if (witness == FW_WITNESS_ALONE && result < -4095UL)
			count_fork_lost();
		return 0;
	}
	__builtin_memset((char *)event + hdr, 0, sizeof(*event) - hdr);
	copy_parent(event, parent);
	if (result >= -4095UL)
		event->result = result;
	else
		copy_child(event, (const task_t *)result, parent);
	submit(event, false);
	return 0;
}

/*
 * fork_return
 */

/* Of those that join the watched tasks in copy_process(), kernel_clone() began before that. */
static __always_inline bool may_fork(__u32 tid)
{
	return all_tasks ? current_tgid() != tracer : is_watched(tid);
}

/* kernel_clone(args) */
SEC("kprobe")
int witness_fork_return_enter(const __u64 *regs)
{
	const struct kernel_clone_args *args = (const void *)regs[0];
	__u32 tid = current_tid();
	struct witness_call call = {
		.clone_flags = BPF_CORE_READ(args, flags),
		.pidfd = (__u64)BPF_CORE_READ(args, pidfd),
		.exit_signal = BPF_CORE_READ(args, exit_signal),
	};

	if (!may_fork(tid))
		return 0;
	if (call.clone_flags & 0x00100000 /* CLONE_PARENT_SETTID */)
		call.parent_tid = (__u64)BPF_CORE_READ(args, parent_tid);
	begin_call(tid, &call);
	return 0;
}

SEC("kretprobe")
int witness_fork_return(const __u64 *regs)
{
	const task_t *parent = current_task();
	struct forkwatch_fork_return *event;
	struct witness_call *call;
	__u32 tid = current_tid();
	__u8 *task = find_task(tid);

	call = find_call(tid);
	if (!call)
		return 0;
	if (call->in_copy_process)
		count_missed();
	event = NULL;
	if (task && can_read_stacks()) {
		witness_stages(task, false);
		event = witness_begin(fork_return, FORK_RETURN, task);
	}
	if (event) {
		event->result = (__s32)regs[0];
		event->enter_time = call->enter_time;
		event->parent_tid = call->parent_tid;
		copy_tid(&event->tid_there, &event->flags, event->parent_tid);
		copy_regs(&event->regs, task_pt_regs(parent));
		event->clone_flags = call->clone_flags;
		event->pidfd = call->pidfd;
		event->exit_signal = call->exit_signal;
		event->reserved = 0;
		submit(event, false);
	}
	end_call(tid);
	return 0;
}

/* schedule_tail(prev), called by ret_from_fork() */
SEC("kprobe")
int witness_first_run(const struct live_regs *regs)
{
	const task_t *prev = (const void *)regs->x[0], *child = current_task();
	struct forkwatch_first_run *event;
	struct witness_call call = { 0 };
	__u32 tid = current_tid();

	if (!is_watched(tid) || !can_read_stacks())
		return 0;
	begin_call(tid, &call);
	begin_tail(tid);
	event = witness_begin(first_run, FIRST_RUN, NULL);
	if (!event)
		return 0;
	event->child = (__u64)child;
	event->start_time = BPF_CORE_READ(child, start_time);
	event->prev = (__u64)prev;
	event->prev_tid = BPF_CORE_READ(prev, pid);
	event->el = PSTATE_EL(regs->pstate);
	event->spsel = regs->pstate & PSTATE_SPSEL;
	event->flags = 0;
	event->lr = regs->x[30];
	event->sp_el0 = 0;
	event->tpidr_el0 = 0;
	event->daif = regs->pstate & PSTATE_DAIF;
	event->pt_regs = (__u64)task_pt_regs(child);
	event->stack_low = stack_low(child);
	event->stack_top = stack_top(child);
	event->prev_stack_low = stack_low(prev);
	event->prev_stack_top = stack_top(prev);
	event->switch_return = 0;
	copy_comm(event->comm, child);
	copy_comm(event->prev_comm, prev);
	copy_live(&event->live, regs);
	copy_context(&event->context, child);
	copy_context(&event->prev_context, prev);
	copy_regs(&event->regs, task_pt_regs(child));
	submit(event, false);
	return 0;
}

SEC("kretprobe")
int witness_tail_return(void)
{
	const task_t *child = current_task();
	struct forkwatch_tail_return *event;
	struct witness_call *call;
	__u32 tid = current_tid();

	call = find_call(tid);
	if (!call)
		return 0;
	event = is_watched(tid) ? witness_begin(tail_return, TAIL_RETURN, NULL) : NULL;
	if (event) {
		event->child = (__u64)child;
		event->start_time = BPF_CORE_READ(child, start_time);
		event->enter_time = call->enter_time;
		event->set_child_tid = (__u64)BPF_CORE_READ(child, set_child_tid);
		copy_tid(&event->tid_there, &event->flags, event->set_child_tid);
		event->vpid = own_pid(child);
		event->reserved = 0;
		submit(event, false);
	}
	end_call(tid);
	return 0;
}

/* clone3(args, size) */
SEC("kretprobe")
int witness_clone3_return(const __u64 *regs)
{
	const task_t *parent = current_task();
	struct forkwatch_clone3_return *event;
	__s32 result = regs[0];
	__u8 *task;

	if (result != -EINVAL && result != -E2BIG && result != -EFAULT)
		return 0;
	task = find_parent();
	if (!task || !can_read_stacks())
		return 0;
	event = witness_begin(clone3_return, CLONE3_RETURN, task);
	if (!event)
		return 0;
	event->result = result;
	event->read = 0;
	event->enter_time = 0;
	copy_regs(&event->regs, task_pt_regs(parent));
	event->args = event->regs.orig_x0;
	event->args_size = event->regs.x[1];
	copy_comm(event->comm, parent);
	copy_clone3_args(event);
	submit(event, false);
	return 0;
}

#endif /* FW_WITNESS_BPF_H */
