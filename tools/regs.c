// SPDX-License-Identifier: GPL-2.0-only
/* Registers as lists, and pstate in letters. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "regs.h"

#define FIRST_SAVED	19	/* cpu_context begins with x19 */

/* PSTATE as SPSR_EL1 holds it. */
#define PSTATE_MODE	0x0fULL
#define PSTATE_AARCH32	(1ULL << 4)
#define PSTATE_NZCV	28	/* V's bit; C, Z and N follow */
#define PSTATE_DAIF	6	/* F's bit; I, A and D follow */
#define PSTATE_BTYPE	10	/* two bits */

/* What only AArch32 has in it: Thumb, four flags of SIMD, saturation, the IT block. */
#define CPSR_T		(1ULL << 5)
#define CPSR_GE		16	/* four bits */
#define CPSR_Q		27	/* next to V */
#define CPSR_IT		(0x3fULL << 10 | 3ULL << 25)

static void set(struct fw_reg *reg, const char *name, enum fw_reg_type type, uint64_t value)
{
	*reg = (struct fw_reg) { .name = name, .type = type, .value = value };
}

static void set_numbered_name(char *name, char letter, unsigned int nr)
{
	*name++ = letter;
	if (nr >= 10)
		*name++ = '0' + nr / 10;
	*name++ = '0' + nr % 10;
	*name = '\0';
}

/* Every rule lists registers, for every fork: their names are made but once. */
static char x_names[FORKWATCH_NR_X][sizeof("x30")];
static char r_names[FW_NR_AARCH32_R][sizeof("r12")];

__attribute__((constructor))
static void make_names(void)
{
	unsigned int i;

	for (i = 0; i < FORKWATCH_NR_X; i++)
		set_numbered_name(x_names[i], 'x', i);
	for (i = 0; i < FW_NR_AARCH32_R; i++)
		set_numbered_name(r_names[i], 'r', i);
}

char *fw_x_name(unsigned int nr, char *buf, size_t size)
{
	if (nr < 100 && size >= sizeof("x99"))
		set_numbered_name(buf, 'x', nr);
	else
		snprintf(buf, size, "x%u", nr);
	return buf;
}

static struct fw_reg *set_numbered(struct fw_reg *reg, unsigned int first,
				   const __u64 *values, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		set(reg++, x_names[first + i], FW_REG_X, values[i]);
	return reg;
}

bool fw_regs_aarch32(const struct forkwatch_regs *regs)
{
	return regs->pstate & PSTATE_AARCH32;
}

const char *fw_regs_instructions(const struct forkwatch_regs *regs)
{
	if (!fw_regs_aarch32(regs))
		return "A64";
	return regs->pstate & CPSR_T ? "T32" : "A32";
}

/*
 * An AArch32 program's registers lie in the first fifteen. The others are those of
 * modes that it cannot enter, and the AArch64 sp that it does not have.
 */
static void name_aarch32(struct fw_reg list[FW_NR_REGS])
{
	unsigned int i;

	for (i = 0; i < FW_NR_AARCH32_R; i++)
		list[i].name = r_names[i];
	set(&list[i], "sp", FW_REG_STACK, list[i].value);
	list[i + 1].name = "lr";
	for (i = FORKWATCH_NR_X; i < FW_NR_REGS; i++) {
		if (list[i].type == FW_REG_STACK)
			list[i].name = "sp_el0";
		else if (list[i].type == FW_REG_PSTATE)
			list[i].name = "cpsr";
		else if (list[i].type == FW_REG_X)
			list[i].name = "orig_r0";
	}
}

void fw_regs_list(const struct forkwatch_regs *regs, struct fw_reg list[FW_NR_REGS])
{
	struct fw_reg *reg = set_numbered(list, 0, regs->x, FORKWATCH_NR_X);

	set(reg++, "sp", FW_REG_STACK, regs->sp);
	set(reg++, "pc", FW_REG_CODE, regs->pc);
	set(reg++, "pstate", FW_REG_PSTATE, regs->pstate);
	set(reg++, "orig_x0", FW_REG_X, regs->orig_x0);
	set(reg++, "syscallno", FW_REG_NUMBER, (uint64_t)(int64_t)regs->syscallno);
	if (fw_regs_aarch32(regs))
		name_aarch32(list);
}

void fw_context_list(const struct forkwatch_context *context, struct fw_reg list[FW_NR_CONTEXT])
{
	struct fw_reg *reg = set_numbered(list, FIRST_SAVED, context->saved, FORKWATCH_NR_SAVED);

	set(reg++, "fp", FW_REG_STACK, context->fp);
	set(reg++, "sp", FW_REG_STACK, context->sp);
	set(reg++, "pc", FW_REG_CODE, context->pc);
}

/* Only numbered registers make a run: "x1..x30", but never "sp..pstate". */
static int is_numbered(const struct fw_reg *reg)
{
	return strchr("xr", reg->name[0]) && isdigit((unsigned char)reg->name[1]);
}

char *fw_regs_runs(const struct fw_reg *list, const unsigned char *in, size_t nr,
		   char *buf, size_t size)
{
	size_t first, last, len = 0;

	buf[0] = '\0';
	for (first = 0; first < nr; first = last + 1) {
		last = first;
		if (!in[first])
			continue;
		while (is_numbered(&list[first]) && last + 1 < nr && in[last + 1] &&
		       is_numbered(&list[last + 1]))
			last++;
		if (len < size)
			len += snprintf(buf + len, size - len, "%s%s", len ? ", " : "",
					list[first].name);
		if (last > first && len < size)
			len += snprintf(buf + len, size - len, "..%s", list[last].name);
	}
	return buf;
}

