/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * forkwatch: the events that describe a fork on arm64.
 *
 * The protocol
 *
 * The kernel side sends one event for each thing it saw. Every event begins
 * with a struct forkwatch_header that holds its size, its kind and the place
 * it comes from. An event is complete in itself: it copies what it describes
 * and points to nothing. Addresses of kernel objects (task, mm, stack) are
 * sent as numbers, to be compared and named, never followed.
 *
 * One fork of a parent P into a child C sends, in this order,
 *
 *	fork_enter	in P	copy_process() begins
 *	copy_thread	in P	copy_thread() wrote C's registers
 *	arch_state	in P	and what else the CPU has of it
 *	fork_exit	in P	copy_process() ends: C exists, or an error
 *	wakeup_new	in P	wake_up_new_task() put C on a run queue
 *	first_run	in C	schedule_tail(): C left cpu_switch_to()
 *	finish_switch	in C	finish_task_switch() within it ends, if that is watched
 *	tail_return	in C	schedule_tail() ends; C is about to start
 *	stages		in P	what took how long, if that is watched
 *	fork_return	in P	kernel_clone() ends; its value becomes P's x0
 *	cow		in C	what the two wrote to since, if that is watched
 *
 * After a vfork, mm_release comes from C before P's fork_return. Where copy_process()
 * fails, undone says before fork_exit what it took back, if that is watched.
 *
 * first_run and fork_return happen on different CPUs and come in any order.
 * Events of P are matched by its tid, those of C by the address of its
 * task_struct together with its start time. A failed fork has no wakeup_new
 * and no first_run; of one that clone3() refuses before it calls kernel_clone()
 * there is clone3_return alone; threads that the kernel makes for itself with
 * create_io_thread() have no fork_return, since kernel_clone() never ran. cow
 * comes when C executes a program or ends; only if it got an mm of its own.
 *
 * Growth
 *
 * A new field is added at the end of an event, or a new kind is added. A
 * reader takes an event that is longer than it knows and ignores the tail;
 * in a shorter one the fields past its end were not observed. Anything else
 * changes FORKWATCH_ABI_VERSION, and both ends refuse to mix versions.
 */
#ifndef FORKWATCH_UAPI_H
#define FORKWATCH_UAPI_H

#include <linux/types.h>

#ifndef FORKWATCH_ABI_VERSION
#define FORKWATCH_ABI_VERSION	1
#endif

#define FORKWATCH_COMM_LEN	16	/* TASK_COMM_LEN */
#define FORKWATCH_NR_X		31	/* x0..x30 */
#define FORKWATCH_NR_SAVED	10	/* x19..x28 */

/*
 * The event table: FORKWATCH_EVENTS(E) expands E(KIND, value, name) for each
 * event. FORKWATCH_FIELDS_name(F, A, S) lists its fields after the header:
 * F(type, name) one number, A(type, name, n) an array, S(type, name) one of
 * the structs below. The C structs, the tracepoints, the trace's metadata and
 * the JSON names are all generated from these lists.
 */
#define FORKWATCH_EVENTS(E)				\
	E(FORK_ENTER,		1,	fork_enter)	\
	E(COPY_THREAD,		2,	copy_thread)	\
	E(FORK_EXIT,		3,	fork_exit)	\
	E(FORK_RETURN,		4,	fork_return)	\
	E(FIRST_RUN,		5,	first_run)	\
	E(CPU_SWITCH_TO,	6,	cpu_switch_to)	\
	E(CLONE_CALL,		7,	clone_call)	\
	E(TAIL_RETURN,		8,	tail_return)	\
	E(ARCH_STATE,		9,	arch_state)	\
	E(CLONE3_RETURN,	10,	clone3_return)	\
	E(WAKEUP_NEW,		16,	wakeup_new)	\
	E(EXEC,			17,	exec)		\
	E(EXIT,			18,	exit)		\
	E(STAGES,		19,	stages)		\
	E(COW,			20,	cow)		\
	E(MM_RELEASE,		21,	mm_release)	\
	E(FINISH_SWITCH,	22,	finish_switch)	\
	E(UNDONE,		23,	undone)

/* Kinds below this one are sent by the module, the others by BPF programs. */
#define FORKWATCH_KIND_BPF	16

/*
 * A kind tells who saw it, too: added to those of the table is one of the values
 * below, or nothing where it is as said above. The struct is the same; fields that
 * such an observer cannot see are 0 in it and listed in FORKWATCH_UNSEEN_*.
 *
 * WITNESS is a copy of the module's event that BPF programs made by themselves at
 * the same moment. It comes just before or after the module's own, from the same
 * CPU. BPF: they made the event likewise, but there is no module's. TRACEFS: it
 * was made of a record of the kernel's own tracepoint.
 */
#define FORKWATCH_KIND_MASK	63
#define FORKWATCH_BY_WITNESS	64
#define FORKWATCH_BY_BPF	128
#define FORKWATCH_BY_TRACEFS	192

/* E(KIND, name): the events that WITNESS and BPF make; those that TRACEFS makes. */
#define FORKWATCH_WITNESSED(E)				\
	E(FORK_ENTER,		fork_enter)		\
	E(COPY_THREAD,		copy_thread)		\
	E(FORK_EXIT,		fork_exit)		\
	E(FORK_RETURN,		fork_return)		\
	E(FIRST_RUN,		first_run)		\
	E(TAIL_RETURN,		tail_return)		\
	E(CLONE3_RETURN, clone3_return)

#define FORKWATCH_TRACED(E)				\
	E(WAKEUP_NEW,		wakeup_new)		\
	E(EXEC,			exec)			\
	E(EXIT,			exit)

/*
 * E(KIND, name, field): what they cannot see. BPF programs read memory, not the
 * system registers of the CPU, and they cannot add up a counter that each CPU has
 * a part of. A record of ftrace has the tid of its task, not the tgid.
 */
#define FORKWATCH_UNSEEN_BPF(E)				\
	E(COPY_THREAD,	copy_thread,	parent_tpidr)	\
	E(FORK_EXIT,	fork_exit,	parent_pages)	\
	E(FORK_EXIT,	fork_exit,	child_pages)	\
	E(FIRST_RUN,	first_run,	sp_el0)		\
	E(FIRST_RUN,	first_run,	tpidr_el0)	\
	E(FIRST_RUN,	first_run,	switch_return)	\
	E(CLONE3_RETURN, clone3_return,	enter_time)

