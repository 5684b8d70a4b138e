/* SPDX-License-Identifier: GPL-2.0-only */
/* What one forkwatch_clone() call saw of itself. */
#ifndef FW_REPORT_H
#define FW_REPORT_H

#include <linux/list.h>
#include <linux/sched.h>

#include "forkwatch.h"

/*
 * One call in flight. The tracepoints task_newtask and sched_wakeup_new, which
 * run in the parent between copy_process() and the child's first instruction,
 * find it by its @parent, fill @report and set the child's x0.
 */
struct fw_call {
	struct list_head list;
	const struct task_struct *parent;
	struct task_struct *child;	/* NULL before task_newtask; only compared after it */
	bool set_child_x0;
	u64 child_x0;
	struct forkwatch_clone_report report;
};

/* Finds the two tracepoints. Returns 0 or -ENOENT, with a message. */
int fw_report_init(void);

/*
 * Between begin and end, a fork of the current task is written into @call. May
 * sleep. begin returns 0 or -errno; nothing is to be undone then.
 */
int fw_report_begin(struct fw_call *call);
void fw_report_end(struct fw_call *call);

/* Hides what this caller may not see. */
void fw_report_redact(struct forkwatch_clone_report *report);

#endif /* FW_REPORT_H */
