// SPDX-License-Identifier: GPL-2.0-only
/*
 * Children that start another program: COUNT by posix_spawn(), COUNT by
 * vfork() and execve(). The program is this one again.
 *
 * usage: spawn [COUNT]
 */
#include <spawn.h>

#include "workload.h"

static char *const child_argv[] = { "/proc/self/exe", "--end", NULL };

static void spawn_one(void)
{
	pid_t pid;

	errno = posix_spawn(&pid, child_argv[0], NULL, NULL, child_argv, environ);
	if (errno)
		die("posix_spawn");
	reap(pid);
}

static void vfork_one(void)
{
	pid_t pid = vfork();

	if (!pid) {
		execve(child_argv[0], child_argv, environ);
		_exit(127);
	}
	if (pid < 0)
		die("vfork");
	reap(pid);
}

int main(int argc, char **argv)
{
	long count;
	long i;

	if (argc == 2 && !strcmp(argv[1], child_argv[1]))
		return 0;
	if (argc > 2)
		usage("[COUNT]");
	count = argc > 1 ? parse_number(argv[1], 1, 1000000) : 1;
	for (i = 0; i < count; i++) {
		spawn_one();
		vfork_one();
	}
	printf("spawns=%ld\nvforks=%ld\n", count, count);
	return 0;
}
