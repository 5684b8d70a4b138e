// SPDX-License-Identifier: GPL-2.0-only
/* The way in: what kernels said of it (tests/data/arch), and rules H1..H4 on that. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch.h"
#include "array.h"

static char *read_data(const char *name, const char *suffix)
{
	char path[512], *text = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/arch/%s.%s", TEST_DATA_DIR, name, suffix);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_true(getdelim(&text, &size, '\0', file) > 0);
	fclose(file);
	return text;
}

static void parse(struct fw_arch *arch, const char *text)
{
	struct fw_why why;
	int err = fw_arch_parse(arch, text, &why);

	if (err)
		print_error("%s\n", why.text);
	assert_int_equal(err, 0);
}

static void load(struct fw_arch *arch, const char *name)
{
	char *text = read_data(name, "arch"), *stack = read_data(name, "stack");

	parse(arch, text);
	fw_arch_parse_stack(arch, stack);
	free(text);
	free(stack);
}

/* @text with each line that begins with @prefix replaced by @line; without it if that is NULL. */
static char *edit(const char *text, const char *prefix, const char *line)
{
	char *edited;
	size_t size, len;
	FILE *out = open_memstream(&edited, &size);

	for (; *text; text += len) {
		len = strcspn(text, "\n");
		len += text[len] == '\n';
		if (strncmp(text, prefix, strlen(prefix)))
			fwrite(text, len, 1, out);
		else if (line)
			fprintf(out, "%s\n", line);
	}
	fclose(out);
	return edited;
}

static struct fw_judgement judge(const struct fw_arch *arch, const char *id)
{
	struct fw_judgement verdicts[FW_NR_ARCH_RULES];
	int i;

	fw_arch_check(arch, verdicts);
	for (i = 0; i < FW_NR_ARCH_RULES; i++)
		if (!strcmp(fw_arch_rules[i].id, id))
			return verdicts[i];
	fail_msg("no rule %s", id);
	return verdicts[0];
}

static const char *const recorded[] = {
	"5.10", "5.10-kpti", "6.1", "6.1-kpti", "6.1-bhb", "6.12", "7", "7-kpti-vhe",
};

static void every_rule_holds_on_recorded_kernels(void **state)
{
	struct fw_judgement verdicts[FW_NR_ARCH_RULES];
	struct fw_arch arch;
	size_t i, rule;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(recorded); i++) {
		load(&arch, recorded[i]);
		fw_arch_check(&arch, verdicts);
		for (rule = 0; rule < FW_NR_ARCH_RULES; rule++) {
			if (verdicts[rule].verdict != FW_PASS)
				print_error("%s: %s: %s\n", recorded[i], fw_arch_rules[rule].id,
					    verdicts[rule].why.text);
			assert_int_equal(verdicts[rule].verdict, FW_PASS);
		}
	}
}

