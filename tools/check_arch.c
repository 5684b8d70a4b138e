// SPDX-License-Identifier: GPL-2.0-only
/* Rules H: the way in. */
#include <stdio.h>
#include <string.h>

#include "arch.h"
#include "array.h"
#include "rule.h"

#define TABLE_BYTES	(FW_NR_VECTORS * FW_VECTOR_BYTES)

/* Where a trampoline goes on: past the first instruction, which is for those that use none. */
#define SVC_HOP		(FW_VECTOR_SVC * FW_VECTOR_BYTES + 4)

static enum fw_verdict not_observed(struct fw_why *why, const char *what)
{
	fw_explain(why, "no %s in " FW_ARCH_FILE ": load the module of this tool's tree", what);
	return FW_NOT_OBSERVED;
}

/* PASS if @place is at @offset of one of @names, which ends with NULL. */
static enum fw_verdict leads_to(const char *what, const struct fw_place *place,
				const char *const *names, uint64_t offset, struct fw_why *why)
{
	char name[FW_PLACE_LEN], at[24] = "";
	const char *const *wanted;

	if (!place->seen)
		return not_observed(why, what);
	for (wanted = names; *wanted; wanted++)
		if (!strcmp(place->symbol, *wanted) && !place->module[0] && place->offset == offset)
			return FW_PASS;
	if (offset)
		snprintf(at, sizeof(at), "+0x%llx", (unsigned long long)offset);
	fw_explain(why, "%s leads to %s, expected %s%s%s%s%s", what,
		   fw_place_name(place, name, sizeof(name)), names[0], at,
		   names[1] ? " or " : "", names[1] ? names[1] : "", names[1] ? at : "");
	return FW_FAIL;
}

static enum fw_verdict check_table(const struct fw_arch *arch, struct fw_why *why)
{
	static const char mitigating[] = "__bp_harden_el1_vectors";
	const struct fw_place *vbar = &arch->vbar_el1;
	const uint64_t *vectors = fw_arch_symbol(arch, "vectors");
	char name[FW_PLACE_LEN];

	if (!vbar->seen)
		return not_observed(why, "vbar_el1");
	if (!fw_same("VBAR_EL1 modulo 0x800", FW_SIDE("observed", vbar->addr % TABLE_BYTES),
		     FW_SIDE("expected", 0), why))
		return FW_FAIL;
	if (!vbar->symbol[0] && !vectors) {
		fw_explain(why, "the kernel does not tell its symbols: it needs CONFIG_KALLSYMS");
		return FW_NOT_OBSERVED;
	}
	if (!strcmp(vbar->symbol, mitigating) && !vbar->module[0] &&
	    vbar->offset % TABLE_BYTES == 0)
		return FW_PASS;
	if (strcmp(vbar->symbol, "vectors") || vbar->module[0] || vbar->offset) {
		fw_explain(why, "VBAR_EL1 points to %s, expected vectors or %s",
			   fw_place_name(vbar, name, sizeof(name)), mitigating);
		return FW_FAIL;
	}
	return fw_same("bytes of vectors", FW_SIDE("observed", vbar->size),
		       FW_SIDE("16 entries of 0x80", TABLE_BYTES), why) ? FW_PASS : FW_FAIL;
}

/* That each entry leads to the start of something shows that they are 0x80 apart. */
static enum fw_verdict check_entries(const struct fw_arch *arch, struct fw_why *why)
{
	char name[FW_PLACE_LEN];
	int i;

	for (i = 0; i < FW_NR_VECTORS; i++) {
		if (!arch->vectors[i].seen) {
			snprintf(name, sizeof(name), "vector %d", i);
			return not_observed(why, name);
		}
		if (arch->vectors[i].symbol[0] && !arch->vectors[i].offset)
			continue;
		fw_explain(why, "vector %d leads to %s, expected the start of a handler", i,
			   fw_place_name(&arch->vectors[i], name, sizeof(name)));
		return FW_FAIL;
	}
	return FW_PASS;
}

/* a5b43a87a760 ("arm64: entry: template the entry asm functions"), v5.14, renamed it. */
static const char *const svc_handlers[] = { "el0t_64_sync", "el0_sync", NULL };
static const char *const vectors[] = { "vectors", NULL };

