// SPDX-License-Identifier: GPL-2.0-only
/* The stages of a fork as JSON, and what was taken back of them. */
#include "json.h"
#include "stages.h"
#include "undone.h"

json_t *fw_json_stage_set(uint32_t set)
{
	json_t *array = json_array();
	int stage;

	for (stage = 0; stage < FORKWATCH_NR_STAGES; stage++)
		if (set & 1U << stage && fw_stage_name(stage))
			json_array_append_new(array, json_string(fw_stage_name(stage)));
	return array;
}

/* Its parent is the nearest stage above it that was seen. */
static json_t *row_json(const struct fw_stages *stages, const struct fw_stage_row *row)
{
	return json_pack("{s:s, s:o, s:i, s:o, s:o, s:o, s:i, s:i, s:b}",
			 "name", row->name,
			 "parent", row->parent < 0 ? json_null() :
				json_string(stages->rows[row->parent].name),
			 "depth", row->depth,
			 "start", fw_json_integer(row->start),
			 "total", fw_json_integer(row->total),
			 "self", fw_json_integer(row->self),
			 "calls", row->calls,
			 "result", row->result,
			 "torn", row->torn);
}

json_t *fw_json_stages(const struct fw_fork *fork)
{
	struct fw_stages stages;
	json_t *rows;
	size_t i;

	if (fw_stages_build(fork, FW_BY_START, &stages))
		return json_null();
	rows = json_array();
	for (i = 0; i < stages.nr; i++)
		if (stages.rows[i].stage != FW_STAGE_OTHER)
			json_array_append_new(rows, row_json(&stages, &stages.rows[i]));
	return json_pack("{s:o, s:o, s:o}", "rows", rows,
			 "absent", fw_json_stage_set(stages.absent),
			 "refused", fw_json_stage_set(stages.refused));
}

static json_t *undo_json(const struct fw_undo_row *row)
{
	bool seen = row->how == FW_UNDO_OBSERVED;

	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:i, s:b}",
			 "name", row->name,
			 "stage", row->stage,
			 "how", fw_undo_how_name(row->how),
			 "start", seen ? fw_json_integer(row->start) : json_null(),
			 "total", seen ? fw_json_integer(row->total) : json_null(),
			 "calls", row->calls,
			 "torn", row->torn);
}

json_t *fw_json_undone(const struct fw_fork *fork)
{
	struct fw_undone undone;
	json_t *rows;
	size_t i;

	if (fw_undone_build(fork, &undone))
		return json_null();
	rows = json_array();
	for (i = 0; i < undone.nr; i++)
		json_array_append_new(rows, undo_json(&undone.rows[i]));
	return json_pack("{s:b, s:o}", "watched", undone.watched, "rows", rows);
}
