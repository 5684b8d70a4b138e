// SPDX-License-Identifier: GPL-2.0-only
/*
 * The handlers of the probes, and the only place that reads pt_regs and
 * cpu_context. An event is built where its handler runs, then handed to its
 * tracepoint; copy_thread's, which spans a call, grows in the kretprobe's own
 * instance. Nothing is kept between events but the count behind `seq`.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include <asm/compat.h>
#include <asm/processor.h>
#include <asm/ptrace.h>
#include <asm/sysreg.h>

#include "capture.h"
#include "compat.h"
#include "events.h"
#include "symbols.h"
#include "task.h"

static DEFINE_PER_CPU(u64, sequence);

/* PSTATE, "Saved Program Status Register": M[0] is SPSel, M[3:2] the level. */
#define PSTATE_SPSEL	0x1UL
#define PSTATE_EL(p)	(((p) >> 2) & 0x3UL)
#define PSTATE_DAIF	(0xfUL << 6)

void fw_fill_header(struct forkwatch_header *hdr, u16 kind, u16 size)
{
	hdr->size = size;
	hdr->kind = kind;
	hdr->cpu = raw_smp_processor_id();
	hdr->seq = this_cpu_inc_return(sequence);
	hdr->time = ktime_get_mono_fast_ns();
	hdr->tid = current->pid;
	hdr->tgid = current->tgid;
}
NOKPROBE_SYMBOL(fw_fill_header);