/* A line that is replaced by another, or by none, and what the rule then says. */
static const struct {
	const char *data, *prefix, *line, *id;
	enum fw_verdict verdict;
	const char *why[2];
} edits[] = {
	{ "6.1", "vbar_el1 ", "vbar_el1 0xffff800008010880 vectors+0x80/0x800",
	  "H1", FW_FAIL, { "observed 0x80", "expected 0x0" } },
	{ "6.1", "vbar_el1 ", "vbar_el1 0xffff800008010800 evil+0x0/0x800 [rootkit]",
	  "H1", FW_FAIL, { "evil [rootkit]", "expected vectors" } },
	{ "6.1", "vbar_el1 ", "vbar_el1 0xffff800008010800 vectors+0x0/0x800 [rootkit]",
	  "H1", FW_FAIL, { "vectors [rootkit]", "expected vectors" } },
	{ "6.1", "vbar_el1 ", "vbar_el1 0xffff800008010800 vectors+0x0/0x780",
	  "H1", FW_FAIL, { "observed 0x780", "0x800" } },
	{ "6.1", "vbar_el1 ", "vbar_el1 0xffff800008010800 0xffff800008010800",
	  "H1", FW_FAIL, { "no symbol", "expected vectors" } },
	{ "6.1", "vector 8 ", "vector 8 0xffff80000801154c el0t_64_irq+0x0/0x190",
	  "H1", FW_FAIL, { "el0t_64_irq", "expected el0t_64_sync" } },
	{ "6.1", "vector 8 ", "vector 8 0xffff8000080113c0 el0t_64_sync+0x4/0x190",
	  "H1", FW_FAIL, { "el0t_64_sync+0x4", "expected el0t_64_sync" } },
	{ "6.1", "vector 8 ", "vector 8 0xffff8000080113bc el0t_64_sync+0x0/0x190 [evil]",
	  "H1", FW_FAIL, { "el0t_64_sync [evil]", "expected el0t_64_sync" } },
	/* The other name is a kernel's too, but not what this one's calls came through. */
	{ "6.1", "vector 8 ", "vector 8 0xffff8000080113bc el0_sync+0x0/0x190",
	  "H1", FW_FAIL, { "leads to el0_sync", "came through el0t_64_sync" } },
	{ "6.1", "vector 3 ", "vector 3 0xffff8000080113bc el1t_64_error+0x10/0x190",
	  "H1", FW_FAIL, { "el1t_64_error+0x10", "start of a handler" } },
	{ "6.1-bhb", "hop 8 ", "hop 8 0xffff800008010c84 vectors+0x484/0x800",
	  "H1", FW_FAIL, { "vectors+0x484", "expected vectors+0x404" } },
	{ "6.1-kpti", "trampoline 2 ",
	  "trampoline 2 0xfffffbfffdbf7000 0xffff800008010c00 vectors+0x400/0x800",
	  "H1", FW_FAIL, { "vectors+0x400", "expected vectors+0x404" } },
	{ "7-kpti-vhe", "el0_vbar ", "el0_vbar 0xffff800008010800",
	  "H1", FW_FAIL, { "none of the 4 trampolines", "expected one" } },
	{ "6.1", "vbar_el1 ", NULL, "H1", FW_NOT_OBSERVED, { "no vbar_el1" } },
	{ "6.1", "vector 8 ", NULL, "H1", FW_NOT_OBSERVED, { "no vector 8" } },
	{ "6.1", "vector 15 ", NULL, "H1", FW_NOT_OBSERVED, { "no vector 15" } },
	{ "6.1", "kpti ", NULL, "H1", FW_NOT_OBSERVED, { "no kpti" } },
	{ "6.1-bhb", "hop 8 ", NULL, "H1", FW_NOT_OBSERVED, { "no hop 8" } },
	{ "6.1-kpti", "trampoline ", NULL, "H1", FW_NOT_OBSERVED, { "no trampoline" } },
	{ "7-kpti-vhe", "el0_vbar ", NULL, "H1", FW_PASS, { "" } },
	{ "6.1", "spsel ", "spsel 0", "H2", FW_FAIL, { "observed 0x0", "expected 0x1" } },
	{ "6.1", "el ", "el 2", "H2", FW_FAIL, { "observed 0x2", "expected 0x1" } },
	{ "7-kpti-vhe", "el ", "el 1", "H2", FW_FAIL, { "observed 0x1", "expected 0x2" } },
	{ "7-kpti-vhe", "vhe ", "vhe 0", "H2", FW_FAIL, { "observed 0x2", "expected 0x1" } },
	{ "6.1", "spsel ", NULL, "H2", FW_NOT_OBSERVED, { "no spsel" } },
	{ "6.1", "el ", NULL, "H2", FW_NOT_OBSERVED, { "no el" } },
	{ "6.1", "vhe ", NULL, "H2", FW_NOT_OBSERVED, { "no vhe" } },
	{ "6.1", "esr_el1 ", "esr_el1 0x56000007", "H3", FW_FAIL,
	  { "observed 0x7", "expected 0x0" } },
	{ "6.1", "esr_el1 ", "esr_el1 0x92000047", "H3", FW_NOT_OBSERVED,
	  { "EC 0x24 (data abort from EL0)" } },
	{ "6.1", "esr_el1 ", "esr_el1 0xf6000000", "H3", FW_NOT_OBSERVED, { "EC 0x3d:" } },
	{ "6.1", "esr_el1 ", NULL, "H3", FW_NOT_OBSERVED, { "no esr_el1" } },
	{ "6.1", "syscall 220 ", "syscall 220 0xffff800001230000 hook+0x0/0x40 [evil]",
	  "H4", FW_FAIL, { "hook [evil]", "expected __arm64_sys_clone" } },
	{ "6.1", "syscall 435 ", "syscall 435 0xffff800001230000 __arm64_sys_clone+0x0/0x40",
	  "H4", FW_FAIL, { "leads to __arm64_sys_clone,", "expected __arm64_sys_clone3" } },
	{ "6.1", "syscall 245 ", "syscall 245 0xffff800001230000 serve+0x0/0x58 [forkwatch]",
	  "H4", FW_FAIL, { "serve [forkwatch]", "expected __arm64_sys_ni_syscall" } },
	{ "6.1", "syscall 245 ", "syscall 1079 0xffff800001230000 serve+0x0/0x58 [forkwatch]",
	  "H4", FW_FAIL, { "serve [forkwatch]", "expected no entry: the table has 451" } },
	{ "6.1", "syscall 220 ", NULL, "H4", FW_NOT_OBSERVED, { "no syscall 220" } },
	{ "6.1", "syscall 245 ", NULL, "H4", FW_NOT_OBSERVED, { "no syscall 245" } },
	{ "6.1", "syscalls ", NULL, "H4", FW_NOT_OBSERVED, { "no syscalls" } },
	/* With clone_path=0 the module serves none. */
	{ "6.1", "call ", NULL, "H4", FW_PASS, { "" } },
};

