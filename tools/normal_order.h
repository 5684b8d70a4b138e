/* SPDX-License-Identifier: GPL-2.0-only */
/* What happened in a fork, in which order: arrays of names in its draft. Only for normal.c. */
#ifndef FW_NORMAL_ORDER_H
#define FW_NORMAL_ORDER_H

#include "draft.h"
#include "fork.h"

/* Events, by the task that they are of: those of two tasks come in any order. */
void fw_normal_parent_events(struct fw_draft *draft, const struct fw_fork *fork);
void fw_normal_child_events(struct fw_draft *draft, const struct fw_fork *fork);

/*
 * Stages, in the order in which they began, and what took back those of a fork that
 * failed. What the child does comes last: it runs beside the others. @fork->stages is there.
 */
void fw_normal_stages(struct fw_draft *draft, const struct fw_fork *fork);

#endif
