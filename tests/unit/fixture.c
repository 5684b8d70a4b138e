// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <glob.h>
#include <linux/sched.h>
#include <linux/version.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "array.h"
#include "event.h"
#include "fixture.h"
#include "symbols.h"
#include "trace.h"

/* 6.1 */
#define PT_REGS_SIZE	0x150
#define STACKFRAME	0x130
#define STACK_SIZE	0x4000
#define RET_FROM_FORK	0xffff8000080153d0ULL
#define SCHEDULE_TAIL	0xffff8000080d4ba0ULL
#define SWITCH_TO	0xffff800008a60fc0ULL
#define SWITCH_RETURN	(SWITCH_TO + 0xe8)
#define KTHREAD		0xffff8000080b8f60ULL
#define IO_WORKER	0xffff80000863a120ULL
#define PSTATE_KERNEL	0x00100005ULL	/* EL1h, IL */

#define PARENT_STACK	0xffff800008288000ULL
#define PREV_STACK	0xffff800009fa0000ULL
#define USER_SP		0x0000fffff0c8e3b0ULL
#define USER_PC		0x0000ffffa1d4c96cULL
#define USER_TLS	0x0000ffffa1f4a740ULL
#define NEW_STACK	0x0000ffffa0fff000ULL
#define NEW_TLS		0x0000ffffa17ff5c0ULL
#define CHILD_TID	0x0000ffffa1f4aa10ULL
#define OBJECTS		0xffff0000d0000000ULL	/* the mm is the first of them */
#define PARENT_TID	0x0000fffff0c8e3f8ULL
#define GRAND_PARENT	300

#define CLONE_LIKE_PTHREAD	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |	\
				 CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |		\
				 CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)
#define CLONE_LIKE_IO		(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |	\
				 CLONE_THREAD | CLONE_IO | CLONE_UNTRACED)
#define KERNEL_TASK		FORKWATCH_ENTER_KTHREAD

const struct fixture_who fixture_who = {
	.parent_tid = 412,
	.child_tid = 413,
	.child = 0xffff0000c1d08000ULL,
	.start_time = 71234567890ULL,
	.time = 71234000000ULL,
	.parent_cpu = 0,
	.child_cpu = 1,
};