#define FORKWATCH_UNSEEN_TRACEFS(E)			\
	E(WAKEUP_NEW,	wakeup_new,	hdr.tgid)	\
	E(WAKEUP_NEW,	wakeup_new,	child)		\
	E(WAKEUP_NEW,	wakeup_new,	start_time)	\
	E(EXEC,		exec,		task)		\
	E(EXEC,		exec,		start_time)	\
	E(EXEC,		exec,		mm)		\
	E(EXEC,		exec,		comm)		\
	E(EXIT,		exit,		hdr.tgid)	\
	E(EXIT,		exit,		task)		\
	E(EXIT,		exit,		start_time)	\
	E(EXIT,		exit,		code)

/*
 * header: @seq counts the events of one CPU without a gap, as numbered by the
 * last stage that selects events (the BPF programs where they run, else the
 * module). @time is CLOCK_MONOTONIC in ns. @tid and @tgid are those of the
 * task that was running, in the initial pid namespace.
 */
#define FORKWATCH_FIELDS_header(F, A, S)		\
	F(__u16, size)					\
	F(__u16, kind)					\
	F(__u32, cpu)					\
	F(__u64, seq)					\
	F(__u64, time)					\
	F(__u32, tid)					\
	F(__u32, tgid)

/* regs: a struct pt_regs, less what differs between kernels. */
#define FORKWATCH_FIELDS_regs(F, A, S)			\
	A(__u64, x, FORKWATCH_NR_X)			\
	F(__u64, sp)					\
	F(__u64, pc)					\
	F(__u64, pstate)				\
	F(__u64, orig_x0)				\
	F(__s32, syscallno)				\
	F(__u32, reserved)

/*
 * context: what cpu_switch_to() saves and loads, struct cpu_context.
 * @saved[i] is x(19+i).
 */
#define FORKWATCH_FIELDS_context(F, A, S)		\
	A(__u64, saved, FORKWATCH_NR_SAVED)		\
	F(__u64, fp)					\
	F(__u64, sp)					\
	F(__u64, pc)

/*
 * state: what else of the CPU's state belongs to a task, from its struct
 * thread_struct: tpidr2_el0, por_el0, fpmr, svcr, @sctlr (the task's part of
 * sctlr_el1), @mte (mte_ctrl; before 5.15 gcr_user_*), its guarded control stack
 * with its pointer, the shadow call stack, the vector lengths in bytes (onexec: 0
 * for "as now"), fpsr and fpcr, and how many hardware breakpoints and watchpoints
 * ptrace has pinned to it. @flags is FORKWATCH_STATE_*.
 */
#define FORKWATCH_FIELDS_state(F, A, S)			\
	F(__u64, tpidr2)				\
	F(__u64, por)					\
	F(__u64, fpmr)					\
	F(__u64, svcr)					\
	F(__u64, sctlr)					\
	F(__u64, mte)					\
	F(__u64, gcspr)					\
	F(__u64, gcs_base)				\
	F(__u64, gcs_size)				\
	F(__u64, scs_base)				\
	F(__u64, scs_sp)				\
	F(__u32, gcs_mode)				\
	F(__u32, gcs_locked)				\
	F(__u32, sve_vl)				\
	F(__u32, sve_vl_onexec)				\
	F(__u32, sme_vl)				\
	F(__u32, sme_vl_onexec)				\
	F(__u32, fpsr)					\
	F(__u32, fpcr)					\
	F(__u32, breakpoints)				\
	F(__u32, watchpoints)				\
	F(__u32, flags)					\
	F(__u32, reserved)

/*
 * fork_enter: kprobe on copy_process(). @clone_flags .. @fn_arg are the
 * struct kernel_clone_args of the call; before 5.19 a kernel thread's function
 * and argument travel in stack and stack_size and are reported as @fn and
 * @fn_arg here too. @flags is FORKWATCH_ENTER_*. @task, @start_time (ns,
 * CLOCK_MONOTONIC), @comm and @context are the parent's; @context is the one
 * in memory, from the parent's last switch. @switches is its nvcsw + nivcsw.
 * @pt_regs is the address of @regs in its stack [@stack_low, @stack_top).
 * @insn is the 32-bit word before the user pc; it lies there if
 * FORKWATCH_ENTER_INSN is set.
 */
#define FORKWATCH_FIELDS_fork_enter(F, A, S)		\
	F(__u64, clone_flags)				\
	F(__u64, stack)					\
	F(__u64, stack_size)				\
	F(__u64, tls)					\
	F(__u64, pidfd)					\
	F(__u64, child_tid)				\
	F(__u64, parent_tid)				\
	F(__u64, fn)					\
	F(__u64, fn_arg)				\
	F(__s32, exit_signal)				\
	F(__u32, set_tid_size)				\
	F(__u32, flags)					\
	F(__u32, insn)					\
	F(__u64, task)					\
	F(__u64, start_time)				\
	F(__u64, switches)				\
	F(__u64, stack_low)				\
	F(__u64, stack_top)				\
	F(__u64, pt_regs)				\
	A(char, comm, FORKWATCH_COMM_LEN)		\
	S(struct forkwatch_context, context)		\
	S(struct forkwatch_regs, regs)

#define FORKWATCH_ENTER_KTHREAD		(1U << 0)	/* the child gets no user registers */
#define FORKWATCH_ENTER_IO_THREAD	(1U << 1)	/* create_io_thread() */
#define FORKWATCH_ENTER_USER_WORKER	(1U << 2)	/* vhost_task_create() and the like */
#define FORKWATCH_ENTER_COMPAT		(1U << 3)	/* the parent is an AArch32 task */
#define FORKWATCH_ENTER_INSN		(1U << 4)	/* insn could be read */
#define FORKWATCH_ENTER_PARENT_KTHREAD	(1U << 5)	/* the parent has no user registers */

/*
 * copy_thread: kretprobe on copy_thread(). *_before was read at its entry,
 * *_after at its return, @enter_time (ns) being the former moment and the
 * header's the latter. @child is the child's task_struct, whose kernel stack
 * is [@stack_low, @stack_top); @pt_regs is where its registers lie and
 * @stackframe the frame record within them. @parent_tpidr is the live
 * tpidr_el0, @parent_tp the one in the parent's task_struct; tp is thread.uw.tp_value
 * and tp2 thread.uw.tp2_value. @parent_context and @parent_switches are as in
 * fork_enter, but at this moment.
 */
