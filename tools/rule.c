// SPDX-License-Identifier: GPL-2.0-only
/* Comparisons that explain themselves. */
#include <stdarg.h>
#include <stdio.h>

#include "event.h"
#include "observer.h"
#include "regs.h"
#include "rule.h"
#include "source.h"
#include "symbols.h"

#define SYMBOL_LEN	64

/*
 * cbdf8a189a66 ("arm64: Force SSBS on context switch"), v5.3: unless every CPU
 * has the bit, a switch writes it into the pstate of the user task it switches
 * to. It says which mitigation the task runs under, and comes from no register.
 */
#define PSTATE_SSBS		(1ULL << 12)
#define PSTATE_AARCH32_SSBS	(1ULL << 23)
#define PSTATE_AARCH32		(1ULL << 4)

_Static_assert(FW_AT_END == FW_NR_REGS, "regs.h lists other registers");

void fw_explain(struct fw_why *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
}

/* Does who sent @fork's beginning make no such events? */
static bool is_blind(const struct fw_fork *fork, enum forkwatch_kind kind)
{
	uint16_t by = fork->enter ? fork->enter->hdr.kind & ~FORKWATCH_KIND_MASK : 0;

	return by && kind < FORKWATCH_KIND_BPF && !fw_observer_makes(by, kind);
}

void fw_unseen(const struct fw_fork *fork, const struct forkwatch_header *event,
	       enum forkwatch_kind kind, size_t offset, size_t size, const char *member,
	       struct fw_why *why)
{
	const struct fw_event_type *type = fw_event_type(kind);

	if (!event && is_blind(fork, kind))
		fw_explain(why, "no %s event: %s", type->name,
			   fw_observer_blind(&fork->enter->hdr));
	else if (event)
		fw_explain(why, "%s came without %s: %s", type->name, member,
			   event->size < offset + size ? "record with a newer forkwatch" :
							 fw_observer_blind(event));
	else if (kind < FORKWATCH_KIND_BPF)
		fw_explain(why, "no %s event: see its probe on %s in " FW_PROBES_FILE,
			   type->name, type->origin);
	else
		fw_explain(why, "no %s event: lost, or no BPF program is on %s",
			   type->name, type->origin);
}

bool fw_same(const char *field, struct fw_side a, struct fw_side b, struct fw_why *why)
{
	if (a.value == b.value)
		return true;
	fw_explain(why, "%s: %s 0x%llx, %s 0x%llx", field, a.who, (unsigned long long)a.value,
		   b.who, (unsigned long long)b.value);
	return false;
}

static const char *code_name(const struct fw_env *env, uint64_t addr, char *buf)
{
	if (!env->ksyms)
		return "?";
	return fw_ksyms_name(env->ksyms, addr, buf, SYMBOL_LEN);
}

bool fw_same_code(const char *field, struct fw_side a, struct fw_side b,
		  const struct fw_env *env, struct fw_why *why)
{
	char a_name[SYMBOL_LEN], b_name[SYMBOL_LEN];

	if (a.value == b.value)
		return true;
	fw_explain(why, "%s: %s 0x%llx (%s), %s 0x%llx (%s)", field,
		   a.who, (unsigned long long)a.value, code_name(env, a.value, a_name),
		   b.who, (unsigned long long)b.value, code_name(env, b.value, b_name));
	return false;
}

static uint64_t without_ssbs(uint64_t pstate)
{
	return pstate & ~(pstate & PSTATE_AARCH32 ? PSTATE_AARCH32_SSBS : PSTATE_SSBS);
}

bool fw_same_regs(struct fw_regs_side a, struct fw_regs_side b, unsigned int first,
		  unsigned int nr, uint64_t except, struct fw_why *why)
{
	struct fw_reg names[FW_NR_REGS];
	unsigned int i;

	for (i = first; i < first + nr; i++) {
		uint64_t left = fw_regs_value(a.regs, i), right = fw_regs_value(b.regs, i);

		if (left == right || except & 1ULL << i)
			continue;
		if (i == FW_AT_PSTATE && without_ssbs(left) == without_ssbs(right))
			continue;
		fw_regs_list(a.regs, names);
		return fw_same(names[i].name, FW_SIDE(a.who, left), FW_SIDE(b.who, right), why);
	}
	return true;
}

bool fw_is_compat(const struct fw_fork *fork)
{
	return fork->enter && fork->enter->flags & FORKWATCH_ENTER_COMPAT;
}

bool fw_asks_x0(const struct fw_fork *fork)
{
	return fork->clone_call && fork->clone_call->options & FORKWATCH_CLONE_CHILD_X0;
}

uint64_t fw_ret_from_fork(const struct fw_env *env, struct fw_why *why)
{
	uint64_t addr = env->ksyms ? fw_ksyms_addr(env->ksyms, "ret_from_fork") : 0;

	if (!addr)
		fw_explain(why, "ret_from_fork is hidden: be root, sysctl kernel.kptr_restrict=1");
	return addr;
}

bool fw_knows_kernel(const struct fw_env *env, struct fw_why *why)
{
	if (!env->kernel)
		fw_explain(why, "the kernel's version is not known from its release \"%s\"",
			   env->release);
	return env->kernel;
}