/* How each kind differs. */
static const struct kind {
	const char *name;
	uint64_t flags;
	uint32_t enter_flags;
	int exit_signal;
	uint64_t stack, stack_size, tls, fn;
	int nr;			/* of the system call, 0: none */
	int error;
	bool no_enter, no_copy;
	bool calls;		/* clone_call */
} kinds[FIXTURE_NR_KINDS] = {
	[FIXTURE_FORK] = {
		.name = "fork", .exit_signal = SIGCHLD, .nr = 220,
		.flags = CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID,
	},
	[FIXTURE_VFORK] = {
		.name = "vfork", .exit_signal = SIGCHLD, .nr = 220,
		.flags = CLONE_VFORK | CLONE_VM,
	},
	[FIXTURE_THREAD] = {
		.name = "thread", .nr = 220, .flags = CLONE_LIKE_PTHREAD,
		.stack = NEW_STACK, .tls = NEW_TLS,
	},
	[FIXTURE_CLONE3] = {
		.name = "clone3", .exit_signal = SIGCHLD, .nr = 435, .flags = CLONE_VM,
		.stack = NEW_STACK, .stack_size = 0x10000,
	},
	[FIXTURE_ASKED_X0] = {
		.name = "asked for x0", .exit_signal = SIGCHLD, .nr = FORKWATCH_NR_CLONE,
		.calls = true,
	},
	[FIXTURE_COMPAT] = {
		.name = "compat", .nr = 120, .flags = CLONE_LIKE_PTHREAD,
		.enter_flags = FORKWATCH_ENTER_COMPAT, .stack = 0xf7d00000, .tls = 0xf7cff4c0,
	},
	[FIXTURE_KTHREAD] = {
		.name = "kthread", .exit_signal = SIGCHLD, .fn = KTHREAD,
		.flags = CLONE_FS | CLONE_FILES | CLONE_VM | CLONE_UNTRACED,
		.enter_flags = KERNEL_TASK | FORKWATCH_ENTER_PARENT_KTHREAD,
	},
	[FIXTURE_IO_THREAD] = {
		.name = "io thread", .nr = 426, .fn = IO_WORKER, .flags = CLONE_LIKE_IO,
		.enter_flags = KERNEL_TASK | FORKWATCH_ENTER_IO_THREAD,
	},
	[FIXTURE_IDLE] = {
		.name = "idle", .fn = KTHREAD, .flags = CLONE_VM,
		.enter_flags = KERNEL_TASK | FORKWATCH_ENTER_PARENT_KTHREAD,
	},
	[FIXTURE_FAILED] = {
		.name = "failed", .exit_signal = SIGCHLD, .nr = 220, .error = -EAGAIN,
	},
	[FIXTURE_FAILED_EARLY] = {
		.name = "failed early", .exit_signal = SIGCHLD, .nr = 220, .error = -ENOMEM,
		.no_copy = true,
	},
	[FIXTURE_RESTARTED] = {
		.name = "restarted", .exit_signal = SIGCHLD, .nr = 220, .error = -513,
		.no_copy = true,
	},
	[FIXTURE_REFUSED] = {
		.name = "refused", .nr = 220, .error = -EINVAL, .no_enter = true, .no_copy = true,
		.flags = CLONE_PIDFD | CLONE_PARENT_SETTID, .exit_signal = SIGCHLD,
	},
	[FIXTURE_BY_CLONE3] = {
		.name = "by clone3", .nr = 435, .error = -EINVAL, .no_enter = true,
		.no_copy = true, .flags = CLONE_VM | CLONE_PARENT, .exit_signal = SIGCHLD,
	},
};

const char *fixture_name(enum fixture_kind kind)
{
	return kinds[kind].name;
}

static bool is_compat(const struct kind *kind)
{
	return kind->enter_flags & FORKWATCH_ENTER_COMPAT;
}

static bool starts_in_user(const struct kind *kind)
{
	return !(kind->enter_flags & KERNEL_TASK);
}

static void *new_event(enum forkwatch_kind kind, const struct fixture_who *who, unsigned int step)
{
	const struct fw_event_type *type = fw_event_type(kind);
	struct forkwatch_header *event;
	bool in_child = kind == FORKWATCH_FIRST_RUN || kind == FORKWATCH_TAIL_RETURN ||
			kind == FORKWATCH_EXEC || kind == FORKWATCH_EXIT ||
			kind == FORKWATCH_MM_RELEASE;

	assert_non_null(type);
	event = calloc(1, type->size);
	assert_non_null(event);
	event->size = type->size;
	event->kind = kind;
	event->cpu = in_child || kind == FORKWATCH_CPU_SWITCH_TO ? who->child_cpu :
		     who->parent_cpu;
	event->time = who->time + step * 1000ULL;
	event->tid = in_child ? who->child_tid : who->parent_tid;
	event->tgid = event->tid;
	return event;
}

static uint64_t child_stack(const struct fixture_who *who)
{
	return 0xffff800010000000ULL + (who->child_tid * 2ULL * STACK_SIZE);
}

static uint64_t child_pt_regs(const struct fixture_who *who)
{
	return child_stack(who) + STACK_SIZE - PT_REGS_SIZE;
}

/* What the parent had in its registers at the svc; nothing if it has no user mode. */
static void parent_regs(struct forkwatch_regs *regs, const struct kind *kind)
{
	int i;

	if (!kind->nr && !kind->no_enter)
		return;
	for (i = 0; i < FORKWATCH_NR_X; i++)
		regs->x[i] = 0xaaaac0de0000ULL + i * 0x101;
	regs->x[0] = kind->flags | kind->exit_signal;
	regs->x[is_compat(kind) ? 7 : 8] = kind->nr;
	regs->sp = USER_SP;
	regs->pc = USER_PC;
	regs->pstate = is_compat(kind) ? 0x60000010 : 0x60000000;
	regs->orig_x0 = regs->x[0];
	regs->syscallno = kind->nr;
}

