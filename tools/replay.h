/* SPDX-License-Identifier: GPL-2.0-only */
/* A recorded trace, played into the model: its events, its forks, and what is missing. */
#ifndef FW_REPLAY_H
#define FW_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "addresses.h"
#include "fork.h"
#include "life.h"
#include "symbols.h"
#include "trace.h"

/* A negative return ends the replay with it. Any may be NULL. */
struct fw_replay_sink {
	/* One event; a fork that it completes comes behind it. */
	int (*event)(void *ctx, const struct forkwatch_header *event);
	/* One fork, judged. It belongs to the callee, fw_fork_free(). */
	int (*fork)(void *ctx, struct fw_fork *fork);
	/* What a fork cost when it was over, valid during the call; see cow.h. */
	int (*cow)(void *ctx, const struct fw_cow *cow);
	/* What a child does whose fork was seen. NULL: not asked for. */
	int (*life)(void *ctx, const struct fw_life *life);
};

struct fw_replay_result {
	uint64_t events;
	uint64_t unknown;		/* events of kinds that this build does not know */
	uint64_t first_time, last_time;	/* of the events, ns */
	struct fw_losses losses;
	bool ended;			/* the recording came to its end, with @end */
	struct fw_trace_end end;
	bool complete;			/* the trace holds all that happened */
	char missing[5120];		/* why it does not, but for the losses, in lines */
};

struct fw_replay;

/* Opens the trace @dir. Returns 0 or -errno, explained by fw_trace_error(). */
int fw_replay_open(struct fw_replay **out, const char *dir);
/* With its kernel addresses as @choice has it; without, as they were recorded. */
int fw_replay_open_with(struct fw_replay **out, const char *dir, enum fw_addresses_choice choice);
void fw_replay_close(struct fw_replay *replay);

const struct fw_trace_info *fw_replay_info(const struct fw_replay *replay);
/*
 * User addresses are known by it while the fork is given that they belong to, if it is
 * asked for before the trace is played. NULL without memory.
 */
struct fw_usyms *fw_replay_usyms(struct fw_replay *replay);

/* Plays all of it, once. Returns 0, -errno, or what the sink returned. */
int fw_replay_run(struct fw_replay *replay, const struct fw_replay_sink *sink, void *ctx,
		  struct fw_replay_result *result);

#endif
