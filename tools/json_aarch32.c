// SPDX-License-Identifier: GPL-2.0-only
/* The JSON format: the registers of an AArch32 task, by the names that it has for them. */
#include <jansson.h>

#include "json.h"
#include "names.h"
#include "regs.h"

/* r0..r12, sp, lr, pc, cpsr: what fw_regs_list() has of them, less what AArch32 cannot use. */
static json_t *regs_json(const struct forkwatch_regs *regs)
{
	json_t *object = json_object();
	struct fw_reg list[FW_NR_REGS];
	char text[64];
	size_t i;

	fw_regs_list(regs, list);
	for (i = 0; i < FW_NR_AARCH32_R + 2; i++)
		json_object_set_new(object, list[i].name, fw_json_hex(list[i].value));
	json_object_set_new(object, "pc", fw_json_hex(regs->pc));
	json_object_set_new(object, "cpsr", fw_json_hex(regs->pstate));
	json_object_set_new(object, "cpsr_text",
			    json_string(fw_pstate_name(regs->pstate, text, sizeof(text))));
	return object;
}

json_t *fw_json_aarch32(const struct fw_fork *fork)
{
	const struct forkwatch_copy_thread *copy = fork->copy_thread;
	const struct forkwatch_regs *regs = fw_caller_regs(fork);

	if (!regs || !fw_regs_aarch32(regs))
		return json_null();
	return json_pack("{s:s, s:o, s:o}",
			 "instructions", fw_regs_instructions(regs),
			 "parent", regs_json(regs),
			 "child", copy && fw_regs_aarch32(&copy->regs_after) ?
				regs_json(&copy->regs_after) : json_null());
}
