/* SPDX-License-Identifier: GPL-2.0-only */
/* What to trace and how that ended, in the user's words: what run and record share. */
#ifndef FW_TARGET_H
#define FW_TARGET_H

#include <stddef.h>
#include <sys/types.h>

#include "session.h"

/* Returns 0 or -EINVAL. */
int fw_parse_pid(const char *text, pid_t *pid);
/* A number of bytes, with K or M behind it for 1024 or 1024 * 1024 of them. */
int fw_parse_bytes(const char *text, size_t *bytes);

/* What is wrong with the choice of a command, a process and everything; NULL if nothing is. */
const char *fw_target_fault(const struct fw_session_options *opt);

/* The command as one could type it. From malloc; NULL without memory. */
char *fw_target_command(char *const *argv);

/* The command's exit status as a shell has it; says so if it was left behind. */
int fw_target_status(const struct fw_session_result *result);

/* Says why there was no session; returns the exit status for it. */
int fw_target_failed(const struct fw_session_result *result);

#endif
