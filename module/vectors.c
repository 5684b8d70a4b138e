// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where an exception leads, read from the instructions of the table that
 * VBAR_EL1 points to. Three kinds of table exist: `vectors`, whose entries
 * branch to the handlers; those against Spectre-BHB, whose EL0 entries go on to
 * `vectors`; and, with KPTI, the trampoline, which is in VBAR_EL1 only while
 * EL0 runs and goes on to `vectors` too. Both go on by a `ret` to x30, so that
 * x30 is all that has to be computed on the way.
 */
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/uaccess.h>

#include <asm/cpufeature.h>
#include <asm/fixmap.h>
#include <asm/sysreg.h>

#include "symbols.h"
#include "vectors.h"

/* "Exception vectors" in the architecture manual: 16 entries of 32 instructions. */
#define NR_VECTORS	16
#define VECTOR_INSNS	32
#define TABLE_INSNS	(NR_VECTORS * VECTOR_INSNS)
#define EL0_64_SYNC	8

/* A64, with Rd (and Rn) x30. */
#define RET		0xd65f03c0U
#define LDR_MASK	0xff00001fU	/* ldr x30, label */
#define LDR_VALUE	0x5800001eU
#define LOAD		0xf94003deU	/* ldr x30, [x30] */
#define ADRP_MASK	0x9f00001fU
#define ADRP_VALUE	0x9000001eU
#define ADD_MASK	0xff8003ffU	/* add x30, x30, #imm */
#define ADD_VALUE	0x910003deU
#define SUB_VALUE	0xd10003deU
#define MRS_MASK	0xfff0001fU
#define MRS_VALUE	0xd530001eU
#define MOVZ_MASK	0xff80001fU
#define MOVZ_VALUE	0xd280001eU
#define MOVN_VALUE	0x9280001eU
#define MOVK_VALUE	0xf280001eU

static u64 load(const void *addr)
{
	u64 value;

	return copy_from_kernel_nofault(&value, addr, sizeof(value)) ? 0 : value;
}

static u64 add_immediate(u32 insn)
{
	return (u64)(insn >> 10 & 0xfff) << (insn & BIT(22) ? 12 : 0);
}

static u64 move_wide(u32 insn, u64 x30)
{
	int shift = (insn >> 21 & 3) * 16;
	u64 value = (u64)(insn >> 5 & 0xffff) << shift;

	switch (insn & MOVZ_MASK) {
	case MOVZ_VALUE:
		return value;
	case MOVN_VALUE:
		return ~value;
	}
	return (x30 & ~(0xffffULL << shift)) | value;
}

/* What x30 holds after the instruction @insn at @pc; 0 if that is not known. */
static u64 step(const u32 *pc, u32 insn, u64 x30)
{
	if ((insn & MRS_MASK) == MRS_VALUE)
		return 0;
	if ((insn & LDR_MASK) == LDR_VALUE)
		return load(pc + sign_extend32(insn >> 5, 18));
	if ((insn & ADRP_MASK) == ADRP_VALUE)
		return fw_adrp_page(pc, insn);
	if ((insn & MOVZ_MASK) == MOVZ_VALUE || (insn & MOVZ_MASK) == MOVN_VALUE ||
	    (insn & MOVZ_MASK) == MOVK_VALUE)
		return move_wide(insn, x30);
	if (!x30)
		return 0;
	if (insn == LOAD)
		return load((void *)x30);
	if ((insn & ADD_MASK) == ADD_VALUE)
		return x30 + add_immediate(insn);
	if ((insn & ADD_MASK) == SUB_VALUE)
		return x30 - add_immediate(insn);
	return x30;
}

/*
 * Where the code at @pc leaves @table, 0 if that does not show. Conditional
 * branches are for a stack that overflowed and for loops: not taken.
 */
static u64 leave(const u32 *table, u32 *pc)
{
	u64 x30 = 0;
	u32 insn, *target;
	int i;

	for (i = 0; i < 2 * VECTOR_INSNS; i++) {
		if (copy_from_kernel_nofault(&insn, pc, sizeof(insn)))
			return 0;
		if (insn == RET)
			return x30;
		if (!fw_insn_is_b(insn) && !fw_insn_is_bl(insn)) {
			x30 = step(pc++, insn, x30);
			continue;
		}
		target = fw_branch_target(pc, insn);
		if (target < table || target >= table + TABLE_INSNS)
			return (u64)target;
		if (fw_insn_is_bl(insn))
			x30 = (u64)(pc + 1);
		pc = target;
	}
	return 0;
}

/* By way of @vectors, if an entry goes on there from another table. */
static void print_vector(struct seq_buf *s, int i, u32 *table, u32 *vectors)
{
	u64 target = leave(table, table + i * VECTOR_INSNS);
	u32 *hop = (u32 *)target;

	if (table != vectors && hop >= vectors && hop < vectors + TABLE_INSNS) {
		seq_buf_printf(s, "hop %d", i);
		fw_symbol_print(s, target);
		target = leave(vectors, hop);
	}
	if (!target)
		return;
	seq_buf_printf(s, "vector %d", i);
	fw_symbol_print(s, target);
}

#ifdef CONFIG_UNMAP_KERNEL_AT_EL0

/* One table each for the ways to mitigate Spectre-BHB, one without (asm/vectors.h). */
#define NR_TRAMPOLINES	(IS_ENABLED(CONFIG_MITIGATE_SPECTRE_BRANCH_HISTORY) ? 4 : 1)

/* The alias of the trampoline that is mapped while EL0 runs; it reads its data from there. */
static void print_trampolines(struct seq_buf *s)
{
	unsigned long this_cpu_vector = fw_symbol("this_cpu_vector");
	u32 *table = (u32 *)TRAMP_VALIAS;
	u64 target;
	int i;

	if (!cpus_have_cap(ARM64_UNMAP_KERNEL_AT_EL0))
		return;
	if (this_cpu_vector)
		seq_buf_printf(s, "el0_vbar %#llx\n",
			       load(raw_cpu_ptr((void __percpu *)this_cpu_vector)));
	for (i = 0; i < NR_TRAMPOLINES; i++, table += TABLE_INSNS) {
		target = leave(table, table + EL0_64_SYNC * VECTOR_INSNS);
		if (!target)
			continue;
		seq_buf_printf(s, "trampoline %d %#llx", i, (u64)table);
		fw_symbol_print(s, target);
	}
}

#else

static void print_trampolines(struct seq_buf *s)
{
}

#endif

void fw_vectors_print(struct seq_buf *s)
{
	u32 *table = (u32 *)read_sysreg(vbar_el1);
	u32 *vectors = (u32 *)fw_symbol("vectors");
	int i;

	seq_buf_printf(s, "vbar_el1");
	fw_symbol_print(s, (u64)table);
	for (i = 0; i < NR_VECTORS; i++)
		print_vector(s, i, table, vectors);
	print_trampolines(s);
}
