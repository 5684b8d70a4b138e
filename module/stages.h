/* SPDX-License-Identifier: GPL-2.0-only */
/* How long the functions take that a fork goes through: tracepoints stage_core, stage_more. */
#ifndef FW_STAGES_H
#define FW_STAGES_H

#include <linux/types.h>

/* As those of probes.h. Functions that cannot be probed are no error, unless it is all. */
int fw_stage_core_arm(void);
void fw_stage_core_disarm(void);
int fw_stage_more_arm(void);
void fw_stage_more_disarm(void);

/*
 * Writes one line a function, after a heading: stage, state (idle, armed, absent, refused), error
 * of the last arming as -errno. Returns the bytes written, less than @size.
 */
int fw_stages_print(char *buffer, size_t size);

#endif /* FW_STAGES_H */
