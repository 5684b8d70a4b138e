// SPDX-License-Identifier: GPL-2.0-only
/* See clone_args.h. */
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/uaccess.h>

#include "clone_args.h"
#include "compat.h"

/* A child that starts with one of these in x0 would make its call again at its first signal. */
static bool restarts_syscall(u64 x0)
{
	return (s64)x0 >= -ERESTART_RESTARTBLOCK && (s64)x0 <= -ERESTARTSYS;
}

/* What is ours of the arguments. */
static int check_options(const struct forkwatch_clone_args *args)
{
	if (args->options & ~FORKWATCH_CLONE_CHILD_X0)
		return -EINVAL;
	if (args->child_x0 && !(args->options & FORKWATCH_CLONE_CHILD_X0))
		return -EINVAL;
	if (restarts_syscall(args->child_x0))
		return -EINVAL;
	if (!args->report)
		return args->report_size ? -EINVAL : 0;
	if (args->report_size < FORKWATCH_CLONE_REPORT_SIZE_VER0)
		return -EINVAL;
	if (args->report_size > PAGE_SIZE)
		return -E2BIG;
	return 0;
}

/*
 * What is clone3's, in the order of its copy_clone_args_from_user() and
 * clone3_args_valid(), so that a caller gets the errno that clone3() gives. (Since
 * 09e7827e7857, the signal is looked at in kernel_clone(): EINVAL all the same.)
 */
static int check_set_tid(const struct forkwatch_clone_args *args)
{
	if (args->set_tid_size > MAX_PID_NS_LEVEL)
		return -EINVAL;
	return !args->set_tid == !args->set_tid_size ? 0 : -EINVAL;
}

static int check_signal_and_cgroup(const struct forkwatch_clone_args *args)
{
	if (args->exit_signal & ~(u64)CSIGNAL || !valid_signal(args->exit_signal))
		return -EINVAL;
	if (args->flags & CLONE_INTO_CGROUP && args->cgroup > INT_MAX)
		return -EINVAL;
	return 0;
}

static int check_flags(const struct forkwatch_clone_args *args)
{
	const u64 exclusive = CLONE_SIGHAND | CLONE_CLEAR_SIGHAND;

	if (args->flags & ~FW_CLONE3_FLAGS)
		return -EINVAL;
	if (args->flags & (CLONE_DETACHED | (CSIGNAL & ~CLONE_NEWTIME)))
		return -EINVAL;
	if ((args->flags & exclusive) == exclusive)
		return -EINVAL;
	if (args->flags & (CLONE_THREAD | CLONE_PARENT) && args->exit_signal)
		return -EINVAL;
	return 0;
}

static int check_stack(const struct forkwatch_clone_args *args)
{
	if (!args->stack)
		return args->stack_size ? -EINVAL : 0;
	if (!args->stack_size || !access_ok(u64_to_user_ptr(args->stack), args->stack_size))
		return -EINVAL;
	return 0;
}

static int copy_set_tid(pid_t *set_tid, const struct forkwatch_clone_args *args)
{
	size_t bytes = args->set_tid_size * sizeof(pid_t);

	if (copy_from_user(set_tid, u64_to_user_ptr(args->set_tid), bytes))
		return -EFAULT;
	return 0;
}

static int check_args(const struct forkwatch_clone_args *args, pid_t *set_tid)
{
	int err = check_options(args);

	if (!err)
		err = check_set_tid(args);
	if (!err)
		err = check_signal_and_cgroup(args);
	if (!err)
		err = copy_set_tid(set_tid, args);
	if (!err)
		err = check_flags(args);
	if (!err)
		err = check_stack(args);
	return err;
}

static int copy_args(struct forkwatch_clone_args *args, const void __user *from, size_t size)
{
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < FORKWATCH_CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	return copy_struct_from_user(args, sizeof(*args), from, size);
}

int fw_clone_args_read(struct forkwatch_clone_args *args, pid_t *set_tid,
		       const void __user *from, size_t size)
{
	int err = copy_args(args, from, size);

	return err ? err : check_args(args, set_tid);
}