static void every_edit_changes_the_verdict(void **state)
{
	struct fw_judgement j;
	struct fw_arch arch;
	char *text, *stack, *edited;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(edits); i++) {
		text = read_data(edits[i].data, "arch");
		stack = read_data(edits[i].data, "stack");
		edited = edit(text, edits[i].prefix, edits[i].line);
		assert_string_not_equal(text, edited);
		parse(&arch, edited);
		fw_arch_parse_stack(&arch, stack);
		j = judge(&arch, edits[i].id);
		if (j.verdict != edits[i].verdict || !strstr(j.why.text, edits[i].why[0]) ||
		    (edits[i].why[1] && !strstr(j.why.text, edits[i].why[1])))
			fail_msg("%s, %s: %s %s: %s", edits[i].data,
				 edits[i].line ? edits[i].line : edits[i].prefix, edits[i].id,
				 fw_verdict_name(j.verdict), j.why.text);
		free(text);
		free(stack);
		free(edited);
	}
}

/* Whoever reads a verdict may not be allowed to see the kernel's addresses. */
static void verdicts_hold_no_address(void **state)
{
	struct fw_judgement verdicts[FW_NR_ARCH_RULES];
	struct fw_arch arch;
	char *text, *edited;
	size_t i, rule;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(edits); i++) {
		text = read_data(edits[i].data, "arch");
		edited = edit(text, edits[i].prefix, edits[i].line);
		parse(&arch, edited);
		fw_arch_check(&arch, verdicts);
		for (rule = 0; rule < FW_NR_ARCH_RULES; rule++)
			assert_null(strstr(verdicts[rule].why.text, "0xff"));
		free(text);
		free(edited);
	}
}

static void nothing_observed_is_no_pass(void **state)
{
	struct fw_judgement verdicts[FW_NR_ARCH_RULES];
	struct fw_arch arch;
	int i;

	(void)state;
	parse(&arch, "");
	fw_arch_check(&arch, verdicts);
	for (i = 0; i < FW_NR_ARCH_RULES; i++) {
		assert_int_equal(verdicts[i].verdict, FW_NOT_OBSERVED);
		assert_non_null(strstr(verdicts[i].why.text, "load the module"));
	}
}

static void values_are_those_of_the_file(void **state)
{
	struct fw_arch arch;
	char name[FW_PLACE_LEN];

	(void)state;
	load(&arch, "7-kpti-vhe");
	assert_true(arch.el.seen && arch.el.value == 2);
	assert_true(arch.kpti.seen && arch.kpti.value == 1);
	assert_int_equal(arch.esr_el1.value, 0x56000000);
	assert_string_equal(fw_esr_class(arch.esr_el1.value), "SVC from AArch64");
	assert_int_equal(arch.current.value, arch.sp_el0.value);
	assert_int_equal(*fw_arch_size(&arch, "pt_regs"), 320);
	assert_int_equal(arch.stack.top - arch.stack.pt_regs, 320);
	assert_int_equal(arch.stack.top - arch.stack.low, *fw_arch_size(&arch, "thread"));
	assert_null(fw_arch_size(&arch, "nothing"));
	assert_int_equal(*fw_arch_offset(&arch, "pt_regs.sp"), 248);
	assert_string_equal(fw_place_name(&arch.trampolines[3].hop, name, sizeof(name)),
			    "vectors+0x404");
	assert_false(arch.trampolines[4].table.seen);
	assert_string_equal(arch.calls[2].name, "forkwatch_clone");
	assert_int_equal(arch.calls[2].value, 245);
	assert_null(fw_arch_syscall(&arch, 1079));
}

