/* SPDX-License-Identifier: GPL-2.0-only */
/* What the second witness reads of tasks, their registers and what they share. */
#ifndef FW_WITNESS_READ_BPF_H
#define FW_WITNESS_READ_BPF_H

#include <linux/errno.h>

#include "core_fork.h"
#include "forkwatch.h"

/* The registers that a kprobe finds: begins like struct pt_regs. */
struct live_regs {
	__u64 x[FORKWATCH_NR_X];
	__u64 sp;
	__u64 pc;
	__u64 pstate;
};

/* PSTATE, "Saved Program Status Register": M[0] is SPSel, M[3:2] the level. */
#define PSTATE_SPSEL	0x1UL
#define PSTATE_EL(p)	(((p) >> 2) & 0x3UL)
#define PSTATE_DAIF	(0xfUL << 6)

#define RLIMIT_NPROC	6
#define CAPS_OF_NPROC	(1ULL << 21 | 1ULL << 24)	/* CAP_SYS_ADMIN, CAP_SYS_RESOURCE */

/* Set by the tool before it loads. */
const volatile __u32 page_size;

/* THREAD_SIZE, which is nowhere in the kernel's types; 0: not known yet. */
__u64 thread_size;

static __always_inline const task_t *current_task(void)
{
	return (const task_t *)bpf_get_current_task();
}

static __always_inline __u64 stack_low(const task_t *task)
{
	return (__u64)BPF_CORE_READ(task, stack);
}

/* All stacks are of one size, and those of tasks that fork or are forked are mapped pages. */
static __always_inline bool know_thread_size(void)
{
	const task_t *task = current_task();

	if (!thread_size && bpf_core_field_exists(task->stack_vm_area))
		thread_size = (__u64)BPF_CORE_READ(task, stack_vm_area, nr_pages) * page_size;
	return thread_size;
}

static __always_inline __u64 stack_top(const task_t *task)
{
	return stack_low(task) + thread_size;
}

static __always_inline const struct pt_regs *task_pt_regs(const task_t *task)
{
	return (const void *)(stack_top(task) - bpf_core_type_size(struct pt_regs));
}

static __always_inline void copy_regs(struct forkwatch_regs *to, const struct pt_regs *from)
{
	/* struct user_pt_regs, which they begin with, is a part of the kernel's ABI. */
	bpf_core_read(to->x, offsetof(struct forkwatch_regs, orig_x0), &from->regs);
	to->orig_x0 = BPF_CORE_READ(from, orig_x0);
	to->syscallno = BPF_CORE_READ(from, syscallno);
	to->reserved = 0;
}

/* All of it: struct cpu_context has been 13 registers in this order since the first. */
static __always_inline void copy_context(struct forkwatch_context *to, const task_t *task)
{
	bpf_core_read(to, sizeof(*to), &task->thread.cpu_context.x19);
}

static __always_inline void copy_comm(char *to, const task_t *task)
{
	bpf_core_read(to, FORKWATCH_COMM_LEN, &task->comm);
}

/*
 * first_run, tail_return
 */
static __always_inline void copy_live(struct forkwatch_context *to, const struct live_regs *regs)
{
	int i;

#pragma unroll
	for (i = 0; i < FORKWATCH_NR_SAVED; i++)
		to->saved[i] = regs->x[19 + i];
	to->fp = regs->x[29];
	to->sp = regs->sp;
	to->pc = regs->pc;
}

static __always_inline __u64 switches(const task_t *task)
{
	return BPF_CORE_READ(task, nvcsw) + BPF_CORE_READ(task, nivcsw);
}

static __always_inline __u64 task_flags(const task_t *task)
{
	return BPF_CORE_READ(task, thread_info.flags);
}

/* task_pid_vnr(current) */
static __always_inline __u32 own_pid(const task_t *task)
{
	const struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level) & 31;	/* MAX_PID_NS_LEVEL is 32 */
	__u32 nr = 0;

	bpf_core_read(&nr, sizeof(nr), &pid->numbers[level].nr);
	return nr;
}

