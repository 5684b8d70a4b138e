// SPDX-License-Identifier: GPL-2.0-only
/* The second witness' copies of a fork's events. */
#include <stdlib.h>
#include <string.h>

#include "observer.h"
#include "witness.h"

/* Between a copy and its event lies what else is sent of the same moment, such as stages. */
#define SEQ_APART	4

#define PLACE_FORK_ENTER	enter
#define PLACE_COPY_THREAD	copy_thread
#define PLACE_FORK_EXIT		exit
#define PLACE_FORK_RETURN	ret
#define PLACE_FIRST_RUN		first_run
#define PLACE_TAIL_RETURN	tail_return
#define PLACE_CLONE3_RETURN	clone3

#define WITNESSED(KIND, name) \
	{ FORKWATCH_##KIND, offsetof(struct fw_fork, PLACE_##KIND) },

const struct fw_witnessed fw_witnessed[FW_NR_WITNESSED] = {
	FORKWATCH_WITNESSED(WITNESSED)
};

const struct forkwatch_header *fw_witnessed_event(const struct fw_fork *fork,
						  const struct fw_witnessed *witnessed)
{
	const struct forkwatch_header *event;

	memcpy(&event, (const char *)fork + witnessed->offset, sizeof(event));
	return event;
}

const struct forkwatch_header *fw_witness_copy(const struct fw_fork *fork,
					       const struct forkwatch_header *event)
{
	unsigned int i;

	for (i = 0; i < FW_NR_WITNESSED; i++)
		if (fw_witnessed[i].kind == fw_kind(event))
			return fork->witness[i];
	return NULL;
}

bool fw_witness_fits(const struct forkwatch_header *copy, const struct forkwatch_header *event)
{
	uint64_t apart = copy->seq < event->seq ? event->seq - copy->seq : copy->seq - event->seq;

	return fw_kind(copy) == event->kind && copy->tid == event->tid &&
	       copy->cpu == event->cpu && apart <= SEQ_APART;
}

void fw_witness_move(struct fw_fork *to, struct fw_fork *from)
{
	unsigned int i;

	for (i = 0; i < FW_NR_WITNESSED; i++) {
		if (!from->witness[i])
			continue;
		free(to->witness[i]);
		to->witness[i] = from->witness[i];
		from->witness[i] = NULL;
	}
}

void fw_witness_free(struct fw_fork *fork)
{
	unsigned int i;

	for (i = 0; i < FW_NR_WITNESSED; i++)
		free(fork->witness[i]);
}

unsigned int fw_witness_count(const struct fw_fork *fork)
{
	unsigned int i, nr = 0;

	for (i = 0; i < FW_NR_WITNESSED; i++)
		nr += !!fork->witness[i];
	return nr;
}
