/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way into a kernel: what the module shows of it in parameters/arch (whose
 * lines module/arch.h lists), and rules H1..H4 on that. Pure, but for what
 * cmd_arch.c reads.
 */
#ifndef FW_ARCH_H
#define FW_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "check.h"
#include "text.h"

#define FW_ARCH_FILE	"/sys/module/forkwatch/parameters/arch"

/* The longest name of a symbol that is kept; kallsyms allows for more. */
#define FW_SYMBOL_LEN	64

#define FW_NR_VECTORS	16
#define FW_VECTOR_BYTES	0x80
/* A synchronous exception of AArch64 EL0: a system call among others. */
#define FW_VECTOR_SVC	8

/* Facts that are one number. Not @seen: the module had nothing to say. */
#define FW_ARCH_NUMBERS(N)			\
	N(el)		N(spsel)	N(vhe)	\
	N(kpti)		N(esr_el1)	N(sp_el0)	\
	N(current)	N(sp)		N(el0_vbar)	\
	N(syscalls)

struct fw_number {
	bool seen;
	uint64_t value;
};

/* An address with the symbol it lies in; @symbol is "" where kallsyms has none. */
struct fw_place {
	bool seen;
	uint64_t addr;
	char symbol[FW_SYMBOL_LEN];
	char module[FW_SYMBOL_LEN];	/* "": the kernel's own */
	uint64_t offset, size;		/* in the symbol, and of the symbol */
};

struct fw_named {
	char name[FW_SYMBOL_LEN];
	uint64_t value;
};

/* KPTI: a table that may be in VBAR_EL1 while EL0 runs, and where its entry 8 goes on to. */
struct fw_trampoline {
	struct fw_number table;
	struct fw_place hop;
};

struct fw_syscall {
	uint64_t nr;
	struct fw_place entry;
};

#define FW_ARCH_ROOM	32	/* of each list; the module has less to say */

struct fw_arch {
#define FW_ARCH_MEMBER(name) struct fw_number name;
	FW_ARCH_NUMBERS(FW_ARCH_MEMBER)
#undef FW_ARCH_MEMBER
	struct fw_place vbar_el1;
	struct fw_place vectors[FW_NR_VECTORS];	/* the handler that an entry leads to */
	struct fw_place hops[FW_NR_VECTORS];	/* in another table, on the way there */
	struct fw_trampoline trampolines[FW_ARCH_ROOM];
	struct {
		bool seen;
		uint64_t low, top, pt_regs;
	} stack;				/* of the task that read the file */
	size_t nr_symbols, nr_calls, nr_entries, nr_sizes, nr_offsets, nr_path;
	struct fw_named symbols[FW_ARCH_ROOM];
	struct fw_named calls[FW_ARCH_ROOM];	/* numbers that the module serves */
	struct fw_syscall entries[FW_ARCH_ROOM];	/* of sys_call_table */
	struct fw_named sizes[FW_ARCH_ROOM];
	struct fw_named offsets[FW_ARCH_ROOM];
	char path[FW_ARCH_ROOM][FW_SYMBOL_LEN];	/* from the vector to the system call */
};

/*
 * Parses @text, the content of that file, into @arch. Lines of an unknown name
 * are for newer tools: ignored. Returns 0, or -EPROTO for a line that is not
 * what its name promises, with which and why in @why.
 */
int fw_arch_parse(struct fw_arch *arch, const char *text, struct fw_why *why);

/*
 * Takes the path of a system call from @text, /proc/self/stack as its own
 * reader saw it: the functions from the exception to __arm64_sys_*, outermost
 * first. What is no such text gives no path.
 */
void fw_arch_parse_stack(struct fw_arch *arch, const char *text);

/* By name, NULL if it was not observed. */
const uint64_t *fw_arch_symbol(const struct fw_arch *arch, const char *name);
const uint64_t *fw_arch_size(const struct fw_arch *arch, const char *name);
const uint64_t *fw_arch_offset(const struct fw_arch *arch, const char *name);
/* The entry of sys_call_table, NULL if it was not observed. */
const struct fw_place *fw_arch_syscall(const struct fw_arch *arch, uint64_t nr);

/* "vectors+0x404", "serve [forkwatch]", "no symbol". Returns @buf. */
#define FW_PLACE_LEN	(2 * FW_SYMBOL_LEN + 24)
char *fw_place_name(const struct fw_place *place, char *buf, size_t size);

/* The fields of ESR_EL1: the exception's class, and what it has to say about itself. */
#define FW_ESR_EC(esr)	((esr) >> 26 & 0x3f)
#define FW_ESR_IL(esr)	((esr) >> 25 & 1)
#define FW_ESR_ISS(esr)	((esr) & 0x1ffffff)
#define FW_EC_SVC64	0x15

/* "SVC from AArch64", NULL for a class that it does not know. */
const char *fw_esr_class(uint64_t esr);

/*
 * The rules, in the order of RULES H. No text in @why has an address of the
 * kernel in it: it may be shown to everyone.
 */
struct fw_arch_rule {
	const char *id;		/* "H1" */
	const char *text;
	const char *source;
	const char *since;
	enum fw_verdict (*holds)(const struct fw_arch *arch, struct fw_why *why);
};

#define FW_NR_ARCH_RULES	4
extern const struct fw_arch_rule fw_arch_rules[FW_NR_ARCH_RULES];

void fw_arch_check(const struct fw_arch *arch, struct fw_judgement verdicts[FW_NR_ARCH_RULES]);

/* How it is shown. */
struct fw_arch_view {
	const struct fw_arch *arch;
	const struct fw_judgement *verdicts;
	const char *release, *machine;	/* as uname -rm */
	unsigned int cpus;
	bool addresses;			/* of the kernel may be shown */
	bool explain;
};

void fw_arch_text(struct fw_text *text, const struct fw_arch_view *view);
/* A new reference to an object, NULL without memory. */
json_t *fw_arch_json(const struct fw_arch_view *view);

#endif
