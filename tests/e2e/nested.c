// SPDX-License-Identifier: GPL-2.0-only
/*
 * COUNT forks in flight at the same time: each child of a vfork makes another, and
 * the last one sleeps for SECONDS. Prints "nested" when all are there.
 *
 * usage: nested COUNT SECONDS
 */
#include "workload.h"

/* Children share the memory: what one has changed is no longer its parent's. */
noreturn static void nest(volatile long count, long seconds)
{
	int status;

	while (count--) {
		/* Whoever ends looks at all processes of its group. */
		setpgid(0, 0);
		if (!vfork())
			continue;
		/* Or there was no child, which this says, too. */
		_exit(wait(&status) > 0 && !status ? 0 : WORKLOAD_TROUBLE);
	}
	puts("nested");
	fflush(stdout);
	sleep(seconds);
	_exit(0);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		usage("COUNT SECONDS");
	nest(parse_number(argv[1], 1, 20000), parse_number(argv[2], 0, 1000));
}
