// SPDX-License-Identifier: GPL-2.0-only
/* The module's parameters/arch, parsed. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch.h"
#include "array.h"

/*
 * What is left of a line. Each take_ function takes one word off its front, and
 * returns false if the word is not what it should be.
 */
static char *take_word(char **rest)
{
	char *word = *rest + strspn(*rest, " ");
	size_t len = strcspn(word, " ");

	*rest = word + len;
	if (**rest)
		*(*rest)++ = '\0';
	return word;
}

static bool take_number(char **rest, uint64_t *number)
{
	char *word = take_word(rest), *end;

	if (!isdigit((unsigned char)*word))
		return false;
	errno = 0;
	*number = strtoull(word, &end, strncmp(word, "0x", 2) ? 10 : 16);
	return !errno && !*end;
}

static bool is_plain(const char *word)
{
	for (; *word; word++)
		if (!isgraph((unsigned char)*word))
			return false;
	return true;
}

static bool take_name(char **rest, char name[FW_SYMBOL_LEN])
{
	char *word = take_word(rest);

	if (!*word || !is_plain(word))
		return false;
	snprintf(name, FW_SYMBOL_LEN, "%s", word);
	return true;
}

static bool is_end(const char *rest)
{
	return !rest[strspn(rest, " ")];
}

/* "0x404/0x800", behind the name of a symbol. */
static bool parse_extent(char *text, struct fw_place *place)
{
	char *slash = strchr(text, '/');

	if (!slash)
		return false;
	*slash++ = '\0';
	return take_number(&text, &place->offset) && take_number(&slash, &place->size);
}

/* "vectors+0x404/0x800", "serve+0x0/0x58 [forkwatch]", or the address once more. */
static bool take_symbol(char **rest, struct fw_place *place)
{
	char *word = take_word(rest), *plus = strrchr(word, '+'), *end;

	if (!is_plain(word))
		return false;
	if (!plus)
		return !strncmp(word, "0x", 2) && is_end(*rest);
	*plus++ = '\0';
	if (!*word || !parse_extent(plus, place))
		return false;
	snprintf(place->symbol, sizeof(place->symbol), "%s", word);

	word = take_word(rest);
	if (!*word)
		return true;
	end = strchr(word, ']');
	if (*word != '[' || !end || end[1] || !is_plain(word))
		return false;
	*end = '\0';
	snprintf(place->module, sizeof(place->module), "%s", word + 1);
	return is_end(*rest);
}

static bool take_place(char **rest, struct fw_place *place)
{
	place->seen = take_number(rest, &place->addr) && take_symbol(rest, place);
	return place->seen;
}

/*
 * One function for each kind of line. They return NULL, or what the line should
 * have been.
 */
#define TWICE	"comes twice"
#define FULL	"comes more often than this tool can hold"

static const char *parse_vbar(struct fw_arch *arch, char *rest)
{
	if (arch->vbar_el1.seen)
		return TWICE;
	return take_place(&rest, &arch->vbar_el1) ? NULL : "wants an address and a symbol";
}

static const char *parse_indexed(struct fw_place places[FW_NR_VECTORS], char *rest)
{
	uint64_t i;

	if (!take_number(&rest, &i) || i >= FW_NR_VECTORS)
		return "wants an index below 16";
	if (places[i].seen)
		return TWICE;
	return take_place(&rest, &places[i]) ? NULL : "wants an index, an address and a symbol";
}

static const char *parse_vector(struct fw_arch *arch, char *rest)
{
	return parse_indexed(arch->vectors, rest);
}

static const char *parse_hop(struct fw_arch *arch, char *rest)
{
	return parse_indexed(arch->hops, rest);
}

static const char *parse_trampoline(struct fw_arch *arch, char *rest)
{
	struct fw_trampoline *trampoline;
	uint64_t i;

	if (!take_number(&rest, &i) || i >= FW_ARCH_ROOM)
		return "wants a small index";
	trampoline = &arch->trampolines[i];
	if (trampoline->table.seen)
		return TWICE;
	trampoline->table.seen = take_number(&rest, &trampoline->table.value);
	if (!trampoline->table.seen || !take_place(&rest, &trampoline->hop))
		return "wants an index, two addresses and a symbol";
	return NULL;
}