/* The child's, when copy_thread() is done. */
static void child_regs(struct forkwatch_regs *regs, const struct kind *kind)
{
	if (!starts_in_user(kind)) {
		regs->pstate = PSTATE_KERNEL;
		return;
	}
	parent_regs(regs, kind);
	regs->x[0] = 0;
	if (!kind->stack)
		return;
	if (is_compat(kind))
		regs->x[13] = kind->stack;
	else
		regs->sp = kind->stack;
}

static void parent_context(struct forkwatch_context *context)
{
	int i;

	for (i = 0; i < FORKWATCH_NR_SAVED; i++)
		context->saved[i] = 0xffff0000c0de0000ULL + i * 0x10;
	context->fp = PARENT_STACK + STACK_SIZE - 0x300;
	context->sp = PARENT_STACK + STACK_SIZE - 0x300;
	context->pc = SWITCH_RETURN;
}

static void child_context(struct forkwatch_context *context, const struct kind *kind,
			  const struct fixture_who *who)
{
	context->saved[0] = kind->fn;
	context->saved[1] = kind->fn ? who->child : 0;
	context->fp = child_pt_regs(who) + STACKFRAME;
	context->sp = child_pt_regs(who);
	context->pc = RET_FROM_FORK;
}

static void *make_clone_call(const struct kind *kind, const struct fixture_who *who)
{
	struct forkwatch_clone_call *call = new_event(FORKWATCH_CLONE_CALL, who, 0);

	call->hdr.time -= 2000;
	call->call = FORKWATCH_CALL_CLONE;
	call->nr = kind->nr;
	call->size = FORKWATCH_CLONE_ARGS_SIZE_VER0;
	call->options = FORKWATCH_CLONE_CHILD_X0;
	call->cookie = 0xc00c1e;
	call->child_x0 = 77;
	return call;
}

static void *make_enter(const struct kind *kind, const struct fixture_who *who)
{
	struct forkwatch_fork_enter *enter = new_event(FORKWATCH_FORK_ENTER, who, 0);

	enter->clone_flags = kind->flags;
	enter->stack = kind->stack;
	enter->stack_size = kind->stack_size;
	enter->tls = kind->tls;
	enter->fn = kind->fn;
	enter->fn_arg = kind->fn ? who->child : 0;
	if (kind->flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID))
		enter->child_tid = CHILD_TID;
	if (kind->flags & CLONE_PARENT_SETTID)
		enter->parent_tid = PARENT_TID;
	enter->exit_signal = kind->exit_signal;
	enter->flags = kind->enter_flags;
	enter->task = 0xffff0000c0a00000ULL + who->parent_tid * 0x2000ULL;
	enter->start_time = 60000000000ULL;
	enter->switches = 17;
	enter->stack_low = PARENT_STACK;
	enter->stack_top = PARENT_STACK + STACK_SIZE;
	enter->pt_regs = enter->stack_top - PT_REGS_SIZE;
	strcpy(enter->comm, "sh");
	if (kind->nr) {
		enter->flags |= FORKWATCH_ENTER_INSN;
		enter->insn = is_compat(kind) ? 0xef000000 : 0xd4000001;
	}
	parent_context(&enter->context);
	parent_regs(&enter->regs, kind);
	return enter;
}

static void fill_tls(struct forkwatch_copy_thread *copy, const struct kind *kind)
{
	copy->parent_tpidr = USER_TLS;
	copy->parent_tp = USER_TLS - 0x1000;	/* saved at the last switch, out of date */
	copy->parent_tp2 = 0x2222;
	copy->tp_before = copy->parent_tp;
	copy->tp2_before = copy->parent_tp2;
	copy->tp_after = copy->tp_before;
	copy->tp2_after = copy->tp2_before;
	if (!starts_in_user(kind))
		return;
	if (is_compat(kind))
		copy->tp2_after = copy->parent_tpidr;
	else
		copy->tp_after = copy->parent_tpidr;
	if (kind->flags & CLONE_SETTLS)
		copy->tp_after = kind->tls;
}

