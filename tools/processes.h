/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processes of a session: what they execute, so that user symbols are those of the
 * program that forked.
 */
#ifndef FW_PROCESSES_H
#define FW_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "forkwatch.h"
#include "symbols.h"

struct fw_tgids {
	pid_t *tgids;
	size_t nr, room;
};

struct fw_processes {
	struct fw_usyms *usyms;
	pid_t command;			/* 0: none was started by us */
	bool command_runs;		/* its exec was seen */
	/*
	 * Those that ended: forks of theirs may still be open, so that their symbols
	 * are kept until the batch after the next one.
	 */
	struct fw_tgids ended[2];
};

/* @usyms is kept up to date from now on; NULL: there is nothing to do. */
void fw_processes_init(struct fw_processes *processes, struct fw_usyms *usyms, pid_t command);
void fw_processes_free(struct fw_processes *processes);

/* Takes what @event tells of a process; to be called with each, as they come. */
void fw_processes_event(struct fw_processes *processes, const struct forkwatch_header *event);

/* For now, no more events are there. */
void fw_processes_batch(struct fw_processes *processes);

#endif