#define FORKWATCH_FIELDS_copy_thread(F, A, S)		\
	F(__u64, child)					\
	F(__u64, clone_flags)				\
	F(__u64, enter_time)				\
	F(__s32, result)				\
	F(__u32, pt_regs_size)				\
	F(__u64, stack_low)				\
	F(__u64, stack_top)				\
	F(__u64, pt_regs)				\
	F(__u64, stackframe)				\
	F(__u64, parent_switches)			\
	F(__u64, parent_tpidr)				\
	F(__u64, parent_tp)				\
	F(__u64, parent_tp2)				\
	F(__u64, tp_before)				\
	F(__u64, tp_after)				\
	F(__u64, tp2_before)				\
	F(__u64, tp2_after)				\
	F(__u64, thread_flags_before)			\
	F(__u64, thread_flags_after)			\
	S(struct forkwatch_context, parent_context)	\
	S(struct forkwatch_context, context_before)	\
	S(struct forkwatch_context, context_after)	\
	S(struct forkwatch_regs, regs_before)		\
	S(struct forkwatch_regs, regs_after)

/*
 * fork_exit: kretprobe on copy_process(). @result is 0 or -errno; on an error
 * the fields about the child are 0. Ids are those of the initial pid namespace,
 * but for @child_vpid: the child as its parent's namespace sees it. The grand
 * parent is the parent's real_parent, the leader its thread group's. @parent_ptr
 * and @child_ptr hold addresses, indexed by FORKWATCH_SHARE_*; @parent_pages and
 * @child_pages count resident pages, indexed by FORKWATCH_PAGES_*. @stack_end is
 * the word at end_of_stack(child). @uid, @user_processes and @rlimit_nproc are
 * what the kernel compares before it says EAGAIN: the parent's real uid, the
 * tasks that it has (this child not counted), RLIMIT_NPROC. The parent's nsproxy
 * holds @parent_time_ns, of itself and for its children. @leader_exit_signal is
 * that of its thread group's leader. @flags is FORKWATCH_EXIT_*. Likewise
 * @parent_pid_ns: the parent's own pid namespace, and the one that its children are
 * to be in. Of the latter @pid_ns is the number that /proc/PID/ns shows, at @pid_ns_level
 * below the initial one; it has @pid_ns_pids pids, and @pid_ns_max is its pid_max, 0
 * where kernel.pid_max is that of all.
 */
#define FORKWATCH_FIELDS_fork_exit(F, A, S)		\
	F(__s64, result)				\
	F(__u64, child)					\
	F(__u32, child_tid)				\
	F(__u32, child_tgid)				\
	F(__u32, child_vpid)				\
	F(__u32, leader_tid)				\
	F(__u32, real_parent_tid)			\
	F(__u32, real_parent_tgid)			\
	F(__s32, exit_signal)				\
	F(__u32, task_flags)				\
	F(__u64, start_time)				\
	F(__u64, stack_end)				\
	F(__u64, set_child_tid)				\
	F(__u64, clear_child_tid)			\
	F(__u64, sas_ss_sp)				\
	F(__u64, sas_ss_size)				\
	F(__u32, parent_leader_tid)			\
	F(__s32, parent_exit_signal)			\
	F(__u32, grand_parent_tid)			\
	F(__u32, grand_parent_tgid)			\
	F(__u64, parent_sas_ss_sp)			\
	F(__u64, parent_sas_ss_size)			\
	F(__u32, parent_threads)			\
	F(__u32, uid)					\
	F(__u64, user_processes)			\
	F(__u64, rlimit_nproc)				\
	F(__u32, parent_vmas)				\
	F(__u32, child_vmas)				\
	F(__u64, parent_pgtables)			\
	F(__u64, child_pgtables)			\
	A(__u64, parent_pages, FORKWATCH_NR_PAGES)	\
	A(__u64, child_pages, FORKWATCH_NR_PAGES)	\
	A(__u64, parent_ptr, FORKWATCH_NR_SHARE)	\
	A(__u64, child_ptr, FORKWATCH_NR_SHARE)		\
	A(char, comm, FORKWATCH_COMM_LEN)		\
	F(__u64, parent_time_ns)			\
	F(__u64, parent_time_ns_for_children)		\
	F(__s32, leader_exit_signal)			\
	F(__u32, flags)					\
	F(__u64, parent_pid_ns)				\
	F(__u64, parent_pid_ns_for_children)		\
	F(__u32, pid_ns)				\
	F(__u32, pid_ns_level)				\
	F(__u32, pid_ns_pids)				\
	F(__u32, pid_ns_max)

#define FORKWATCH_EXIT_STEPPED		(1U << 0)	/* the child is single-stepped */
#define FORKWATCH_EXIT_SYSCALL_TRACED	(1U << 1)	/* its system calls stop it */
#define FORKWATCH_EXIT_SYSCALL_EMULATED	(1U << 2)	/* they are emulated */
#define FORKWATCH_EXIT_TRACED		(FORKWATCH_EXIT_STEPPED |		\
					 FORKWATCH_EXIT_SYSCALL_TRACED |	\
					 FORKWATCH_EXIT_SYSCALL_EMULATED)
#define FORKWATCH_EXIT_NPROC_EXEMPT	(1U << 3)	/* the parent may exceed RLIMIT_NPROC */
#define FORKWATCH_EXIT_PARENT_INIT	(1U << 4)	/* it is the init of its pid namespace */
#define FORKWATCH_EXIT_PARENT_AUTOREAP	(1U << 5)	/* it came by CLONE_AUTOREAP */
#define FORKWATCH_EXIT_PID_NS_CLOSED	(1U << 6)	/* @pid_ns takes no more tasks */
#define FORKWATCH_EXIT_PARENT_DEADLINE	(1U << 7)	/* SCHED_DEADLINE, not reset on fork */

/* What a child shares with its parent, or has of its own: objects of the task. */
#define FORKWATCH_SHARES(E)				\
	E(MM,		0,	mm)			\
	E(PGD,		1,	pgd)			\
	E(FILES,	2,	files)			\
	E(FS,		3,	fs)			\
	E(SIGHAND,	4,	sighand)		\
	E(SIGNAL,	5,	signal)			\
	E(NSPROXY,	6,	nsproxy)		\
	E(IO,		7,	io)			\
	E(SYSVSEM,	8,	sysvsem)		\
	E(CRED,		9,	cred)
#define FORKWATCH_NR_SHARE	10

/* Resident pages of an mm; the kernel's MM_*PAGES and MM_SWAPENTS. */
#define FORKWATCH_PAGES(E)				\
	E(FILE,		0,	file)			\
	E(ANON,		1,	anon)			\
	E(SWAP,		2,	swap)			\
	E(SHMEM,	3,	shmem)
