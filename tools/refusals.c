// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "refusals.h"

#define NR_CLONE3	435	/* for AArch32 tasks, too */
#define ENDS_MAX	256U	/* more are not on their way: who sends these sends no ends */

static uint32_t *find(const struct fw_refusals *refusals, uint32_t tid)
{
	size_t i;

	for (i = 0; i < refusals->nr; i++)
		if (refusals->tids[i] == tid)
			return &refusals->tids[i];
	return NULL;
}

int fw_refusals_add(struct fw_refusals *refusals, const struct forkwatch_fork_return *ret)
{
	size_t room = refusals->room ? 2 * refusals->room : 16;
	uint32_t *tids;

	if (ret->regs.syscallno != NR_CLONE3 ||
	    (ret->result != -EINVAL && ret->result != -E2BIG && ret->result != -EFAULT) ||
	    find(refusals, ret->hdr.tid))
		return 0;
	if (refusals->nr == ENDS_MAX)
		refusals->nr = 0;
	if (refusals->nr == refusals->room) {
		tids = reallocarray(refusals->tids, room, sizeof(*tids));
		if (!tids)
			return -ENOMEM;
		refusals->tids = tids;
		refusals->room = room;
	}
	refusals->tids[refusals->nr++] = ret->hdr.tid;
	return 0;
}

bool fw_refusals_take(struct fw_refusals *refusals, uint32_t tid)
{
	uint32_t *found = find(refusals, tid);

	if (found)
		*found = refusals->tids[--refusals->nr];
	return found;
}

void fw_refusals_free(struct fw_refusals *refusals)
{
	free(refusals->tids);
}
