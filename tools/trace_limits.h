/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The limits of failed forks as a trace carries them. Between trace_read.c and
 * trace_write.c; others use trace.h.
 */
#ifndef FW_TRACE_LIMITS_H
#define FW_TRACE_LIMITS_H

#include "ctf.h"
#include "limit.h"

/* Fills @record, but for the time of its header, from @fork, which has limits. */
void fw_limits_to_record(const struct fw_fork *fork, struct fw_ctf_limits *record);

/* Those of all failed forks, as read. All 0: none. */
struct fw_recorded_limits {
	struct recorded *recorded;
	size_t nr, room;
	bool sorted;
};

/* Takes @record, whole and with a plain name behind it. Returns 0 or -ENOMEM. */
int fw_recorded_limits_add(struct fw_recorded_limits *limits, const struct fw_ctf_limits *record);

/* Gives @fork a copy of its own, if there are any. Returns 0 or -ENOMEM. */
int fw_recorded_limits_give(struct fw_recorded_limits *limits, struct fw_fork *fork);

void fw_recorded_limits_free(struct fw_recorded_limits *limits);

#endif
