// SPDX-License-Identifier: GPL-2.0-only
/* Values in words: durations, tasks, addresses. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "clone_flags.h"
#include "names.h"
#include "regs.h"

char *fw_name_duration(uint64_t start, uint64_t end, char *buf, size_t size)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	const char *sign = end < start ? "-" : "";
	double value = end < start ? start - end : end - start;
	size_t unit = 0;
	int digits;

	/* 999.5 would round up to four digits. */
	for (; value >= 999.5 && unit < 3; unit++)
		value /= 1000;
	digits = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
	snprintf(buf, size, "%s%.*f %s", sign, digits, value, units[unit]);
	return buf;
}

char *fw_name_plain(const char *text, size_t max, char *buf, size_t size)
{
	size_t i;

	for (i = 0; i < max && i + 1 < size && text[i]; i++)
		buf[i] = isprint((unsigned char)text[i]) ? text[i] : '?';
	buf[i] = '\0';
	return buf;
}

char *fw_name_task(const char *comm, uint32_t tid, uint32_t tgid, char *buf, size_t size)
{
	char plain[FORKWATCH_COMM_LEN + 1] = "?";

	if (comm && *comm)
		fw_name_plain(comm, FORKWATCH_COMM_LEN, plain, sizeof(plain));
	if (tgid && tgid != tid)
		snprintf(buf, size, "%s[%u/%u]", plain, tid, tgid);
	else
		snprintf(buf, size, "%s[%u]", plain, tid);
	return buf;
}

char *fw_name_parent(const struct fw_fork *fork, char *buf, size_t size)
{
	const char *comm = fork->enter ? fork->enter->comm :
			   fork->clone3 ? fork->clone3->comm : NULL;

	return fw_name_task(comm, fork->parent_tid, fork->parent_tgid, buf, size);
}

char *fw_name_child(const struct fw_fork *fork, char *buf, size_t size)
{
	const char *comm = NULL;

	buf[0] = '\0';
	if (fork->first_run)
		comm = fork->first_run->comm;
	else if (fork->exit && !fork->exit->result)
		comm = fork->exit->comm;
	if (comm || fork->child_tid)
		fw_name_task(comm, fork->child_tid, fork->child_tgid, buf, size);
	return buf;
}

bool fw_caller_is_compat(const struct fw_fork *fork)
{
	const struct forkwatch_regs *regs = fw_caller_regs(fork);

	if (fork->enter)
		return fork->enter->flags & FORKWATCH_ENTER_COMPAT;
	return regs && !strcmp(fw_pstate_mode(regs->pstate), "USR");
}

const struct forkwatch_regs *fw_caller_regs(const struct fw_fork *fork)
{
	const char *mode;

	if (fork->enter)
		return fork->enter->flags & FORKWATCH_ENTER_PARENT_KTHREAD ? NULL :
		       &fork->enter->regs;
	if (fork->clone3)
		return &fork->clone3->regs;
	if (!fork->ret)
		return NULL;
	mode = fw_pstate_mode(fork->ret->regs.pstate);
	return mode && (!strcmp(mode, "EL0t") || !strcmp(mode, "USR")) ? &fork->ret->regs : NULL;
}

const char *fw_name_call(const struct fw_fork *fork)
{
	/* The module may have been told to take other numbers than its usual ones. */
	static const char * const own[] = {
		[FORKWATCH_CALL_FORK] = "fork",
		[FORKWATCH_CALL_VFORK] = "vfork",
		[FORKWATCH_CALL_CLONE] = "forkwatch_clone",
	};
	const struct forkwatch_regs *regs = fw_caller_regs(fork);

	if (fork->clone_call && fork->clone_call->call < ARRAY_SIZE(own))
		return own[fork->clone_call->call];
	if (!regs || (fork->enter && !fw_fork_is_user(fork)))
		return NULL;
	return fw_fork_call_name(regs->syscallno, fw_caller_is_compat(fork));
}

char *fw_name_count(uint64_t value, char *buf, size_t size)
{
	snprintf(buf, size, "%llu", (unsigned long long)value);
	return buf;
}

/* Without printf(): diff names several values of each fork. */
char *fw_name_hex(uint64_t value, char *buf, size_t size)
{
	char text[] = "0x0123456789abcdef", *at = text + sizeof(text) - 1;
	bool zero = !value;

	for (; value; value >>= 4)
		*--at = "0123456789abcdef"[value & 0xf];
	*--at = zero ? '0' : 'x';
	if (!zero)
		*--at = '0';
	if (size > strlen(at))
		size = strlen(at) + 1;
	memcpy(buf, at, size - 1);
	buf[size - 1] = '\0';
	return buf;
}

char *fw_name_kernel(const struct fw_env *env, const struct fw_stack *stack, uint64_t addr,
		     char *buf, size_t size)
{
	if (stack && addr > stack->low && addr < stack->top)
		snprintf(buf, size, "stack top - 0x%llx", (unsigned long long)(stack->top - addr));
	else if (stack && stack->top && addr == stack->top)
		snprintf(buf, size, "stack top");
	else if (addr && env && env->ksyms)
		fw_ksyms_name(env->ksyms, addr, buf, size);
	else
		fw_name_hex(addr, buf, size);
	return buf;
}

#define INSN_SVC	0xd4000001U

/*
 * Does the file hold the instruction that the kernel saw before the user pc?
 * Where it saw none, it must be an svc: nothing else leads into the kernel.
 */
static bool is_same_code(const struct fw_fork *fork, struct fw_usyms *usyms)
{
	const struct forkwatch_regs *regs = fw_caller_regs(fork);
	uint32_t word, expected = INSN_SVC;

	if (fw_usyms_word(usyms, fork->parent_tgid, regs->pc - sizeof(word), &word))
		return true;	/* what was told needs no file */
	if (fork->enter && fork->enter->flags & FORKWATCH_ENTER_INSN)
		expected = fork->enter->insn;
	else if (fw_caller_is_compat(fork))
		return true;
	return word == expected;
}

char *fw_name_user(const struct fw_fork *fork, struct fw_usyms *usyms, uint64_t addr,
		   char *buf, size_t size)
{
	if (usyms && fw_caller_regs(fork) && is_same_code(fork, usyms))
		fw_usyms_name(usyms, fork->parent_tgid, addr, buf, size, NULL);
	else
		fw_name_hex(addr, buf, size);
	return buf;
}
