// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way into a kernel, as JSON: what was not observed, or may not be shown, has no key.
 */
#include "arch.h"
#include "arch_topics.h"
#include "json.h"

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
	char origin[FW_ORIGIN_LEN];
	int i;

	for (i = 0; i < FW_NR_VECTORS; i++) {
		if (!arch->vectors[i].seen)
			continue;
		object = json_pack("{s:i, s:s, s:s}", "index", i, "from",
				   fw_arch_origin(view, i / FW_NR_ARCH_KINDS, origin),
				   "kind", fw_arch_kinds[i % FW_NR_ARCH_KINDS]);
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

	for (i = 0; i < FW_NR_ARCH_TOPICS; i++)
		json_object_set_new(object, fw_arch_topics[i].label,
				    json_string(fw_arch_topics[i].explain));
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
