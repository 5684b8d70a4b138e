// SPDX-License-Identifier: GPL-2.0-only
/*
 * COUNT parents at a time that sleep in vfork() for a second, each a process of
 * its own.
 *
 * usage: sleepers COUNT
 */
#include "workload.h"

noreturn static void sleep_in_vfork(void)
{
	pid_t pid = vfork();

	if (pid < 0)
		die("vfork");
	if (!pid) {
		sleep(1);
		_exit(0);
	}
	reap(pid);
	_exit(0);
}

int main(int argc, char **argv)
{
	long i, count = argc == 2 ? parse_number(argv[1], 1, 10000) : 0;
	pid_t *pids = calloc(count, sizeof(*pids));

	if (!count || !pids)
		usage("COUNT");
	for (i = 0; i < count; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			die("fork");
		if (!pids[i])
			sleep_in_vfork();
	}
	for (i = 0; i < count; i++)
		reap(pids[i]);
	printf("sleepers=%ld\n", count);
	free(pids);
	return 0;
}
