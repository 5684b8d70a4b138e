// SPDX-License-Identifier: GPL-2.0-only
/* See relation.h. */
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "observer.h"
#include "regs.h"
#include "relation.h"
#include "symbols.h"

/* Below it a value is no address, and means what it says. */
#define SMALL	0x10000U

#define BASE_MAX	100	/* of a symbol's name */

struct fw_scope fw_scope_of(const struct fw_fork *fork, const struct fw_env *env)
{
	struct fw_scope scope = { .fork = fork, .env = env };

	if (fw_fork_is_user(fork))
		scope.parent = fw_caller_regs(fork);
	if (fork->copy_thread) {
		scope.stack_low = fork->copy_thread->stack_low;
		scope.stack_top = fork->copy_thread->stack_top;
	} else if (fork->first_run) {
		scope.stack_low = fork->first_run->stack_low;
		scope.stack_top = fork->first_run->stack_top;
	}
	return scope;
}

/* There are a dozen for each fork: printf() would take most of their time. */
static const char *relate_offset(struct fw_scope *scope, const char *base, char sign,
				 uint64_t offset)
{
	size_t length = strnlen(base, BASE_MAX);
	char *at = scope->buf + length;

	memcpy(scope->buf, base, length);
	*at++ = sign;
	if (offset)
		fw_name_hex(offset, at, sizeof(scope->buf) - length - 1);
	else
		strcpy(at, "0x0");
	return scope->buf;
}

/* A symbol's name goes with its trace. */
static const char *relate_name(struct fw_scope *scope, const char *name)
{
	size_t length = strnlen(name, sizeof(scope->buf) - 1);

	memcpy(scope->buf, name, length);
	scope->buf[length] = '\0';
	return scope->buf;
}

void fw_put_relation(struct fw_draft *draft, const struct fw_scope *scope, const char *name,
		     const char *relation)
{
	if (relation == scope->buf)
		fw_draft_string(draft, name, relation);
	else
		fw_draft_constant(draft, name, relation);
}

static const char *relate_symbol(struct fw_scope *scope, uint64_t value)
{
	uint64_t offset;
	const char *name;

	if (!scope->env || !scope->env->ksyms)
		return NULL;
	name = fw_ksyms_find(scope->env->ksyms, value, &offset);
	if (!name)
		return NULL;
	if (!offset)
		return relate_name(scope, name);
	return relate_offset(scope, name, '+', offset);
}

const char *fw_relate_kernel(struct fw_scope *scope, uint64_t value)
{
	const struct fw_fork *fork = scope->fork;
	const char *name;

	if (value < SMALL)
		return fw_name_hex(value, scope->buf, sizeof(scope->buf));
	if (value > scope->stack_low && value <= scope->stack_top)
		return relate_offset(scope, "stack_top", '-', scope->stack_top - value);
	if (value == fork->child)
		return "child";
	if (fork->enter && value == fork->enter->task)
		return "parent";
	name = relate_symbol(scope, value);
	if (name)
		return name;
	if (fork->enter && value == fork->enter->fn)
		return "fn";
	if (fork->enter && value == fork->enter->fn_arg)
		return "fn_arg";
	return "other";
}

/* Which register of the parent's holds @value? */
static const char *relate_parent(struct fw_scope *scope, uint64_t value)
{
	struct fw_reg list[FW_NR_REGS];
	size_t i;

	if (!scope->parent)
		return NULL;
	fw_regs_list(scope->parent, list);
	for (i = 0; i < FW_NR_REGS; i++) {
		if (list[i].value != value)
			continue;
		snprintf(scope->buf, sizeof(scope->buf), "parent.%s", list[i].name);
		return scope->buf;
	}
	return NULL;
}

const char *fw_relate_user(struct fw_scope *scope, uint64_t value)
{
	const struct forkwatch_fork_enter *enter = scope->fork->enter;
	const char *name;

	if (value < SMALL)
		return fw_name_hex(value, scope->buf, sizeof(scope->buf));
	if (enter && value == enter->stack)
		return "stack asked for";
	if (enter && value == enter->tls)
		return "tls asked for";
	name = relate_parent(scope, value);
	return name ? name : "other";
}
