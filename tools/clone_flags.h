/* SPDX-License-Identifier: GPL-2.0-only */
/* Names for the numbers a fork is asked for with: flags, signals, system calls, errors. */
#ifndef FW_CLONE_FLAGS_H
#define FW_CLONE_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fw_flag {
	uint64_t bit;
	const char *name;
};

/* CLONE_*, in order of their bits; it ends with a NULL name. */
extern const struct fw_flag fw_clone_flag_table[];

/*
 * Writes "CLONE_VM|CLONE_VFORK|SIGCHLD": the flags, the bits without a name in
 * hex, and the signal that the child's end sends unless it is 0. "0" when
 * there is nothing. Returns @buf.
 */
char *fw_clone_flags(uint64_t flags, int exit_signal, char *buf, size_t size);

/* The longest that fw_clone_flags() writes, with its final NUL. */
#define FW_CLONE_FLAGS_LEN	640

/* Writes "SIGCHLD", or "signal 40" for those without a name. Returns @buf. */
char *fw_signal_name(int signal, char *buf, size_t size);

/*
 * The name of arm64's system call @nr ("clone"), of AArch32's with @compat;
 * NULL for one that does not fork. The numbers that forkwatch adds are named.
 */
const char *fw_fork_call_name(int nr, bool compat);

/*
 * "EAGAIN" for 11 or -11, also for those that only the kernel sees
 * ("ERESTARTNOINTR"); NULL if there is none.
 */
const char *fw_error_name(long error);

/* What @error means, in words. */
const char *fw_error_text(long error);

#endif