static const char *parse_stack(struct fw_arch *arch, char *rest)
{
	if (arch->stack.seen)
		return TWICE;
	arch->stack.seen = take_number(&rest, &arch->stack.low) &&
			   take_number(&rest, &arch->stack.top) &&
			   take_number(&rest, &arch->stack.pt_regs) && is_end(rest);
	if (!arch->stack.seen)
		return "wants three addresses";
	if (arch->stack.low > arch->stack.pt_regs || arch->stack.pt_regs > arch->stack.top)
		return "wants its third address between the other two";
	return NULL;
}

static const struct fw_named *find(const struct fw_named *list, size_t nr, const char *name)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(list[i].name, name))
			return &list[i];
	return NULL;
}

static const char *add_named(struct fw_named *list, size_t *nr, const struct fw_named *named)
{
	if (find(list, *nr, named->name))
		return TWICE;
	if (*nr == FW_ARCH_ROOM)
		return FULL;
	list[(*nr)++] = *named;
	return NULL;
}

static const char *parse_named(struct fw_named *list, size_t *nr, char *rest)
{
	struct fw_named named;

	if (!take_name(&rest, named.name) || !take_number(&rest, &named.value) || !is_end(rest))
		return "wants a name and a number";
	return add_named(list, nr, &named);
}

static const char *parse_symbol(struct fw_arch *arch, char *rest)
{
	return parse_named(arch->symbols, &arch->nr_symbols, rest);
}

static const char *parse_size(struct fw_arch *arch, char *rest)
{
	return parse_named(arch->sizes, &arch->nr_sizes, rest);
}

static const char *parse_offset(struct fw_arch *arch, char *rest)
{
	return parse_named(arch->offsets, &arch->nr_offsets, rest);
}

static const char *parse_call(struct fw_arch *arch, char *rest)
{
	struct fw_named named;

	if (!take_number(&rest, &named.value) || !take_name(&rest, named.name) || !is_end(rest))
		return "wants a number and a name";
	return add_named(arch->calls, &arch->nr_calls, &named);
}

static const char *parse_syscall(struct fw_arch *arch, char *rest)
{
	struct fw_syscall call = { 0 };

	if (!take_number(&rest, &call.nr) || !take_place(&rest, &call.entry))
		return "wants a number, an address and a symbol";
	if (fw_arch_syscall(arch, call.nr))
		return TWICE;
	if (arch->nr_entries == FW_ARCH_ROOM)
		return FULL;
	arch->entries[arch->nr_entries++] = call;
	return NULL;
}

static const struct {
	const char *name;
	const char *(*parse)(struct fw_arch *arch, char *rest);
} lists[] = {
	{ "vbar_el1", parse_vbar },
	{ "vector", parse_vector },
	{ "hop", parse_hop },
	{ "trampoline", parse_trampoline },
	{ "stack", parse_stack },
	{ "symbol", parse_symbol },
	{ "call", parse_call },
	{ "syscall", parse_syscall },
	{ "size", parse_size },
	{ "offset", parse_offset },
};

static const struct {
	const char *name;
	size_t offset;
} numbers[] = {
#define NUMBER(name)	{ #name, offsetof(struct fw_arch, name) },
	FW_ARCH_NUMBERS(NUMBER)
#undef NUMBER
};

static const char *parse_number(struct fw_number *number, char *rest)
{
	if (number->seen)
		return TWICE;
	number->seen = take_number(&rest, &number->value) && is_end(rest);
	return number->seen ? NULL : "wants one number";
}

static const char *parse_line(struct fw_arch *arch, const char *name, char *rest)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!strcmp(numbers[i].name, name))
			return parse_number((void *)((char *)arch + numbers[i].offset), rest);
	for (i = 0; i < ARRAY_SIZE(lists); i++)
		if (!strcmp(lists[i].name, name))
			return lists[i].parse(arch, rest);
	return NULL;
}

static int parse_lines(struct fw_arch *arch, char *text, struct fw_why *why)
{
	char *line, *name, *rest;
	const char *wrong;
	int nr = 0;

	while ((line = strsep(&text, "\n"))) {
		nr++;
		rest = line;
		name = take_word(&rest);
		wrong = parse_line(arch, name, rest);
		if (!wrong)
			continue;
		snprintf(why->text, sizeof(why->text), "line %d: '%.40s' %s", nr, name, wrong);
		return -EPROTO;
	}
	return 0;
}