#define FORKWATCH_NR_PAGES	4

/*
 * fork_return: kretprobe on kernel_clone(), entered at @enter_time (ns).
 * @result, a pid in the parent's namespace or -errno, becomes the parent's
 * x0 after this. @regs are the parent's, as they stand at this moment. A
 * vfork parent gets here after its child's exec or exit. @parent_tid is where
 * CLONE_PARENT_SETTID was asked to write; @tid_there is what stands there, if
 * @flags has FORKWATCH_TID_READ. @clone_flags, @pidfd and @exit_signal are
 * what kernel_clone() was called with: it may refuse them itself.
 */
#define FORKWATCH_FIELDS_fork_return(F, A, S)		\
	F(__s64, result)				\
	F(__u64, enter_time)				\
	F(__u64, parent_tid)				\
	F(__s32, tid_there)				\
	F(__u32, flags)					\
	S(struct forkwatch_regs, regs)			\
	F(__u64, clone_flags)				\
	F(__u64, pidfd)					\
	F(__s32, exit_signal)				\
	F(__u32, reserved)

/*
 * first_run: kprobe on schedule_tail(), called once in a task's life, by
 * ret_from_fork(). @live holds the CPU's own x19..x28, fp and sp; its pc is
 * schedule_tail() and @lr is where that will return to. @context is the
 * child's cpu_context in memory, @regs its pt_regs. @prev is the task that
 * this CPU left, @prev_context what it saved. @switch_return is the address
 * after the `bl cpu_switch_to` of __switch_to(), 0 if that was not found.
 * @el, @spsel and @daif are from the PSTATE that was in force there.
 */
#define FORKWATCH_FIELDS_first_run(F, A, S)		\
	F(__u64, child)					\
	F(__u64, start_time)				\
	F(__u64, prev)					\
	F(__u32, prev_tid)				\
	F(__u32, el)					\
	F(__u32, spsel)					\
	F(__u32, flags)					\
	F(__u64, lr)					\
	F(__u64, sp_el0)				\
	F(__u64, tpidr_el0)				\
	F(__u64, daif)					\
	F(__u64, pt_regs)				\
	F(__u64, stack_low)				\
	F(__u64, stack_top)				\
	F(__u64, prev_stack_low)			\
	F(__u64, prev_stack_top)			\
	F(__u64, switch_return)				\
	A(char, comm, FORKWATCH_COMM_LEN)		\
	A(char, prev_comm, FORKWATCH_COMM_LEN)		\
	S(struct forkwatch_context, live)		\
	S(struct forkwatch_context, context)		\
	S(struct forkwatch_context, prev_context)	\
	S(struct forkwatch_regs, regs)

#define FORKWATCH_TID_READ	(1U << 0)	/* the memory could be read */

/*
 * tail_return: kretprobe on schedule_tail(), entered at @enter_time (ns): the
 * last of the kernel's own work in the child before it returns to user mode or
 * calls its function. @set_child_tid is where CLONE_CHILD_SETTID was asked to
 * write, 0 for none; @tid_there as in fork_return; @vpid is the child's pid in
 * its own namespace.
 */
#define FORKWATCH_FIELDS_tail_return(F, A, S)		\
	F(__u64, child)					\
	F(__u64, start_time)				\
	F(__u64, enter_time)				\
	F(__u64, set_child_tid)				\
	F(__s32, tid_there)				\
	F(__u32, flags)					\
	F(__u32, vpid)					\
	F(__u32, reserved)

/*
 * arch_state: kretprobe on copy_thread(). @has says what this kernel and this CPU
 * have, 1 << FORKWATCH_HAS_*; fields of what they do not have are 0. The parent's
 * tpidr2, por and gcspr are the live registers; the rest of both is from memory,
 * which arch_dup_task_struct() has brought up to date. @same says what the child has
 * in common with the parent, FORKWATCH_SAME_*: v0..v31, and keys, which are secret.
 */
#define FORKWATCH_FIELDS_arch_state(F, A, S)		\
	F(__u64, child)					\
	F(__u64, clone_flags)				\
	F(__u32, has)					\
	F(__u32, same)					\
	S(struct forkwatch_state, parent_state)		\
	S(struct forkwatch_state, child_state)

/* arch_state's @has, by bit. */
#define FORKWATCH_HAS(E)				\
	E(FPSIMD,	0,	fpsimd)			\
	E(SVE,		1,	sve)			\
	E(SME,		2,	sme)			\
	E(SME2,		3,	sme2)			\
	E(TPIDR2,	4,	tpidr2)			\
	E(FPMR,		5,	fpmr)			\
	E(PAC_ADDRESS,	6,	pac_address)		\
	E(PAC_GENERIC,	7,	pac_generic)		\
	E(MTE,		8,	mte)			\
	E(POE,		9,	poe)			\
	E(GCS,		10,	gcs)			\
	E(SCS,		11,	scs)			\
	E(BREAKPOINTS,	12,	breakpoints)

/* arch_state's @same. */
#define FORKWATCH_SAME_VREGS	(1U << 0)
#define FORKWATCH_SAME_APIA	(1U << 1)
#define FORKWATCH_SAME_APIB	(1U << 2)
#define FORKWATCH_SAME_APDA	(1U << 3)
#define FORKWATCH_SAME_APDB	(1U << 4)
#define FORKWATCH_SAME_APGA	(1U << 5)

/* state's @flags. */
#define FORKWATCH_STATE_SVE		(1U << 0)	/* it uses SVE without a trap */
#define FORKWATCH_STATE_SME		(1U << 1)	/* likewise SME */
#define FORKWATCH_STATE_SVE_BUFFER	(1U << 2)	/* it has memory for its SVE registers */
#define FORKWATCH_STATE_SME_BUFFER	(1U << 3)	/* and for ZA and ZT0 */
#define FORKWATCH_STATE_MTE_FAULT	(1U << 4)	/* an asynchronous tag fault is pending */
#define FORKWATCH_STATE_SUSPENDED_STEP	(1U << 5)	/* its single step waits for a breakpoint */
#define FORKWATCH_STATE_TAGGED_ADDR	(1U << 6)	/* it may pass tagged addresses */

/*
 * cpu_switch_to: kprobe on the `bl cpu_switch_to` in __switch_to(). @live is
 * what is about to be saved for @prev (its pc is the address after the call),
 * @next_context what is about to be loaded.
 */
