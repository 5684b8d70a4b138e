/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What copy_process() took back of a fork that failed: the functions that it calls on
 * its way back, and the stages that they undo. Pure, from the fork's events.
 */
#ifndef FW_UNDONE_H
#define FW_UNDONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fork.h"

/* How it is known of one function. Of those below the first, the stage itself was seen done. */
enum fw_undo_how {
	FW_UNDO_OBSERVED,	/* it was called for this fork */
	FW_UNDO_NOT_CALLED,	/* it is watched, and was not: there was nothing to take back */
	FW_UNDO_ABSENT,		/* no function of this kernel: inlined, or not there */
	FW_UNDO_REFUSED,	/* it could not be probed */
	FW_UNDO_NOT_WATCHED,	/* copy_process() is written so that it comes by here */
	FW_NR_UNDO_HOW,
};

/* Times in ns; 0 but for those that were observed. */
struct fw_undo_row {
	const char *name;	/* "exit_files" */
	const char *stage;	/* what it takes back: "dup_fd" */
	enum fw_undo_how how;
	uint64_t start;		/* CLOCK_MONOTONIC of its first call */
	uint64_t total;		/* of all calls */
	uint32_t calls;
	bool torn;		/* an entry or a return was missed: the time is too short */
};

struct fw_undone {
	struct fw_undo_row rows[FORKWATCH_NR_UNDOS];	/* first what was observed, as it began */
	size_t nr;
	bool watched;
};

/*
 * Returns 0; -ENODATA if @fork did not fail in copy_process(), or if neither what
 * undoes nor its stages were watched.
 */
int fw_undone_build(const struct fw_fork *fork, struct fw_undone *undone);

/* "exit_files"; NULL for none. */
const char *fw_undo_name(unsigned int undo);

/* For programs: "observed", "not-called", "absent", "refused", "not-watched" */
const char *fw_undo_how_name(enum fw_undo_how how);

#endif
