// SPDX-License-Identifier: GPL-2.0-only
/* Why a fork failed. What the kernel looks at first is looked at first. */
#include <errno.h>
#include <linux/sched.h>
#include <linux/version.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "array.h"
#include "clone_flags.h"
#include "limit.h"
#include "reason.h"
#include "stages.h"

/* Younger than the oldest headers that this builds with. */
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME		0x80
#endif
#define AUTOREAP		(1ULL << 34)
#define NNP			(1ULL << 35)
#define PIDFD_AUTOKILL		(1ULL << 36)

#define ERESTARTNOINTR		513	/* the kernel's own */
#define FLAGS_NAMESPACES	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | \
				 CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWTIME)

__attribute__((format(printf, 3, 4)))
static bool because(struct fw_reason *reason, enum fw_reason_code code, const char *format, ...)
{
	va_list args;

	reason->code = code;
	va_start(args, format);
	vsnprintf(reason->text, sizeof(reason->text), format, args);
	va_end(args);
	return true;
}

static unsigned long long ull(uint64_t value)
{
	return value;
}

/* What copy_process() says EINVAL to, in its order: all of @set, and none of @clear. */
static const struct rule {
	uint64_t set, clear;
	unsigned int until;		/* the first kernel without it, 0: all have it */
	const char *text;
} rules[] = {
	{ CLONE_NEWNS | CLONE_FS, 0, 0,
	  "CLONE_NEWNS and CLONE_FS: a root directory stays in its mount namespace" },
	{ CLONE_NEWUSER | CLONE_FS, 0, 0,
	  "CLONE_NEWUSER and CLONE_FS: a root directory stays in its user namespace" },
	{ CLONE_THREAD, CLONE_SIGHAND, 0,
	  "CLONE_THREAD without CLONE_SIGHAND: a thread shares its group's signal handlers" },
	{ CLONE_SIGHAND, CLONE_VM, 0,
	  "CLONE_SIGHAND without CLONE_VM: shared signal handlers need shared memory" },
	{ CLONE_THREAD | CLONE_NEWUSER, 0, 0,
	  "CLONE_THREAD and CLONE_NEWUSER: a thread stays in its group's namespaces" },
	{ CLONE_THREAD | CLONE_NEWPID, 0, 0,
	  "CLONE_THREAD and CLONE_NEWPID: a thread stays in its group's namespaces" },
	{ CLONE_PIDFD | CLONE_DETACHED, 0, 0,
	  "CLONE_PIDFD and CLONE_DETACHED exclude each other" },
	{ CLONE_PIDFD | CLONE_THREAD, 0, KERNEL_VERSION(6, 9, 0),
	  "CLONE_PIDFD and CLONE_THREAD: before 6.9 a pidfd is a process'" },
	{ AUTOREAP | CLONE_THREAD, 0, 0, "CLONE_AUTOREAP and CLONE_THREAD exclude each other" },
	{ AUTOREAP | CLONE_PARENT, 0, 0, "CLONE_AUTOREAP and CLONE_PARENT exclude each other" },
	{ NNP | CLONE_THREAD, 0, 0, "CLONE_NNP and CLONE_THREAD exclude each other" },
	{ PIDFD_AUTOKILL, CLONE_PIDFD, 0, "CLONE_PIDFD_AUTOKILL without CLONE_PIDFD" },
	{ PIDFD_AUTOKILL, AUTOREAP, 0, "CLONE_PIDFD_AUTOKILL without CLONE_AUTOREAP" },
};

static bool flags(const struct fw_fork *fork, const struct fw_env *env, struct fw_reason *reason)
{
	uint64_t asked = fork->enter->clone_flags;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if ((asked & rules[i].set) == rules[i].set && !(asked & rules[i].clear) &&
		    (!rules[i].until || (env->kernel && env->kernel < rules[i].until)))
			return because(reason, FW_REASON_FLAGS, "%s", rules[i].text);
	if (asked & CLONE_PARENT && fork->parent_tgid == 1)
		return because(reason, FW_REASON_FLAGS, "CLONE_PARENT: init has no siblings");
	return false;
}

/* copy_clone_args_from_user() and clone3_args_valid() refuse before there is anything to see. */
static bool not_entered(const struct fw_fork *fork, struct fw_reason *reason)
{
	const struct forkwatch_fork_return *ret = fork->ret;
	uint64_t flags = ret->regs.x[0];

	if (ret->result != -EINVAL || ret->regs.syscallno != 220 ||
	    (flags & (CLONE_PIDFD | CLONE_PARENT_SETTID)) != (CLONE_PIDFD | CLONE_PARENT_SETTID))
		return false;
	return because(reason, FW_REASON_FLAGS,
		       "CLONE_PIDFD and CLONE_PARENT_SETTID: clone() has one address for both");
}

static bool invalid(const struct fw_fork *fork, const struct fw_env *env, struct fw_reason *reason)
{
	if (!fork->enter)
		return !fork->exit && fork->ret && not_entered(fork, reason);
	if (!fork->copy_thread && flags(fork, env, reason))
		return true;
	if (fork->enter->set_tid_size && fork->copy_thread)
		return because(reason, FW_REASON_FLAGS, "set_tid names %u pids: more than "
			       "there are pid namespaces, or one that is no pid",
			       fork->enter->set_tid_size);
	return false;
}

