/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the running kernel preempts itself. */
#ifndef FW_PREEMPTION_H
#define FW_PREEMPTION_H

#include <stdbool.h>

/*
 * Whether a kernel of this @release and @version (of uname) may preempt any task anywhere
 * in the kernel. @chosen: what one with a choice says that it chose, as
 * /sys/kernel/debug/sched/preempt, "none voluntary (full) lazy"; NULL: not known.
 * Those that preempt lazily do so at a tick or for a realtime task only: they do not
 * count, nor do those that may be of that kind.
 */
bool fw_preempts(const char *release, const char *version, const char *chosen);

/* The same of the running kernel. */
bool fw_kernel_preempts(void);

#endif
