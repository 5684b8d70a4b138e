// SPDX-License-Identifier: GPL-2.0-only
/* See task.h. Runs in kretprobe handlers: no sleeping, no locks. */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/nsproxy.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "compat.h"
#include "task.h"

static u64 undo_list(const struct task_struct *task)
{
#ifdef CONFIG_SYSVIPC
	return (u64)task->sysvsem.undo_list;
#else
	return 0;
#endif
}
NOKPROBE_SYMBOL(undo_list);

void fw_copy_pointers(__u64 *to, const struct task_struct *task)
{
	to[FORKWATCH_SHARE_MM] = (u64)task->mm;
	to[FORKWATCH_SHARE_PGD] = task->mm ? (u64)task->mm->pgd : 0;
	to[FORKWATCH_SHARE_FILES] = (u64)task->files;
	to[FORKWATCH_SHARE_FS] = (u64)task->fs;
	to[FORKWATCH_SHARE_SIGHAND] = (u64)rcu_access_pointer(task->sighand);
	to[FORKWATCH_SHARE_SIGNAL] = (u64)task->signal;
	to[FORKWATCH_SHARE_NSPROXY] = (u64)task->nsproxy;
	to[FORKWATCH_SHARE_IO] = (u64)task->io_context;
	to[FORKWATCH_SHARE_SYSVSEM] = undo_list(task);
	to[FORKWATCH_SHARE_CRED] = (u64)rcu_access_pointer(task->cred);
}
NOKPROBE_SYMBOL(fw_copy_pointers);

/* An mm has as many VMAs, page tables and pages as its counters say; 0 without one. */
static void copy_memory(__u32 *vmas, __u64 *pgtables, __u64 *pages, struct mm_struct *mm)
{
	if (!mm)
		return;
	*vmas = mm->map_count;
	*pgtables = mm_pgtables_bytes(mm);
	pages[FORKWATCH_PAGES_FILE] = fw_mm_counter(mm, MM_FILEPAGES);
	pages[FORKWATCH_PAGES_ANON] = fw_mm_counter(mm, MM_ANONPAGES);
	pages[FORKWATCH_PAGES_SWAP] = fw_mm_counter(mm, MM_SWAPENTS);
	pages[FORKWATCH_PAGES_SHMEM] = fw_mm_counter(mm, MM_SHMEMPAGES);
}
NOKPROBE_SYMBOL(copy_memory);

/* capable() of either, without what security modules and audit make of the question. */
static bool is_nproc_exempt(void)
{
	const struct cred *cred = current_cred();

	return cred->user_ns == &init_user_ns &&
	       (cap_raised(cred->cap_effective, CAP_SYS_RESOURCE) ||
		cap_raised(cred->cap_effective, CAP_SYS_ADMIN));
}
NOKPROBE_SYMBOL(is_nproc_exempt);

static void copy_time_ns(struct forkwatch_fork_exit *event)
{
	const struct nsproxy *nsproxy = current->nsproxy;

	if (!nsproxy)
		return;
	event->parent_time_ns = (u64)nsproxy->time_ns;
	event->parent_time_ns_for_children = (u64)nsproxy->time_ns_for_children;
}
NOKPROBE_SYMBOL(copy_time_ns);

/* An exiting task, which has no nsproxy any more, does not fork. */
static void copy_pid_namespace(struct forkwatch_fork_exit *event)
{
	const struct pid_namespace *ns;

	if (!current->nsproxy)
		return;
	ns = current->nsproxy->pid_ns_for_children;
	event->parent_pid_ns = (u64)task_active_pid_ns(current);
	event->parent_pid_ns_for_children = (u64)ns;
	event->pid_ns = ns->ns.inum;
	event->pid_ns_level = ns->level;
	event->pid_ns_pids = ns->pid_allocated & ~PIDNS_ADDING;
	event->pid_ns_max = fw_pid_ns_max(ns);
	event->flags |= ns->pid_allocated & PIDNS_ADDING ? 0 : FORKWATCH_EXIT_PID_NS_CLOSED;
}
NOKPROBE_SYMBOL(copy_pid_namespace);

