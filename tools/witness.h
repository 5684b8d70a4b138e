/* SPDX-License-Identifier: GPL-2.0-only */
/* The second witness' copies of a fork's events, and what agrees of the two. */
#ifndef FW_WITNESS_H
#define FW_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "fork.h"

/* One kind of event that has a copy: its place in struct fw_fork's copies, and its own. */
struct fw_witnessed {
	uint16_t kind;
	size_t offset;		/* of the pointer to the event in struct fw_fork */
};

extern const struct fw_witnessed fw_witnessed[FW_NR_WITNESSED];

/* @fork's event that @witnessed is the kind of, NULL: not observed. */
const struct forkwatch_header *fw_witnessed_event(const struct fw_fork *fork,
						  const struct fw_witnessed *witnessed);

/* The copy of @event, which is @fork's; NULL: there is none. */
const struct forkwatch_header *fw_witness_copy(const struct fw_fork *fork,
					       const struct forkwatch_header *event);

/* Can @copy be of the same moment as @event? They come from one CPU, one just behind the other. */
bool fw_witness_fits(const struct forkwatch_header *copy, const struct forkwatch_header *event);

/* Gives all copies that @from has to @to. */
void fw_witness_move(struct fw_fork *to, struct fw_fork *from);
void fw_witness_free(struct fw_fork *fork);

/* How many of @fork's events have a copy. */
unsigned int fw_witness_count(const struct fw_fork *fork);

#endif
