/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the running kernel preempts itself. */
#ifndef FW_PREEMPTION_H
#define FW_PREEMPTION_H

enum fw_preemption {
	FW_PREEMPTS_NOT,
	FW_PREEMPTS_LAZILY,	/* at a tick or for a realtime task, as far as is known */
	FW_PREEMPTS_FULLY,	/* any task anywhere in the kernel */
};

/*
 * How a kernel of this @release and @version (of uname) preempts. @chosen: what one with
 * a choice says that it chose, as /sys/kernel/debug/sched/preempt, "none voluntary (full)
 * lazy"; NULL: not known.
 */
enum fw_preemption fw_preemption(const char *release, const char *version, const char *chosen);

/* The same of the running kernel. */
enum fw_preemption fw_kernel_preemption(void);

#endif
