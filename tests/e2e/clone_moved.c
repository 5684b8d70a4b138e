// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes calls by NUMBER, that are refused, and is moved from one CPU to another
 * while it does, MOVES times. Prints how often it called.
 *
 * usage: clone_moved NUMBER MOVES
 */
#include <limits.h>
#include <sched.h>

#include "clonepath.h"

noreturn static void call(long number, unsigned long *calls)
{
	for (;; ++*calls)
		syscall(number, NULL, 0);
}

static void move_to(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(pid, sizeof(set), &set))
		die("sched_setaffinity");
}

int main(int argc, char **argv)
{
	unsigned long *calls, moves, i;
	long number;
	pid_t pid;
	int cpus;

	if (argc != 3)
		usage("NUMBER MOVES");
	number = parse_number(argv[1], 0, INT_MAX);
	moves = parse_number(argv[2], 1, 1000000);
	cpus = sysconf(_SC_NPROCESSORS_ONLN);
	calls = map(sizeof(*calls), MAP_SHARED);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		call(number, calls);
	for (i = 0; i < moves; i++)
		move_to(pid, i % cpus);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	printf("calls=%lu\n", *calls);
	return 0;
}