static void *make_copy_thread(const struct kind *kind, const struct fixture_who *who)
{
	struct forkwatch_copy_thread *copy = new_event(FORKWATCH_COPY_THREAD, who, 2);

	copy->child = who->child;
	copy->clone_flags = kind->flags;
	copy->enter_time = copy->hdr.time - 500;
	copy->pt_regs_size = PT_REGS_SIZE;
	copy->stack_low = child_stack(who);
	copy->stack_top = copy->stack_low + STACK_SIZE;
	copy->pt_regs = child_pt_regs(who);
	copy->stackframe = copy->pt_regs + STACKFRAME;
	copy->parent_switches = 17;
	fill_tls(copy, kind);
	parent_context(&copy->parent_context);
	parent_context(&copy->context_before);
	child_context(&copy->context_after, kind, who);
	memset(&copy->regs_before, 0x5a, sizeof(copy->regs_before));
	child_regs(&copy->regs_after, kind);
	return copy;
}

/* The rest of the CPU's state, on a machine that has all of it; see fixture_env_open(). */
static void *make_arch_state(const struct kind *kind, const struct fixture_who *who)
{
	struct forkwatch_arch_state *state = new_event(FORKWATCH_ARCH_STATE, who, 2);
	struct forkwatch_state *child = &state->child_state;

	state->child = who->child;
	state->clone_flags = kind->flags;
	state->has = ~0U;
	state->same = FORKWATCH_SAME_VREGS | FORKWATCH_SAME_APIA | FORKWATCH_SAME_APIB |
		      FORKWATCH_SAME_APDA | FORKWATCH_SAME_APDB | FORKWATCH_SAME_APGA;
	state->parent_state = (struct forkwatch_state) {
		.tpidr2 = 0xffffa1f60000, .por = 0x77777777, .fpmr = 3, .svcr = 2,
		.sctlr = 0x4000000000, .mte = 0x10002, .gcspr = 0xffff8a2ffff8,
		.gcs_base = 0xffff8a200000, .gcs_size = 0x100000, .gcs_mode = 1,
		.gcs_locked = 1, .scs_base = 0xffff800008450000, .scs_sp = 0xffff800008450040,
		.sve_vl = 32, .sve_vl_onexec = 16, .sme_vl = 64, .sme_vl_onexec = 16,
		.fpsr = 0x10, .fpcr = 0x1000000, .breakpoints = 1, .watchpoints = 2,
		.flags = FORKWATCH_STATE_SVE | FORKWATCH_STATE_SVE_BUFFER |
			 FORKWATCH_STATE_SME | FORKWATCH_STATE_SME_BUFFER |
			 FORKWATCH_STATE_MTE_FAULT | FORKWATCH_STATE_SUSPENDED_STEP,
	};
	*child = state->parent_state;
	child->flags = FORKWATCH_STATE_SME | FORKWATCH_STATE_SME_BUFFER |
		       FORKWATCH_STATE_SVE_BUFFER;
	child->breakpoints = 0;
	child->watchpoints = 0;
	child->scs_base += 0x10000;
	child->scs_sp = child->scs_base;
	child->gcs_base = 0;
	child->gcs_size = 0;
	if (kind->flags & CLONE_SETTLS)
		child->tpidr2 = 0;
	if ((kind->flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM) {
		child->gcs_base = 0xffff8a400000;
		child->gcs_size = 0x100000;
		child->gcspr = child->gcs_base + child->gcs_size - 8;
	}
	return state;
}

/* The objects of both: a kernel thread has no mm, nobody here has an undo list. */
static void fill_objects(struct forkwatch_fork_exit *exit, const struct kind *kind)
{
	static const uint64_t shared_by[FORKWATCH_NR_SHARE] = {
		[FORKWATCH_SHARE_MM] = CLONE_VM,
		[FORKWATCH_SHARE_PGD] = CLONE_VM,
		[FORKWATCH_SHARE_FILES] = CLONE_FILES,
		[FORKWATCH_SHARE_FS] = CLONE_FS,
		[FORKWATCH_SHARE_SIGHAND] = CLONE_SIGHAND,
		[FORKWATCH_SHARE_SIGNAL] = CLONE_THREAD,
		[FORKWATCH_SHARE_CRED] = CLONE_THREAD,
	};
	bool has_mm = !(kind->enter_flags & FORKWATCH_ENTER_PARENT_KTHREAD);
	unsigned int i;

	for (i = 0; i < FORKWATCH_NR_SHARE; i++) {
		if (i == FORKWATCH_SHARE_IO || i == FORKWATCH_SHARE_SYSVSEM ||
		    (!has_mm && i <= FORKWATCH_SHARE_PGD))
			continue;
		exit->parent_ptr[i] = OBJECTS + i * 0x100;
		exit->child_ptr[i] = exit->parent_ptr[i];
		if (i != FORKWATCH_SHARE_NSPROXY && !(kind->flags & shared_by[i]))
			exit->child_ptr[i] += 0x10000;
	}
	exit->parent_vmas = has_mm ? 28 : 0;
	exit->child_vmas = has_mm ? 27 : 0;
	exit->parent_time_ns = 0xffff800009d05f60ULL;
	exit->parent_time_ns_for_children = exit->parent_time_ns;
}

static void fill_family(struct forkwatch_fork_exit *exit, const struct kind *kind)
{
	bool thread = kind->flags & CLONE_THREAD;

	exit->child_tgid = thread ? exit->hdr.tgid : exit->child_tid;
	exit->leader_tid = exit->child_tgid;
	exit->exit_signal = thread ? -1 : kind->exit_signal;
	exit->grand_parent_tid = GRAND_PARENT;
	exit->grand_parent_tgid = GRAND_PARENT;
	exit->real_parent_tid = thread ? GRAND_PARENT : exit->hdr.tid;
	exit->real_parent_tgid = thread ? GRAND_PARENT : exit->hdr.tgid;
	exit->parent_leader_tid = exit->hdr.tgid;
	exit->parent_exit_signal = SIGCHLD;
	exit->leader_exit_signal = SIGCHLD;
	exit->parent_threads = 1;
	exit->set_child_tid = kind->flags & CLONE_CHILD_SETTID ? CHILD_TID : 0;
	exit->clear_child_tid = kind->flags & CLONE_CHILD_CLEARTID ? CHILD_TID : 0;
}

/* Only a child that starts in its parent's memory loses its signal stack. */
static void fill_signal_stack(struct forkwatch_fork_exit *exit, const struct kind *kind)
{
	exit->parent_sas_ss_sp = 0x0000ffffa1e00000ULL;
	exit->parent_sas_ss_size = 0x2000;
	if ((kind->flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM)
		return;
	exit->sas_ss_sp = exit->parent_sas_ss_sp;
	exit->sas_ss_size = exit->parent_sas_ss_size;
}

static void *make_exit(const struct kind *kind, const struct fixture_who *who)
{
	struct forkwatch_fork_exit *exit = new_event(FORKWATCH_FORK_EXIT, who, 3);

	exit->result = kind->error;
	if (kind->error)
		return exit;
	exit->child = who->child;
	exit->child_tid = kind == &kinds[FIXTURE_IDLE] ? 0 : who->child_tid;
	exit->child_vpid = exit->child_tid;
	exit->start_time = who->start_time;
	exit->stack_end = 0x57ac6e9d;
	fill_family(exit, kind);
	fill_objects(exit, kind);
	fill_signal_stack(exit, kind);
	return exit;
}

static void *make_wakeup(const struct fixture_who *who)
{
	struct forkwatch_wakeup_new *wakeup = new_event(FORKWATCH_WAKEUP_NEW, who, 4);

	wakeup->child = who->child;
	wakeup->start_time = who->start_time;
	wakeup->child_tid = who->child_tid;
	wakeup->target_cpu = who->child_cpu;
	return wakeup;
}

static void prev_context(struct forkwatch_context *context)
{
	context->fp = PREV_STACK + STACK_SIZE - 0x200;
	context->sp = context->fp;
	context->pc = SWITCH_RETURN;
}

static void *make_switch(const struct kind *kind, const struct fixture_who *who)
{
	struct forkwatch_cpu_switch_to *sw = new_event(FORKWATCH_CPU_SWITCH_TO, who, 6);

	sw->hdr.tid = 0;
	sw->hdr.tgid = 0;
	sw->prev = 0xffff0000c0100000ULL;
	sw->next = who->child;
	sw->next_tid = who->child_tid;
	prev_context(&sw->live);
	child_context(&sw->next_context, kind, who);
	return sw;
}

static void *make_first_run(const struct kind *kind, const struct fixture_who *who)
{
	struct forkwatch_first_run *run = new_event(FORKWATCH_FIRST_RUN, who, 7);

	run->child = who->child;
	run->start_time = who->start_time;
	run->prev = 0xffff0000c0100000ULL;
	run->el = 1;
	run->spsel = 1;
	run->lr = RET_FROM_FORK + 4;
	run->sp_el0 = who->child;
	run->pt_regs = child_pt_regs(who);
	run->stack_low = child_stack(who);
	run->stack_top = run->stack_low + STACK_SIZE;
	run->prev_stack_low = PREV_STACK;
	run->prev_stack_top = PREV_STACK + STACK_SIZE;
	run->switch_return = SWITCH_RETURN;
	child_context(&run->live, kind, who);
	run->live.pc = SCHEDULE_TAIL;
	child_context(&run->context, kind, who);
	prev_context(&run->prev_context);
	child_regs(&run->regs, kind);
	if (kind->calls)
		run->regs.x[0] = 77;
	return run;
}

static void *make_tail(const struct kind *kind, const struct fixture_who *who)
{
	struct forkwatch_tail_return *tail = new_event(FORKWATCH_TAIL_RETURN, who, 9);

	tail->child = who->child;
	tail->start_time = who->start_time;
	tail->enter_time = tail->hdr.time - 900;
	tail->vpid = who->child_tid;
	if (kind->flags & CLONE_CHILD_SETTID) {
		tail->set_child_tid = CHILD_TID;
		tail->tid_there = tail->vpid;
		tail->flags = FORKWATCH_TID_READ;
	}
	return tail;
}

static void *make_return(const struct kind *kind, const struct fixture_who *who)
{
	struct forkwatch_fork_return *ret = new_event(FORKWATCH_FORK_RETURN, who, 8);

	ret->result = kind->error ? kind->error : (int64_t)who->child_tid;
	ret->enter_time = who->time - 300;
	parent_regs(&ret->regs, kind);
	ret->clone_flags = kind->flags;
	ret->exit_signal = kind->exit_signal;
	ret->pidfd = kind->flags & CLONE_PIDFD ? PARENT_TID : 0;
	if (!kind->error && kind->flags & CLONE_PARENT_SETTID) {
		ret->parent_tid = PARENT_TID;
		ret->tid_there = ret->result;
		ret->flags = FORKWATCH_TID_READ;
	}
	return ret;
}

static void *make_clone3_return(const struct kind *kind, const struct fixture_who *who)
{
	struct forkwatch_clone3_return *call = new_event(FORKWATCH_CLONE3_RETURN, who, 8);

	call->result = kind->error;
	call->read = FORKWATCH_CLONE3_WORDS * sizeof(__u64);
	call->enter_time = who->time - 300;
	call->args_size = call->read;
	call->clone_flags = kind->flags;
	call->exit_signal = kind->exit_signal;
	strcpy(call->comm, "sh");
	parent_regs(&call->regs, kind);
	call->args = USER_SP + 0x40;
	call->regs.x[0] = call->args;
	call->regs.orig_x0 = call->args;
	call->regs.x[1] = call->args_size;
	return call;
}

static void *make_release(const struct fixture_who *who)
{
	struct forkwatch_mm_release *release = new_event(FORKWATCH_MM_RELEASE, who, 8);

	release->hdr.time -= 100;
	release->task = who->child;
	release->start_time = who->start_time;
	release->mm = OBJECTS;
	release->reason = FORKWATCH_RELEASE_EXEC;
	return release;
}

static void put(struct fixture_events *events, void *event)
{
	assert_true(events->nr < FIXTURE_EVENTS);
	events->list[events->nr++] = event;
}

void fixture_make(enum fixture_kind nr, const struct fixture_who *who,
		  struct fixture_events *events)
{
	const struct kind *kind = &kinds[nr];
	bool idle = nr == FIXTURE_IDLE;

	events->nr = 0;
	if (kind->calls)
		put(events, make_clone_call(kind, who));
	if (!kind->no_enter)
		put(events, make_enter(kind, who));
	if (!kind->no_copy)
		put(events, make_copy_thread(kind, who));
	if (!kind->no_copy)
		put(events, make_arch_state(kind, who));
	if (!kind->no_enter)
		put(events, make_exit(kind, who));
	if (!kind->error && !idle)
		put(events, make_wakeup(who));
	if (nr == FIXTURE_BY_CLONE3)
		put(events, make_clone3_return(kind, who));
	else if (nr != FIXTURE_IO_THREAD && nr != FIXTURE_VFORK && !idle)
		put(events, make_return(kind, who));
	if (!kind->error && !idle) {
		put(events, make_switch(kind, who));
		put(events, make_first_run(kind, who));
		put(events, make_tail(kind, who));
	}
	if (nr == FIXTURE_VFORK) {
		put(events, make_release(who));
		put(events, make_return(kind, who));
		put(events, fixture_child_exec(who));
	}
}

struct forkwatch_header *fixture_child_exit(const struct fixture_who *who)
{
	struct forkwatch_exit *exit = new_event(FORKWATCH_EXIT, who, 20);

	exit->task = who->child;
	exit->start_time = who->start_time;
	return &exit->hdr;
}

struct forkwatch_header *fixture_child_exec(const struct fixture_who *who)
{
	struct forkwatch_exec *exec = new_event(FORKWATCH_EXEC, who, 15);

	exec->task = who->child;
	exec->start_time = who->start_time;
	exec->old_tid = who->child_tid;
	exec->mm = OBJECTS + 0x4000;
	strcpy(exec->path, "/bin/true");
	return &exec->hdr;
}

struct forkwatch_header *fixture_parent_exit(const struct fixture_who *who)
{
	struct forkwatch_exit *exit = new_event(FORKWATCH_EXIT, who, 20);

	exit->hdr.cpu = who->parent_cpu;
	exit->hdr.tid = who->parent_tid;
	exit->hdr.tgid = who->parent_tid;
	exit->task = 0xffff0000c0a00000ULL + who->parent_tid * 0x2000ULL;
	exit->start_time = 60000000000ULL;
	return &exit->hdr;
}

static uint64_t next_seq[64];

void fixture_reset(void)
{
	memset(next_seq, 0, sizeof(next_seq));
}

void fixture_number(struct forkwatch_header *event)
{
	event->seq = next_seq[event->cpu]++;
}

void fixture_forks_init(struct fixture_forks *forks)
{
	forks->first = NULL;
	forks->last = &forks->first;
	forks->nr = 0;
}

void fixture_collect(void *ctx, struct fw_fork *fork)
{
	struct fixture_forks *forks = ctx;

	assert_null(fork->next);
	*forks->last = fork;
	forks->last = &fork->next;
	forks->nr++;
}

void fixture_forks_free(struct fixture_forks *forks)
{
	struct fw_fork *fork, *next;

	for (fork = forks->first; fork; fork = next) {
		next = fork->next;
		fw_fork_free(fork);
	}
	fixture_forks_init(forks);
}

struct fw_fork *fixture_fork_by(enum fixture_kind kind, fixture_add_fn add, void *ctx)
{
	struct fixture_events events;
	struct fixture_forks forks;
	struct fw_model *model;
	size_t i;

	fixture_reset();
	fixture_forks_init(&forks);
	assert_int_equal(fw_model_open(&model, fixture_collect, &forks), 0);
	fixture_make(kind, &fixture_who, &events);
	for (i = 0; i < events.nr; i++)
		add(model, events.list[i], ctx);
	fw_model_close(model);
	assert_int_equal(forks.nr, 1);
	return forks.first;
}

void fixture_add(struct fw_model *model, struct forkwatch_header *event, void *ctx)
{
	(void)ctx;
	fixture_number(event);
	assert_int_equal(fw_model_add(model, event), 0);
}

struct fw_fork *fixture_fork(enum fixture_kind kind)
{
	return fixture_fork_by(kind, fixture_add, NULL);
}

void fixture_env_open(struct fw_env *env)
{
	static const struct {
		uint64_t addr;
		const char *name;
	} symbols[] = {
		{ RET_FROM_FORK, "ret_from_fork" },
		{ RET_FROM_FORK + 0x20, "irq_stack_entry" },
		{ SCHEDULE_TAIL, "schedule_tail" },
		{ KTHREAD, "kthread" },
		{ IO_WORKER, "io_wqe_worker" },
		{ SWITCH_TO, "__switch_to" },
	};
	struct fw_ksyms *ksyms;
	size_t i;

	*env = (struct fw_env) {
		.release = "6.1.0-49-arm64",
		.machine = "aarch64",
		.kernel = KERNEL_VERSION(6, 1, 0),
		.cpus = 2,
		.page_size = 4096,
	};
	assert_int_equal(fw_ksyms_new(&ksyms), 0);
	for (i = 0; i < ARRAY_SIZE(symbols); i++)
		assert_int_equal(fw_ksyms_add(ksyms, symbols[i].addr, symbols[i].name), 0);
	env->ksyms = ksyms;
}

void fixture_env_close(struct fw_env *env)
{
	fw_ksyms_close((struct fw_ksyms *)env->ksyms);
	env->ksyms = NULL;
}

static int add_bytes(void *ctx, const void *data, size_t size)
{
	struct forkwatch_header *event;

	assert_int_equal(fw_event_decode(data, size, &event), 0);
	assert_int_equal(fw_model_add(ctx, event), 0);
	return 0;
}

static void read_trace(struct fw_trace *trace, struct fixture_forks *forks)
{
	struct fw_model *model;
	int nr;

	assert_int_equal(fw_model_open(&model, fixture_collect, forks), 0);
	do {
		nr = fw_trace_poll(trace, 256, add_bytes, model);
		assert_true(nr >= 0);
	} while (nr);
	assert_string_equal(fw_trace_damage(trace), "");
	fw_model_flush(model);
	assert_int_equal(fw_model_gaps(model), 0);
	fw_model_close(model);
}

int fixture_recorded(void (*fn)(const char *name, struct fixture_forks *forks,
				const struct fw_env *env))
{
	struct fixture_forks forks;
	struct fw_trace *trace;
	glob_t found;
	size_t i;

	if (glob(TEST_DATA_DIR "/*/*/metadata", 0, NULL, &found))
		return 0;
	for (i = 0; i < found.gl_pathc; i++) {
		*strrchr(found.gl_pathv[i], '/') = '\0';
		assert_int_equal(fw_trace_open(&trace, found.gl_pathv[i]), 0);
		fixture_forks_init(&forks);
		read_trace(trace, &forks);
		fn(found.gl_pathv[i] + strlen(TEST_DATA_DIR "/"), &forks,
		   &fw_trace_info(trace)->env);
		fixture_forks_free(&forks);
		fw_trace_close(trace);
	}
	globfree(&found);
	return i;
}
