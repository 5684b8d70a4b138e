// SPDX-License-Identifier: GPL-2.0-only
/* What a child shares, as JSON. */
#include <stddef.h>

#include "json.h"
#include "objects.h"
#include "observer.h"

static json_t *count_json(bool seen, uint64_t count)
{
	return seen ? fw_json_integer(count) : json_null();
}

static uint64_t resident(const __u64 *pages)
{
	return pages[FORKWATCH_PAGES_FILE] + pages[FORKWATCH_PAGES_ANON] +
	       pages[FORKWATCH_PAGES_SHMEM];
}

/* What was counted of them; null what was not. The counts of stages come only with those. */
static json_t *counts_json(const struct fw_fork *fork)
{
	const struct forkwatch_fork_exit *exit = fork->exit;
	const struct forkwatch_stages *stages = fork->stages;
	bool mm = exit->child_ptr[FORKWATCH_SHARE_MM];
	bool fds = stages && FW_OBSERVED(stages, fds) && stages->fds >= 0;
	bool handlers = stages && FW_OBSERVED(stages, handlers) && stages->handlers >= 0;

	return json_pack("{s:o, s:o, s:o, s:o, s:o}",
			 "vmas", count_json(mm && FW_OBSERVED(exit, child_vmas), exit->child_vmas),
			 "parent_vmas", count_json(mm && FW_OBSERVED(exit, parent_vmas),
						   exit->parent_vmas),
			 "pages", count_json(mm && FW_OBSERVED(exit, child_pages),
					     resident(exit->child_pages)),
			 "parent_open_files", count_json(fds, fds ? stages->fds : 0),
			 "parent_handlers", count_json(handlers, handlers ? stages->handlers : 0));
}

json_t *fw_json_objects(const struct fw_fork *fork)
{
	unsigned int share;
	json_t *objects;

	if (!fw_objects_seen(fork))
		return json_null();
	objects = json_object();
	for (share = 0; share < FORKWATCH_NR_SHARE; share++)
		json_object_set_new(objects, fw_object_name(share),
				    json_string(fw_object_how_name(fw_object_how(fork, share))));
	json_object_set_new(objects, "counts", counts_json(fork));
	return objects;
}
