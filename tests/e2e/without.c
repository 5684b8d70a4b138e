// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a command that lacks a capability, and can get it back by no program.
 *
 * usage: without NUMBER COMMAND [ARG…]	a number of <linux/capability.h>
 */
#include <sys/prctl.h>

#include "workload.h"

int main(int argc, char **argv)
{
	if (argc < 3)
		usage("NUMBER COMMAND [ARG…]");
	/* What root executes gets all that is in the bounding set, and nothing else. */
	if (prctl(PR_CAPBSET_DROP, parse_number(argv[1], 0, 63), 0, 0, 0))
		die("cannot drop capability %s", argv[1]);
	execvp(argv[2], argv + 2);
	die("cannot execute %s", argv[2]);
}
