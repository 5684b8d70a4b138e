/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers as lists: to be compared and shown without naming each of them. */
#ifndef FW_REGS_H
#define FW_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forkwatch.h"

/* What a value is, and so how it is shown. */
enum fw_reg_type {
	FW_REG_X,		/* x0..x30: could be anything */
	FW_REG_STACK,		/* an address in a stack */
	FW_REG_CODE,		/* an address of an instruction */
	FW_REG_PSTATE,
	FW_REG_NUMBER,		/* a decimal number */
};

struct fw_reg {
	const char *name;	/* "x0", "pstate"; there for good */
	enum fw_reg_type type;
	uint64_t value;		/* signed numbers are sign-extended */
};

#define FW_NR_REGS	(FORKWATCH_NR_X + 5)
#define FW_NR_CONTEXT	(FORKWATCH_NR_SAVED + 3)

#define FW_NR_AARCH32_R	13	/* r0..r12; sp and lr follow */

/* Are they an AArch32 program's? */
bool fw_regs_aarch32(const struct forkwatch_regs *regs);

/* The instruction set that they are in use with: "A64", "A32" or "T32" (Thumb). */
const char *fw_regs_instructions(const struct forkwatch_regs *regs);

/*
 * x0..x30, sp, pc, pstate, orig_x0, syscallno. Those of AArch32 have its names: r0..r12, sp, lr;
 * x15..x30 and sp_el0, which it does not use; pc, cpsr, orig_r0, syscallno.
 */
void fw_regs_list(const struct forkwatch_regs *regs, struct fw_reg list[FW_NR_REGS]);
/* The value alone of its element @at: rules ask for it, and need a name only where two differ. */
static inline uint64_t fw_regs_value(const struct forkwatch_regs *regs, unsigned int at)
{
	_Static_assert(offsetof(struct forkwatch_regs, orig_x0) == (FW_NR_REGS - 2) * sizeof(__u64),
		       "all but the last are numbers of 64 bits, one behind the other");
	return at == FW_NR_REGS - 1 ? (uint64_t)(int64_t)regs->syscallno :
				      ((const __u64 *)regs)[at];
}

/* x19..x28, fp, sp, pc. */
void fw_context_list(const struct forkwatch_context *context, struct fw_reg list[FW_NR_CONTEXT]);

/* Writes "x19" for 19 and so on, "x29" and "x30" too. Returns @buf. */
char *fw_x_name(unsigned int nr, char *buf, size_t size);

/*
 * Names runs of set elements: "x1..x30, sp" for a list of which these have
 * @in set. "" when none has. Returns @buf.
 */
char *fw_regs_runs(const struct fw_reg *list, const unsigned char *in, size_t nr,
		   char *buf, size_t size);

/*
 * Writes "nZCv EL0t": the condition flags, capitals being set, then the mode,
 * then whatever else is set ("daIf" masks, "SS", "IL", "BTYPE=1", bits without a name in
 * hex). Of AArch32 "nZCvq T32 GE=3": with Q, and the instruction set for its only user
 * mode. Returns @buf.
 */
char *fw_pstate_name(uint64_t pstate, char *buf, size_t size);

/* "EL0t", "EL1h", ... or AArch32's "USR"; NULL for a mode that does not exist. */
const char *fw_pstate_mode(uint64_t pstate);

/* Writes "DaIf": the exception masks, capitals being set (masked). Returns @buf. */
char *fw_daif_name(uint64_t daif, char *buf, size_t size);

#endif