static void path_is_read_from_the_stack(void **state)
{
	static const char *const path[] = {
		"el0_sync", "el0_sync_handler", "el0_svc", "do_el0_svc",
		"el0_svc_common.constprop.0", "__arm64_sys_read",
	};
	struct fw_arch arch;
	size_t i;

	(void)state;
	load(&arch, "5.10");
	assert_int_equal(arch.nr_path, ARRAY_SIZE(path));
	for (i = 0; i < ARRAY_SIZE(path); i++)
		assert_string_equal(arch.path[i], path[i]);
}

static void strange_stacks_give_no_path(void **state)
{
	static const char *const texts[] = {
		"", "\n\n", "[<0>] 0xffffffffffffffff\n", "[<0>] schedule+0x1/0x2\n",
		"[<0>] \x1b[31m+0x1/0x2\n[<0>] __arm64_sys_read", "no such text", "[", "[<0>] +0x1",
	};
	struct fw_arch arch;
	char *deep;
	size_t i;

	(void)state;
	parse(&arch, "");
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		fw_arch_parse_stack(&arch, texts[i]);
		assert_int_equal(arch.nr_path, 0);
	}
	deep = calloc(100, 32);
	for (i = 0; i < 100; i++)
		strcat(deep, "[<0>] __arm64_sys_read+0x1/0x2\n");
	fw_arch_parse_stack(&arch, deep);
	assert_int_equal(arch.nr_path, FW_ARCH_ROOM);
	free(deep);
}

static void unknown_lines_are_ignored(void **state)
{
	struct fw_arch arch;

	(void)state;
	parse(&arch, "\nnews from a newer module\nel 1\nelephant 2\n el0 x\n");
	assert_true(arch.el.seen && arch.el.value == 1);
}

static void malformed_lines_are_named(void **state)
{
	static const struct {
		const char *text, *why;
	} malformed[] = {
		{ "el", "line 1: 'el' wants one number" },
		{ "el x", "one number" },
		{ "el -1", "one number" },
		{ "el 1 2", "one number" },
		{ "el 0x", "one number" },
		{ "el 99999999999999999999", "one number" },
		{ "el 1\nel 1", "line 2: 'el' comes twice" },
		{ "vector 16 0x1 a+0x0/0x4", "line 1: 'vector' wants an index below 16" },
		{ "vector -1 0x1 a+0x0/0x4", "index" },
		{ "vector 1 0x1", "a symbol" },
		{ "vector 1 0x1 a+0x0", "a symbol" },
		{ "vector 1 0x1 a+0x0/", "a symbol" },
		{ "vector 1 0x1 a+/0x4", "a symbol" },
		{ "vector 1 0x1 +0x0/0x4", "a symbol" },
		{ "vector 1 0x1 a+0x0/0x4 m]", "a symbol" },
		{ "vector 1 0x1 a+0x0/0x4 [m", "a symbol" },
		{ "vector 1 0x1 a+0x0/0x4 [m] more", "a symbol" },
		{ "vector 1 0x1 \x1b[31m+0x0/0x4", "a symbol" },
		{ "vector 1 0x1 a+0x0/0x4\nvector 1 0x1 a+0x0/0x4", "comes twice" },
		{ "vbar_el1 vectors", "an address" },
		{ "trampoline 32 0x1 0x2 a+0x0/0x4", "a small index" },
		{ "trampoline 1 0x1 a+0x0/0x4", "two addresses" },
		{ "stack 0x1 0x2", "three addresses" },
		{ "stack 0x2 0x3 0x1", "between" },
		{ "stack 0x1 0x2 0x3", "between" },
		{ "symbol vectors", "a name and a number" },
		{ "symbol a 1\nsymbol a 2", "comes twice" },
		{ "size pt_regs x", "a name and a number" },
		{ "offset pt_regs.sp", "a name and a number" },
		{ "call fork 1079", "a number and a name" },
		{ "call 1079 fork away", "a number and a name" },
		{ "syscall 220 __arm64_sys_clone+0x0/0x34", "a number, an address" },
		{ "syscall 1 0x1 a+0x0/0x4\nsyscall 1 0x1 a+0x0/0x4", "comes twice" },
	};
	struct fw_arch arch;
	struct fw_why why;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(malformed); i++) {
		if (fw_arch_parse(&arch, malformed[i].text, &why) != -EPROTO ||
		    !strstr(why.text, malformed[i].why))
			fail_msg("'%s' gives '%s'", malformed[i].text, why.text);
	}
}

