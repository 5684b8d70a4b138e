/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trace as a timeline: tasks that do things one within the other, and arrows
 * between them. What trace viewers want, whatever their format.
 */
#ifndef FW_TIMELINE_H
#define FW_TIMELINE_H

#include <stdint.h>

#include <jansson.h>

#include "replay.h"

/* Something that a task did from @start to @end, CLOCK_MONOTONIC ns. */
struct fw_slice {
	const char *name;
	uint64_t start, end;
	uint64_t arrow;			/* id of the fork whose arrow ends here, 0: none */
	json_t *args;			/* an object; belongs to the timeline */
};

/* Who writes it down. All return 0 or a negative error, which ends the timeline. */
struct fw_timeline_ops {
	/* From here on the task is called so (FORKWATCH_COMM_LEN bytes at most). */
	int (*name)(void *ctx, const struct forkwatch_header *task, const char *comm);
	/* @n slices of one task, each before those that lie within it. */
	int (*slices)(void *ctx, const struct forkwatch_header *task,
		      const struct fw_slice *slices, size_t n);
	/* At @task's time; @args belongs to the timeline. */
	int (*instant)(void *ctx, const struct forkwatch_header *task, const char *name,
		       json_t *args);
	/* At @wakeup's time fork @id's arrow begins; @first_run is where its slice begins. */
	int (*arrow)(void *ctx, uint64_t id, const struct forkwatch_header *wakeup,
		     const struct forkwatch_header *first_run);
};

/* Plays @replay. Returns 0, -ENOMEM or what failed. */
int fw_timeline_play(struct fw_replay *replay, const struct fw_timeline_ops *ops, void *ctx,
		     struct fw_replay_result *result);

#endif
