// SPDX-License-Identifier: GPL-2.0-only
/* Flags that contradict each other, or what the parent is: what copy_process() says EINVAL to. */
#include <stddef.h>

#include "array.h"
#include "because.h"
#include "observer.h"

static bool parent_is_init(const struct fw_fork *fork)
{
	return fork->exit->flags & FORKWATCH_EXIT_PARENT_INIT || fork->parent_tgid == 1;
}

static bool parent_is_autoreaped(const struct fw_fork *fork)
{
	return fork->exit->flags & FORKWATCH_EXIT_PARENT_AUTOREAP;
}

static bool has_other_pid_ns(const struct fw_fork *fork)
{
	return FW_OBSERVED(fork->exit, parent_pid_ns_for_children) &&
	       fork->exit->parent_pid_ns != fork->exit->parent_pid_ns_for_children;
}

static bool has_other_time_ns(const struct fw_fork *fork)
{
	return FW_OBSERVED(fork->exit, parent_time_ns_for_children) &&
	       fork->exit->parent_time_ns != fork->exit->parent_time_ns_for_children;
}

static bool signals_exit(const struct fw_fork *fork)
{
	return fork->enter->exit_signal;
}

/*
 * In the order of the kernel: all of @set, none of @clear, and @holds. The last two
 * are copy_namespaces()'s and copy_pid_ns()'s.
 */
static const struct rule {
	uint64_t set, clear;
	bool (*holds)(const struct fw_fork *fork);	/* NULL: whatever the parent is */
	unsigned int until;		/* the first kernel without it, 0: all have it */
	const char *text;
} rules[] = {
	{ CLONE_NEWNS | CLONE_FS, 0, NULL, 0,
	  "CLONE_NEWNS and CLONE_FS: a root directory stays in its mount namespace" },
	{ CLONE_NEWUSER | CLONE_FS, 0, NULL, 0,
	  "CLONE_NEWUSER and CLONE_FS: a root directory stays in its user namespace" },
	{ CLONE_THREAD, CLONE_SIGHAND, NULL, 0,
	  "CLONE_THREAD without CLONE_SIGHAND: a thread shares its group's signal handlers" },
	{ CLONE_SIGHAND, CLONE_VM, NULL, 0,
	  "CLONE_SIGHAND without CLONE_VM: shared signal handlers need shared memory" },
	{ CLONE_PARENT, 0, parent_is_init, 0, "CLONE_PARENT: init has no siblings" },
	{ CLONE_THREAD | CLONE_NEWUSER, 0, NULL, 0,
	  "CLONE_THREAD and CLONE_NEWUSER: a thread stays in its group's namespaces" },
	{ CLONE_THREAD | CLONE_NEWPID, 0, NULL, 0,
	  "CLONE_THREAD and CLONE_NEWPID: a thread stays in its group's namespaces" },
	{ CLONE_THREAD, 0, has_other_pid_ns, 0,
	  "CLONE_THREAD: the parent's children are to be in another pid namespace than itself" },
	/* v6.2: 2b5f9dad32ed ("fs/exec: switch timens when a task gets a new mm") */
	{ CLONE_THREAD, 0, has_other_time_ns, KERNEL_VERSION(6, 2, 0),
	  "CLONE_THREAD: the parent's children are to be in another time namespace than itself" },
	{ CLONE_VM, 0, has_other_time_ns, KERNEL_VERSION(6, 2, 0),
	  "CLONE_VM: the parent's children are to be in another time namespace than itself" },
	{ CLONE_PIDFD | CLONE_DETACHED, 0, NULL, 0,
	  "CLONE_PIDFD and CLONE_DETACHED exclude each other" },
	/* v6.9: 83b290c9e3b5 ("pidfd: clone: allow CLONE_THREAD | CLONE_PIDFD together") */
	{ CLONE_PIDFD | CLONE_THREAD, 0, NULL, KERNEL_VERSION(6, 9, 0),
	  "CLONE_PIDFD and CLONE_THREAD: before 6.9 a pidfd is a process'" },
	{ FW_CLONE_AUTOREAP | CLONE_THREAD, 0, NULL, 0,
	  "CLONE_AUTOREAP and CLONE_THREAD exclude each other" },
	{ FW_CLONE_AUTOREAP | CLONE_PARENT, 0, NULL, 0,
	  "CLONE_AUTOREAP and CLONE_PARENT exclude each other" },
	{ FW_CLONE_AUTOREAP, 0, signals_exit, 0,
	  "CLONE_AUTOREAP with an exit signal: nobody waits for such a child" },
	{ CLONE_PARENT, 0, parent_is_autoreaped, 0,
	  "CLONE_PARENT: the parent came by CLONE_AUTOREAP, and its siblings would not" },
	{ FW_CLONE_NNP | CLONE_THREAD, 0, NULL, 0,
	  "CLONE_NNP and CLONE_THREAD exclude each other" },
	{ FW_CLONE_PIDFD_AUTOKILL, CLONE_PIDFD, NULL, 0,
	  "CLONE_PIDFD_AUTOKILL without CLONE_PIDFD" },
	{ FW_CLONE_PIDFD_AUTOKILL, FW_CLONE_AUTOREAP, NULL, 0,
	  "CLONE_PIDFD_AUTOKILL without CLONE_AUTOREAP" },
	{ CLONE_NEWIPC | CLONE_SYSVSEM, 0, NULL, 0,
	  "CLONE_NEWIPC and CLONE_SYSVSEM: semaphores' undo lists stay in their IPC namespace" },
	{ CLONE_NEWPID, 0, has_other_pid_ns, 0,
	  "CLONE_NEWPID: the parent's children are to be in a new pid namespace already" },
};

static bool is_broken(const struct rule *rule, const struct fw_fork *fork,
		      const struct fw_env *env)
{
	uint64_t asked = fork->enter->clone_flags;

	return (asked & rule->set) == rule->set && !(asked & rule->clear) &&
	       (!rule->until || (env->kernel && env->kernel < rule->until)) &&
	       (!rule->holds || (fork->exit && rule->holds(fork)));
}

bool fw_reason_flags(const struct fw_fork *fork, const struct fw_env *env,
		     struct fw_reason *reason)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if (is_broken(&rules[i], fork, env))
			return fw_because(reason, FW_REASON_FLAGS, "%s", rules[i].text);
	return false;
}
