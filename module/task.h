/* SPDX-License-Identifier: GPL-2.0-only */
/* What a task has beside registers: identities, limits, memory, what it shares. */
#ifndef FW_TASK_H
#define FW_TASK_H

#include <linux/sched.h>

#include "forkwatch.h"

/* Addresses of what parent and child may share, by FORKWATCH_SHARE_*; 0 for none. */
void fw_copy_pointers(__u64 *to, const struct task_struct *task);

/* The parent's side of fork_exit, the current task; and the child's, which does not run yet. */
void fw_copy_parent(struct forkwatch_fork_exit *event);
void fw_copy_child(struct forkwatch_fork_exit *event, struct task_struct *child);

#endif /* FW_TASK_H */
