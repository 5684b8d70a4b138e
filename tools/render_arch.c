// SPDX-License-Identifier: GPL-2.0-only
/* The way into a kernel, as a page of text and as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "arch.h"
#include "array.h"
#include "json.h"
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
 * The rows. Each has its label, prints its items and has two sentences for
 * learners; what is said there of older kernels was read in their sources.
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

#define NR_KINDS	4

static const char *const kinds[NR_KINDS] = { "sync", "irq", "fiq", "serror" };
static const size_t columns[NR_KINDS] = { 22, 39, 56, 79 };

/* Where an exception came from; the number is the kernel's own level. */
static const char *const origins[] = {
	"EL%" PRIu64 ", SP_EL0", "EL%" PRIu64 ", SP_EL%" PRIu64, "EL0, AArch64", "EL0, AArch32",
};

#define ORIGIN_LEN	64

static char *origin_name(const struct fw_arch_view *view, int origin, char buf[ORIGIN_LEN])
{
	uint64_t el = view->arch->el.seen ? view->arch->el.value : 1;

	snprintf(buf, ORIGIN_LEN, origins[origin], el, el);
	return buf;
}

static void row_vectors(struct fw_text *text, const struct fw_arch_view *view)
{
	const struct fw_place *place = view->arch->vectors;
	char name[FW_PLACE_LEN], origin[ORIGIN_LEN];
	int i, kind;

	for (kind = 0; kind < NR_KINDS; kind++)
		fw_text_at(text, columns[kind], FW_DIM, kinds[kind]);
	for (i = 0; i < (int)ARRAY_SIZE(origins); i++) {
		fw_text_row(text, "");
		snprintf(name, sizeof(name), "+0x%03x", i * NR_KINDS * FW_VECTOR_BYTES);
		fw_text_at(text, 2, FW_DIM, name);
		fw_text_at(text, 9, FW_PLAIN, origin_name(view, i, origin));
		for (kind = 0; kind < NR_KINDS; kind++, place++)
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

static const struct row {
	const char *label;
	void (*print)(struct fw_text *text, const struct fw_arch_view *view);
	const char *explain;
} rows[] = {
	{ "svc #0", row_svc,
	  "A system call is an exception that a program asks for: the CPU saves pc and PSTATE "
	  "in ELR_EL1 and SPSR_EL1, and goes on in the kernel's vectors with no general register "
	  "changed. It has been so since the first arm64 kernels; an AArch32 task has its "
	  "number in r7." },
	{ "ESR_EL1", row_esr,
	  "Why the exception was taken, as the CPU wrote it for the read(2) that fetched this: "
	  "the class EC, the instruction's length IL, and in ISS the immediate of the svc. "
	  "3.10 compared EC in assembly, a branch for each class; in 5.10 el0_sync_handler() does "
	  "it in C, which 6.1 calls el0t_64_sync_handler()." },
	{ "level", row_level,
	  "The kernel runs at EL1, or with VHE at EL2 where it reaches EL2's registers by the "
	  "names of EL1's; SPSel 1 gives each level an sp of its own and leaves SP_EL0 to the "
	  "user while EL0 runs. In 3.10 SP_EL0 had no other use in the kernel; later ones keep "
	  "current in it." },
	{ "KPTI", row_kpti,
	  "With page table isolation EL0 runs on tables that map next to nothing of the kernel: an "
	  "exception comes to a trampoline at a fixed address, which maps the kernel, writes the "
	  "full vectors to VBAR_EL1 and goes on there. It came with 4.16; the kernels before "
	  "left themselves mapped, protected by the page permissions alone." },
	{ "VBAR", row_vbar,
	  "Where the CPU looks for the handler: a table by origin and kind of the exception, each "
	  "entry 0x80 bytes of code that makes room for pt_regs, looks whether the stack "
	  "overflowed, and branches. In 3.10 an entry was one branch, and the system call's led "
	  "to el0_sync, a name that became el0t_64_sync in 5.14." },
	{ "vectors", row_vectors,
	  "The first row is for exceptions taken with SP_EL0 selected, which no kernel from "
	  "5.10 to 7.3 does, the second for those in the kernel, the others for EL0 in its two states. "
	  "Up to 5.13 the unexpected ones had handlers called *_invalid; since then all have "
	  "one of the same form, written by one macro." },
	{ "path", row_path,
	  "What stood on this tool's own kernel stack during a system call, from the handler to "
	  "the call (/proc/self/stack). 3.10 had no C before the call itself: el0_svc, in "
	  "assembly, fetched the entry from the table and branched to it; 4.19 calls "
	  "el0_svc_handler() there." },
	{ "calls", row_syscalls,
	  "x8 is an index of this table of functions, whose entries take a pt_regs and hand its "
	  "x0..x5 on as arguments; without one the answer is ENOSYS. 3.10 called them with the "
	  "arguments in registers, and clone() ended in do_fork(); that became _do_fork() in 4.2 "
	  "and kernel_clone() in 5.10." },
	{ "task", row_task,
	  "While the kernel runs SP_EL0 holds current, so that finding the task takes one "
	  "instruction and no memory, and thread_info is the first thing in it. 3.10 found "
	  "thread_info by masking sp with ~(THREAD_SIZE - 1), at the bottom of the stack, and the "
	  "task through it; 4.10 moved it into task_struct." },
	{ "stack", row_stack,
	  "A user task enters the kernel with an empty kernel stack, so that its pt_regs always "
	  "lies right below the top and task_pt_regs() needs no pointer: copy_thread() puts the "
	  "child's there, and its sp. In 3.10 it ended 16 bytes below the top (THREAD_START_SP)." },
	{ "pt_regs", row_pt_regs,
	  "The user's registers as the entry code saved them: copy_thread() copies all of it to "
	  "the child and writes 0 to its x0. In 4.12 it took the child's TLS from x3 in here; "
	  "copy_thread_tls() got it as an argument, 5.9 called that copy_thread() again, and 5.19 "
	  "passes it in kernel_clone_args." },
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
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fw_text_row(text, rows[i].label);
		rows[i].print(text, view);
		if (!view->explain)
			continue;
		fw_text_row(text, "");
		fw_text_words(text, rows[i].explain);
		fw_text_end(text, true);
	}
	if (!view->explain)
		fw_text_end(text, true);
	print_rules(text, view);
}

/*
 * JSON: what was not observed, or may not be shown, has no key.
 */
static void set_number(json_t *object, const char *key, const struct fw_number *number)
{
	if (number->seen)
		json_object_set_new(object, key, fw_json_integer(number->value));
}

static void set_addr(json_t *object, const char *key, const struct fw_arch_view *view,
		     uint64_t addr)
{
	if (view->addresses)
		json_object_set_new(object, key, fw_json_hex(addr));
}

static json_t *place_to_json(const struct fw_place *place, const struct fw_arch_view *view)
{
	json_t *object = json_object();
	char name[FW_PLACE_LEN];

	set_addr(object, "address", view, place->addr);
	json_object_set_new(object, "symbol",
			    json_string(fw_place_name(place, name, sizeof(name))));
	return object;
}

static json_t *registers_to_json(const struct fw_arch_view *view)
{
	const struct fw_arch *arch = view->arch;
	json_t *object = json_object();

	set_number(object, "el", &arch->el);
	set_number(object, "spsel", &arch->spsel);
	set_number(object, "vhe", &arch->vhe);
	set_number(object, "kpti", &arch->kpti);
	if (arch->esr_el1.seen)
		json_object_set_new(object, "esr_el1", fw_json_hex(arch->esr_el1.value));
	if (arch->vbar_el1.seen)
		json_object_set_new(object, "vbar_el1", place_to_json(&arch->vbar_el1, view));
	if (arch->el0_vbar.seen)
		set_addr(object, "el0_vbar_el1", view, arch->el0_vbar.value);
	if (arch->sp_el0.seen)
		set_addr(object, "sp_el0", view, arch->sp_el0.value);
	if (arch->current.seen)
		set_addr(object, "current", view, arch->current.value);
	if (arch->sp_el0.seen && arch->current.seen)
		json_object_set_new(object, "sp_el0_is_current",
				    json_boolean(arch->sp_el0.value == arch->current.value));
	if (arch->sp.seen)
		set_addr(object, "sp", view, arch->sp.value);
	return object;
}

static json_t *vectors_to_json(const struct fw_arch_view *view)
{
	const struct fw_arch *arch = view->arch;
	json_t *list = json_array(), *object;
	char origin[ORIGIN_LEN];
	int i;

	for (i = 0; i < FW_NR_VECTORS; i++) {
		if (!arch->vectors[i].seen)
			continue;
		object = json_pack("{s:i, s:s, s:s}", "index", i, "from",
				   origin_name(view, i / NR_KINDS, origin),
				   "kind", kinds[i % NR_KINDS]);
		json_object_set_new(object, "handler", place_to_json(&arch->vectors[i], view));
		if (arch->hops[i].seen)
			json_object_set_new(object, "via", place_to_json(&arch->hops[i], view));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *trampolines_to_json(const struct fw_arch_view *view)
{
	json_t *list = json_array(), *object;
	const struct fw_trampoline *t;
	int i;

	for (i = 0; i < FW_ARCH_ROOM; i++) {
		t = &view->arch->trampolines[i];
		if (!t->table.seen)
			continue;
		object = json_pack("{s:i}", "index", i);
		set_addr(object, "address", view, t->table.value);
		json_object_set_new(object, "to", place_to_json(&t->hop, view));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *syscalls_to_json(const struct fw_arch_view *view)
{
	const struct fw_arch *arch = view->arch;
	json_t *list = json_array(), *object;
	size_t i;

	for (i = 0; i < arch->nr_entries; i++) {
		object = json_pack("{s:I}", "nr", (json_int_t)arch->entries[i].nr);
		json_object_set_new(object, "entry", place_to_json(&arch->entries[i].entry, view));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *named_to_json(const struct fw_named *named, size_t nr)
{
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < nr; i++)
		json_object_set_new(object, named[i].name, fw_json_integer(named[i].value));
	return object;
}

static json_t *stack_to_json(const struct fw_arch_view *view)
{
	const struct fw_arch *arch = view->arch;
	json_t *object = json_object();

	set_addr(object, "low", view, arch->stack.low);
	set_addr(object, "top", view, arch->stack.top);
	json_object_set_new(object, "pt_regs_below_top",
			    fw_json_integer(arch->stack.top - arch->stack.pt_regs));
	return object;
}

static json_t *path_to_json(const struct fw_arch *arch)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < arch->nr_path; i++)
		json_array_append_new(list, json_string(arch->path[i]));
	return list;
}

static json_t *rules_to_json(const struct fw_arch_view *view)
{
	const struct fw_judgement *j = view->verdicts;
	json_t *list = json_array(), *object;
	int i;

	for (i = 0; i < FW_NR_ARCH_RULES; i++) {
		object = json_pack("{s:s, s:s, s:s, s:s}",
				   "id", fw_arch_rules[i].id, "text", fw_arch_rules[i].text,
				   "verdict", fw_verdict_name(j[i].verdict),
				   "why", j[i].why.text);
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *explain_to_json(void)
{
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		json_object_set_new(object, rows[i].label, json_string(rows[i].explain));
	return object;
}

json_t *fw_arch_json(const struct fw_arch_view *view)
{
	const struct fw_arch *arch = view->arch;
	json_t *object = json_pack("{s:i, s:s, s:s, s:i}", "version", 1, "release", view->release,
				   "machine", view->machine, "cpus", (int)view->cpus);

	json_object_set_new(object, "registers", registers_to_json(view));
	json_object_set_new(object, "vectors", vectors_to_json(view));
	json_object_set_new(object, "trampolines", trampolines_to_json(view));
	json_object_set_new(object, "path", path_to_json(arch));
	set_number(object, "nr_syscalls", &arch->syscalls);
	json_object_set_new(object, "syscalls", syscalls_to_json(view));
	json_object_set_new(object, "served", named_to_json(arch->calls, arch->nr_calls));
	json_object_set_new(object, "sizes", named_to_json(arch->sizes, arch->nr_sizes));
	json_object_set_new(object, "offsets", named_to_json(arch->offsets, arch->nr_offsets));
	if (arch->stack.seen)
		json_object_set_new(object, "stack", stack_to_json(view));
	json_object_set_new(object, "rules", rules_to_json(view));
	if (view->explain)
		json_object_set_new(object, "explain", explain_to_json());
	return object;
}
