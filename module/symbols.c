// SPDX-License-Identifier: GPL-2.0-only
/*
 * cpu_switch_to() is on the kprobe blacklist, its caller is not: the call site
 * is found by decoding __switch_to(). The kernel exports neither name nor
 * address of either; a kprobe that is registered for a moment gives the
 * address, sprint_symbol() the name of what a `bl` leads to.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "symbols.h"

/* A64, "B/BL (immediate)": bits 31..26 are 100101 for BL, imm26 counts words. */
#define BL_MASK		0xfc000000U
#define BL_VALUE	0x94000000U
#define BL_IMM_BITS	26

/* __switch_to() has 0x64 instructions where it is longest (7.3). */
#define SWITCH_TO_INSNS_MAX	1024

static u32 *switch_call;

void *fw_function(const char *name)
{
	struct kprobe kp = { .symbol_name = name };
	void *addr;
	int err;

	err = register_kprobe(&kp);
	if (err)
		return ERR_PTR(err);
	addr = kp.addr;
	unregister_kprobe(&kp);
	return addr;
}

/* Is @addr inside (or with @start: at the start of) the function @name? */
static bool is_in_function(const void *addr, const char *name, bool start)
{
	char symbol[KSYM_SYMBOL_LEN];
	size_t len = strlen(name);

	sprint_symbol(symbol, (unsigned long)addr);
	return !strncmp(symbol, name, len) &&
	       !strncmp(symbol + len, start ? "+0x0/" : "+0x", start ? 5 : 3);
}

static u32 *branch_target(u32 *addr, u32 insn)
{
	return addr + sign_extend32(insn, BL_IMM_BITS - 1);
}

static u32 *find_switch_call(void)
{
	u32 *start = fw_function("__switch_to");
	u32 *addr, insn;

	if (IS_ERR(start))
		return start;

	for (addr = start; addr < start + SWITCH_TO_INSNS_MAX; addr++) {
		if (!is_in_function(addr, "__switch_to", false))
			break;
		if (copy_from_kernel_nofault(&insn, addr, sizeof(insn)))
			return ERR_PTR(-EFAULT);
		if ((insn & BL_MASK) == BL_VALUE &&
		    is_in_function(branch_target(addr, insn), "cpu_switch_to", true))
			return addr;
	}
	return ERR_PTR(-ENOENT);
}

void fw_symbols_init(void)
{
	u32 *addr = find_switch_call();

	if (IS_ERR(addr))
		pr_warn("no `bl cpu_switch_to` found in __switch_to (%ld): the event cpu_switch_to is refused, first_run cannot say where prev resumes\n",
			PTR_ERR(addr));
	else
		switch_call = addr;
}

u32 *fw_switch_call(void)
{
	return switch_call;
}
NOKPROBE_SYMBOL(fw_switch_call);
