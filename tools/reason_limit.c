// SPDX-License-Identifier: GPL-2.0-only
/* Limits that forks run into: what is counted, and memory. */
#include <stddef.h>
#include <sys/resource.h>

#include "because.h"
#include "limit.h"
#include "observer.h"

#define PIDS_GIVEN_ONCE	300

static unsigned long long ull(uint64_t value)
{
	return value;
}

/* Refused before 5.14 at the limit; since then above it, but with the child counted. */
static bool over_nproc(const struct fw_fork *fork, struct fw_reason *reason)
{
	const struct forkwatch_fork_exit *exit = fork->exit;

	if (!FW_OBSERVED(exit, flags) || !exit->uid || exit->rlimit_nproc == RLIM64_INFINITY ||
	    exit->user_processes < exit->rlimit_nproc || exit->flags & FORKWATCH_EXIT_NPROC_EXEMPT)
		return false;
	return fw_because(reason, FW_REASON_RLIMIT_NPROC, "uid %u has %llu tasks and RLIMIT_NPROC "
			  "of its process is %llu", exit->uid, ull(exit->user_processes),
			  ull(exit->rlimit_nproc));
}

/* Some may have ended between the refusal and the look. */
static bool over_threads(const struct fw_limits *limits, struct fw_reason *reason)
{
	if (!limits || !(limits->seen & FW_LIMIT_THREADS) || limits->threads < limits->threads_max)
		return false;
	return fw_because(reason, FW_REASON_THREADS_MAX,
			  "the system has %llu threads and kernel.threads-max is %llu",
			  ull(limits->threads), ull(limits->threads_max));
}

/* sched_fork() */
static bool is_deadline(const struct fw_fork *fork, struct fw_reason *reason)
{
	return fork->exit->flags & FORKWATCH_EXIT_PARENT_DEADLINE &&
	       fw_because(reason, FW_REASON_DEADLINE, "the parent is a SCHED_DEADLINE task, which "
			  "forks only with SCHED_FLAG_RESET_ON_FORK");
}

bool fw_reason_early_limit(const struct fw_fork *fork, struct fw_reason *reason)
{
	return over_nproc(fork, reason) || over_threads(fork->limits, reason) ||
	       is_deadline(fork, reason);
}

static bool over_pids(const struct fw_limits *limits, struct fw_reason *reason)
{
	if (!limits || !limits->pids_refused)
		return false;
	if (limits->seen & FW_LIMIT_PIDS_MAX)
		return fw_because(reason, FW_REASON_PIDS_MAX,
				  "pids.max of cgroup %s is %llu and it has %llu tasks",
				  limits->cgroup, ull(limits->pids_max),
				  ull(limits->pids_current));
	return fw_because(reason, FW_REASON_PIDS_MAX, "pids.events of the parent's cgroup counted "
			  "it, pids.max of which cgroup above it was not observed");
}

/*
 * Could all pids be taken? Those below 300 are given out once only, and a task that has ended
 * leaves its own to those in its group and session.
 */
static bool is_full(const struct fw_fork *fork)
{
	const struct forkwatch_fork_exit *exit = fork->exit;
	const struct fw_limits *limits = fork->limits;

	if (3 * limits->threads + PIDS_GIVEN_ONCE >= limits->pid_max)
		return true;
	if (!FW_OBSERVED(exit, pid_ns_max) || !exit->pid_ns_level)
		return false;
	/* Of those between the first and the child's nothing is known. */
	return exit->pid_ns_level > 1 ||
	       (exit->pid_ns_max && exit->pid_ns_pids + PIDS_GIVEN_ONCE >= exit->pid_ns_max);
}

/* A pid is needed in the child's namespace and in each above it. */
static bool no_pid(const struct fw_fork *fork, struct fw_reason *reason)
{
	const unsigned int needs = FW_LIMIT_PIDS | FW_LIMIT_PID_MAX | FW_LIMIT_THREADS;
	const struct forkwatch_fork_exit *exit = fork->exit;
	const struct fw_limits *limits = fork->limits;

	if (!limits || (limits->seen & needs) != needs || !is_full(fork))
		return false;
	if (!FW_OBSERVED(exit, pid_ns_max) || !exit->pid_ns_level)
		return fw_because(reason, FW_REASON_PID_SPACE, "no pid is free: kernel.pid_max is "
				  "%llu, the system has %llu threads, and no cgroup refused it",
				  ull(limits->pid_max), ull(limits->threads));
	return fw_because(reason, FW_REASON_PID_SPACE, "no pid is free in pid namespace %u, which "
			  "has %u pids and a pid_max of %llu, or in one above it: the system has "
			  "%llu threads and a pid_max of %llu", exit->pid_ns, exit->pid_ns_pids,
			  exit->pid_ns_max ? exit->pid_ns_max : ull(limits->pid_max),
			  ull(limits->threads), ull(limits->pid_max));
}

/* Of what says EAGAIN after copy_thread() there is alloc_pid() left. */
bool fw_reason_late_limit(const struct fw_fork *fork, struct fw_reason *reason)
{
	return over_pids(fork->limits, reason) || no_pid(fork, reason);
}

/* alloc_pid(), and once more when the child is about to be linked. */
static bool is_closed(const struct fw_fork *fork, struct fw_reason *reason)
{
	if (!fork->copy_thread || fork->enter->clone_flags & CLONE_NEWPID ||
	    !(fork->exit->flags & FORKWATCH_EXIT_PID_NS_CLOSED))
		return false;
	return fw_because(reason, FW_REASON_PID_NAMESPACE, "pid namespace %u takes no more tasks: "
			  "its init is gone", fork->exit->pid_ns);
}

/* In mode 2 dup_mmap() asks for as much as the parent may write to. */
static bool over_commit(const struct fw_fork *fork, struct fw_reason *reason)
{
	const unsigned int needs = FW_LIMIT_COMMIT | FW_LIMIT_PARENT;
	const struct fw_limits *limits = fork->limits;

	if (fork->copy_thread || fork->enter->clone_flags & CLONE_VM || !limits ||
	    (limits->seen & needs) != needs || limits->overcommit != 2 ||
	    limits->committed + limits->parent_data <= limits->commit_limit)
		return false;
	return fw_because(reason, FW_REASON_OVERCOMMIT, "vm.overcommit_memory is 2: CommitLimit is "
			  "%llu KiB, %llu KiB are promised, and a copy of the parent needs %llu "
			  "KiB", ull(limits->commit_limit), ull(limits->committed),
			  ull(limits->parent_data));
}

/* Where nothing but an allocation is left to say ENOMEM. */
static bool no_memory(const struct fw_fork *fork, struct fw_reason *reason)
{
	const struct fw_limits *limits = fork->limits;

	if (!fork->copy_thread && !(fork->enter->clone_flags & CLONE_VM) &&
	    (!limits || !(limits->seen & FW_LIMIT_COMMIT) || limits->overcommit == 2))
		return false;
	if (fork->copy_thread && !FW_OBSERVED(fork->exit, pid_ns_max))
		return false;
	return fw_because(reason, FW_REASON_MEMORY, "the kernel, or the parent's memory cgroup, "
			  "had no memory left for it %s copy_thread()",
			  fork->copy_thread ? "after" : "before");
}

bool fw_reason_memory(const struct fw_fork *fork, struct fw_reason *reason)
{
	return is_closed(fork, reason) || over_commit(fork, reason) || no_memory(fork, reason);
}
