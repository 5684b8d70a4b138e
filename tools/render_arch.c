// SPDX-License-Identifier: GPL-2.0-only
/* The way into a kernel, as a page of text. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "arch.h"
#include "arch_topics.h"
#include "names.h"

/* "0xffff800008010800 vectors", or what may be shown of it. */
static void item_place(struct fw_text *text, const struct fw_arch_view *view,
		       const struct fw_place *place)
{
	char name[FW_PLACE_LEN];

	fw_place_name(place, name, sizeof(name));
	if (view->addresses)
		fw_text_item(text, "0x%" PRIx64 " %s", place->addr, name);
	else
		fw_text_item(text, "%s", name);
}

/* An address that has no name; nothing where it may not be shown. */
static void item_addr(struct fw_text *text, const struct fw_arch_view *view, const char *what,
		      uint64_t addr)
{
	if (view->addresses)
		fw_text_item(text, "%s 0x%" PRIx64, what, addr);
}

static void not_observed(struct fw_text *text)
{
	fw_text_styled(text, FW_DIM, "not observed");
}

/*
 * The rows: each prints the items of its topic.
 */
static void row_svc(struct fw_text *text, const struct fw_arch_view *view)
{
	(void)view;
	fw_text_item(text, "in EL0: number in x8, arguments in x0..x5");
	fw_text_item(text, "back in EL0: result in x0");
}

static void row_esr(struct fw_text *text, const struct fw_arch_view *view)
{
	uint64_t esr = view->arch->esr_el1.value;
	const char *class = fw_esr_class(esr);

	if (!view->arch->esr_el1.seen) {
		not_observed(text);
		return;
	}
	fw_text_item(text, "0x%" PRIx64, esr);
	fw_text_item(text, "EC 0x%" PRIx64 " %s", FW_ESR_EC(esr), class ? class : "another class");
	fw_text_item(text, "IL %" PRIu64, FW_ESR_IL(esr));
	fw_text_item(text, "ISS 0x%" PRIx64, FW_ESR_ISS(esr));
}

static void row_level(struct fw_text *text, const struct fw_arch_view *view)
{
	const struct fw_arch *arch = view->arch;

	if (arch->el.seen)
		fw_text_item(text, "CurrentEL EL%" PRIu64, arch->el.value);
	if (arch->vhe.seen)
		fw_text_item(text, "%s", arch->vhe.value ? "VHE" : "no VHE");
	if (arch->spsel.seen)
		fw_text_item(text, "SPSel %" PRIu64 ": sp is SP_EL%" PRIu64, arch->spsel.value,
			     arch->spsel.value ? arch->el.value : UINT64_C(0));
	if (!arch->el.seen && !arch->vhe.seen && !arch->spsel.seen)
		not_observed(text);
}

static void row_vbar(struct fw_text *text, const struct fw_arch_view *view)
{
	const struct fw_arch *arch = view->arch;
	char name[FW_PLACE_LEN];

	if (!arch->vbar_el1.seen) {
		not_observed(text);
		return;
	}
	fw_text_item(text, "VBAR_EL1");
	item_place(text, view, &arch->vbar_el1);
	fw_text_item(text, "entry %d at +0x%x", FW_VECTOR_SVC, FW_VECTOR_SVC * FW_VECTOR_BYTES);
	if (arch->hops[FW_VECTOR_SVC].seen)
		fw_text_item(text, "against Spectre-BHB first, then on to %s",
			     fw_place_name(&arch->hops[FW_VECTOR_SVC], name, sizeof(name)));
	if (arch->vectors[FW_VECTOR_SVC].seen)
		fw_text_item(text, "leads to %s", fw_place_name(&arch->vectors[FW_VECTOR_SVC],
								name, sizeof(name)));
}

static void row_kpti(struct fw_text *text, const struct fw_arch_view *view)
{
	const struct fw_arch *arch = view->arch;
	const struct fw_trampoline *t;
	char name[FW_PLACE_LEN];

	if (!arch->kpti.seen) {
		not_observed(text);
		return;
	}
	fw_text_item(text, arch->kpti.value ? "on" : "off: the same vectors serve EL0");
	for (t = arch->trampolines; t < arch->trampolines + FW_ARCH_ROOM; t++) {
		if (!t->table.seen)
			continue;
		fw_text_row(text, "");
		fw_text_item(text, "trampoline %d", (int)(t - arch->trampolines));
		if (view->addresses)
			fw_text_more(text, " 0x%" PRIx64, t->table.value);
		fw_text_more(text, ": entry %d goes on to %s", FW_VECTOR_SVC,
			     fw_place_name(&t->hop, name, sizeof(name)));
		if (arch->el0_vbar.seen && arch->el0_vbar.value == t->table.value)
			fw_text_more(text, ", in VBAR_EL1 while EL0 runs");
	}
}

