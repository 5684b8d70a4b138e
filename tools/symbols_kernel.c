// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's symbols, from /proc/kallsyms or from whoever adds them. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addresses.h"
#include "array.h"
#include "symbols.h"

/*
 * kallsyms knows where a symbol begins, not where it ends. An address this
 * far from the last symbol before it is in none. BPF programs lie between
 * kernel stacks, so that theirs is short.
 */
#define REACH		(1ULL << 20)
#define REACH_BPF	(8ULL << 10)

struct symbol {
	uint64_t addr;
	uint32_t name;		/* offset into text */
	uint32_t module;	/* likewise; 0: the kernel itself */
	uint32_t offset;	/* of addr in it: not 0 for a piece */
	char type;		/* as nm prints it */
};

/* Which address a name has, for the few names that are asked for again and again. */
struct memo {
	char name[56];
	uint64_t addr;
};

#define NR_MEMOS	64

struct fw_ksyms {
	char *text;		/* all names; the first byte is unused */
	size_t text_len, text_size;
	struct symbol *syms;	/* by address */
	size_t nr, room;
	struct memo *memos;
	struct fw_addresses addresses;
};

static int text_reserve(struct fw_ksyms *ksyms, size_t more)
{
	size_t size = ksyms->text_size ? ksyms->text_size : 4096;
	char *text;

	while (size - ksyms->text_len < more)
		size *= 2;
	if (size > UINT32_MAX)
		return -E2BIG;
	if (size == ksyms->text_size)
		return 0;
	text = realloc(ksyms->text, size);
	if (!text)
		return -ENOMEM;
	ksyms->text = text;
	ksyms->text_size = size;
	return 0;
}

static int syms_reserve(struct fw_ksyms *ksyms)
{
	size_t room = ksyms->room ? 2 * ksyms->room : 1024;
	struct symbol *syms;

	if (ksyms->nr < ksyms->room)
		return 0;
	syms = realloc(ksyms->syms, room * sizeof(*syms));
	if (!syms)
		return -ENOMEM;
	ksyms->syms = syms;
	ksyms->room = room;
	return 0;
}

int fw_ksyms_new(struct fw_ksyms **out)
{
	struct fw_ksyms *ksyms = calloc(1, sizeof(*ksyms));
	int err;

	if (!ksyms)
		return -ENOMEM;
	ksyms->memos = calloc(NR_MEMOS, sizeof(*ksyms->memos));
	err = ksyms->memos ? text_reserve(ksyms, 1) : -ENOMEM;
	if (err) {
		fw_ksyms_close(ksyms);
		return err;
	}
	ksyms->text[0] = '\0';
	ksyms->text_len = 1;
	*out = ksyms;
	return 0;
}

void fw_ksyms_close(struct fw_ksyms *ksyms)
{
	if (!ksyms)
		return;
	free(ksyms->memos);
	free(ksyms->syms);
	free(ksyms->text);
	free(ksyms);
}

