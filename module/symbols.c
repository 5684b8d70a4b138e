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

#include <asm/unistd.h>

#include "symbols.h"

/* A64, "B" and "BL": bits 31..26 are 000101 and 100101, imm26 counts words. */
#define BRANCH_MASK	0xfc000000U
#define B_VALUE		0x14000000U
#define BL_VALUE	0x94000000U
#define BRANCH_IMM_BITS	26

/* __switch_to() has 0x64 instructions where it is longest (7.3). */
#define SWITCH_TO_INSNS_MAX	1024

static u32 *switch_call;
static unsigned long (*lookup_name)(const char *name);

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

bool fw_insn_is_b(u32 insn)
{
	return (insn & BRANCH_MASK) == B_VALUE;
}

bool fw_insn_is_bl(u32 insn)
{
	return (insn & BRANCH_MASK) == BL_VALUE;
}

u32 *fw_branch_target(u32 *addr, u32 insn)
{
	return addr + sign_extend32(insn, BRANCH_IMM_BITS - 1);
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
		if (fw_insn_is_bl(insn) &&
		    is_in_function(fw_branch_target(addr, insn), "cpu_switch_to", true))
			return addr;
	}
	return ERR_PTR(-ENOENT);
}

unsigned long fw_symbol(const char *name)
{
	return lookup_name ? lookup_name(name) : 0;
}

void fw_symbol_print(struct seq_buf *s, u64 addr)
{
	char symbol[KSYM_SYMBOL_LEN];

	sprint_symbol(symbol, addr);
	seq_buf_printf(s, " %#llx %s\n", addr, symbol);
}

/* A64, "ADRP" and 64-bit "ADD (immediate)" without shift. */
#define ADRP_MASK	0x9f000000U
#define ADRP_VALUE	0x90000000U
#define ADD_MASK	0xffc00000U
#define ADD_VALUE	0x91000000U

u64 fw_adrp_page(const u32 *addr, u32 insn)
{
	u64 imm = (u64)(insn >> 5 & 0x7ffff) << 2 | (insn >> 29 & 3);

	return ((u64)addr & ~0xfffULL) + (sign_extend64(imm, 20) << 12);
}

/* A table is the native one if clone()'s entry leads to clone(). */
static bool is_syscall_table(u64 table)
{
	void *entry;

	if (copy_from_kernel_nofault(&entry, (void **)table + __NR_clone, sizeof(entry)))
		return false;
	return is_in_function(entry, "__arm64_sys_clone", true);
}

/* What `adrp` and `add` make of addresses in the function @name, until one is the table. */
static u64 find_syscall_table(const char *name)
{
	const u32 *addr = (const u32 *)fw_symbol(name);
	u64 page[32] = {};
	u64 table;
	u32 insn;

	for (; addr && is_in_function(addr, name, false); addr++) {
		if (copy_from_kernel_nofault(&insn, addr, sizeof(insn)))
			return 0;
		if ((insn & ADRP_MASK) == ADRP_VALUE)
			page[insn & 31] = fw_adrp_page(addr, insn);
		if ((insn & ADD_MASK) != ADD_VALUE || !page[insn >> 5 & 31])
			continue;
		table = page[insn >> 5 & 31] + (insn >> 10 & 0xfff);
		if (is_syscall_table(table))
			return table;
	}
	return 0;
}

/* Without CONFIG_KALLSYMS_ALL data has no names: then from the code that uses it. */
u64 fw_syscall_table(void)
{
	static const char * const users[] = { "do_el0_svc", "el0_svc_common", "el0_svc" };
	u64 table = fw_symbol("sys_call_table");
	int i;

	for (i = 0; !table && i < ARRAY_SIZE(users); i++)
		table = find_syscall_table(users[i]);
	return table;
}

void fw_symbols_init(void)
{
	u32 *addr = find_switch_call();
	void *lookup = fw_function("kallsyms_lookup_name");

	/* Only data needs it, which no probe can sit on: sys_call_table and the vectors. */
	lookup_name = IS_ERR(lookup) ? NULL : lookup;

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
