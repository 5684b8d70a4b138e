/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stages of a fork that have probes of their own, for the module, the BPF programs
 * and the tool. What they are called and who calls them is in the ABI.
 */
#ifndef FW_STAGE_LIST_H
#define FW_STAGE_LIST_H

#include "forkwatch.h"

/*
 * FW_STAGE_PROBES(E): E(STAGE, name, level, returns, symbols). @level says from
 * which --stages on it is watched, @returns how its result tells an error: an INT, a
 * PTR with an error in it, something NEW or NULL for want of memory, the copy of FILES;
 * @symbols lists the functions that do it, the first that a kernel has being
 * taken: copy_io() is inlined everywhere, and __copy_io() what it calls where
 * there is something to copy.
 */
#define FW_STAGE_PROBES(E)							\
	E(DUP_TASK_STRUCT,	dup_task_struct,	CORE,	NEW,	"dup_task_struct")	\
	E(ARCH_DUP_TASK_STRUCT,	arch_dup_task_struct,	ALL,	INT,	"arch_dup_task_struct")	\
	E(COPY_CREDS,		copy_creds,		CORE,	INT,	"copy_creds")		\
	E(SCHED_FORK,		sched_fork,		ALL,	INT,	"sched_fork")		\
	E(PERF_INIT,		perf_event_init_task,	ALL,	INT,	"perf_event_init_task")	\
	E(AUDIT_ALLOC,		audit_alloc,		ALL,	INT,	"audit_alloc")		\
	E(SECURITY_ALLOC,	security_task_alloc,	ALL,	INT,	"security_task_alloc")	\
	E(COPY_SEMUNDO,		copy_semundo,		ALL,	INT,	"copy_semundo")		\
	E(DUP_FD,		dup_fd,			CORE,	FILES,	"dup_fd")		\
	E(COPY_FS,		copy_fs_struct,		ALL,	NEW,	"copy_fs_struct")	\
	E(COPY_SIGHAND,		copy_sighand,		ALL,	INT,	"copy_sighand")		\
	E(COPY_SIGNAL,		copy_signal,		ALL,	INT,	"copy_signal")		\
	E(COPY_MM,		copy_mm,		CORE,	INT,	"copy_mm")		\
	E(DUP_MM,		dup_mm,			CORE,	NEW,	"dup_mm")		\
	E(MM_INIT,		mm_init,		ALL,	NEW,	"mm_init")		\
	E(DUP_MMAP,		dup_mmap,		CORE,	INT,	"dup_mmap")		\
	E(VM_AREA_DUP,		vm_area_dup,		ALL,	NEW,	"vm_area_dup")		\
	E(ANON_VMA_FORK,	anon_vma_fork,		ALL,	INT,	"anon_vma_fork")	\
	E(COPY_PAGE_RANGE,	copy_page_range,	CORE,	INT,	"copy_page_range")	\
	E(COPY_NAMESPACES,	copy_namespaces,	ALL,	INT,	"copy_namespaces")	\
	E(COPY_IO,		copy_io,		ALL,	INT,	"copy_io __copy_io")	\
	E(ALLOC_PID,		alloc_pid,		CORE,	PTR,	"alloc_pid")		\
	E(CGROUP_CAN_FORK,	cgroup_can_fork,	CORE,	INT,	"cgroup_can_fork")	\
	E(SCHED_CGROUP_FORK,	sched_cgroup_fork,	ALL,	INT,	"sched_cgroup_fork")	\
	E(PROC_CONNECTOR,	proc_fork_connector,	ALL,	VOID,	"proc_fork_connector")	\
	E(CGROUP_POST_FORK,	cgroup_post_fork,	ALL,	VOID,	"cgroup_post_fork")	\
	E(PERF_FORK,		perf_event_fork,	ALL,	VOID,	"perf_event_fork")	\
	E(UPROBE_COPY,		uprobe_copy_process,	ALL,	VOID,	"uprobe_copy_process")	\
	E(WAKE_UP,		wake_up_new_task,	CORE,	VOID,	"wake_up_new_task")	\
	E(WAIT_VFORK,		wait_for_vfork_done,	CORE,	VOID,	"wait_for_vfork_done")	\
	E(FINISH_SWITCH,	finish_task_switch,	ALL,	VOID,	"finish_task_switch")

