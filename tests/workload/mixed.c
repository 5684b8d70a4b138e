// SPDX-License-Identifier: GPL-2.0-only
/*
 * A storm of forks of every kind: for each CPU one worker, which makes them in
 * turn for SECONDS, and does not mind when its CPU goes. Each child ends with a
 * status that its parent knows. The workers are forks too, and counted.
 *
 * usage: mixed SECONDS
 */
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <time.h>

#include "one.h"

#define MAX_CPUS	256
#define PROGRAM		"/proc/self/exe"

/* What a child executes: this program again, which ends at once. */
static char *const to_end[] = { "mixed", NULL };

static void one_vfork(void)
{
	pid_t pid = vfork();

	if (!pid)
		_exit(0);
	if (pid < 0)
		die("vfork");
	reap(pid);
}

static void one_vfork_exec(void)
{
	pid_t pid = vfork();

	if (!pid) {
		execv(PROGRAM, to_end);
		_exit(1);
	}
	if (pid < 0)
		die("vfork");
	reap(pid);
}

static void one_fork_exec(void)
{
	pid_t pid = fork();

	if (!pid) {
		execv(PROGRAM, to_end);
		_exit(1);
	}
	if (pid < 0)
		die("fork");
	reap(pid);
}

static void one_spawn(void)
{
	pid_t pid;

	errno = posix_spawn(&pid, PROGRAM, NULL, NULL, to_end, environ);
	if (errno)
		die("posix_spawn");
	reap(pid);
}

static void one_namespace(void)
{
	struct clone_args args = {
		.flags = CLONE_NEWUTS | CLONE_NEWPID,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));

	if (!pid)
		_exit(0);
	if (pid < 0)
		die("clone3");
	reap(pid);
}

/* Refused: no child, and no fork for whoever counts. */
static void one_failure(void)
{
	if (syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0) >= 0 || errno != EINVAL)
		die("clone with CLONE_SIGHAND alone");
}

static void (*const kinds[])(void) = {
	one_fork, one_thread, one_vfork, one_spawn, one_fork, one_fork_exec, one_failure,
	one_thread, one_vfork_exec, one_namespace,
};

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

noreturn static void work(unsigned long *forks, time_t end)
{
	unsigned long i;

	for (i = 0; now() < end; i++) {
		kinds[i % ARRAY_SIZE(kinds)]();
		*forks += kinds[i % ARRAY_SIZE(kinds)] != one_failure;
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	unsigned long *forks, total = 0;
	pid_t pids[MAX_CPUS];
	long i, workers;
	time_t end;

	if (argc == 1)
		return 0;	/* executed by a child */
	if (argc != 2)
		usage("SECONDS");
	end = now() + parse_number(argv[1], 1, 100000);
	workers = sysconf(_SC_NPROCESSORS_ONLN);
	workers = workers < MAX_CPUS ? workers : MAX_CPUS;
	forks = mmap(NULL, MAX_CPUS * sizeof(*forks), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (forks == MAP_FAILED)
		die("mmap");
	for (i = 0; i < workers; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			die("fork");
		if (!pids[i])
			work(&forks[i], end);
	}
	for (i = 0; i < workers; i++) {
		reap(pids[i]);
		total += forks[i] + 1;
	}
	printf("workers=%ld\ntotal=%lu\n", workers, total);
	return 0;
}