/* task_pid_vnr(@child), asked by @parent: 0 if its namespace is no ancestor of the child's. */
static __always_inline __u32 pid_seen_by(const task_t *child, const task_t *parent)
{
	const struct pid *mine = BPF_CORE_READ(parent, thread_pid);
	const struct pid *pid = BPF_CORE_READ(child, thread_pid);
	__u32 level = BPF_CORE_READ(mine, level) & 31;
	struct upid asked = { 0 }, found = { 0 };

	if (level > BPF_CORE_READ(pid, level))
		return 0;
	bpf_core_read(&asked.ns, sizeof(asked.ns), &mine->numbers[level].ns);
	bpf_core_read(&found.ns, sizeof(found.ns), &pid->numbers[level].ns);
	bpf_core_read(&found.nr, sizeof(found.nr), &pid->numbers[level].nr);
	return asked.ns == found.ns ? found.nr : 0;
}

/*
 * fork_enter
 */
static __always_inline __u32 enter_flags(const struct kernel_clone_args *args, const task_t *parent)
{
	__u32 flags = 0;

	if (clone_args_kthread(args, parent))
		flags |= FORKWATCH_ENTER_KTHREAD;
	if (clone_args_io_thread(args))
		flags |= FORKWATCH_ENTER_IO_THREAD;
	if (clone_args_user_worker(args))
		flags |= FORKWATCH_ENTER_USER_WORKER;
	if (BPF_CORE_READ(parent, flags) & PF_KTHREAD)
		flags |= FORKWATCH_ENTER_PARENT_KTHREAD;
	if (task_flags(parent) & 1UL << TIF_32BIT)
		flags |= FORKWATCH_ENTER_COMPAT;
	return flags;
}

static __always_inline void copy_clone_args(struct forkwatch_fork_enter *event,
					    const struct kernel_clone_args *args,
					    const task_t *parent)
{
	event->clone_flags = BPF_CORE_READ(args, flags);
	event->stack = BPF_CORE_READ(args, stack);
	event->stack_size = BPF_CORE_READ(args, stack_size);
	event->tls = BPF_CORE_READ(args, tls);
	event->pidfd = (__u64)BPF_CORE_READ(args, pidfd);
	event->child_tid = (__u64)BPF_CORE_READ(args, child_tid);
	event->parent_tid = (__u64)BPF_CORE_READ(args, parent_tid);
	event->exit_signal = BPF_CORE_READ(args, exit_signal);
	event->set_tid_size = BPF_CORE_READ(args, set_tid_size);
	event->flags = enter_flags(args, parent);
	event->fn = 0;
	event->fn_arg = 0;
	if (clone_args_have_fn()) {
		event->fn = (__u64)BPF_CORE_READ(args, fn);
		event->fn_arg = (__u64)BPF_CORE_READ(args, fn_arg);
	} else if (event->flags & FORKWATCH_ENTER_KTHREAD) {
		event->fn = event->stack;
		event->fn_arg = event->stack_size;
	}
}

static __always_inline void copy_user_insn(struct forkwatch_fork_enter *event)
{
	event->insn = 0;
	if (!(event->flags & FORKWATCH_ENTER_PARENT_KTHREAD) &&
	    !bpf_probe_read_user(&event->insn, sizeof(event->insn),
				 (const void *)(event->regs.pc - sizeof(event->insn))))
		event->flags |= FORKWATCH_ENTER_INSN;
}

/*
 * clone3_return
 */
static __always_inline void copy_clone3_args(struct forkwatch_clone3_return *event)
{
	const __u64 *args = (const __u64 *)event->args;
	__u64 *to = &event->clone_flags;
	bool more = true;
	__u32 i;

#pragma unroll
	for (i = 0; i < FORKWATCH_CLONE3_WORDS; i++) {
		to[i] = 0;
		more = more && (i + 1) * sizeof(*to) <= event->args_size &&
		       !bpf_probe_read_user(&to[i], sizeof(*to), &args[i]);
		if (more)
			event->read += sizeof(*to);
	}
}

/*
 * fork_exit
 */