#define FORKWATCH_FIELDS_cpu_switch_to(F, A, S)		\
	F(__u64, prev)					\
	F(__u64, next)					\
	F(__u32, prev_tid)				\
	F(__u32, next_tid)				\
	A(char, prev_comm, FORKWATCH_COMM_LEN)		\
	A(char, next_comm, FORKWATCH_COMM_LEN)		\
	S(struct forkwatch_context, live)		\
	S(struct forkwatch_context, next_context)

/*
 * clone_call: a call of one of the module's own numbers, seen before the fork
 * that it leads to: the same task's fork_enter follows. @call is
 * FORKWATCH_CALL_*, @nr the number it came by. @result is 0, or the -errno with
 * which it was refused, in which case no fork follows. The other fields are
 * those of struct forkwatch_clone_args, 0 where the call has no such argument.
 */
#define FORKWATCH_FIELDS_clone_call(F, A, S)		\
	F(__u32, call)					\
	F(__s32, nr)					\
	F(__s32, result)				\
	F(__u32, reserved)				\
	F(__u64, size)					\
	F(__u64, clone_flags)				\
	F(__u64, options)				\
	F(__u64, cookie)				\
	F(__u64, child_x0)

/* clone_call's @call. */
#define FORKWATCH_CALL_FORK	0
#define FORKWATCH_CALL_VFORK	1
#define FORKWATCH_CALL_CLONE	2

/*
 * clone3_return: kretprobe on the system call clone3, entered at @enter_time (ns),
 * sent where it refuses what it was given: @result is -EINVAL, -E2BIG or -EFAULT.
 * So may kernel_clone(), which ends with a fork_return first. @args and @args_size
 * are the call's arguments; @clone_flags .. @cgroup are struct clone_args, of which
 * @read bytes could be read, and 0 beyond.
 */
#define FORKWATCH_FIELDS_clone3_return(F, A, S)		\
	F(__s32, result)				\
	F(__u32, read)					\
	F(__u64, enter_time)				\
	F(__u64, args)					\
	F(__u64, args_size)				\
	F(__u64, clone_flags)				\
	F(__u64, pidfd)					\
	F(__u64, child_tid)				\
	F(__u64, parent_tid)				\
	F(__u64, exit_signal)				\
	F(__u64, stack)					\
	F(__u64, stack_size)				\
	F(__u64, tls)					\
	F(__u64, set_tid)				\
	F(__u64, set_tid_size)				\
	F(__u64, cgroup)				\
	A(char, comm, FORKWATCH_COMM_LEN)		\
	S(struct forkwatch_regs, regs)

#define FORKWATCH_CLONE3_WORDS	11	/* from @clone_flags to @cgroup */

/* wakeup_new: the tracepoint sched_wakeup_new; @target_cpu is where @child will run. */
#define FORKWATCH_FIELDS_wakeup_new(F, A, S)		\
	F(__u64, child)					\
	F(__u64, start_time)				\
	F(__u32, child_tid)				\
	F(__u32, target_cpu)

#define FORKWATCH_PATH_LEN	128

/* exec: the tracepoint sched_process_exec; @path is what was asked for, cut at its end. */
#define FORKWATCH_FIELDS_exec(F, A, S)			\
	F(__u64, task)					\
	F(__u64, start_time)				\
	F(__u64, mm)					\
	F(__u32, old_tid)				\
	F(__u32, reserved)				\
	A(char, comm, FORKWATCH_COMM_LEN)		\
	A(char, path, FORKWATCH_PATH_LEN)

/* exit: the tracepoint sched_process_exit; @code as wait(2) encodes it. */
#define FORKWATCH_FIELDS_exit(F, A, S)			\
	F(__u64, task)					\
	F(__u64, start_time)				\
	F(__s32, code)					\
	F(__u32, reserved)

/*
 * mm_release: kprobe on exec_mm_release() and exit_mm_release(), or on what does
 * their work: a vfork child is about to let go of @mm, which it runs in, and to
 * wake its parent. Sent for such children only. @reason is FORKWATCH_RELEASE_*.
 */
#define FORKWATCH_FIELDS_mm_release(F, A, S)		\
	F(__u64, task)					\
	F(__u64, start_time)				\
	F(__u64, mm)					\
	F(__u32, reason)				\
	F(__u32, reserved)

/* mm_release's @reason. */
#define FORKWATCH_RELEASE_EXEC	1
#define FORKWATCH_RELEASE_EXIT	2

/*
 * stages: what the parent did within kernel_clone(), function by function, sent
 * just before fork_return (where no fork_return comes, before fork_exit). The
 * arrays are indexed by FORKWATCH_STAGE_*: @enter is when the function was first
 * entered (ns), @total what all its @calls took (ns), @result what the last one
 * returned: 0 or -errno, 0 for functions that return neither. The others are
 * sets of 1 << FORKWATCH_STAGE_*: @armed stages are watched, so that no call
 * means that there was none; @absent ones are no functions of this kernel, being
 * inlined or of another version, and what they do is part of their parent's time;
 * @refused ones could not be probed; of @torn ones the return of some call was
 * missed: neither total nor result is known. @fds files are open in the parent as
 * this is sent, and it handles @handlers signals; -1 where nobody counted.
 */
#define FORKWATCH_FIELDS_stages(F, A, S)		\
	F(__u32, armed)					\
	F(__u32, absent)				\
	F(__u32, refused)				\
	F(__u32, torn)					\
	A(__u64, enter, FORKWATCH_NR_STAGES)		\
	A(__u64, total, FORKWATCH_NR_STAGES)		\
	A(__u32, calls, FORKWATCH_NR_STAGES)		\
	A(__s32, result, FORKWATCH_NR_STAGES)		\
	F(__s32, fds)					\
	F(__s32, handlers)

/*
 * The functions that a fork goes through, and which of them calls them: a tree
 * below kernel_clone(), and what the child does first. Only those below
 * FORKWATCH_NR_STAGES are in the event; the others have events of their own
 * that say when they began and ended.
 */