#define FILL_HEADER(event, KIND) \
	fw_fill_header(&(event)->hdr, FORKWATCH_##KIND, sizeof(*(event)))

static void copy_regs(struct forkwatch_regs *to, const struct pt_regs *from)
{
	BUILD_BUG_ON(sizeof(to->x) != sizeof(from->regs));
	memcpy(to->x, from->regs, sizeof(to->x));
	to->sp = from->sp;
	to->pc = from->pc;
	to->pstate = from->pstate;
	to->orig_x0 = from->orig_x0;
	to->syscallno = from->syscallno;
	to->reserved = 0;
}
NOKPROBE_SYMBOL(copy_regs);

/* x19..x28 come first in struct cpu_context, in the order in which cpu_switch_to() stores them. */
static void copy_context(struct forkwatch_context *to, const struct task_struct *task)
{
	const struct cpu_context *from = &task->thread.cpu_context;

	BUILD_BUG_ON(offsetof(struct cpu_context, x19) != 0);
	BUILD_BUG_ON(offsetof(struct cpu_context, fp) != sizeof(to->saved));
	memcpy(to->saved, from, sizeof(to->saved));
	to->fp = from->fp;
	to->sp = from->sp;
	to->pc = from->pc;
}
NOKPROBE_SYMBOL(copy_context);

/* The callee-saved registers of whoever ran into the probe. */
static void copy_live(struct forkwatch_context *to, const struct pt_regs *regs, u64 pc)
{
	memcpy(to->saved, &regs->regs[19], sizeof(to->saved));
	to->fp = regs->regs[29];
	to->sp = regs->sp;
	to->pc = pc;
}
NOKPROBE_SYMBOL(copy_live);

static void copy_stack(u64 *low, u64 *top, const struct task_struct *task)
{
	*low = (u64)task->stack;
	*top = *low + THREAD_SIZE;
}
NOKPROBE_SYMBOL(copy_stack);

static u64 switches(const struct task_struct *task)
{
	return task->nvcsw + task->nivcsw;
}
NOKPROBE_SYMBOL(switches);

/* How the parent came to copy_process(), and what its child will be. */
static u32 enter_flags(const struct kernel_clone_args *args)
{
	u32 flags = 0;

	if (fw_clone_args_kthread(args))
		flags |= FORKWATCH_ENTER_KTHREAD;
	if (fw_clone_args_io_thread(args))
		flags |= FORKWATCH_ENTER_IO_THREAD;
	if (fw_clone_args_user_worker(args))
		flags |= FORKWATCH_ENTER_USER_WORKER;
	if (current->flags & PF_KTHREAD)
		flags |= FORKWATCH_ENTER_PARENT_KTHREAD;
	if (is_compat_task())
		flags |= FORKWATCH_ENTER_COMPAT;
	return flags;
}
NOKPROBE_SYMBOL(enter_flags);

static void copy_clone_args(struct forkwatch_fork_enter *event,
			    const struct kernel_clone_args *args)
{
	event->clone_flags = args->flags;
	event->stack = args->stack;
	event->stack_size = args->stack_size;
	event->tls = args->tls;
	event->pidfd = (__force u64)args->pidfd;
	event->child_tid = (__force u64)args->child_tid;
	event->parent_tid = (__force u64)args->parent_tid;
	event->fn = fw_clone_args_fn(args);
	event->fn_arg = fw_clone_args_fn_arg(args);
	event->exit_signal = args->exit_signal;
	event->set_tid_size = args->set_tid_size;
	event->flags = enter_flags(args);
}
NOKPROBE_SYMBOL(copy_clone_args);

/* The word before the user pc: the `svc`. Not faulted in if it is not there. */
static void copy_user_insn(struct forkwatch_fork_enter *event)
{
	const void __user *addr = (const void __user *)(event->regs.pc - sizeof(event->insn));

	event->insn = 0;
	if (event->flags & FORKWATCH_ENTER_PARENT_KTHREAD)
		return;
	if (!copy_from_user_nofault(&event->insn, addr, sizeof(event->insn)))
		event->flags |= FORKWATCH_ENTER_INSN;
}
NOKPROBE_SYMBOL(copy_user_insn);

/* copy_process(pid, trace, node, args) */
int fw_fork_enter(struct kprobe *kp, struct pt_regs *regs)
{
	const struct kernel_clone_args *args = (void *)regs->regs[3];
	struct forkwatch_fork_enter event;

	FILL_HEADER(&event, FORK_ENTER);
	copy_clone_args(&event, args);
	event.task = (u64)current;
	event.start_time = current->start_time;
	event.switches = switches(current);
	copy_stack(&event.stack_low, &event.stack_top, current);
	event.pt_regs = (u64)task_pt_regs(current);
	memcpy(event.comm, current->comm, sizeof(event.comm));
	copy_context(&event.context, current);
	copy_regs(&event.regs, task_pt_regs(current));
	copy_user_insn(&event);
	FW_TRACE(fork_enter, &event);
	return 0;
}
NOKPROBE_SYMBOL(fw_fork_enter);

int fw_copy_thread_enter(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct fw_copy_thread_call *call = (void *)ri->data;
	struct forkwatch_copy_thread *event = &call->event;
	struct task_struct *child = fw_copy_thread_child(regs);

	call->child = child;
	event->enter_time = ktime_get_mono_fast_ns();
	event->child = (u64)child;
	event->clone_flags = fw_copy_thread_flags(regs);
	event->pt_regs_size = sizeof(struct pt_regs);
	copy_stack(&event->stack_low, &event->stack_top, child);
	event->pt_regs = (u64)task_pt_regs(child);
	event->stackframe = (u64)&task_pt_regs(child)->stackframe;
	event->parent_switches = switches(current);
	event->parent_tpidr = read_sysreg(tpidr_el0);
	event->parent_tp = current->thread.uw.tp_value;
	event->parent_tp2 = current->thread.uw.tp2_value;
	event->tp_before = child->thread.uw.tp_value;
	event->tp2_before = child->thread.uw.tp2_value;
	event->thread_flags_before = READ_ONCE(task_thread_info(child)->flags);
	copy_context(&event->parent_context, current);
	copy_context(&event->context_before, child);
	copy_regs(&event->regs_before, task_pt_regs(child));
	return 0;
}
NOKPROBE_SYMBOL(fw_copy_thread_enter);

int fw_copy_thread_leave(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct fw_copy_thread_call *call = (void *)ri->data;
	struct forkwatch_copy_thread *event = &call->event;
	struct task_struct *child = call->child;

#ifdef FORKWATCH_TEST_CHILD_X0	/* a build that breaks forks, for the tests */
	task_pt_regs(child)->regs[0] = FORKWATCH_TEST_CHILD_X0;
#endif
	FILL_HEADER(event, COPY_THREAD);
	event->result = regs_return_value(regs);
	event->tp_after = child->thread.uw.tp_value;
	event->tp2_after = child->thread.uw.tp2_value;
	event->thread_flags_after = READ_ONCE(task_thread_info(child)->flags);
	copy_context(&event->context_after, child);
	copy_regs(&event->regs_after, task_pt_regs(child));
#ifdef FORKWATCH_TEST_LIE	/* a build that tells what is not so, for the tests */
	event->regs_after.x[9] ^= 1;
#endif
	FW_TRACE(copy_thread, event);
	return 0;
}
NOKPROBE_SYMBOL(fw_copy_thread_leave);

int fw_fork_exit(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct task_struct *child = (struct task_struct *)regs_return_value(regs);
	struct forkwatch_fork_exit event = {};

	FILL_HEADER(&event, FORK_EXIT);
	event.result = PTR_ERR_OR_ZERO(child);
	fw_copy_parent(&event);
	if (!event.result)
		fw_copy_child(&event, child);
	FW_TRACE(fork_exit, &event);
	return 0;
}
NOKPROBE_SYMBOL(fw_fork_exit);

/* The tid that the kernel wrote at @addr, if it was asked to and it can be read without a fault. */
static void copy_tid(__s32 *tid, __u32 *flags, u64 addr)
{
	*tid = 0;
	*flags = 0;
	if (addr && !copy_from_user_nofault(tid, (const void __user *)addr, sizeof(*tid)))
		*flags = FORKWATCH_TID_READ;
}
NOKPROBE_SYMBOL(copy_tid);

/* kernel_clone(args) */
int fw_kernel_clone_enter(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct kernel_clone_args *args = (void *)regs->regs[0];
	struct fw_kernel_clone_call *call = (void *)ri->data;

	call->enter_time = ktime_get_mono_fast_ns();
	call->parent_tid = args->flags & CLONE_PARENT_SETTID ?
			   (__force u64)args->parent_tid : 0;
	call->clone_flags = args->flags;
	call->pidfd = (__force u64)args->pidfd;
	call->exit_signal = args->exit_signal;
	return 0;
}
NOKPROBE_SYMBOL(fw_kernel_clone_enter);

int fw_fork_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct fw_kernel_clone_call *call = (void *)ri->data;
	struct forkwatch_fork_return event;

	FILL_HEADER(&event, FORK_RETURN);
	event.result = (pid_t)regs_return_value(regs);
	event.enter_time = call->enter_time;
	event.parent_tid = call->parent_tid;
	copy_tid(&event.tid_there, &event.flags, event.parent_tid);
	copy_regs(&event.regs, task_pt_regs(current));
	event.clone_flags = call->clone_flags;
	event.pidfd = call->pidfd;
	event.exit_signal = call->exit_signal;
	event.reserved = 0;
	FW_TRACE(fork_return, &event);
	return 0;
}
NOKPROBE_SYMBOL(fw_fork_return);

