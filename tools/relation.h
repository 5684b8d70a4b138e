/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a value is to its fork, in words that are the same for the next one: "stack_top-0x150",
 * "ret_from_fork", "parent.x3". Only for normal.c.
 */
#ifndef FW_RELATION_H
#define FW_RELATION_H

#include <stdint.h>

#include "draft.h"
#include "fork.h"

/* What addresses and registers are told by. */
struct fw_scope {
	const struct fw_fork *fork;
	const struct fw_env *env;
	const struct forkwatch_regs *parent;	/* NULL: it has none that the child could get */
	uint64_t stack_low, stack_top;		/* of the child */
	char buf[640];				/* relations that no constant says */
};

/* @env may be NULL. */
struct fw_scope fw_scope_of(const struct fw_fork *fork, const struct fw_env *env);

/*
 * What a @value is that the kernel has, and one of user mode. They return a constant or
 * @scope->buf, which is valid until the next call; never NULL.
 */
const char *fw_relate_kernel(struct fw_scope *scope, uint64_t value);
const char *fw_relate_user(struct fw_scope *scope, uint64_t value);

/* Drafts a @relation that was told by @scope, or any constant. */
void fw_put_relation(struct fw_draft *draft, const struct fw_scope *scope, const char *name,
		     const char *relation);

#endif