static bool restart(const struct fw_fork *fork, const struct fw_env *env, struct fw_reason *reason)
{
	(void)fork;
	(void)env;
	return because(reason, FW_REASON_SIGNAL,
		       "a signal was pending: it is delivered first, then the call is made again");
}

static bool fatal_signal(const struct fw_fork *fork, const struct fw_env *env,
			 struct fw_reason *reason)
{
	(void)env;
	return fork->copy_thread && because(reason, FW_REASON_SIGNAL,
					    "a signal that kills the parent came meanwhile");
}

/* Refused before 5.14 at the limit; since then above it, but with the child counted. */
static bool over_nproc(const struct fw_fork *fork, struct fw_reason *reason)
{
	const struct forkwatch_fork_exit *exit = fork->exit;

	if (exit->hdr.size < offsetof(struct forkwatch_fork_exit, flags) + sizeof(exit->flags) ||
	    !exit->uid || exit->rlimit_nproc == RLIM64_INFINITY ||
	    exit->user_processes < exit->rlimit_nproc || exit->flags & FORKWATCH_EXIT_NPROC_EXEMPT)
		return false;
	return because(reason, FW_REASON_RLIMIT_NPROC, "uid %u has %llu tasks and RLIMIT_NPROC of "
		       "its process is %llu", exit->uid, ull(exit->user_processes),
		       ull(exit->rlimit_nproc));
}

/* Some may have ended between the refusal and the look. */
static bool over_threads(const struct fw_limits *limits, struct fw_reason *reason)
{
	if (!limits || !(limits->seen & FW_LIMIT_THREADS) || limits->threads < limits->threads_max)
		return false;
	return because(reason, FW_REASON_THREADS_MAX,
		       "the system has %llu threads and kernel.threads-max is %llu",
		       ull(limits->threads), ull(limits->threads_max));
}

static bool over_pids(const struct fw_limits *limits, struct fw_reason *reason)
{
	if (!limits || !limits->pids_refused)
		return false;
	if (limits->seen & FW_LIMIT_PIDS_MAX)
		return because(reason, FW_REASON_PIDS_MAX,
			       "pids.max of cgroup %s is %llu and it has %llu tasks",
			       limits->cgroup, ull(limits->pids_max), ull(limits->pids_current));
	return because(reason, FW_REASON_PIDS_MAX, "pids.events of the parent's cgroup counted it, "
		       "pids.max of which cgroup above it was not observed");
}

/* Of what says EAGAIN after copy_thread() there is alloc_pid() left. */
static bool no_pid(const struct fw_limits *limits, struct fw_reason *reason)
{
	const unsigned int needs = FW_LIMIT_PIDS | FW_LIMIT_PID_MAX | FW_LIMIT_THREADS;

	if (!limits || (limits->seen & needs) != needs)
		return false;
	return because(reason, FW_REASON_PID_SPACE, "no pid is free: kernel.pid_max is %llu, the "
		       "system has %llu threads, and no cgroup refused it", ull(limits->pid_max),
		       ull(limits->threads));
}

static bool again(const struct fw_fork *fork, const struct fw_env *env, struct fw_reason *reason)
{
	(void)env;
	if (!fork->exit || !fork->enter)
		return false;
	if (fork->copy_thread)
		return over_pids(fork->limits, reason) || no_pid(fork->limits, reason);
	return over_nproc(fork, reason) || over_threads(fork->limits, reason);
}

/* In mode 2 dup_mmap() asks for as much as the parent may write to. */
static bool memory(const struct fw_fork *fork, const struct fw_env *env, struct fw_reason *reason)
{
	const unsigned int needs = FW_LIMIT_COMMIT | FW_LIMIT_PARENT;
	const struct fw_limits *limits = fork->limits;

	(void)env;
	if (fork->copy_thread || !fork->enter || fork->enter->clone_flags & CLONE_VM || !limits ||
	    (limits->seen & needs) != needs || limits->overcommit != 2 ||
	    limits->committed + limits->parent_data <= limits->commit_limit)
		return false;
	return because(reason, FW_REASON_OVERCOMMIT, "vm.overcommit_memory is 2: CommitLimit is "
		       "%llu KiB, %llu KiB are promised, and a copy of the parent needs %llu KiB",
		       ull(limits->commit_limit), ull(limits->committed),
		       ull(limits->parent_data));
}

static bool permission(const struct fw_fork *fork, const struct fw_env *env,
		       struct fw_reason *reason)
{
	char names[FW_CLONE_FLAGS_LEN];
	uint64_t asked;

	(void)env;
	if (!fork->enter)
		return false;
	asked = fork->enter->clone_flags & FLAGS_NAMESPACES;
	if (asked && !fork->copy_thread && !(fork->enter->clone_flags & CLONE_NEWUSER))
		return because(reason, FW_REASON_PERMISSION, "%s needs CAP_SYS_ADMIN",
			       fw_clone_flags(asked, 0, names, sizeof(names)));
	if (fork->enter->set_tid_size && fork->copy_thread)
		return because(reason, FW_REASON_PERMISSION,
			       "set_tid needs CAP_CHECKPOINT_RESTORE in the pid's namespaces");
	return false;
}