#define FORKWATCH_STAGES(E)							\
	E(KERNEL_CLONE,		32,	kernel_clone,		KERNEL_CLONE)	\
	E(COPY_PROCESS,		33,	copy_process,		KERNEL_CLONE)	\
	E(DUP_TASK_STRUCT,	0,	dup_task_struct,	COPY_PROCESS)	\
	E(ARCH_DUP_TASK_STRUCT,	1,	arch_dup_task_struct,	DUP_TASK_STRUCT) \
	E(COPY_CREDS,		2,	copy_creds,		COPY_PROCESS)	\
	E(SCHED_FORK,		3,	sched_fork,		COPY_PROCESS)	\
	E(PERF_INIT,		4,	perf_event_init_task,	COPY_PROCESS)	\
	E(AUDIT_ALLOC,		5,	audit_alloc,		COPY_PROCESS)	\
	E(SECURITY_ALLOC,	6,	security_task_alloc,	COPY_PROCESS)	\
	E(COPY_SEMUNDO,		7,	copy_semundo,		COPY_PROCESS)	\
	E(DUP_FD,		8,	dup_fd,			COPY_PROCESS)	\
	E(COPY_FS,		9,	copy_fs_struct,		COPY_PROCESS)	\
	E(COPY_SIGHAND,		10,	copy_sighand,		COPY_PROCESS)	\
	E(COPY_SIGNAL,		11,	copy_signal,		COPY_PROCESS)	\
	E(COPY_MM,		12,	copy_mm,		COPY_PROCESS)	\
	E(DUP_MM,		13,	dup_mm,			COPY_MM)	\
	E(MM_INIT,		14,	mm_init,		DUP_MM)		\
	E(DUP_MMAP,		15,	dup_mmap,		DUP_MM)		\
	E(VM_AREA_DUP,		16,	vm_area_dup,		DUP_MMAP)	\
	E(ANON_VMA_FORK,	17,	anon_vma_fork,		DUP_MMAP)	\
	E(COPY_PAGE_RANGE,	18,	copy_page_range,	DUP_MMAP)	\
	E(COPY_NAMESPACES,	19,	copy_namespaces,	COPY_PROCESS)	\
	E(COPY_IO,		20,	copy_io,		COPY_PROCESS)	\
	E(COPY_THREAD,		34,	copy_thread,		COPY_PROCESS)	\
	E(ALLOC_PID,		21,	alloc_pid,		COPY_PROCESS)	\
	E(CGROUP_CAN_FORK,	22,	cgroup_can_fork,	COPY_PROCESS)	\
	E(SCHED_CGROUP_FORK,	23,	sched_cgroup_fork,	COPY_PROCESS)	\
	E(PROC_CONNECTOR,	24,	proc_fork_connector,	COPY_PROCESS)	\
	E(CGROUP_POST_FORK,	25,	cgroup_post_fork,	COPY_PROCESS)	\
	E(PERF_FORK,		26,	perf_event_fork,	COPY_PROCESS)	\
	E(UPROBE_COPY,		27,	uprobe_copy_process,	COPY_PROCESS)	\
	E(WAKE_UP,		28,	wake_up_new_task,	KERNEL_CLONE)	\
	E(WAIT_VFORK,		29,	wait_for_vfork_done,	KERNEL_CLONE)	\
	E(SCHEDULE_TAIL,	35,	schedule_tail,		SCHEDULE_TAIL)	\
	E(FINISH_SWITCH,	30,	finish_task_switch,	SCHEDULE_TAIL)
#define FORKWATCH_NR_STAGES	32	/* 31 is free */

/*
 * finish_switch: kretprobe on finish_task_switch(), entered at @enter_time (ns), as
 * schedule_tail() calls it in a new child. The stages event, which is the parent's,
 * has it in its sets only.
 */
#define FORKWATCH_FIELDS_finish_switch(F, A, S)		\
	F(__u64, child)					\
	F(__u64, start_time)				\
	F(__u64, enter_time)

/*
 * undone: what copy_process() took back of a fork that failed, function by function,
 * sent just before fork_exit. As in stages, but by FORKWATCH_UNDO_*. Of functions
 * whose first argument is a task, those calls count that are for the child. Of @torn
 * ones the entry of some call may be missed as well: @enter is then when it returned.
 */
#define FORKWATCH_FIELDS_undone(F, A, S)		\
	F(__u32, armed)					\
	F(__u32, absent)				\
	F(__u32, refused)				\
	F(__u32, torn)					\
	A(__u64, enter, FORKWATCH_NR_UNDOS)		\
	A(__u64, total, FORKWATCH_NR_UNDOS)		\
	A(__u32, calls, FORKWATCH_NR_UNDOS)

/*
 * The functions behind the labels bad_fork_* of copy_process(), and the stage that
 * each of them takes back.
 */
#define FORKWATCH_UNDOS(E)							\
	E(CGROUP,	0,	cgroup_cancel_fork,	CGROUP_CAN_FORK)	\
	E(PID,		1,	free_pid,		ALLOC_PID)		\
	E(THREAD,	2,	exit_thread,		COPY_THREAD)		\
	E(IO,		3,	exit_io_context,	COPY_IO)		\
	E(NAMESPACES,	4,	exit_task_namespaces,	COPY_NAMESPACES)	\
	E(MM,		5,	mmput,			COPY_MM)		\
	E(SIGNAL,	6,	free_signal_struct,	COPY_SIGNAL)		\
	E(SIGHAND,	7,	__cleanup_sighand,	COPY_SIGHAND)		\
	E(FS,		8,	exit_fs,		COPY_FS)		\
	E(FILES,	9,	exit_files,		DUP_FD)			\
	E(SEM,		10,	exit_sem,		COPY_SEMUNDO)		\
	E(SECURITY,	11,	security_task_free,	SECURITY_ALLOC)		\
	E(AUDIT,	12,	audit_free,		AUDIT_ALLOC)		\
	E(PERF,		13,	perf_event_free_task,	PERF_INIT)		\
	E(SCHED,	14,	sched_cancel_fork,	SCHED_FORK)		\
	E(CREDS,	15,	exit_creds,		COPY_CREDS)		\
	E(STACK,	16,	put_task_stack,		DUP_TASK_STRUCT)
#define FORKWATCH_NR_UNDOS	24	/* 17 and more are free */

/*
 * cow: what a fork that copied an mm cost when it was over. It left the pages of
 * both sides write-protected, and each first write to one faults. Counted from
 * @begin (ns), when the child was woken for the first time, until the child
 * executed a program or exited, or tracing ended (@reason, FORKWATCH_COW_EXEC ..
 * FORKWATCH_COW_OPEN; the header is then made in the child's name). *_faults are
 * indexed by FORKWATCH_COW_*, *_ns is the time that the faults took, *_first and
 * *_last are when the first and the last page were copied (ns, 0 for none).
 * Which side could be counted is in @flags: the other one's fields are 0. Where
 * the parent forked again meanwhile, its @parent_first is 0. A write of the parent
 * counts for each of its forks that is being counted.
 */