static void row_path(struct fw_text *text, const struct fw_arch_view *view)
{
	char path[FW_ARCH_ROOM * (FW_SYMBOL_LEN + 3)] = "";
	size_t i;

	for (i = 0; i < view->arch->nr_path; i++) {
		strcat(path, i ? " > " : "");
		strcat(path, view->arch->path[i]);
	}
	if (*path)
		fw_text_words(text, path);
	else
		not_observed(text);
}

static const size_t columns[FW_NR_ARCH_KINDS] = { 22, 39, 56, 79 };

static void row_vectors(struct fw_text *text, const struct fw_arch_view *view)
{
	const struct fw_place *place = view->arch->vectors;
	char name[FW_PLACE_LEN], origin[FW_ORIGIN_LEN];
	int i, kind;

	for (kind = 0; kind < FW_NR_ARCH_KINDS; kind++)
		fw_text_at(text, columns[kind], FW_DIM, fw_arch_kinds[kind]);
	for (i = 0; i < FW_NR_ARCH_ORIGINS; i++) {
		fw_text_row(text, "");
		snprintf(name, sizeof(name), "+0x%03x", i * FW_NR_ARCH_KINDS * FW_VECTOR_BYTES);
		fw_text_at(text, 2, FW_DIM, name);
		fw_text_at(text, 9, FW_PLAIN, fw_arch_origin(view, i, origin));
		for (kind = 0; kind < FW_NR_ARCH_KINDS; kind++, place++)
			fw_text_at(text, columns[kind], FW_PLAIN, place->seen ?
				   fw_place_name(place, name, sizeof(name)) : "?");
	}
}

static const char *call_name(const struct fw_arch *arch, uint64_t nr)
{
	size_t i;

	for (i = 0; i < arch->nr_calls; i++)
		if (arch->calls[i].value == nr)
			return arch->calls[i].name;
	return NULL;
}

/* "220 clone 0xffff… __arm64_sys_clone". The kernel's name of a call is that of its entry. */
static void print_entry(struct fw_text *text, const struct fw_arch_view *view,
			const struct fw_syscall *call)
{
	const char *served = call_name(view->arch, call->nr), *name = served;
	const size_t prefix = strlen("__arm64_sys_");

	if (!name)
		name = strncmp(call->entry.symbol, "__arm64_sys_", prefix) ? "?" :
			call->entry.symbol + prefix;
	fw_text_row(text, "");
	fw_text_item(text, "%4" PRIu64 " %-16s", call->nr, name);
	item_place(text, view, &call->entry);
	if (served)
		fw_text_item(text, "a hole, served");
}

static void row_syscalls(struct fw_text *text, const struct fw_arch_view *view)
{
	const struct fw_arch *arch = view->arch;
	const uint64_t *table = fw_arch_symbol(arch, "sys_call_table");
	size_t i;

	if (!arch->syscalls.seen) {
		not_observed(text);
		return;
	}
	fw_text_item(text, "sys_call_table");
	if (table && view->addresses)
		fw_text_more(text, " 0x%" PRIx64, *table);
	fw_text_item(text, "__NR_syscalls %" PRIu64, arch->syscalls.value);
	fw_text_item(text, "the module serves %zu numbers", arch->nr_calls);
	for (i = 0; i < arch->nr_entries; i++)
		print_entry(text, view, &arch->entries[i]);
	for (i = 0; i < arch->nr_calls; i++) {
		if (fw_arch_syscall(arch, arch->calls[i].value))
			continue;
		fw_text_row(text, "");
		fw_text_item(text, "%4" PRIu64 " %-16s", arch->calls[i].value, arch->calls[i].name);
		fw_text_item(text, "past the end: no entry, served");
	}
}

static void item_named(struct fw_text *text, const char *what, const uint64_t *value)
{
	if (value)
		fw_text_item(text, "%s %" PRIu64, what, *value);
}

static void row_task(struct fw_text *text, const struct fw_arch_view *view)
{
	const struct fw_arch *arch = view->arch;

	if (arch->current.seen)
		item_addr(text, view, "current", arch->current.value);
	if (arch->current.seen && arch->sp_el0.seen) {
		fw_text_item(text, arch->current.value == arch->sp_el0.value ?
			     "SP_EL0 = current" : "SP_EL0 is not current");
		if (arch->current.value != arch->sp_el0.value)
			item_addr(text, view, "but", arch->sp_el0.value);
	}
	item_named(text, "thread_info at task_struct +",
		   fw_arch_offset(arch, "task_struct.thread_info"));
	item_named(text, "stack at +", fw_arch_offset(arch, "task_struct.stack"));
	item_named(text, "cpu_context at +",
		   fw_arch_offset(arch, "task_struct.thread.cpu_context"));
	item_named(text, "sizeof(cpu_context)", fw_arch_size(arch, "cpu_context"));
	item_named(text, "sizeof(task_struct)", fw_arch_size(arch, "task_struct"));
}

