/* SPDX-License-Identifier: GPL-2.0-only */
/* Why a fork failed, as far as what was observed proves it. Pure. */
#ifndef FW_REASON_H
#define FW_REASON_H

#include "fork.h"

enum fw_reason_code {
	FW_REASON_NOT_OBSERVED,
	FW_REASON_FLAGS,		/* they contradict each other, or what the parent is */
	FW_REASON_SIGNAL,		/* restarted after a signal, or given up for a fatal one */
	FW_REASON_RLIMIT_NPROC,
	FW_REASON_THREADS_MAX,
	FW_REASON_PIDS_MAX,		/* the pids controller of a cgroup */
	FW_REASON_PID_SPACE,		/* no pid is free */
	FW_REASON_OVERCOMMIT,
	FW_REASON_PERMISSION,
	FW_REASON_TID_IN_USE,		/* set_tid */
	FW_REASON_COPY_THREAD,
	FW_REASON_ARGUMENTS,		/* the call could not read, write or accept them */
	FW_REASON_PID_NAMESPACE,	/* its init is gone */
	FW_REASON_MEMORY,		/* an allocation failed */
	FW_REASON_DEADLINE,		/* the parent's scheduling policy */
	FW_REASON_NAMESPACES,		/* there may be no more of them */
	FW_REASON_FILES,		/* no file descriptor is free */
	FW_REASON_CGROUP,		/* of CLONE_INTO_CGROUP */
	FW_NR_REASONS,
};

#define FW_REASON_LEN	400

struct fw_reason {
	enum fw_reason_code code;
	char text[FW_REASON_LEN];	/* one sentence, without a full stop */
};

/*
 * The reason why @fork failed, from its events and its limits, if they were
 * read. Returns false if it did not fail.
 */
bool fw_reason(const struct fw_fork *fork, const struct fw_env *env, struct fw_reason *reason);

/* "rlimit-nproc": for programs, and for summaries. */
const char *fw_reason_name(enum fw_reason_code code);

#endif