/*
 * Every switch calls these, and only the BPF programs know when it is a child's:
 * what the module does for each call is too much for the others.
 */
#define FW_STAGES_OF_BPF	(1ULL << FORKWATCH_STAGE_FINISH_SWITCH)

/*
 * FW_UNDO_PROBES(E): E(UNDO, name, of, symbols), watched where all stages are. @of
 * says what the first argument is: the TASK that is the child, or something of it.
 * v7.0 renamed exit_task_namespaces() where it leaves a task's credentials alone.
 */
#define FW_UNDO_PROBES(E)							\
	E(CGROUP,	cgroup_cancel_fork,	TASK,	"cgroup_cancel_fork")	\
	E(PID,		free_pid,		OTHER,	"free_pid")		\
	E(THREAD,	exit_thread,		TASK,	"exit_thread")		\
	E(IO,		exit_io_context,	TASK,	"exit_io_context")	\
	E(NAMESPACES,	exit_task_namespaces,	TASK,					\
	  "exit_nsproxy_namespaces exit_task_namespaces")				\
	E(MM,		mmput,			OTHER,	"mmput")		\
	E(SIGNAL,	free_signal_struct,	OTHER,	"free_signal_struct")	\
	E(SIGHAND,	__cleanup_sighand,	OTHER,	"__cleanup_sighand")	\
	E(FS,		exit_fs,		TASK,	"exit_fs")		\
	E(FILES,	exit_files,		TASK,	"exit_files")		\
	E(SEM,		exit_sem,		TASK,	"exit_sem")		\
	E(SECURITY,	security_task_free,	TASK,	"security_task_free")	\
	E(AUDIT,	audit_free,		TASK,	"__audit_free audit_free")	\
	E(PERF,		perf_event_free_task,	TASK,	"perf_event_free_task")	\
	E(SCHED,	sched_cancel_fork,	TASK,	"sched_cancel_fork")	\
	E(CREDS,	exit_creds,		TASK,	"exit_creds")		\
	E(STACK,	put_task_stack,		TASK,	"put_task_stack")

/*
 * stage_core, stage_more: one call of such a function by the current task, from @enter to
 * @leave (ns), with @subject as its first argument; that of --stages core, and what all
 * has beside it. @stage is FORKWATCH_STAGE_*, or FW_STAGE_UNDO with FORKWATCH_UNDO_*. @leave
 * is 0 where the return will not be seen. Between the module and the BPF programs only,
 * which add them up: no trace has them, and they are not numbered.
 */
#define FORKWATCH_FIELDS_stage_core(F, A, S)		\
	F(__u32, stage)					\
	F(__s32, result)				\
	F(__u64, subject)				\
	F(__u64, enter)					\
	F(__u64, leave)
#define FORKWATCH_FIELDS_stage_more(F, A, S)	FORKWATCH_FIELDS_stage_core(F, A, S)

#define FW_STAGE_UNDO	32

struct forkwatch_stage_core {
	struct forkwatch_header hdr;

	FORKWATCH_MEMBERS(FORKWATCH_FIELDS_stage_core)
};

struct forkwatch_stage_more {
	struct forkwatch_header hdr;

	FORKWATCH_MEMBERS(FORKWATCH_FIELDS_stage_more)
};

_Static_assert(FW_STAGE_UNDO >= FORKWATCH_NR_STAGES, "a stage is taken for an undo");
_Static_assert(sizeof(struct forkwatch_stage_core) == 64, "what both ends know");

#endif /* FW_STAGE_LIST_H */
