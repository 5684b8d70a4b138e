// SPDX-License-Identifier: GPL-2.0-only
/* See trace_symbols.h. */
#include <string.h>

#include "addresses.h"
#include "array.h"
#include "ctf.h"
#include "mix.h"
#include "symbols.h"
#include "trace_symbols.h"

void fw_trace_symbols_free(struct fw_trace_symbols *symbols)
{
	fw_address_set_free(&symbols->written);
}

static int tell(struct fw_trace_symbols *symbols, uint64_t addr, const char *name, uint64_t time,
		fw_trace_symbols_fn fn, void *ctx)
{
	int ret = fw_address_set_add(&symbols->written, addr);

	return ret > 0 ? fn(ctx, addr, name, time) : ret;
}

void fw_trace_symbols_use(struct fw_trace_symbols *symbols, const struct fw_ksyms *ksyms)
{
	symbols->ksyms = ksyms;
	fw_ksyms_span(ksyms, &symbols->low, &symbols->span);
}

/* _end is where the kernel's last symbol ends. */
int fw_trace_symbols_named(struct fw_trace_symbols *symbols, uint64_t time,
			   fw_trace_symbols_fn fn, void *ctx)
{
	static const char *const names[] = {
		"ret_from_fork", "schedule_tail", "__switch_to", "cpu_switch_to", "_end",
	};
	uint64_t addr;
	size_t i;
	int ret = 0;

	for (i = 0; !ret && symbols->ksyms && i < ARRAY_SIZE(names); i++) {
		addr = fw_ksyms_addr(symbols->ksyms, names[i]);
		if (addr)
			ret = tell(symbols, addr, names[i], time, fn, ctx);
	}
	return ret;
}

/* Was it looked up lately? It is about to be, if not. */
static bool is_seen(struct fw_trace_symbols *symbols, uint64_t addr)
{
	uint64_t *seen = &symbols->seen[fw_mix(addr) % FW_SYMBOLS_SEEN];

	if (*seen == addr)
		return true;
	*seen = addr;
	return false;
}

/* The kernel symbol that @addr lies in, if there is one. */
__attribute__((cold))
static int tell_address(struct fw_trace_symbols *symbols, uint64_t addr, uint64_t time,
			fw_trace_symbols_fn fn, void *ctx)
{
	char name[FW_CTF_NAME_MAX];
	uint64_t distance;

	if (!fw_is_kernel_address(addr) || fw_ksyms_piece(symbols->ksyms, addr, &distance))
		return 0;
	/* Of the symbol itself, this is its name and its module. */
	fw_ksyms_name(symbols->ksyms, addr - distance, name, sizeof(name));
	return tell(symbols, addr - distance, name, time, fn, ctx);
}

/* An event may lie anywhere. */
static uint64_t word_at(const uint8_t *at, size_t nth)
{
	uint64_t word;

	memcpy(&word, at + nth * sizeof(word), sizeof(word));
	return word;
}

/* What of them is a symbol's, the table knows. */
static inline int tell_words(struct fw_trace_symbols *symbols, const uint8_t *at,
			     const uint8_t *end, uint64_t time, fw_trace_symbols_fn fn, void *ctx)
{
	for (; at < end; at += sizeof(uint64_t)) {
		const uint64_t word = word_at(at, 0);
		int ret;

		if (!(word >> 63) || word - symbols->low >= symbols->span ||
		    is_seen(symbols, word))
			continue;
		ret = tell_address(symbols, word, time, fn, ctx);
		if (ret)
			return ret;
	}
	return 0;
}

/* Most words are no address of the kernel's, and four of them are passed at a time. */
int fw_trace_symbols_of(struct fw_trace_symbols *symbols, const struct forkwatch_header *hdr,
			const void *body, fw_trace_symbols_fn fn, void *ctx)
{
	const size_t four = 4 * sizeof(uint64_t);
	const size_t words = (hdr->size - sizeof(*hdr)) / sizeof(uint64_t);
	const uint8_t *at, *end = (const uint8_t *)body + words * sizeof(uint64_t);
	int ret;

	for (at = body; at + four <= end; at += four) {
		if (!((word_at(at, 0) | word_at(at, 1) | word_at(at, 2) | word_at(at, 3)) >> 63))
			continue;
		ret = tell_words(symbols, at, at + four, hdr->time, fn, ctx);
		if (ret)
			return ret;
	}
	return tell_words(symbols, at, end, hdr->time, fn, ctx);
}

static uint64_t hash_of(const char *name, uint64_t hash)
{
	size_t length = strlen(name);
	uint64_t word = 0;

	for (; length >= sizeof(word); name += sizeof(word), length -= sizeof(word)) {
		memcpy(&word, name, sizeof(word));
		hash = fw_mix(hash ^ word);
	}
	word = 0;
	memcpy(&word, name, length);
	return fw_mix(hash ^ word);
}

bool fw_trace_symbols_told(struct fw_trace_symbols *symbols, const struct forkwatch_header *event,
			   uint64_t addr, const char *name)
{
	uint64_t hash, *seen;

	hash = fw_mix(addr) ^ fw_mix((uint64_t)event->tgid << 32 | event->cpu);
	hash = hash_of(name, hash);
	seen = &symbols->seen_user[hash % FW_SYMBOLS_SEEN];
	if (*seen == hash)
		return true;
	*seen = hash;
	return false;
}
