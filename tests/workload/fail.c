// SPDX-License-Identifier: GPL-2.0-only
/*
 * Forks that fail, each for a reason that is known beforehand: one line a
 * case, "case=NAME errno=NUMBER reached=FUNCTION", the function being the last
 * of kernel_clone, copy_process and copy_thread that the attempt came to.
 * Where that differs between kernels it is a lesser one. Exits with 1 if
 * another error came, or a child.
 *
 * usage: fail		as root; the last cases are tried as user 1000
 */
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include "workload.h"

#define OTHER_USER	1000

static pid_t parent_tid;

static long legacy(unsigned long flags)
{
	return syscall(SYS_clone, flags, 0, &parent_tid, 0, 0);
}

/* The kernel takes the pidfd and the parent's tid to the same place. */
static long pidfd_and_tid(void)
{
	return legacy(CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD);
}

static long thread_without_sighand(void)
{
	return legacy(CLONE_THREAD | CLONE_VM);
}

static long sighand_without_vm(void)
{
	return legacy(CLONE_SIGHAND | SIGCHLD);
}

static long namespace_and_fs(void)
{
	return legacy(CLONE_NEWNS | CLONE_FS | SIGCHLD);
}

static long tid_in_use(void)
{
	pid_t tid = getpid();
	struct clone_args args = {
		.set_tid = (uintptr_t)&tid,
		.set_tid_size = 1,
		.exit_signal = SIGCHLD,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

static long no_permission(void)
{
	return legacy(CLONE_NEWNS | SIGCHLD);
}

static long too_many(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_NPROC, &none))
		die("setrlimit");
	return legacy(SIGCHLD);
}

static const struct failure {
	const char *name;
	long (*attempt)(void);
	int error;
	const char *reached;
	int as_other_user;
} failures[] = {
	{ "pidfd_and_tid", pidfd_and_tid, EINVAL, "kernel_clone", 0 },
	{ "thread_without_sighand", thread_without_sighand, EINVAL, "copy_process", 0 },
	{ "sighand_without_vm", sighand_without_vm, EINVAL, "copy_process", 0 },
	{ "namespace_and_fs", namespace_and_fs, EINVAL, "copy_process", 0 },
	{ "tid_in_use", tid_in_use, EEXIST, "copy_process", 0 },
	{ "no_permission", no_permission, EPERM, "copy_process", 1 },
	{ "too_many", too_many, EAGAIN, "copy_process", 1 },
};

static int attempt(const struct failure *failure)
{
	long pid = failure->attempt();
	int error = errno;

	if (!pid)
		_exit(0);
	if (pid > 0) {
		fprintf(stderr, "fail: %s made the child %ld\n", failure->name, pid);
		return 1;
	}
	printf("case=%s errno=%d reached=%s\n", failure->name, error, failure->reached);
	if (error == failure->error)
		return 0;
	fprintf(stderr, "fail: %s: %s, expected: %s\n", failure->name, strerror(error),
		strerror(failure->error));
	return 1;
}

int main(int argc, char **argv)
{
	unsigned int i;
	int bad = 0;

	(void)argv;
	if (argc > 1)
		usage("");
	if (geteuid()) {
		errno = EPERM;
		die("the first cases need root");
	}
	for (i = 0; i < ARRAY_SIZE(failures); i++) {
		if (failures[i].as_other_user && !geteuid() &&
		    setresuid(OTHER_USER, OTHER_USER, OTHER_USER))
			die("setresuid");
		bad += attempt(&failures[i]);
	}
	printf("failed=%zu\n", ARRAY_SIZE(failures));
	return bad ? 1 : 0;
}
