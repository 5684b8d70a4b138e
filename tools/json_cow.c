// SPDX-License-Identifier: GPL-2.0-only
/* What forks cost when they were over, as JSON. */
#include <string.h>

#include "cow.h"
#include "json.h"

/* One side's counts, by the names of the ABI, into @object. */
static json_t *add_faults(json_t *object, const uint64_t *faults, uint64_t ns)
{
#define COUNT(COW, value, name)	\
	json_object_set_new(object, #name, fw_json_integer(faults[FORKWATCH_COW_##COW]));
	FORKWATCH_COWS(COUNT)
#undef COUNT
	json_object_set_new(object, "not_observed", fw_json_integer(fw_cow_unseen(faults)));
	json_object_set_new(object, "time", fw_json_integer(ns));
	return object;
}

static json_t *moment_json(uint64_t time)
{
	return time ? fw_json_integer(time) : json_null();
}

static json_t *side_json(const char *comm, uint32_t tgid, const __u64 *faults, uint64_t ns,
			 uint64_t first, uint64_t last)
{
	uint64_t copy[FORKWATCH_NR_COW];
	json_t *object = json_pack("{s:o, s:I, s:o, s:o}",
		"comm", *comm ? fw_json_text(comm, FORKWATCH_COMM_LEN) : json_null(),
		"tgid", (json_int_t)tgid, "first_copy", moment_json(first),
		"last_copy", moment_json(last));

	memcpy(copy, faults, sizeof(copy));
	return object ? add_faults(object, copy, ns) : NULL;
}

json_t *fw_json_cow(const struct fw_cow *cow)
{
	const struct forkwatch_cow *event = cow->event;
	const char *reason = fw_cow_reason(event->reason);

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}",
		"fork", cow->fork ? fw_json_integer(cow->fork) : json_null(),
		"ended", reason ? json_string(reason) : json_null(),
		"begin", fw_json_integer(event->begin),
		"time", fw_json_integer(event->hdr.time),
		"child", event->flags & FORKWATCH_COW_CHILD ?
			side_json(cow->child_comm, event->child_tid, event->child_faults,
				  event->child_ns, event->child_first, event->child_last) :
			json_null(),
		"parent", event->flags & FORKWATCH_COW_PARENT ?
			side_json(cow->parent_comm, event->parent_tgid, event->parent_faults,
				  event->parent_ns, event->parent_first, event->parent_last) :
			json_null());
}

static json_t *total_json(const struct fw_cow_side *side)
{
	json_t *object = json_pack("{s:o}", "counted", fw_json_integer(side->counted));

	return object ? add_faults(object, side->faults, side->ns) : NULL;
}

json_t *fw_json_cow_totals(const struct fw_cow_totals *totals)
{
	if (!totals->forks)
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "forks", fw_json_integer(totals->forks),
			 "child", total_json(&totals->child),
			 "parent", total_json(&totals->parent));
}