static bool is_deadline(void)
{
	return current->policy == SCHED_DEADLINE && !current->sched_reset_on_fork;
}
NOKPROBE_SYMBOL(is_deadline);

static u32 parent_flags(void)
{
	return (is_nproc_exempt() ? FORKWATCH_EXIT_NPROC_EXEMPT : 0) |
	       (current->signal->flags & SIGNAL_UNKILLABLE ? FORKWATCH_EXIT_PARENT_INIT : 0) |
	       (fw_signal_autoreap(current->signal) ? FORKWATCH_EXIT_PARENT_AUTOREAP : 0) |
	       (is_deadline() ? FORKWATCH_EXIT_PARENT_DEADLINE : 0);
}
NOKPROBE_SYMBOL(parent_flags);

void fw_copy_parent(struct forkwatch_fork_exit *event)
{
	const struct task_struct *grand_parent;

	event->parent_leader_tid = current->group_leader->pid;
	event->parent_exit_signal = current->exit_signal;
	event->leader_exit_signal = current->group_leader->exit_signal;
	event->flags |= parent_flags();
	copy_time_ns(event);
	copy_pid_namespace(event);
	event->parent_sas_ss_sp = current->sas_ss_sp;
	event->parent_sas_ss_size = current->sas_ss_size;
	event->parent_threads = current->signal->nr_threads;
	event->uid = from_kuid(&init_user_ns, current_uid());
	event->user_processes = fw_user_processes();
	event->rlimit_nproc = rlimit(RLIMIT_NPROC);
	copy_memory(&event->parent_vmas, &event->parent_pgtables, event->parent_pages,
		    current->mm);
	fw_copy_pointers(event->parent_ptr, current);

	rcu_read_lock();
	grand_parent = rcu_dereference(current->real_parent);
	event->grand_parent_tid = grand_parent->pid;
	event->grand_parent_tgid = grand_parent->tgid;
	rcu_read_unlock();
}
NOKPROBE_SYMBOL(fw_copy_parent);

/* The arm64 flags have been the same in every kernel since 5.3. */
static u32 trace_flags(struct task_struct *child)
{
	return (test_tsk_thread_flag(child, TIF_SINGLESTEP) ? FORKWATCH_EXIT_STEPPED : 0) |
	       (test_tsk_thread_flag(child, TIF_SYSCALL_TRACE) ?
		FORKWATCH_EXIT_SYSCALL_TRACED : 0) |
	       (test_tsk_thread_flag(child, TIF_SYSCALL_EMU) ?
		FORKWATCH_EXIT_SYSCALL_EMULATED : 0);
}
NOKPROBE_SYMBOL(trace_flags);

void fw_copy_child(struct forkwatch_fork_exit *event, struct task_struct *child)
{
	const struct task_struct *real_parent;

	event->child = (u64)child;
	event->child_tid = child->pid;
	event->child_tgid = child->tgid;
	event->child_vpid = task_pid_vnr(child);
	event->leader_tid = child->group_leader->pid;
	event->exit_signal = child->exit_signal;
	event->task_flags = child->flags;
	event->flags |= trace_flags(child);
	event->start_time = child->start_time;
	event->stack_end = *end_of_stack(child);
	event->set_child_tid = (__force u64)child->set_child_tid;
	event->clear_child_tid = (__force u64)child->clear_child_tid;
	event->sas_ss_sp = child->sas_ss_sp;
	event->sas_ss_size = child->sas_ss_size;
	copy_memory(&event->child_vmas, &event->child_pgtables, event->child_pages, child->mm);
	fw_copy_pointers(event->child_ptr, child);
	memcpy(event->comm, child->comm, sizeof(event->comm));

	rcu_read_lock();
	real_parent = rcu_dereference(child->real_parent);
	event->real_parent_tid = real_parent->pid;
	event->real_parent_tgid = real_parent->tgid;
	rcu_read_unlock();
}
NOKPROBE_SYMBOL(fw_copy_child);
