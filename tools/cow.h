/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a fork cost when it was over, if that was watched: cow events, each with
 * the fork that it belongs to. One comes when its child executes a program or
 * ends, which may be before all of the fork is known, and long after. Pure.
 */
#ifndef FW_COW_H
#define FW_COW_H

#include <stdint.h>

#include "fork.h"

struct fw_cow {
	uint64_t fork;				/* its id, 0: that was not seen */
	char parent_comm[FORKWATCH_COMM_LEN];	/* "": not known */
	char child_comm[FORKWATCH_COMM_LEN];	/* at the fork, likewise */
	const struct forkwatch_cow *event;
};

/* Gets each event, behind its fork; valid during the call. */
typedef void (*fw_cow_fn)(void *ctx, const struct fw_cow *cow);

struct fw_cows;

int fw_cows_open(struct fw_cows **out);
void fw_cows_close(struct fw_cows *cows);
void fw_cows_set(struct fw_cows *cows, fw_cow_fn fn, void *ctx);

/*
 * One fork, as it is known by now. Returns 0 or -ENOMEM. fw_cows_told() is to be
 * called when whoever gets forks has got it: then its event follows, if that came
 * before.
 */
int fw_cows_fork(struct fw_cows *cows, const struct fw_fork *fork);
void fw_cows_told(struct fw_cows *cows);

/* An event; belongs to the callee. Returns 0, or -ENOMEM: then it does not. */
int fw_cows_event(struct fw_cows *cows, struct forkwatch_cow *event);

/* The task has ended: no event will come. */
void fw_cows_exit(struct fw_cows *cows, uint64_t task, uint64_t start_time);

/* No more forks come: hands on what belongs to none. */
void fw_cows_flush(struct fw_cows *cows);

/* One side of many forks, by FORKWATCH_COW_*. */
struct fw_cow_side {
	uint64_t counted;			/* forks of which it could be counted */
	uint64_t faults[FORKWATCH_NR_COW];
	uint64_t ns;
};

struct fw_cow_totals {
	uint64_t forks;
	struct fw_cow_side parent, child;
};

void fw_cow_add(struct fw_cow_totals *totals, const struct forkwatch_cow *event);

/* Faults on small pages whose outcome was not observed. */
uint64_t fw_cow_unseen(const uint64_t faults[FORKWATCH_NR_COW]);

/* FORKWATCH_COW_EXEC: "exec", _EXIT: "exit", _OPEN: "open"; NULL for anything else. */
const char *fw_cow_reason(uint32_t reason);

#endif