int fw_arch_parse(struct fw_arch *arch, const char *text, struct fw_why *why)
{
	char *copy = strdup(text);
	int err;

	memset(arch, 0, sizeof(*arch));
	why->text[0] = '\0';
	if (!copy)
		return -ENOMEM;
	err = parse_lines(arch, copy, why);
	free(copy);
	return err;
}

/* "[<0>] invoke_syscall+0x68/0xe0" into the function's name. */
static bool parse_frame(const char *line, char name[FW_SYMBOL_LEN])
{
	const char *start = strstr(line, "] "), *end;

	if (*line != '[' || !start)
		return false;
	start += 2;
	end = strchr(start, '+');
	if (!end || end == start || end - start >= FW_SYMBOL_LEN)
		return false;
	snprintf(name, FW_SYMBOL_LEN, "%.*s", (int)(end - start), start);
	return is_plain(name);
}

void fw_arch_parse_stack(struct fw_arch *arch, const char *text)
{
	char name[FW_SYMBOL_LEN];
	size_t nr = 0, i;
	bool entered = false;

	for (; *text; text += strcspn(text, "\n"), text += !!*text) {
		if (!parse_frame(text, name))
			continue;
		/* All before this is what the call did, not how it came there. */
		entered |= !strncmp(name, "__arm64_sys_", strlen("__arm64_sys_"));
		if (entered && nr < FW_ARCH_ROOM)
			strcpy(arch->path[nr++], name);
	}
	arch->nr_path = nr;
	for (i = 0; i < nr / 2; i++) {
		strcpy(name, arch->path[i]);
		strcpy(arch->path[i], arch->path[nr - 1 - i]);
		strcpy(arch->path[nr - 1 - i], name);
	}
}

static const uint64_t *value(const struct fw_named *list, size_t nr, const char *name)
{
	const struct fw_named *named = find(list, nr, name);

	return named ? &named->value : NULL;
}

const uint64_t *fw_arch_symbol(const struct fw_arch *arch, const char *name)
{
	return value(arch->symbols, arch->nr_symbols, name);
}

const uint64_t *fw_arch_size(const struct fw_arch *arch, const char *name)
{
	return value(arch->sizes, arch->nr_sizes, name);
}

const uint64_t *fw_arch_offset(const struct fw_arch *arch, const char *name)
{
	return value(arch->offsets, arch->nr_offsets, name);
}

const struct fw_place *fw_arch_syscall(const struct fw_arch *arch, uint64_t nr)
{
	size_t i;

	for (i = 0; i < arch->nr_entries; i++)
		if (arch->entries[i].nr == nr)
			return &arch->entries[i].entry;
	return NULL;
}

char *fw_place_name(const struct fw_place *place, char *buf, size_t size)
{
	char offset[24] = "";

	if (place->offset)
		snprintf(offset, sizeof(offset), "+0x%llx", (unsigned long long)place->offset);
	if (!place->symbol[0])
		snprintf(buf, size, "no symbol");
	else
		snprintf(buf, size, "%s%s%s%s%s", place->symbol, offset,
			 place->module[0] ? " [" : "", place->module,
			 place->module[0] ? "]" : "");
	return buf;
}

/* "EC, bits [31:26]" of ESR_ELx in the architecture manual: those that Linux meets often. */
static const struct {
	unsigned int ec;
	const char *name;
} classes[] = {
	{ 0x00, "unknown reason" },
	{ 0x07, "access to SVE, SIMD or floating point" },
	{ 0x0e, "illegal execution state" },
	{ 0x11, "SVC from AArch32" },
	{ FW_EC_SVC64, "SVC from AArch64" },
	{ 0x18, "access to a system register" },
	{ 0x20, "instruction abort from EL0" },
	{ 0x21, "instruction abort from the kernel's own level" },
	{ 0x22, "misaligned pc" },
	{ 0x24, "data abort from EL0" },
	{ 0x25, "data abort from the kernel's own level" },
	{ 0x26, "misaligned sp" },
	{ 0x30, "breakpoint from EL0" },
	{ 0x32, "single step from EL0" },
	{ 0x34, "watchpoint from EL0" },
	{ 0x3c, "BRK of AArch64" },
};

const char *fw_esr_class(uint64_t esr)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(classes); i++)
		if (classes[i].ec == FW_ESR_EC(esr))
			return classes[i].name;
	return NULL;
}
