// SPDX-License-Identifier: GPL-2.0-only
/*
 * What only clone3() can ask for: a pidfd, no exit signal at all, the tids
 * stored on both sides, and, for root, the child's tid itself.
 *
 * usage: clone3
 */
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>

#include "workload.h"

static int made;

static pid_t clone3(struct clone_args *args)
{
	return syscall(SYS_clone3, args, sizeof(*args));
}

/* In the child, exits with @child's verdict; in the parent, counts it. */
static pid_t make(struct clone_args *args, const char *what)
{
	pid_t pid = clone3(args);

	if (pid < 0)
		die("clone3 with %s", what);
	if (pid)
		made++;
	return pid;
}

static void with_pidfd(void)
{
	int fd = -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)&fd,
		.exit_signal = SIGCHLD,
	};
	struct pollfd end = { .events = POLLIN };
	pid_t pid = make(&args, "a pidfd");

	if (!pid)
		_exit(0);
	end.fd = fd;
	if (poll(&end, 1, -1) != 1)
		die("poll of the pidfd %d", fd);
	reap(pid);
	close(fd);
}

static void without_signal(void)
{
	struct clone_args args = { 0 };
	pid_t pid = make(&args, "no exit signal");

	if (!pid)
		_exit(0);
	reap(pid);
}

static void with_tids(void)
{
	static pid_t parent_tid, child_tid;
	struct clone_args args = {
		.flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
		.parent_tid = (uintptr_t)&parent_tid,
		.child_tid = (uintptr_t)&child_tid,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = make(&args, "tids");

	if (!pid)
		_exit(__atomic_load_n(&child_tid, __ATOMIC_RELAXED) == getpid() ? 0 : 1);
	errno = 0;
	if (__atomic_load_n(&parent_tid, __ATOMIC_RELAXED) != pid)
		die("parent_tid is %d, not %d", parent_tid, pid);
	reap(pid);
}

static void with_set_tid(void)
{
	pid_t tid = 31000;
	struct clone_args args = {
		.set_tid = (uintptr_t)&tid,
		.set_tid_size = 1,
		.exit_signal = SIGCHLD,
	};
	pid_t pid;

	while (!kill(tid, 0))
		tid--;
	pid = make(&args, "a tid");
	if (!pid)
		_exit(getpid() == tid ? 0 : 1);
	reap(pid);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		usage("");
	with_pidfd();
	without_signal();
	with_tids();
	if (!geteuid())
		with_set_tid();
	printf("clone3=%d\n", made);
	return 0;
}