/* The whole of @path behind what text holds, with a final NUL. */
static int read_all(struct fw_ksyms *ksyms, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;
	int err;

	if (fd < 0)
		return -errno;
	do {
		err = text_reserve(ksyms, 65536);
		if (err)
			goto out;
		got = read(fd, ksyms->text + ksyms->text_len,
			   ksyms->text_size - ksyms->text_len - 1);
		if (got > 0)
			ksyms->text_len += got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	err = got < 0 ? -errno : 0;
	ksyms->text[ksyms->text_len] = '\0';
out:
	close(fd);
	return err;
}

static bool is_wanted(char type, const char *name)
{
	/* $x and .L mark places for linkers, and absolute symbols are no addresses. */
	return strchr("TtWwDdRrBbVv", type) && name[0] != '$' && strncmp(name, ".L", 2);
}

/*
 * "ffff800008010000 T name" or "... name\t[module]", at @line, which ends
 * where the next one begins: the names are cut out in place.
 */
static bool parse_line(const char *text, char *line, struct symbol *sym)
{
	char *name, *module;
	unsigned int digit;

	memset(sym, 0, sizeof(*sym));
	for (name = line; isxdigit((unsigned char)*name); name++) {
		digit = *name <= '9' ? *name - '0' : (*name | 0x20) - 'a' + 10;
		sym->addr = sym->addr << 4 | digit;
	}
	if (name == line || name - line > 16 || name[0] != ' ' || !name[1] || name[2] != ' ')
		return false;
	sym->type = name[1];
	name += 3;
	module = strpbrk(name, "\t ");
	if (module) {
		*module++ = '\0';
		module += strspn(module, "[ \t");
		module[strcspn(module, "] \t")] = '\0';
		sym->module = *module ? module - text : 0;
	}
	sym->name = name - text;
	return *name && is_wanted(sym->type, name);
}

static int by_addr(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* The kernel's own symbols come in order, its modules' behind them do not. */
static int sort(struct fw_ksyms *ksyms)
{
	size_t head = 1, i = 0, j, k = 0;
	struct symbol *syms = ksyms->syms, *merged;

	while (head < ksyms->nr && syms[head - 1].addr <= syms[head].addr)
		head++;
	if (head >= ksyms->nr)
		return 0;

	merged = malloc(ksyms->room * sizeof(*merged));
	if (!merged)
		return -ENOMEM;
	qsort(syms + head, ksyms->nr - head, sizeof(*syms), by_addr);
	for (j = head; k < ksyms->nr; k++) {
		bool from_head = j == ksyms->nr || (i < head && syms[i].addr <= syms[j].addr);

		merged[k] = from_head ? syms[i++] : syms[j++];
	}
	free(syms);
	ksyms->syms = merged;
	return 0;
}

static int parse(struct fw_ksyms *ksyms)
{
	char *line = ksyms->text + 1, *next;
	size_t hidden = 0;
	struct symbol sym;
	int err;

	for (; *line; line = next) {
		next = strchrnul(line, '\n');
		if (*next)
			*next++ = '\0';
		if (!parse_line(ksyms->text, line, &sym))
			continue;
		if (!sym.addr) {
			hidden++;
			continue;
		}
		err = syms_reserve(ksyms);
		if (err)
			return err;
		ksyms->syms[ksyms->nr++] = sym;
	}
	if (!ksyms->nr)
		return hidden ? -EPERM : -ENODATA;
	return sort(ksyms);
}

int fw_ksyms_open(struct fw_ksyms **out, const char *path)
{
	struct fw_ksyms *ksyms;
	int err;

	err = fw_ksyms_new(&ksyms);
	if (err)
		return err;
	err = read_all(ksyms, path ? path : "/proc/kallsyms");
	if (!err)
		err = parse(ksyms);
	if (err) {
		fw_ksyms_close(ksyms);
		return err;
	}
	*out = ksyms;
	return 0;
}

/* How many symbols begin at or before @addr. */
static size_t count_up_to(const struct fw_ksyms *ksyms, uint64_t addr)
{
	size_t low = 0, high = ksyms->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ksyms->syms[mid].addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int text_add(struct fw_ksyms *ksyms, const char *from, size_t len, uint32_t *at)
{
	int err = text_reserve(ksyms, len + 1);

	if (err)
		return err;
	*at = ksyms->text_len;
	memcpy(ksyms->text + ksyms->text_len, from, len);
	ksyms->text_len += len;
	ksyms->text[ksyms->text_len++] = '\0';
	return 0;
}

int fw_ksyms_add(struct fw_ksyms *ksyms, uint64_t addr, const char *name)
{
	struct symbol sym = { .addr = addr, .type = 'T' };
	const char *module = strstr(name, " [");
	size_t len = strcspn(name, "+ "), at;
	int err;

	if (!addr || !len)
		return -EINVAL;
	if (name[len] == '+')
		sym.offset = strtoul(name + len, NULL, 16);
	err = syms_reserve(ksyms);
	if (!err)
		err = text_add(ksyms, name, len, &sym.name);
	if (!err && module)
		err = text_add(ksyms, module + 2, strcspn(module + 2, "]"), &sym.module);
	if (err)
		return err;

	memset(ksyms->memos, 0, NR_MEMOS * sizeof(*ksyms->memos));
	at = count_up_to(ksyms, addr);
	memmove(ksyms->syms + at + 1, ksyms->syms + at, (ksyms->nr - at) * sizeof(sym));
	ksyms->syms[at] = sym;
	ksyms->nr++;
	return 0;
}

/* Names that are only another way to reach, or to delimit, what has a better one. */
static bool is_alias(const char *name)
{
	static const char *const prefixes[] = {
		"__pi_", "__cfi_", "__kcfi_", "__efistub_", "__kvm_nvhe_", "__start_", "__stop_",
	};
	size_t i, len = strlen(name);

	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	if (len > 5 && name[0] == '_' &&
	    (!strcmp(name + len - 5, "_text") || !strcmp(name + len - 5, "begin") ||
	     !strcmp(name + len - 5, "start") || !strcmp(name + len - 4, "_end")))
		return true;
	return !strcmp(name, "_text") || !strcmp(name, "_stext") || !strcmp(name, "_etext");
}

/* The lower, the better: functions, then global ones, then plain names. */
static unsigned int rank(const struct fw_ksyms *ksyms, const struct symbol *sym)
{
	const char *name = ksyms->text + sym->name;

	return is_alias(name) << 16 | !strchr("TtWw", sym->type) << 15 |
	       !!islower((unsigned char)sym->type) << 14 | (sym->type == 'W') << 13 |
	       (strspn(name, "_") & 15) << 8 | (strlen(name) & 0xff);
}

static const struct symbol *better(const struct fw_ksyms *ksyms, const struct symbol *a,
				   const struct symbol *b)
{
	unsigned int rank_a = rank(ksyms, a), rank_b = rank(ksyms, b);

	if (rank_a != rank_b)
		return rank_a < rank_b ? a : b;
	return strcmp(ksyms->text + a->name, ksyms->text + b->name) <= 0 ? a : b;
}

static bool is_end(const struct fw_ksyms *ksyms, const struct symbol *sym)
{
	return !strcmp(ksyms->text + sym->name, "_end");
}

void fw_ksyms_hide(struct fw_ksyms *ksyms, const struct fw_addresses *addresses)
{
	ksyms->addresses = *addresses;
	memset(ksyms->memos, 0, NR_MEMOS * sizeof(*ksyms->memos));
}

static uint64_t real(const struct fw_ksyms *ksyms, uint64_t shown)
{
	return fw_address_real(&ksyms->addresses, shown);
}

static uint64_t offset_in(const struct fw_ksyms *ksyms, const struct symbol *sym, uint64_t shown)
{
	return real(ksyms, shown) - sym->addr + sym->offset;
}

/* The best of the symbols at the last address at or before that which @shown stands for. */
static const struct symbol *find(const struct fw_ksyms *ksyms, uint64_t shown)
{
	const struct symbol *sym, *best;
	uint64_t reach, addr;
	bool end;
	size_t i;

	if (!ksyms)
		return NULL;
	addr = real(ksyms, shown);
	i = count_up_to(ksyms, addr);
	if (!i)
		return NULL;
	sym = &ksyms->syms[i - 1];
	best = sym;
	end = is_end(ksyms, sym);
	while (sym > ksyms->syms && sym[-1].addr == best->addr) {
		best = better(ksyms, best, --sym);
		end |= is_end(ksyms, sym);
	}
	/* What comes after the end of the kernel is not in its last variable. */
	if (end)
		return NULL;

	reach = REACH;
	if (best->module && !strcmp(ksyms->text + best->module, "bpf"))
		reach = REACH_BPF;
	return addr - best->addr < reach ? best : NULL;
}

const char *fw_ksyms_find(const struct fw_ksyms *ksyms, uint64_t addr, uint64_t *offset)
{
	const struct symbol *sym = find(ksyms, addr);

	if (!sym)
		return NULL;
	if (offset)
		*offset = offset_in(ksyms, sym, addr);
	return ksyms->text + sym->name;
}

int fw_ksyms_piece(const struct fw_ksyms *ksyms, uint64_t addr, uint64_t *distance)
{
	const struct symbol *sym = find(ksyms, addr);

	if (!sym)
		return -ENOENT;
	*distance = fw_address_reach(&ksyms->addresses, addr, real(ksyms, addr) - sym->addr);
	return 0;
}

/* What hidden addresses are shown as may lie anywhere in the kernel's half. */
void fw_ksyms_span(const struct fw_ksyms *ksyms, uint64_t *low, uint64_t *span)
{
	*low = 1ULL << 63;
	*span = 0;
	if (!ksyms || !ksyms->nr)
		return;
	*span = 1ULL << 63;
	if (ksyms->addresses.hidden)
		return;
	*low = ksyms->syms[0].addr;
	*span = ksyms->syms[ksyms->nr - 1].addr - *low + REACH;
}

static struct memo *memo(const struct fw_ksyms *ksyms, const char *name)
{
	unsigned int hash = 5381;
	const char *c;

	for (c = name; *c; c++)
		hash = 33 * hash + (unsigned char)*c;
	return &ksyms->memos[hash % NR_MEMOS];
}

/* The kernel's own goes before a module's, then the lowest address. */
static uint64_t search_name(const struct fw_ksyms *ksyms, const char *name)
{
	const struct symbol *sym, *in_module = NULL;

	for (sym = ksyms->syms; sym < ksyms->syms + ksyms->nr; sym++) {
		if (sym->offset || strcmp(ksyms->text + sym->name, name))
			continue;
		if (!sym->module)
			return sym->addr;
		if (!in_module)
			in_module = sym;
	}
	return in_module ? in_module->addr : 0;
}

uint64_t fw_ksyms_addr(const struct fw_ksyms *ksyms, const char *name)
{
	struct memo *known;
	uint64_t addr;

	if (!ksyms || !ksyms->nr || !*name)
		return 0;
	known = memo(ksyms, name);
	if (!strcmp(known->name, name))
		return known->addr;

	addr = fw_address_shown(&ksyms->addresses, search_name(ksyms, name));
	if (strlen(name) < sizeof(known->name)) {
		strcpy(known->name, name);
		known->addr = addr;
	}
	return addr;
}

const char *fw_ksyms_name(const struct fw_ksyms *ksyms, uint64_t addr, char *buf, size_t size)
{
	const struct symbol *sym = find(ksyms, addr);
	uint64_t in = sym ? offset_in(ksyms, sym, addr) : 0;
	char offset[24] = "";

	if (!sym) {
		snprintf(buf, size, "0x%llx", (unsigned long long)addr);
		return buf;
	}
	if (in)
		snprintf(offset, sizeof(offset), "+0x%llx", (unsigned long long)in);
	snprintf(buf, size, "%s%s%s%s%s", ksyms->text + sym->name, offset,
		 sym->module ? " [" : "", ksyms->text + sym->module, sym->module ? "]" : "");
	return buf;
}