static __always_inline void copy_pointers(__u64 *to, const task_t *task)
{
	const struct mm_struct___fork *mm = BPF_CORE_READ(task, mm);

	to[FORKWATCH_SHARE_MM] = (__u64)mm;
	to[FORKWATCH_SHARE_PGD] = mm ? (__u64)BPF_CORE_READ(mm, pgd) : 0;
	to[FORKWATCH_SHARE_FILES] = (__u64)BPF_CORE_READ(task, files);
	to[FORKWATCH_SHARE_FS] = (__u64)BPF_CORE_READ(task, fs);
	to[FORKWATCH_SHARE_SIGHAND] = (__u64)BPF_CORE_READ(task, sighand);
	to[FORKWATCH_SHARE_SIGNAL] = (__u64)BPF_CORE_READ(task, signal);
	to[FORKWATCH_SHARE_NSPROXY] = (__u64)BPF_CORE_READ(task, nsproxy);
	to[FORKWATCH_SHARE_IO] = (__u64)BPF_CORE_READ(task, io_context);
	to[FORKWATCH_SHARE_SYSVSEM] = bpf_core_field_exists(task->sysvsem) ?
				      (__u64)BPF_CORE_READ(task, sysvsem.undo_list) : 0;
	to[FORKWATCH_SHARE_CRED] = (__u64)BPF_CORE_READ(task, cred);
}

static __always_inline void copy_memory(__u32 *vmas, __u64 *pgtables, const task_t *task)
{
	const struct mm_struct___fork *mm = BPF_CORE_READ(task, mm);

	if (!mm)
		return;
	*vmas = BPF_CORE_READ(mm, map_count);
	*pgtables = BPF_CORE_READ(mm, pgtables_bytes.counter);
}

/* Only the initial user namespace is at level 0. */
static __always_inline bool is_nproc_exempt(const struct cred *cred)
{
	__u64 caps = 0;

	bpf_core_read(&caps, sizeof(caps), &cred->cap_effective);
	return !BPF_CORE_READ(cred, user_ns, level) && caps & CAPS_OF_NPROC;
}

/* task_active_pid_ns() */
static __always_inline __u64 active_pid_ns(const task_t *task)
{
	const struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level) & 31;
	__u64 ns = 0;

	bpf_core_read(&ns, sizeof(ns), &pid->numbers[level].ns);
	return ns;
}

static __always_inline void copy_pid_ns(struct forkwatch_fork_exit *event, const task_t *parent)
{
	const struct pid_namespace *ns = BPF_CORE_READ(parent, nsproxy, pid_ns_for_children);
	__u32 allocated = BPF_CORE_READ(ns, pid_allocated);

	event->parent_pid_ns = active_pid_ns(parent);
	event->parent_pid_ns_for_children = (__u64)ns;
	event->pid_ns = BPF_CORE_READ(ns, ns.inum);
	event->pid_ns_level = BPF_CORE_READ(ns, level);
	event->pid_ns_pids = allocated & ~PIDNS_ADDING;
	event->pid_ns_max = pid_ns_max(ns);
	event->flags |= allocated & PIDNS_ADDING ? 0 : FORKWATCH_EXIT_PID_NS_CLOSED;
}

static __always_inline __u32 parent_flags(const task_t *parent, const struct cred *cred)
{
	const struct signal_struct___fork *signal = BPF_CORE_READ(parent, signal);
	__u32 flags = 0;

	if (is_nproc_exempt(cred))
		flags |= FORKWATCH_EXIT_NPROC_EXEMPT;
	if (BPF_CORE_READ(signal, flags) & SIGNAL_UNKILLABLE)
		flags |= FORKWATCH_EXIT_PARENT_INIT;
	if (signal_autoreap(signal))
		flags |= FORKWATCH_EXIT_PARENT_AUTOREAP;
	if (BPF_CORE_READ(parent, policy) == SCHED_DEADLINE &&
	    !BPF_CORE_READ_BITFIELD_PROBED(parent, sched_reset_on_fork))
		flags |= FORKWATCH_EXIT_PARENT_DEADLINE;
	return flags;
}

