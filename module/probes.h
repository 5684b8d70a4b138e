/* SPDX-License-Identifier: GPL-2.0-only */
/* The probes: one for each tracepoint, armed while it has a listener. */
#ifndef FW_PROBES_H
#define FW_PROBES_H

#include "forkwatch.h"

/*
 * reg and unreg of the tracepoints, called by the tracepoint code under its
 * mutex, never twice in a row for one event. arm returns 0 or -errno.
 */
#define FW_PROBE_DECLARE(name)		\
	int fw_##name##_arm(void);	\
	void fw_##name##_disarm(void)

FW_PROBE_DECLARE(fork_enter);
FW_PROBE_DECLARE(copy_thread);
FW_PROBE_DECLARE(fork_exit);
FW_PROBE_DECLARE(fork_return);
FW_PROBE_DECLARE(first_run);
FW_PROBE_DECLARE(tail_return);
FW_PROBE_DECLARE(arch_state);
FW_PROBE_DECLARE(clone3_return);
FW_PROBE_DECLARE(cpu_switch_to);

/*
 * Writes one line an event, after a heading: event, symbol, state (idle, armed,
 * refused), hits that did not fire since the module was loaded, error of the
 * last arming as -errno. Returns the bytes written, less than @size.
 */
int fw_probes_print(char *buffer, size_t size);

#endif /* FW_PROBES_H */
