/* SPDX-License-Identifier: GPL-2.0-only */
/* What reasons are found by. Only for reason*.c. */
#ifndef FW_BECAUSE_H
#define FW_BECAUSE_H

#include <linux/sched.h>
#include <linux/version.h>

#include "reason.h"

/* Younger than the oldest headers that this builds with; <sched.h> has some of them as int. */
#define FW_CLONE_NEWTIME		0x80ULL
#define FW_CLONE_CLEAR_SIGHAND		(1ULL << 32)
#define FW_CLONE_INTO_CGROUP		(1ULL << 33)
#define FW_CLONE_AUTOREAP		(1ULL << 34)
#define FW_CLONE_NNP			(1ULL << 35)
#define FW_CLONE_PIDFD_AUTOKILL		(1ULL << 36)
#define FW_CLONE_EMPTY_MNTNS		(1ULL << 37)

/* Writes one sentence. Returns true. */
bool fw_because(struct fw_reason *reason, enum fw_reason_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Which rule of copy_process() or copy_namespaces() do the flags of @fork break, if any? */
bool fw_reason_flags(const struct fw_fork *fork, const struct fw_env *env,
		     struct fw_reason *reason);

/* Why was a fork refused before copy_process(), by clone3() or by kernel_clone()? */
bool fw_reason_clone3(const struct forkwatch_clone3_return *call, const struct fw_env *env,
		      struct fw_reason *reason);
bool fw_reason_kernel_clone(const struct forkwatch_fork_return *ret, struct fw_reason *reason);

/*
 * What says EAGAIN before copy_thread() is done, and after it; and what says ENOMEM.
 * @fork has fork_enter and fork_exit.
 */
bool fw_reason_early_limit(const struct fw_fork *fork, struct fw_reason *reason);
bool fw_reason_late_limit(const struct fw_fork *fork, struct fw_reason *reason);
bool fw_reason_memory(const struct fw_fork *fork, struct fw_reason *reason);

#endif