#define FORKWATCH_FIELDS_cow(F, A, S)			\
	F(__u64, child)					\
	F(__u64, start_time)				\
	F(__u64, begin)					\
	F(__u32, child_tid)				\
	F(__u32, parent_tgid)				\
	F(__u32, reason)				\
	F(__u32, flags)					\
	A(__u64, parent_faults, FORKWATCH_NR_COW)	\
	A(__u64, child_faults, FORKWATCH_NR_COW)	\
	F(__u64, parent_ns)				\
	F(__u64, child_ns)				\
	F(__u64, parent_first)				\
	F(__u64, parent_last)				\
	F(__u64, child_first)				\
	F(__u64, child_last)

/* cow's @reason. */
#define FORKWATCH_COW_EXEC	1
#define FORKWATCH_COW_EXIT	2
#define FORKWATCH_COW_OPEN	3	/* tracing ended */

/* cow's @flags: who could be counted. */
#define FORKWATCH_COW_PARENT	(1U << 0)
#define FORKWATCH_COW_CHILD	(1U << 1)

/*
 * Faults of writes to write-protected pages of private mappings, by what came of
 * them. do_wp_page(): @faults, of which @copied gave the writer a copy of a page
 * that was shared, @reused let it write to the page since nobody shares it any
 * more, and @first replaced a page that is not made by a fork, the page cache's
 * or the zero page. Of the rest the outcome was not observed: another thread was
 * faster, or memory ran out. do_huge_pmd_wp_page(): @huge, of which @huge_split
 * split a huge page, after which do_wp_page() is called for the one that is
 * written to, and @huge_reused let it be written to.
 */
#define FORKWATCH_COWS(E)				\
	E(FAULTS,	0,	faults)			\
	E(COPIED,	1,	copied)			\
	E(REUSED,	2,	reused)			\
	E(FIRST,	3,	first)			\
	E(HUGE,		4,	huge)			\
	E(HUGE_SPLIT,	5,	huge_split)		\
	E(HUGE_REUSED,	6,	huge_reused)
#define FORKWATCH_NR_COW	8	/* 7 is free */

/* The structs, from the lists above. */
#define FORKWATCH_MEMBER_F(type, name)		type name;
#define FORKWATCH_MEMBER_A(type, name, n)	type name[n];
#define FORKWATCH_MEMBER_S(type, name)		type name;
#define FORKWATCH_MEMBERS(list)	\
	list(FORKWATCH_MEMBER_F, FORKWATCH_MEMBER_A, FORKWATCH_MEMBER_S)

struct forkwatch_header {
	FORKWATCH_MEMBERS(FORKWATCH_FIELDS_header)
};

struct forkwatch_regs {
	FORKWATCH_MEMBERS(FORKWATCH_FIELDS_regs)
};

struct forkwatch_context {
	FORKWATCH_MEMBERS(FORKWATCH_FIELDS_context)
};

struct forkwatch_state {
	FORKWATCH_MEMBERS(FORKWATCH_FIELDS_state)
};

#define FORKWATCH_STRUCT(KIND, value, event)			\
	struct forkwatch_##event {				\
		struct forkwatch_header hdr;			\
		FORKWATCH_MEMBERS(FORKWATCH_FIELDS_##event)	\
	};
FORKWATCH_EVENTS(FORKWATCH_STRUCT)
#undef FORKWATCH_STRUCT

enum forkwatch_kind {
#define FORKWATCH_ENUM(KIND, value, name) FORKWATCH_##KIND = value,
	FORKWATCH_EVENTS(FORKWATCH_ENUM)
#undef FORKWATCH_ENUM
};

enum forkwatch_pages {
#define FORKWATCH_ENUM(PAGES, value, name) FORKWATCH_PAGES_##PAGES = value,
	FORKWATCH_PAGES(FORKWATCH_ENUM)
#undef FORKWATCH_ENUM
};

enum forkwatch_has {
#define FORKWATCH_ENUM(HAS, value, name) FORKWATCH_HAS_##HAS = value,
	FORKWATCH_HAS(FORKWATCH_ENUM)
#undef FORKWATCH_ENUM
};

enum forkwatch_stage {
#define FORKWATCH_ENUM(STAGE, value, name, parent) FORKWATCH_STAGE_##STAGE = value,
	FORKWATCH_STAGES(FORKWATCH_ENUM)
#undef FORKWATCH_ENUM
};

enum forkwatch_undo {
#define FORKWATCH_ENUM(UNDO, value, name, stage) FORKWATCH_UNDO_##UNDO = value,
	FORKWATCH_UNDOS(FORKWATCH_ENUM)
#undef FORKWATCH_ENUM
};

enum forkwatch_cows {
#define FORKWATCH_ENUM(COW, value, name) FORKWATCH_COW_##COW = value,
	FORKWATCH_COWS(FORKWATCH_ENUM)
#undef FORKWATCH_ENUM
};

enum forkwatch_share {
#define FORKWATCH_ENUM(SHARE, value, name) FORKWATCH_SHARE_##SHARE = value,
	FORKWATCH_SHARES(FORKWATCH_ENUM)
#undef FORKWATCH_ENUM
};

/*
 * No struct has padding, so that every offset is the sum of the sizes before
 * it; with the sizes fixed below, neither can change unnoticed.
 */
#define FORKWATCH_SUM_F(type, name)	+ sizeof(type)
#define FORKWATCH_SUM_A(type, name, n)	+ sizeof(type) * (n)
#define FORKWATCH_SUM_S(type, name)	+ sizeof(type)
#define FORKWATCH_SUM(list)	(0 list(FORKWATCH_SUM_F, FORKWATCH_SUM_A, FORKWATCH_SUM_S))