static enum fw_verdict check_handler(const struct fw_arch *arch, struct fw_why *why)
{
	const struct fw_place *handler = &arch->vectors[FW_VECTOR_SVC];
	enum fw_verdict verdict = leads_to("vector 8", handler, svc_handlers, 0, why);

	if (verdict != FW_PASS || !arch->nr_path || !strcmp(arch->path[0], handler->symbol))
		return verdict;
	fw_explain(why, "vector 8 leads to %s, this tool's own system calls came through %s",
		   handler->symbol, arch->path[0]);
	return FW_FAIL;
}

/* Without KPTI a table against Spectre-BHB may stand before vectors. */
static enum fw_verdict check_hop(const struct fw_arch *arch, struct fw_why *why)
{
	if (!strcmp(arch->vbar_el1.symbol, "vectors"))
		return FW_PASS;
	return leads_to("hop 8", &arch->hops[FW_VECTOR_SVC], vectors, SVC_HOP, why);
}

static enum fw_verdict check_trampolines(const struct fw_arch *arch, struct fw_why *why)
{
	bool in_use = !arch->el0_vbar.seen;
	enum fw_verdict verdict;
	int i, nr = 0;
	char what[32];

	if (!arch->kpti.seen)
		return not_observed(why, "kpti");
	if (!arch->kpti.value)
		return FW_PASS;
	for (i = 0; i < FW_ARCH_ROOM; i++) {
		if (!arch->trampolines[i].table.seen)
			continue;
		nr++;
		in_use |= arch->trampolines[i].table.value == arch->el0_vbar.value;
		snprintf(what, sizeof(what), "trampoline %d", i);
		verdict = leads_to(what, &arch->trampolines[i].hop, vectors, SVC_HOP, why);
		if (verdict != FW_PASS)
			return verdict;
	}
	if (!nr)
		return not_observed(why, "trampoline, though kpti is 1,");
	if (in_use)
		return FW_PASS;
	fw_explain(why, "VBAR_EL1 in EL0 is none of the %d trampolines, expected one of them", nr);
	return FW_FAIL;
}

static enum fw_verdict check_vectors(const struct fw_arch *arch, struct fw_why *why)
{
	static enum fw_verdict (*const parts[])(const struct fw_arch *arch, struct fw_why *why) = {
		check_table, check_handler, check_entries, check_hop, check_trampolines,
	};
	enum fw_verdict verdict, missing = FW_PASS;
	struct fw_why first = { "" };
	size_t i;

	/* What is wrong weighs more than what is missing. */
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		verdict = parts[i](arch, why);
		if (verdict == FW_FAIL)
			return FW_FAIL;
		if (verdict != FW_NOT_OBSERVED || missing == FW_NOT_OBSERVED)
			continue;
		missing = FW_NOT_OBSERVED;
		first = *why;
	}
	*why = first;
	return missing;
}

static enum fw_verdict check_level(const struct fw_arch *arch, struct fw_why *why)
{
	if (!arch->el.seen)
		return not_observed(why, "el");
	if (!arch->spsel.seen)
		return not_observed(why, "spsel");
	if (!arch->vhe.seen)
		return not_observed(why, "vhe");
	if (!fw_same("SPSel", FW_SIDE("observed", arch->spsel.value), FW_SIDE("expected", 1), why))
		return FW_FAIL;
	return fw_same(arch->vhe.value ? "exception level, with VHE" : "exception level",
		       FW_SIDE("observed", arch->el.value),
		       FW_SIDE("expected", arch->vhe.value ? 2 : 1), why) ? FW_PASS : FW_FAIL;
}

static enum fw_verdict check_syndrome(const struct fw_arch *arch, struct fw_why *why)
{
	uint64_t esr = arch->esr_el1.value;
	const char *class = fw_esr_class(esr);

	if (!arch->esr_el1.seen)
		return not_observed(why, "esr_el1");
	if (FW_ESR_EC(esr) != FW_EC_SVC64) {
		fw_explain(why, "ESR_EL1 has EC 0x%x%s%s%s: another exception came between the "
			   "SVC and the look at it; run this again",
			   (unsigned int)FW_ESR_EC(esr), class ? " (" : "", class ? class : "",
			   class ? ")" : "");
		return FW_NOT_OBSERVED;
	}
	return fw_same("ISS of ESR_EL1", FW_SIDE("observed", FW_ESR_ISS(esr)),
		       FW_SIDE("expected", 0), why) ? FW_PASS : FW_FAIL;
}