/*
 * schedule_tail(prev), called by ret_from_fork(). prev cannot have run since:
 * its on_cpu falls only in finish_task_switch(), below schedule_tail().
 */
int fw_first_run(struct kprobe *kp, struct pt_regs *regs)
{
	const struct task_struct *prev = (void *)regs->regs[0];
	struct forkwatch_first_run event;

	FILL_HEADER(&event, FIRST_RUN);
	event.child = (u64)current;
	event.start_time = current->start_time;
	event.prev = (u64)prev;
	event.prev_tid = prev->pid;
	event.el = PSTATE_EL(regs->pstate);
	event.spsel = regs->pstate & PSTATE_SPSEL;
	event.flags = 0;
	event.lr = regs->regs[30];
	event.sp_el0 = read_sysreg(sp_el0);
	event.tpidr_el0 = read_sysreg(tpidr_el0);
	event.daif = regs->pstate & PSTATE_DAIF;
	event.pt_regs = (u64)task_pt_regs(current);
	copy_stack(&event.stack_low, &event.stack_top, current);
	copy_stack(&event.prev_stack_low, &event.prev_stack_top, prev);
	event.switch_return = fw_switch_call() ? (u64)(fw_switch_call() + 1) : 0;
	memcpy(event.comm, current->comm, sizeof(event.comm));
	memcpy(event.prev_comm, prev->comm, sizeof(event.prev_comm));
	copy_live(&event.live, regs, regs->pc);
	copy_context(&event.context, current);
	copy_context(&event.prev_context, prev);
	copy_regs(&event.regs, task_pt_regs(current));
	FW_TRACE(first_run, &event);
	return 0;
}
NOKPROBE_SYMBOL(fw_first_run);

int fw_schedule_tail_enter(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct fw_schedule_tail_call *call = (void *)ri->data;

	call->enter_time = ktime_get_mono_fast_ns();
	return 0;
}
NOKPROBE_SYMBOL(fw_schedule_tail_enter);

int fw_tail_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct fw_schedule_tail_call *call = (void *)ri->data;
	struct forkwatch_tail_return event;

	FILL_HEADER(&event, TAIL_RETURN);
	event.child = (u64)current;
	event.start_time = current->start_time;
	event.enter_time = call->enter_time;
	event.set_child_tid = (__force u64)current->set_child_tid;
	copy_tid(&event.tid_there, &event.flags, event.set_child_tid);
	event.vpid = task_pid_vnr(current);
	event.reserved = 0;
	FW_TRACE(tail_return, &event);
	return 0;
}
NOKPROBE_SYMBOL(fw_tail_return);

