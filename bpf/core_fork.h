/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's types as far as the second witness reads them, and what differs
 * between kernels in them, each with the commit that made it. As in
 * core_compat.h only the names of the fields matter; what stands behind ___ is
 * no part of a type's name.
 */
#ifndef FW_CORE_FORK_H
#define FW_CORE_FORK_H

#include <stdbool.h>

#include <linux/types.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "core_compat.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
	__u64 regs[31];
	__u64 sp;
	__u64 pc;
	__u64 pstate;
	__u64 orig_x0;
	__s32 syscallno;
	__u64 stackframe[2];
};

struct frame_record_meta {
	__u64 type;
};

struct pt_regs___meta {
	struct frame_record_meta stackframe;
};

struct vm_struct {
	unsigned int nr_pages;
};

struct cpu_context {
	unsigned long x19;
};

struct thread_struct {
	struct cpu_context cpu_context;
	struct {
		unsigned long tp_value;
		unsigned long tp2_value;
	} uw;
};

struct thread_info___fork {
	unsigned long flags;
};

struct atomic_long___fork {
	long counter;
};

struct mm_struct___fork {
	void *pgd;
	struct atomic_long___fork pgtables_bytes;
	int map_count;
};

struct rlimit {
	unsigned long rlim_cur;
};

struct signal_struct___fork {
	int nr_threads;
	unsigned int flags;
	unsigned int autoreap : 1;
	struct rlimit rlim[16];
};

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	unsigned int pid_allocated;
	unsigned int level;
	int pid_max;
	struct ns_common ns;
};

struct nsproxy {
	struct pid_namespace *pid_ns_for_children;
	void *time_ns;
	void *time_ns_for_children;
};

struct sysv_sem {
	void *undo_list;
};

struct user_namespace {
	int level;
};

struct user_struct {
	atomic_t processes;
};

struct ucounts {
	struct atomic_long___fork rlimit[1];
};

struct cred {
	struct {
		__u32 val;
	} uid;
	struct {
		__u64 val;
	} cap_effective;
	struct user_struct *user;
	struct user_namespace *user_ns;
	struct ucounts *ucounts;
};

