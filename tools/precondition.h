/* SPDX-License-Identifier: GPL-2.0-only */
/* What must be so before it is worth to try a source. */
#ifndef FW_PRECONDITION_H
#define FW_PRECONDITION_H

#define FW_NEED_MACHINE		(1U << 0)	/* an arm64 kernel */
#define FW_NEED_CAPABILITIES	(1U << 1)	/* those to load BPF programs */
#define FW_NEED_ROOT		(1U << 2)	/* to write to tracefs */
#define FW_NEED_PIDS		(1U << 3)	/* the initial pid namespace */
#define FW_NEED_MODULE		(1U << 4)	/* loaded, and of our ABI */
#define FW_NEED_BPF		(1U << 5)	/* BTF, and no lockdown */

/* Returns 0, or -errno with what is wrong in fw_source_error(). */
int fw_preconditions(unsigned int needs);

#endif
