/* SPDX-License-Identifier: GPL-2.0-only */
/* Values in words: durations, tasks, addresses. All write into @buf and return it. */
#ifndef FW_NAMES_H
#define FW_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "fork.h"
#include "symbols.h"

/* From @start to @end (ns) in three digits: "412 ns", "88.0 us", "1.84 ms", "61.2 s". */
char *fw_name_duration(uint64_t start, uint64_t end, char *buf, size_t size);

/* A comm, or any string that may not end within @max bytes, without what upsets a terminal. */
char *fw_name_plain(const char *text, size_t max, char *buf, size_t size);

/* "sh[412]", and "sh[415/412]", tid and tgid, for a thread; "?" for what is not known. */
char *fw_name_task(const char *comm, uint32_t tid, uint32_t tgid, char *buf, size_t size);

/* The two of a fork; the child's is "" while it is not known. */
#define FW_NAME_TASK_LEN	48
char *fw_name_parent(const struct fw_fork *fork, char *buf, size_t size);
char *fw_name_child(const struct fw_fork *fork, char *buf, size_t size);

/* The user registers with which the call was made, NULL if it came from the kernel itself. */
const struct forkwatch_regs *fw_caller_regs(const struct fw_fork *fork);

/* Was it made by an AArch32 task? */
bool fw_caller_is_compat(const struct fw_fork *fork);

/* The system call that a child with user registers comes from, "clone3"; NULL if none is known. */
const char *fw_name_call(const struct fw_fork *fork);

/* The bounds of a kernel stack, to tell addresses in it by. */
struct fw_stack {
	uint64_t low, top;
};

/*
 * A kernel address: "stack top - 0x150" in @stack (may be NULL), "schedule+0x2c",
 * else the number.
 */
char *fw_name_kernel(const struct fw_env *env, const struct fw_stack *stack, uint64_t addr,
		     char *buf, size_t size);

/*
 * An address in the code of @fork's parent: "libc.so.6:_Fork+0x40"; the number
 * also where the file that should be mapped there holds another instruction
 * before the user pc than the kernel saw.
 */
char *fw_name_user(const struct fw_fork *fork, struct fw_usyms *usyms, uint64_t addr,
		   char *buf, size_t size);

/* "1234" */
char *fw_name_count(uint64_t value, char *buf, size_t size);

/* "0" or "0x1f". */
char *fw_name_hex(uint64_t value, char *buf, size_t size);

#endif