static bool exists(const struct fw_fork *fork, const struct fw_env *env, struct fw_reason *reason)
{
	(void)env;
	return fork->enter && fork->enter->set_tid_size &&
	       because(reason, FW_REASON_TID_IN_USE, "a pid that set_tid names is in use");
}

static const struct {
	int error;
	bool (*find)(const struct fw_fork *fork, const struct fw_env *env,
		     struct fw_reason *reason);
} by_error[] = {
	{ -EINVAL, invalid },
	{ -ERESTARTNOINTR, restart },
	{ -EINTR, fatal_signal },
	{ -EAGAIN, again },
	{ -ENOMEM, memory },
	{ -EPERM, permission },
	{ -EEXIST, exists },
};

/* The module's own call, which never got to kernel_clone(). */
static bool refused(const struct fw_fork *fork, struct fw_reason *reason)
{
	const struct forkwatch_clone_call *call = fork->clone_call;

	switch (call->result) {
	case -EPERM:
		return because(reason, FW_REASON_PERMISSION,
			       "forkwatch_clone() needs CAP_PERFMON or CAP_SYS_ADMIN");
	case -EINVAL:
		return because(reason, FW_REASON_ARGUMENTS,
			       "forkwatch_clone() takes no such arguments");
	case -E2BIG:
		return because(reason, FW_REASON_ARGUMENTS, "the module knows no arguments of %llu "
			       "bytes, or no report that is so large", ull(call->size));
	case -EFAULT:
		return because(reason, FW_REASON_ARGUMENTS,
			       "the arguments cannot be read, or the report cannot be written");
	}
	return because(reason, FW_REASON_NOT_OBSERVED, "reason not observed");
}

/*
 * The stage that said @error, NULL if none that was watched did: a fork goes no
 * further than that, so it is the last that began, and the one furthest down.
 */
static const char *stage_that_said(const struct fw_fork *fork, int error)
{
	struct fw_stages stages;
	size_t i;

	if (fw_stages_build(fork, FW_BY_START, &stages))
		return NULL;
	for (i = stages.nr; i-- > 0;) {
		const struct fw_stage_row *row = &stages.rows[i];

		if (row->stage != FW_STAGE_OTHER && row->result == error && !row->torn)
			return row->stage == FORKWATCH_STAGE_KERNEL_CLONE ||
			       row->stage == FORKWATCH_STAGE_COPY_PROCESS ? NULL : row->name;
	}
	return NULL;
}

static void add_stage(const struct fw_fork *fork, int error, struct fw_reason *reason)
{
	const char *stage = stage_that_said(fork, error), *name = fw_error_name(error);
	size_t length = strlen(reason->text);

	if (stage && name)
		snprintf(reason->text + length, sizeof(reason->text) - length,
			 "; refused in %s() with %s", stage, name);
}

static void find_reason(const struct fw_fork *fork, const struct fw_env *env, int error,
			struct fw_reason *reason)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(by_error); i++)
		if (by_error[i].error == error && by_error[i].find(fork, env, reason))
			return;
	if (!fork->enter || !fork->exit)
		because(reason, FW_REASON_NOT_OBSERVED, "reason not observed");
	else
		because(reason, FW_REASON_NOT_OBSERVED, "reason not observed; copy_process() "
			"failed %s copy_thread()", fork->copy_thread ? "after" : "before");
}

bool fw_reason(const struct fw_fork *fork, const struct fw_env *env, struct fw_reason *reason)
{
	int error = fw_fork_error(fork);

	if (error >= 0)
		return false;
	if (fw_fork_is_refused(fork))
		return refused(fork, reason);
	if (fork->copy_thread && fork->copy_thread->result)
		return because(reason, FW_REASON_COPY_THREAD, "copy_thread() failed with %s",
			       fw_error_name(fork->copy_thread->result) ? : "an unknown error");
	find_reason(fork, env, error, reason);
	add_stage(fork, error, reason);
	return true;
}

const char *fw_reason_name(enum fw_reason_code code)
{
	static const char * const names[FW_NR_REASONS] = {
		[FW_REASON_NOT_OBSERVED] = "not-observed",
		[FW_REASON_FLAGS] = "flags",
		[FW_REASON_SIGNAL] = "signal",
		[FW_REASON_RLIMIT_NPROC] = "rlimit-nproc",
		[FW_REASON_THREADS_MAX] = "threads-max",
		[FW_REASON_PIDS_MAX] = "cgroup-pids-max",
		[FW_REASON_PID_SPACE] = "pid-space",
		[FW_REASON_OVERCOMMIT] = "overcommit",
		[FW_REASON_PERMISSION] = "permission",
		[FW_REASON_TID_IN_USE] = "tid-in-use",
		[FW_REASON_COPY_THREAD] = "copy-thread",
		[FW_REASON_ARGUMENTS] = "arguments",
	};

	return names[code];
}