int fw_clone3_enter(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct fw_clone3_call *call = (void *)ri->data;

	call->enter_time = ktime_get_mono_fast_ns();
	return 0;
}
NOKPROBE_SYMBOL(fw_clone3_enter);

/* Once the kernel has read the arguments they are there to be read, if they can be. */
static void copy_clone3_args(struct forkwatch_clone3_return *event)
{
	const u64 __user *args = (const u64 __user *)event->args;
	__u64 *to = &event->clone_flags;
	unsigned int i;

	BUILD_BUG_ON(offsetofend(struct forkwatch_clone3_return, cgroup) -
		     offsetof(struct forkwatch_clone3_return, clone_flags) !=
		     FORKWATCH_CLONE3_WORDS * sizeof(*to));
	for (i = 0; i < FORKWATCH_CLONE3_WORDS; i++) {
		if ((i + 1) * sizeof(*to) > event->args_size ||
		    copy_from_user_nofault(&to[i], &args[i], sizeof(*to)))
			break;
		event->read += sizeof(*to);
	}
}
NOKPROBE_SYMBOL(copy_clone3_args);

/* clone3(args, size), of which the syscall's registers have the arguments until it is over. */
int fw_clone3_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct fw_clone3_call *call = (void *)ri->data;
	struct forkwatch_clone3_return event = {};

	event.result = regs_return_value(regs);
	if (event.result != -EINVAL && event.result != -E2BIG && event.result != -EFAULT)
		return 0;
	FILL_HEADER(&event, CLONE3_RETURN);
	event.enter_time = call->enter_time;
	copy_regs(&event.regs, task_pt_regs(current));
	event.args = event.regs.orig_x0;
	event.args_size = event.regs.x[1];
	memcpy(event.comm, current->comm, sizeof(event.comm));
	copy_clone3_args(&event);
	FW_TRACE(clone3_return, &event);
	return 0;
}
NOKPROBE_SYMBOL(fw_clone3_return);

/* `bl cpu_switch_to` with x0 = prev, x1 = next; it will leave the next address in lr. */
int fw_cpu_switch_to(struct kprobe *kp, struct pt_regs *regs)
{
	const struct task_struct *prev = (void *)regs->regs[0];
	const struct task_struct *next = (void *)regs->regs[1];
	struct forkwatch_cpu_switch_to event;

	FILL_HEADER(&event, CPU_SWITCH_TO);
	event.prev = (u64)prev;
	event.next = (u64)next;
	event.prev_tid = prev->pid;
	event.next_tid = next->pid;
	memcpy(event.prev_comm, prev->comm, sizeof(event.prev_comm));
	memcpy(event.next_comm, next->comm, sizeof(event.next_comm));
	copy_live(&event.live, regs, regs->pc + sizeof(u32));
	copy_context(&event.next_context, next);
	FW_TRACE(cpu_switch_to, &event);
	return 0;
}
NOKPROBE_SYMBOL(fw_cpu_switch_to);

void fw_set_child_x0(struct task_struct *child, u64 x0)
{
	task_pt_regs(child)->regs[0] = x0;
}

/* Bytes below @top, 0 for what does not lie in the stack [@low, @top). */
static u32 below_top(u64 addr, u64 low, u64 top)
{
	return addr >= low && addr < top ? top - addr : 0;
}

static u32 shared_objects(const struct task_struct *child)
{
	__u64 parent_ptr[FORKWATCH_NR_SHARE], child_ptr[FORKWATCH_NR_SHARE];
	u32 shared = 0;
	int i;

	fw_copy_pointers(parent_ptr, current);
	fw_copy_pointers(child_ptr, child);
	for (i = 0; i < FORKWATCH_NR_SHARE; i++)
		if (parent_ptr[i] == child_ptr[i])
			shared |= 1U << i;
	return shared;
}

void fw_fill_report(struct forkwatch_clone_report *report, struct task_struct *child)
{
	struct forkwatch_context *context = &report->context;
	u64 low, top;

	copy_stack(&low, &top, child);
	copy_context(context, child);
	copy_regs(&report->parent_regs, task_pt_regs(current));
	copy_regs(&report->child_regs, task_pt_regs(child));
	report->shared = shared_objects(child);
	report->tls = child->thread.uw.tp_value;
	report->parent_tls = read_sysreg(tpidr_el0);
	report->stack_low = low;
	report->stack_bytes = top - low;
	report->pt_regs_bytes = sizeof(struct pt_regs);
	report->pt_regs_below_top = below_top((u64)task_pt_regs(child), low, top);
	report->context_sp_below_top = below_top(context->sp, low, top);
	report->context_fp_below_top = below_top(context->fp, low, top);
}