#define FORKWATCH_ASSERT(event, bytes)						\
	_Static_assert(sizeof(struct forkwatch_##event) == (bytes),		\
		       "forkwatch_" #event " changed its size");		\
	_Static_assert((bytes) == FORKWATCH_SUM(FORKWATCH_FIELDS_##event) +	\
		       sizeof(struct forkwatch_header),				\
		       "forkwatch_" #event " has padding")

_Static_assert(sizeof(struct forkwatch_header) == 32, "forkwatch_header changed its size");
_Static_assert(FORKWATCH_SUM(FORKWATCH_FIELDS_header) == 32, "forkwatch_header has padding");
_Static_assert(sizeof(struct forkwatch_regs) == 288, "forkwatch_regs changed its size");
_Static_assert(FORKWATCH_SUM(FORKWATCH_FIELDS_regs) == 288, "forkwatch_regs has padding");
_Static_assert(sizeof(struct forkwatch_context) == 104, "forkwatch_context changed its size");
_Static_assert(FORKWATCH_SUM(FORKWATCH_FIELDS_context) == 104, "forkwatch_context has padding");
_Static_assert(sizeof(struct forkwatch_state) == 136, "forkwatch_state changed its size");
_Static_assert(FORKWATCH_SUM(FORKWATCH_FIELDS_state) == 136, "forkwatch_state has padding");

FORKWATCH_ASSERT(fork_enter, 576);
FORKWATCH_ASSERT(copy_thread, 1064);
FORKWATCH_ASSERT(fork_exit, 504);
FORKWATCH_ASSERT(fork_return, 376);
FORKWATCH_ASSERT(first_run, 784);
FORKWATCH_ASSERT(cpu_switch_to, 296);
FORKWATCH_ASSERT(clone_call, 88);
FORKWATCH_ASSERT(tail_return, 80);
FORKWATCH_ASSERT(arch_state, 328);
FORKWATCH_ASSERT(clone3_return, 456);
FORKWATCH_ASSERT(wakeup_new, 56);
FORKWATCH_ASSERT(exec, 208);
FORKWATCH_ASSERT(exit, 56);
FORKWATCH_ASSERT(stages, 824);
FORKWATCH_ASSERT(mm_release, 64);
FORKWATCH_ASSERT(cow, 248);
FORKWATCH_ASSERT(finish_switch, 56);
FORKWATCH_ASSERT(undone, 528);

/*
 * The clone path: syscalls on numbers that arm64 leaves unassigned.
 *
 *	fork()		as clone(SIGCHLD)
 *	vfork()		as clone(CLONE_VFORK | CLONE_VM | SIGCHLD)
 *	forkwatch_clone(struct forkwatch_clone_args *args, size_t size)
 *
 * These are the numbers that the module takes unless its parameters say
 * otherwise; asm-generic gave the first two to fork and vfork once. A task
 * under seccomp and an AArch32 task get ENOSYS, as if the module were absent.
 */
#define FORKWATCH_NR_FORK	1079
#define FORKWATCH_NR_VFORK	1071
#define FORKWATCH_NR_CLONE	245

/*
 * struct forkwatch_clone_args: clone3(2)'s struct clone_args, up to cgroup,
 * then what forkwatch_clone() has of its own. A caller passes the size it
 * knows. Refused with EINVAL: a size below FORKWATCH_CLONE_ARGS_SIZE_VER0, an
 * unknown option, a child_x0 without its option or in the range that restarts
 * a system call (-516..-512), a report without a report_size or of less than
 * FORKWATCH_CLONE_REPORT_SIZE_VER0 bytes, and all that clone3() refuses.
 * E2BIG: a longer struct with anything but zero in its tail, or a size above a
 * page. EFAULT: args or report cannot be accessed; no child was made. EPERM:
 * neither CAP_PERFMON nor CAP_SYS_ADMIN.
 */
struct forkwatch_clone_args {
	__u64 flags;
	__u64 pidfd;		/* int * */
	__u64 child_tid;	/* pid_t * */
	__u64 parent_tid;	/* pid_t * */
	__u64 exit_signal;
	__u64 stack;		/* its lowest byte */
	__u64 stack_size;
	__u64 tls;
	__u64 set_tid;		/* pid_t * */
	__u64 set_tid_size;
	__u64 cgroup;
	__u64 options;		/* FORKWATCH_CLONE_* */
	__u64 cookie;		/* any number: the clone_call event carries it */
	__u64 child_x0;		/* with FORKWATCH_CLONE_CHILD_X0 */
	__u64 report;		/* struct forkwatch_clone_report *, or 0 */
	__u64 report_size;
};

#define FORKWATCH_CLONE_ARGS_SIZE_VER0	128
#define FORKWATCH_CLONE_CHILD_X0	(1ULL << 0)	/* the child returns child_x0, not 0 */

/*
 * struct forkwatch_clone_report: what this call did, written before the parent
 * returns (for CLONE_VFORK, after the child's exec or exit), zero where not
 * reached. The child was read after copy_process() and before it was woken.
 * @flags is written last: without FORKWATCH_REPORT_WRITTEN the rest is not to
 * be trusted, though the child lives and its pid was returned.
 *
 * Kernel addresses are given as distances: *_below_top are bytes below the top
 * of the child's kernel stack, 0 for a register that holds no such address.
 * Only with FORKWATCH_REPORT_ADDRESSES, which needs CAP_SYSLOG and a
 * kptr_restrict below 2, are @context and @stack_low filled as well.
 */
struct forkwatch_clone_report {
	__u32 size;		/* as the kernel knows it; what exceeds report_size was cut */
	__u32 flags;		/* FORKWATCH_REPORT_* */
	__s32 pid;		/* the child's, or -errno */
	__u32 shared;		/* 1 << FORKWATCH_SHARE_*: parent and child have the same */
	__u64 cookie;
	__u64 called;		/* ns, CLOCK_MONOTONIC: the call was decoded */
	__u64 copied;		/* copy_process() was about to return */
	__u64 woken;		/* the child was put on a run queue */
	__u64 returned;		/* kernel_clone() had returned */
	__u64 tls;		/* the child's tpidr_el0 to be */
	__u64 parent_tls;	/* the parent's, live */
	__u32 stack_bytes;	/* the child's kernel stack */
	__u32 pt_regs_bytes;
	__u32 pt_regs_below_top;
	__u32 context_sp_below_top;
	__u32 context_fp_below_top;
	__u32 reserved;
	char context_pc_symbol[64];	/* "ret_from_fork+0x0" */
	struct forkwatch_regs parent_regs;
	struct forkwatch_regs child_regs;
	struct forkwatch_context context;
	__u64 stack_low;
};

#define FORKWATCH_CLONE_REPORT_SIZE_VER0	848
#define FORKWATCH_REPORT_WRITTEN	(1U << 0)
#define FORKWATCH_REPORT_ADDRESSES	(1U << 1)

_Static_assert(sizeof(struct forkwatch_clone_args) == FORKWATCH_CLONE_ARGS_SIZE_VER0,
	       "forkwatch_clone_args changed its size");
_Static_assert(sizeof(struct forkwatch_clone_report) == FORKWATCH_CLONE_REPORT_SIZE_VER0,
	       "forkwatch_clone_report changed its size");

#endif /* FORKWATCH_UAPI_H */