/* asm-generic's numbers, which arm64 has. */
static const struct {
	unsigned int nr;
	const char *names[2];
} calls[] = {
	{ 220, { "__arm64_sys_clone" } },
	{ 435, { "__arm64_sys_clone3" } },
};

static const char *const unassigned[] = { "__arm64_sys_ni_syscall", NULL };

static enum fw_verdict check_entry(const struct fw_arch *arch, uint64_t nr,
				   const char *const *names, struct fw_why *why)
{
	static const struct fw_place none;
	const struct fw_place *entry = fw_arch_syscall(arch, nr);
	char what[32];

	snprintf(what, sizeof(what), "syscall %llu", (unsigned long long)nr);
	return leads_to(what, entry ? entry : &none, names, 0, why);
}

/* A number that the module serves: a hole still, or past the end. */
static enum fw_verdict check_served(const struct fw_arch *arch, uint64_t nr, struct fw_why *why)
{
	char name[FW_PLACE_LEN];

	if (nr < arch->syscalls.value)
		return check_entry(arch, nr, unassigned, why);
	if (!fw_arch_syscall(arch, nr))
		return FW_PASS;
	fw_explain(why, "syscall %llu leads to %s, expected no entry: the table has %llu",
		   (unsigned long long)nr,
		   fw_place_name(fw_arch_syscall(arch, nr), name, sizeof(name)),
		   (unsigned long long)arch->syscalls.value);
	return FW_FAIL;
}

static enum fw_verdict check_syscalls(const struct fw_arch *arch, struct fw_why *why)
{
	enum fw_verdict verdict;
	size_t i;

	if (!arch->syscalls.seen)
		return not_observed(why, "syscalls");
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		verdict = check_entry(arch, calls[i].nr, calls[i].names, why);
		if (verdict != FW_PASS)
			return verdict;
	}
	for (i = 0; i < arch->nr_calls; i++) {
		verdict = check_served(arch, arch->calls[i].value, why);
		if (verdict != FW_PASS)
			return verdict;
	}
	return FW_PASS;
}

const struct fw_arch_rule fw_arch_rules[FW_NR_ARCH_RULES] = {
	{
		.id = "H1",
		.text = "VBAR_EL1 2 KiB aligned, entries 0x80 apart, entry 8 to EL0's handler",
		.source = "vectors, kernel_ventry, tramp_ventry (arch/arm64/kernel/entry.S)",
		.since = "5.10 (el0_sync) .. 7.3 (el0t_64_sync)",
		.holds = check_vectors,
	},
	{
		.id = "H2",
		.text = "the kernel runs with SPSel = 1, at EL1, or at EL2 with VHE",
		.source = "init_kernel_el (arch/arm64/kernel/head.S)",
		.since = "5.10 (el2_setup) .. 7.3",
		.holds = check_level,
	},
	{
		.id = "H3",
		.text = "ESR_EL1 of a system call has EC 0x15 (SVC from AArch64) and ISS 0",
		.source = "el0t_64_sync_handler (arch/arm64/kernel/entry-common.c)",
		.since = "5.10 (el0_sync_handler) .. 7.3",
		.holds = check_syndrome,
	},
	{
		.id = "H4",
		.text = "sys_call_table has clone, clone3 and nothing where the module serves",
		.source = "sys_call_table (arch/arm64/kernel/sys.c)",
		.since = "5.10 .. 7.3",
		.holds = check_syscalls,
	},
};

void fw_arch_check(const struct fw_arch *arch, struct fw_judgement verdicts[FW_NR_ARCH_RULES])
{
	int i;

	for (i = 0; i < FW_NR_ARCH_RULES; i++) {
		verdicts[i].why.text[0] = '\0';
		verdicts[i].verdict = fw_arch_rules[i].holds(arch, &verdicts[i].why);
		if (verdicts[i].verdict == FW_PASS)
			verdicts[i].why.text[0] = '\0';
	}
}
