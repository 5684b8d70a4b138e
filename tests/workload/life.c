// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of children: each case prints what a trace should tell of it.
 *
 *	exec	vfork; the child sleeps, then executes a program
 *	exit	vfork; the child sleeps, then ends with 3
 *	killed	vfork; the parent is killed while its child sleeps
 *	thread	a child whose second thread executes a program: it becomes the first
 *	forks	fork; the child executes a program, and that another one
 *
 * usage: life CASE
 */
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "workload.h"

#define SLEEP_MS	50

static char *const again[] = { "/proc/self/exe", "--again", NULL };
static char *const end[] = { "/proc/self/exe", "--end", NULL };

static void sleep_ms(long ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&time, &time) && errno == EINTR)
		;
}

static int exec_case(void)
{
	pid_t pid = vfork();

	if (!pid) {
		sleep_ms(SLEEP_MS);
		execve(end[0], end, environ);
		_exit(127);
	}
	if (pid < 0)
		die("vfork");
	reap(pid);
	printf("until=exec\nslept=%d\n", SLEEP_MS);
	return 0;
}

static int exit_case(void)
{
	pid_t pid = vfork();
	int status;

	if (!pid) {
		sleep_ms(SLEEP_MS);
		_exit(3);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 3 << 8)
		die("vfork");
	printf("until=exit\nslept=%d\n", SLEEP_MS);
	return 0;
}

/* A parent that waits for its vfork child can be killed, and by nothing else be woken. */
static int killed_case(void)
{
	int ready[2], status;
	pid_t pid;
	char byte;

	if (pipe(ready))
		die("pipe");
	pid = fork();
	if (!pid) {
		if (!vfork()) {
			status = write(ready[1], "", 1) != 1;
			sleep_ms(10 * SLEEP_MS);
			_exit(status);
		}
		_exit(1);
	}
	if (pid < 0 || read(ready[0], &byte, 1) != 1 || kill(pid, SIGKILL) ||
	    waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		die("kill");
	sleep_ms(20 * SLEEP_MS);
	printf("killed=1\n");
	return 0;
}

static void *execute(void *unused)
{
	(void)unused;
	execve(end[0], end, environ);
	_exit(127);
}

static int thread_case(void)
{
	pid_t pid = fork();
	pthread_t thread;

	if (!pid) {
		if (pthread_create(&thread, NULL, execute, NULL))
			_exit(1);
		pause();
		_exit(1);
	}
	if (pid < 0)
		die("fork");
	reap(pid);
	printf("execs=1\n");
	return 0;
}

static int forks_case(void)
{
	pid_t pid = fork();

	if (!pid) {
		execve(again[0], again, environ);
		_exit(127);
	}
	if (pid < 0)
		die("fork");
	reap(pid);
	printf("execs=2\n");
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} cases[] = {
	{ "exec", exec_case },
	{ "exit", exit_case },
	{ "killed", killed_case },
	{ "thread", thread_case },
	{ "forks", forks_case },
};

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc == 2 && !strcmp(argv[1], end[1]))
		return 0;
	if (argc == 2 && !strcmp(argv[1], again[1])) {
		execve(end[0], end, environ);
		die("execve");
	}
	for (i = 0; argc == 2 && i < ARRAY_SIZE(cases); i++)
		if (!strcmp(argv[1], cases[i].name))
			return cases[i].run();
	usage("exec | exit | killed | thread | forks");
}