static void too_many_lines_are_refused(void **state)
{
	static const char *const forms[] = { "size a%d 1\n", "syscall %d 0x1 a+0x0/0x4\n" };
	struct fw_arch arch;
	struct fw_why why;
	char text[4096];
	size_t form, len;
	int i;

	(void)state;
	for (form = 0; form < ARRAY_SIZE(forms); form++) {
		for (i = 0, len = 0; i <= FW_ARCH_ROOM; i++)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			len += snprintf(text + len, sizeof(text) - len, forms[form], i);
#pragma GCC diagnostic pop
		assert_int_equal(fw_arch_parse(&arch, text, &why), -EPROTO);
		assert_non_null(strstr(why.text, "more often"));
	}
}

/* Whatever a byte is turned into, the parser says yes or no and stays inside its memory. */
static void every_byte_may_be_wrong(void **state)
{
	static const char wrong[] = { '\n', ' ', '\0', 'x', '9', '\x1b', '\xff', '+', '/', '[' };
	struct fw_judgement verdicts[FW_NR_ARCH_RULES];
	char *text = read_data("7-kpti-vhe", "arch"), was;
	struct fw_arch arch;
	struct fw_why why;
	size_t i, k, len = strlen(text);

	(void)state;
	for (i = 0; i < len; i++) {
		was = text[i];
		for (k = 0; k < sizeof(wrong); k++) {
			text[i] = wrong[k];
			if (!fw_arch_parse(&arch, text, &why))
				fw_arch_check(&arch, verdicts);
		}
		text[i] = was;
	}
	free(text);
}

/* The page as text, to be freed. */
static char *page(const char *name, bool addresses, bool explain)
{
	struct fw_judgement verdicts[FW_NR_ARCH_RULES];
	struct fw_arch arch;
	struct fw_arch_view view = {
		.arch = &arch, .verdicts = verdicts, .release = "6.1.0", .machine = "aarch64",
		.cpus = 2, .addresses = addresses, .explain = explain,
	};
	struct fw_text text;
	char *copy;

	load(&arch, name);
	fw_arch_check(&arch, verdicts);
	assert_int_equal(fw_text_open(&text, false), 0);
	fw_arch_text(&text, &view);
	assert_int_equal(fw_text_finish(&text), 0);
	copy = strdup(text.data);
	fw_text_close(&text);
	return copy;
}

static void page_fits_the_screen(void **state)
{
	char *text, *line, *next;
	size_t i, explain;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(recorded); i++) {
		for (explain = 0; explain < 2; explain++) {
			text = page(recorded[i], true, explain);
			for (line = text; *line; line = next) {
				next = strchrnul(line, '\n');
				if (next - line > FW_TEXT_WIDTH || (next > line && next[-1] == ' '))
					fail_msg("%s: '%.*s'", recorded[i], (int)(next - line),
						 line);
				next += !!*next;
			}
			free(text);
		}
	}
}

static void page_shows_what_was_read(void **state)
{
	static const char *const wanted[] = {
		"0x56000000", "EC 0x15 SVC from AArch64", "CurrentEL EL1", "no VHE",
		"SPSel 1: sp is SP_EL1", "el0t_64_sync > el0t_64_sync_handler",
		"> __arm64_sys_read", "EL0, AArch64", "el0t_32_error", "__NR_syscalls 451",
		"220 clone ", "__arm64_sys_clone3", "245 forkwatch_clone", "1079 fork",
		"SP_EL0 = current", "task_pt_regs = top - 0x150", "sizeof 336", "stackframe +304",
		"H1   PASS", "H4   PASS",
	};
	char *text = page("6.1", true, false);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!strstr(text, wanted[i]))
			fail_msg("no '%s' in\n%s", wanted[i], text);
	free(text);

	text = page("7-kpti-vhe", true, false);
	assert_non_null(strstr(text, "EL2, SP_EL2"));
	assert_non_null(strstr(text, "in VBAR_EL1 while EL0 runs"));
	free(text);

	text = page("6.1-bhb", true, false);
	assert_non_null(strstr(text, "on to vectors+0x404"));
	free(text);
}