static __always_inline void copy_parent(struct forkwatch_fork_exit *event, const task_t *parent)
{
	const struct nsproxy *nsproxy = BPF_CORE_READ(parent, nsproxy);
	const struct cred *cred = BPF_CORE_READ(parent, cred);

	event->parent_leader_tid = BPF_CORE_READ(parent, group_leader, pid);
	event->parent_exit_signal = BPF_CORE_READ(parent, exit_signal);
	event->leader_exit_signal = BPF_CORE_READ(parent, group_leader, exit_signal);
	event->flags |= parent_flags(parent, cred);
	if (nsproxy)
		copy_pid_ns(event, parent);
	if (nsproxy && bpf_core_field_exists(nsproxy->time_ns)) {
		event->parent_time_ns = (__u64)BPF_CORE_READ(nsproxy, time_ns);
		event->parent_time_ns_for_children =
			(__u64)BPF_CORE_READ(nsproxy, time_ns_for_children);
	}
	event->parent_sas_ss_sp = BPF_CORE_READ(parent, sas_ss_sp);
	event->parent_sas_ss_size = BPF_CORE_READ(parent, sas_ss_size);
	event->parent_threads = BPF_CORE_READ(parent, signal, nr_threads);
	bpf_core_read(&event->uid, sizeof(event->uid), &cred->uid);
	event->user_processes = user_processes(cred);
	event->rlimit_nproc = BPF_CORE_READ(parent, signal, rlim[RLIMIT_NPROC].rlim_cur);
	copy_memory(&event->parent_vmas, &event->parent_pgtables, parent);
	copy_pointers(event->parent_ptr, parent);
	event->grand_parent_tid = BPF_CORE_READ(parent, real_parent, pid);
	event->grand_parent_tgid = BPF_CORE_READ(parent, real_parent, tgid);
}

static __always_inline __u32 trace_flags(const task_t *child)
{
	__u64 flags = task_flags(child);

	return (flags & 1UL << TIF_SINGLESTEP ? FORKWATCH_EXIT_STEPPED : 0) |
	       (flags & 1UL << TIF_SYSCALL_TRACE ? FORKWATCH_EXIT_SYSCALL_TRACED : 0) |
	       (flags & 1UL << TIF_SYSCALL_EMU ? FORKWATCH_EXIT_SYSCALL_EMULATED : 0);
}

static __always_inline void copy_child(struct forkwatch_fork_exit *event, const task_t *child,
				       const task_t *parent)
{
	event->child = (__u64)child;
	event->child_tid = BPF_CORE_READ(child, pid);
	event->child_tgid = BPF_CORE_READ(child, tgid);
	event->child_vpid = pid_seen_by(child, parent);
	event->leader_tid = BPF_CORE_READ(child, group_leader, pid);
	event->exit_signal = BPF_CORE_READ(child, exit_signal);
	event->task_flags = BPF_CORE_READ(child, flags);
	event->flags |= trace_flags(child);
	event->start_time = BPF_CORE_READ(child, start_time);
	bpf_probe_read_kernel(&event->stack_end, sizeof(event->stack_end),
			      (const void *)stack_low(child));
	event->set_child_tid = (__u64)BPF_CORE_READ(child, set_child_tid);
	event->clear_child_tid = (__u64)BPF_CORE_READ(child, clear_child_tid);
	event->sas_ss_sp = BPF_CORE_READ(child, sas_ss_sp);
	event->sas_ss_size = BPF_CORE_READ(child, sas_ss_size);
	copy_memory(&event->child_vmas, &event->child_pgtables, child);
	copy_pointers(event->child_ptr, child);
	copy_comm(event->comm, child);
	event->real_parent_tid = BPF_CORE_READ(child, real_parent, pid);
	event->real_parent_tgid = BPF_CORE_READ(child, real_parent, tgid);
}

static __always_inline void copy_tid(__s32 *to, __u32 *flags, __u64 addr)
{
	*to = 0;
	*flags = 0;
	if (addr && !bpf_probe_read_user(to, sizeof(*to), (const void *)addr))
		*flags = FORKWATCH_TID_READ;
}

#endif /* FW_WITNESS_READ_BPF_H */
