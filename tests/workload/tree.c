// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tree of processes, known beforehand: each of DEPTH generations has FANOUT
 * children a process. Prints one line "fork=PARENT:CHILD" for each, then their
 * number.
 *
 * usage: tree [DEPTH [FANOUT]]
 */
#include "workload.h"

static void grow(long depth, long fanout)
{
	pid_t pid;
	long i;

	for (i = 0; depth > 0 && i < fanout; i++) {
		pid = fork();
		if (pid < 0)
			die("fork");
		if (!pid) {
			grow(depth - 1, fanout);
			_exit(0);
		}
		dprintf(STDOUT_FILENO, "fork=%d:%d\n", getpid(), pid);
		reap(pid);
	}
}

int main(int argc, char **argv)
{
	long depth = argc > 1 ? parse_number(argv[1], 1, 10) : 3;
	long fanout = argc > 2 ? parse_number(argv[2], 1, 10) : 2;
	long generation = 1;
	long total = 0;
	long i;

	if (argc > 3)
		usage("[DEPTH [FANOUT]]");
	grow(depth, fanout);
	for (i = 0; i < depth; i++) {
		generation *= fanout;
		total += generation;
	}
	printf("forks=%ld\n", total);
	return 0;
}