static void row_stack(struct fw_text *text, const struct fw_arch_view *view)
{
	const struct fw_arch *arch = view->arch;
	const uint64_t *size = fw_arch_size(arch, "pt_regs");
	uint64_t top = arch->stack.top;

	item_named(text, "THREAD_SIZE", fw_arch_size(arch, "thread"));
	if (!arch->stack.seen) {
		not_observed(text);
		return;
	}
	if (view->addresses)
		fw_text_item(text, "this task's 0x%" PRIx64 "..0x%" PRIx64, arch->stack.low, top);
	fw_text_item(text, "task_pt_regs = top - 0x%" PRIx64, (top - arch->stack.pt_regs));
	if (view->addresses)
		fw_text_more(text, " = 0x%" PRIx64, arch->stack.pt_regs);
	if (size && *size == top - arch->stack.pt_regs)
		fw_text_more(text, ", which is sizeof(struct pt_regs)");
	if (arch->sp.seen && arch->sp.value > arch->stack.low && arch->sp.value < top)
		fw_text_item(text, "sp in this call: top - 0x%" PRIx64, (top - arch->sp.value));
}

static void row_pt_regs(struct fw_text *text, const struct fw_arch_view *view)
{
	static const char prefix[] = "pt_regs.";
	const struct fw_arch *arch = view->arch;
	const struct fw_named *field;

	item_named(text, "sizeof", fw_arch_size(arch, "pt_regs"));
	for (field = arch->offsets; field < arch->offsets + arch->nr_offsets; field++)
		if (!strncmp(field->name, prefix, strlen(prefix)))
			fw_text_item(text, "%s +%" PRIu64, field->name + strlen(prefix),
				     field->value);
	if (!arch->nr_offsets)
		not_observed(text);
}

static void (*const rows[FW_NR_ARCH_TOPICS])(struct fw_text *, const struct fw_arch_view *) = {
	[FW_TOPIC_SVC] = row_svc,
	[FW_TOPIC_ESR] = row_esr,
	[FW_TOPIC_LEVEL] = row_level,
	[FW_TOPIC_KPTI] = row_kpti,
	[FW_TOPIC_VBAR] = row_vbar,
	[FW_TOPIC_VECTORS] = row_vectors,
	[FW_TOPIC_PATH] = row_path,
	[FW_TOPIC_SYSCALLS] = row_syscalls,
	[FW_TOPIC_TASK] = row_task,
	[FW_TOPIC_STACK] = row_stack,
	[FW_TOPIC_PT_REGS] = row_pt_regs,
};

static void print_header(struct fw_text *text, const struct fw_arch_view *view)
{
	fw_text_row_styled(text, FW_BOLD, "the way in");
	fw_text_item(text, "Linux %s on %s, %u CPU%s", view->release, view->machine, view->cpus,
		     view->cpus == 1 ? "" : "s");
	if (!view->addresses)
		fw_text_item(text, "kernel addresses hidden");
	fw_text_end(text, true);
}

static void print_rules(struct fw_text *text, const struct fw_arch_view *view)
{
	const struct fw_judgement *j = view->verdicts;
	int i;

	for (i = 0; i < FW_NR_ARCH_RULES; i++, j++) {
		fw_text_row(text, i ? "" : "rules");
		fw_text_item(text, "%s", fw_arch_rules[i].id);
		fw_text_styled(text, j->verdict == FW_FAIL ? FW_LOUD : FW_PLAIN, "%-12s",
			       fw_verdict_name(j->verdict));
		fw_text_hang(text);
		fw_text_words(text, j->why.text[0] ? j->why.text : fw_arch_rules[i].text);
		if (!view->explain)
			continue;
		fw_text_end(text, false);
		fw_text_words(text, fw_arch_rules[i].source);
		fw_text_item(text, "%s", fw_arch_rules[i].since);
	}
	fw_text_end(text, false);
}

void fw_arch_text(struct fw_text *text, const struct fw_arch_view *view)
{
	size_t i;

	print_header(text, view);
	for (i = 0; i < FW_NR_ARCH_TOPICS; i++) {
		fw_text_row(text, fw_arch_topics[i].label);
		rows[i](text, view);
		if (!view->explain)
			continue;
		fw_text_row(text, "");
		fw_text_words(text, fw_arch_topics[i].explain);
		fw_text_end(text, true);
	}
	if (!view->explain)
		fw_text_end(text, true);
	print_rules(text, view);
}