static void page_can_explain_itself(void **state)
{
	static const char *const wanted[] = {
		"~(THREAD_SIZE - 1)", "el0_svc, in", "_do_fork()", "copy_thread_tls()",
		"arch/arm64/kernel/entry.S",
	};
	char *text = page("6.1", true, true), *flat;
	size_t i;

	(void)state;
	/* The sentences are wrapped. */
	for (flat = text; (flat = strstr(flat, "\n          ")); )
		memmove(flat, flat + 10, strlen(flat + 10) + 1);
	for (i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!strstr(text, wanted[i]))
			fail_msg("no '%s' in\n%s", wanted[i], text);
	free(text);
}

static void addresses_can_be_left_out(void **state)
{
	struct fw_judgement verdicts[FW_NR_ARCH_RULES];
	struct fw_arch arch;
	struct fw_arch_view view = {
		.arch = &arch, .verdicts = verdicts, .release = "6.1.0", .machine = "aarch64",
		.cpus = 2, .explain = true,
	};
	json_t *json;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(recorded); i++) {
		text = page(recorded[i], false, true);
		assert_null(strstr(text, "0xff"));
		assert_non_null(strstr(text, "kernel addresses hidden"));
		free(text);

		load(&arch, recorded[i]);
		fw_arch_check(&arch, verdicts);
		json = fw_arch_json(&view);
		text = json_dumps(json, 0);
		assert_null(strstr(text, "0xff"));
		free(text);
		json_decref(json);
	}
}

static void json_has_every_fact(void **state)
{
	struct fw_judgement verdicts[FW_NR_ARCH_RULES];
	struct fw_arch arch;
	struct fw_arch_view view = {
		.arch = &arch, .verdicts = verdicts, .release = "7.3.4", .machine = "aarch64",
		.cpus = 2, .addresses = true, .explain = true,
	};
	const char *symbol, *address;
	json_t *json;
	int el, below, current;

	(void)state;
	load(&arch, "7-kpti-vhe");
	fw_arch_check(&arch, verdicts);
	json = fw_arch_json(&view);
	assert_int_equal(json_unpack(json, "{s:{s:i, s:b, s:{s:s, s:s}}, s:{s:i}}",
				     "registers", "el", &el, "sp_el0_is_current", &current,
				     "vbar_el1", "symbol", &symbol,
				     "address", &address, "stack", "pt_regs_below_top", &below), 0);
	assert_int_equal(el, 2);
	assert_true(current);
	assert_string_equal(symbol, "vectors");
	assert_int_equal(strtoull(address, NULL, 16), arch.vbar_el1.addr);
	assert_int_equal(below, 320);
	assert_int_equal(json_array_size(json_object_get(json, "vectors")), 16);
	assert_int_equal(json_array_size(json_object_get(json, "trampolines")), 4);
	assert_int_equal(json_array_size(json_object_get(json, "syscalls")), 3);
	assert_int_equal(json_object_size(json_object_get(json, "served")), 3);
	assert_int_equal(json_array_size(json_object_get(json, "rules")), FW_NR_ARCH_RULES);
	assert_int_equal(json_object_size(json_object_get(json, "explain")), 11);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_holds_on_recorded_kernels),
		cmocka_unit_test(every_edit_changes_the_verdict),
		cmocka_unit_test(verdicts_hold_no_address),
		cmocka_unit_test(nothing_observed_is_no_pass),
		cmocka_unit_test(values_are_those_of_the_file),
		cmocka_unit_test(path_is_read_from_the_stack),
		cmocka_unit_test(strange_stacks_give_no_path),
		cmocka_unit_test(unknown_lines_are_ignored),
		cmocka_unit_test(malformed_lines_are_named),
		cmocka_unit_test(too_many_lines_are_refused),
		cmocka_unit_test(every_byte_may_be_wrong),
		cmocka_unit_test(page_fits_the_screen),
		cmocka_unit_test(page_shows_what_was_read),
		cmocka_unit_test(page_can_explain_itself),
		cmocka_unit_test(addresses_can_be_left_out),
		cmocka_unit_test(json_has_every_fact),
	};

	return cmocka_run_group_tests_name("arch", tests, NULL, NULL);
}