/* The letters of @names in order, from the highest bit; capitals for those that are set. */
static void letters(uint64_t value, unsigned int low, const char *names, char *out)
{
	size_t i, nr = strlen(names);

	for (i = 0; i < nr; i++) {
		int is_set = (value >> (low + nr - 1 - i)) & 1;

		out[i] = is_set ? toupper((unsigned char)names[i]) :
				  tolower((unsigned char)names[i]);
	}
	out[nr] = '\0';
}

const char *fw_pstate_mode(uint64_t pstate)
{
	static const char *const aarch64[16] = {
		[0x0] = "EL0t", [0x4] = "EL1t", [0x5] = "EL1h", [0x8] = "EL2t", [0x9] = "EL2h",
		[0xc] = "EL3t", [0xd] = "EL3h",
	};
	static const char *const aarch32[16] = {
		[0x0] = "USR", [0x1] = "FIQ", [0x2] = "IRQ", [0x3] = "SVC", [0x6] = "MON",
		[0x7] = "ABT", [0xa] = "HYP", [0xb] = "UND", [0xf] = "SYS",
	};

	return (pstate & PSTATE_AARCH32 ? aarch32 : aarch64)[pstate & PSTATE_MODE];
}

enum { IN_AARCH64 = 1, IN_AARCH32 = 2 };

static const struct pstate_bit {
	unsigned int bit;
	int where;
	const char *name;
} pstate_bits[] = {
	{ 12, IN_AARCH64, "SSBS" },
	{ 20, IN_AARCH64 | IN_AARCH32, "IL" },
	{ 21, IN_AARCH64 | IN_AARCH32, "SS" },
	{ 22, IN_AARCH64 | IN_AARCH32, "PAN" },
	{ 23, IN_AARCH64, "UAO" },
	{ 23, IN_AARCH32, "SSBS" },
	{ 24, IN_AARCH64 | IN_AARCH32, "DIT" },
	{ 25, IN_AARCH64, "TCO" },
};

char *fw_daif_name(uint64_t daif, char *buf, size_t size)
{
	char out[8];

	letters(daif, PSTATE_DAIF, "daif", out);
	snprintf(buf, size, "%s", out);
	return buf;
}

/* Appends " NAME" to what @buf holds. */
__attribute__((format(printf, 3, 4)))
static void append(char *buf, size_t size, const char *format, ...)
{
	size_t len = strlen(buf);
	va_list args;

	va_start(args, format);
	vsnprintf(buf + len, size - len, format, args);
	va_end(args);
}

/*
 * Flags, and what only the CPSR has. There is one mode that a program can be in, and
 * that it has an instruction set says that. Returns the bits that were shown.
 */
static uint64_t put_cpsr(uint64_t cpsr, char *buf, size_t size)
{
	/* The condition of an IT block stands in two places: bits 7..2, and 1..0. */
	unsigned int it = ((cpsr >> 10) & 0x3f) << 2 | ((cpsr >> 25) & 3);
	unsigned int ge = (cpsr >> CPSR_GE) & 0xf;
	const char *mode = fw_pstate_mode(cpsr);
	char flags[8];

	letters(cpsr, CPSR_Q, "nzcvq", flags);
	snprintf(buf, size, "%s %s", flags, cpsr & CPSR_T ? "T32" : "A32");
	if (cpsr & PSTATE_MODE)
		append(buf, size, " %s", mode ? mode : "mode?");
	if (ge)
		append(buf, size, " GE=%x", ge);
	if (it)
		append(buf, size, " IT=%02x", it);
	return CPSR_T | 1ULL << CPSR_Q | 0xfULL << CPSR_GE | CPSR_IT;
}

static void put_pstate(uint64_t pstate, char *buf, size_t size)
{
	const char *mode = fw_pstate_mode(pstate);
	char flags[8];

	letters(pstate, PSTATE_NZCV, "nzcv", flags);
	snprintf(buf, size, "%s %s", flags, mode ? mode : "mode?");
}

char *fw_pstate_name(uint64_t pstate, char *buf, size_t size)
{
	int here = pstate & PSTATE_AARCH32 ? IN_AARCH32 : IN_AARCH64;
	unsigned int btype = (pstate >> PSTATE_BTYPE) & 3;
	uint64_t rest = pstate & ~(PSTATE_MODE | PSTATE_AARCH32 | 0xfULL << PSTATE_NZCV |
				   0xfULL << PSTATE_DAIF);
	char daif[8];
	size_t i;

	if (here == IN_AARCH32)
		rest &= ~put_cpsr(pstate, buf, size);
	else
		put_pstate(pstate, buf, size);

	/* AArch32 has the byte order where AArch64 masks debug exceptions. */
	letters(pstate, PSTATE_DAIF, here == IN_AARCH32 ? "eaif" : "daif", daif);
	if (strpbrk(daif, "DEAIF"))
		append(buf, size, " %s", daif);

	for (i = 0; i < ARRAY_SIZE(pstate_bits); i++) {
		uint64_t bit = 1ULL << pstate_bits[i].bit;

		if (!(rest & bit) || !(pstate_bits[i].where & here))
			continue;
		append(buf, size, " %s", pstate_bits[i].name);
		rest &= ~bit;
	}
	if (btype && here == IN_AARCH64) {
		append(buf, size, " BTYPE=%u", btype);
		rest &= ~(3ULL << PSTATE_BTYPE);
	}
	if (rest)
		append(buf, size, " 0x%llx", (unsigned long long)rest);
	return buf;
}
