// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plain forks: COUNT children of this process, PARALLEL at a time, each of
 * which is the head of a chain of DEPTH processes.
 *
 * usage: forks [COUNT [DEPTH [PARALLEL]]]
 */
#include "workload.h"

static pid_t start_fork(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	return pid;
}

/* In a child: forks a child of its own until the chain is @depth long. */
noreturn static void chain(long depth)
{
	pid_t pid;

	while (--depth > 0) {
		pid = start_fork();
		if (pid) {
			reap(pid);
			break;
		}
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? parse_number(argv[1], 1, 1000000) : 1;
	long depth = argc > 2 ? parse_number(argv[2], 1, 1000) : 1;
	long parallel = argc > 3 ? parse_number(argv[3], 1, 100) : 1;
	pid_t running[100];
	pid_t pid;
	long i;

	if (argc > 4)
		usage("[COUNT [DEPTH [PARALLEL]]]");
	for (i = 0; i < count; i++) {
		if (i >= parallel)
			reap(running[i % parallel]);
		pid = start_fork();
		if (!pid)
			chain(depth);
		running[i % parallel] = pid;
	}
	for (i = count > parallel ? count - parallel : 0; i < count; i++)
		reap(running[i % parallel]);
	printf("forks=%ld\n", count * depth);
	return 0;
}