struct upid {
	int nr;
	void *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct task_struct___fork {
	struct thread_info___fork thread_info;
	void *stack;
	struct vm_struct *stack_vm_area;
	unsigned int flags;
	struct mm_struct___fork *mm;
	int exit_signal;
	unsigned int policy;
	unsigned int sched_reset_on_fork : 1;
	int pid;
	int tgid;
	struct task_struct___fork *real_parent;
	struct task_struct___fork *group_leader;
	struct pid *thread_pid;
	int *set_child_tid;
	int *clear_child_tid;
	unsigned long nvcsw;
	unsigned long nivcsw;
	__u64 start_time;
	const struct cred *cred;
	char comm[16];
	struct sysv_sem sysvsem;
	void *fs;
	void *files;
	struct nsproxy *nsproxy;
	struct signal_struct___fork *signal;
	void *sighand;
	unsigned long sas_ss_sp;
	unsigned long sas_ss_size;
	void *io_context;
	struct thread_struct thread;
};

struct kernel_clone_args {
	__u64 flags;
	int *pidfd;
	int *child_tid;
	int *parent_tid;
	int exit_signal;
	__u32 io_thread : 1;
	__u32 user_worker : 1;
	unsigned long stack;
	unsigned long stack_size;
	unsigned long tls;
	unsigned long set_tid_size;
	int (*fn)(void *arg);
	void *fn_arg;
};

#pragma clang attribute pop

/* No typedef: libbpf would look for one of that name in the kernel. */
#define task_t struct task_struct___fork

#define PF_KTHREAD		0x00200000	/* include/linux/sched.h, since 2.6.31 */
#define SCHED_DEADLINE		6	/* include/uapi/linux/sched.h */
#define SIGNAL_UNKILLABLE	0x00000040	/* include/linux/sched/signal.h, since 2.6.26 */
#define PIDNS_ADDING		(1U << 31)	/* include/linux/pid_namespace.h, since 4.15 */

/* arch/arm64/include/asm/thread_info.h; the same in every kernel since 5.3. */
#define TIF_SYSCALL_TRACE	8
#define TIF_SYSCALL_EMU		12
#define TIF_SINGLESTEP		21
#define TIF_32BIT		22

/*
 * v5.19: c5febea0956f ("fork: Pass struct kernel_clone_args into copy_thread").
 * Before it, copy_thread() took (clone_flags, stack_start, stk_sz, p, tls), and
 * a kernel thread's function travelled in args->stack.
 */
static __always_inline bool clone_args_have_fn(void)
{
	return bpf_core_field_exists(((struct kernel_clone_args *)0)->fn);
}

/*
 * The child and the flags, from the arguments of copy_thread(). All are read
 * before one is chosen: clang would choose the address, and 5.10 takes no
 * access to the registers but by a constant offset.
 */
static __always_inline const task_t *copy_thread_child(const __u64 *regs)
{
	__u64 first = regs[0], fourth = regs[3];

	barrier_var(first);
	barrier_var(fourth);
	return (const task_t *)(clone_args_have_fn() ? first : fourth);
}

static __always_inline __u64 copy_thread_flags(const __u64 *regs)
{
	__u64 first = regs[0], second = regs[1];

	barrier_var(first);
	barrier_var(second);
	if (clone_args_have_fn())
		return BPF_CORE_READ((const struct kernel_clone_args *)second, flags);
	return first;
}

/*
 * v5.12: cc440e8738e5 ("kernel: provide create_io_thread() helper"), in 5.10 since
 * 5.10.162; an int before v5.19 (343f4c49f243, "kthread: Don't allocate
 * kthread_struct for init and umh").
 */
static __always_inline bool clone_args_io_thread(const struct kernel_clone_args *args)
{
	if (!bpf_core_field_exists(args->io_thread))
		return false;
	return BPF_CORE_READ_BITFIELD_PROBED(args, io_thread);
}

/* v6.13: c2c6b27b5aa1 ("arm64: stacktrace: unwind exception boundaries") */
static __always_inline __u64 stackframe_offset(void)
{
	if (bpf_core_type_exists(struct frame_record_meta))
		return bpf_core_field_offset(struct pt_regs___meta, stackframe);
	return bpf_core_field_offset(struct pt_regs, stackframe);
}

/* v6.4: 54e6842d0775 ("fork/vm: Move common PF_IO_WORKER behavior to new flag") */
static __always_inline bool clone_args_user_worker(const struct kernel_clone_args *args)
{
	if (!bpf_core_field_exists(args->user_worker))
		return false;
	return BPF_CORE_READ_BITFIELD_PROBED(args, user_worker);
}

/* Will copy_thread() make a task of @parent's that starts in the kernel? */
static __always_inline bool clone_args_kthread(const struct kernel_clone_args *args,
					       const task_t *parent)
{
	if (clone_args_have_fn())
		return BPF_CORE_READ(args, fn);
	return BPF_CORE_READ(parent, flags) & PF_KTHREAD || clone_args_io_thread(args);
}

/* v6.14: 7863dcc72d0f ("pid: allow pid_max to be set per pid namespace") */
static __always_inline __u32 pid_ns_max(const struct pid_namespace *ns)
{
	return bpf_core_field_exists(ns->pid_max) ? BPF_CORE_READ(ns, pid_max) : 0;
}

/* v7.1, with CLONE_AUTOREAP */
static __always_inline bool signal_autoreap(const struct signal_struct___fork *signal)
{
	if (!bpf_core_field_exists(signal->autoreap))
		return false;
	return BPF_CORE_READ_BITFIELD_PROBED(signal, autoreap);
}

/*
 * The tasks of a user, as RLIMIT_NPROC counts them. v5.14: 21d1c5e386bc
 * ("Reimplement RLIMIT_NPROC on top of ucounts"); in an array of their own since
 * v6.0: de399236e240 ("ucounts: Split rlimit and ucount values and max values"),
 * where they come first. Between the two they are not looked for.
 */
static __always_inline __u64 user_processes(const struct cred *cred)
{
	if (bpf_core_field_exists(((struct ucounts *)0)->rlimit))
		return BPF_CORE_READ(cred, ucounts, rlimit[0].counter);
	if (bpf_core_field_exists(((struct user_struct *)0)->processes))
		return (__u32)BPF_CORE_READ(cred, user, processes.counter);
	return 0;
}

#endif /* FW_CORE_FORK_H */
