// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>

#include "addresses.h"
#include "array.h"
#include "capability.h"
#include "event.h"
#include "words.h"

/* What is hidden: bits 16 to 51, which 64 KiB these are. The rest are tags and no secret. */
#define GRANULE_SHIFT	16
#define GRANULE_BYTES	(1ULL << GRANULE_SHIFT)
#define HALF_BITS	18
#define HALF_MASK	((1ULL << HALF_BITS) - 1)
#define GRANULE_MASK	((1ULL << 2 * HALF_BITS) - 1)
#define ROUNDS		8

int fw_addresses_parse(const char *word, enum fw_addresses_choice *choice)
{
	static const char *const words[] = {
		[FW_ADDRESSES_AUTO] = "auto",
		[FW_ADDRESSES_RAW] = "raw",
		[FW_ADDRESSES_SYMBOLS] = "symbols",
	};
	int place = fw_word_find(words, ARRAY_SIZE(words), word);

	if (place < 0)
		return place;
	*choice = place;
	return 0;
}

int fw_addresses_live(struct fw_addresses *addresses)
{
	addresses->hidden = addresses->choice == FW_ADDRESSES_SYMBOLS ||
			    (addresses->choice == FW_ADDRESSES_AUTO && !fw_addresses_allowed());
	if (!addresses->hidden)
		return 0;
	if (getrandom(addresses->key, sizeof(addresses->key), 0) != sizeof(addresses->key))
		return -EIO;
	return 0;
}

int fw_addresses_recorded(struct fw_addresses *addresses, bool recorded_hidden,
			  const uint8_t secret[16])
{
	if (recorded_hidden && addresses->choice == FW_ADDRESSES_RAW)
		return -ENODATA;
	addresses->hidden = addresses->choice == FW_ADDRESSES_SYMBOLS && !recorded_hidden;
	memcpy(addresses->key, secret, sizeof(addresses->key));
	return 0;
}

/* The top byte may hold a tag, and a small negative number is an error or "no limit". */
bool fw_is_kernel_address(uint64_t value)
{
	return value >> 63 && (value >> 52 & 0xf) == 0xf && ~value >= GRANULE_BYTES;
}

/*
 * SipHash-2-4 (Aumasson, Bernstein) of one word.
 */
static uint64_t rotate(uint64_t n, int bits)
{
	return n << bits | n >> (64 - bits);
}

static void sip_rounds(uint64_t v[4], int rounds)
{
	while (rounds--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32) + v[3];
		v[2] += v[1];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

static void sip_take(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_rounds(v, 2);
	v[0] ^= word;
}

static uint64_t siphash(const uint64_t key[2], uint64_t word)
{
	uint64_t v[4] = {
		key[0] ^ 0x736f6d6570736575ULL, key[1] ^ 0x646f72616e646f6dULL,
		key[0] ^ 0x6c7967656e657261ULL, key[1] ^ 0x7465646279746573ULL,
	};

	sip_take(v, word);
	sip_take(v, 8ULL << 56);	/* the length, as its padding has it */
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* A Feistel network: each number has its own, and the way back differs in the order only. */
static uint64_t permute(const uint64_t key[2], uint64_t granule, bool back)
{
	uint64_t left = granule >> HALF_BITS, right = granule & HALF_MASK, next;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		uint64_t round = back ? ROUNDS - 1 - i : i;

		next = left ^ (siphash(key, round << 32 | right) & HALF_MASK);
		left = right;
		right = next;
	}
	/* The last round does not swap, so that the way back begins where this one ended. */
	return right << HALF_BITS | left;
}

/* The last granule has the small negative numbers: it stays, and no other takes its place. */
static uint64_t replace(const struct fw_addresses *addresses, uint64_t value, bool back)
{
	uint64_t granule = value >> GRANULE_SHIFT & GRANULE_MASK;

	if (!addresses->hidden || !fw_is_kernel_address(value) || granule == GRANULE_MASK)
		return value;
	do {
		granule = permute(addresses->key, granule, back);
	} while (granule == GRANULE_MASK);
	return (value & ~(GRANULE_MASK << GRANULE_SHIFT)) | granule << GRANULE_SHIFT;
}

uint64_t fw_address_shown(const struct fw_addresses *addresses, uint64_t address)
{
	return replace(addresses, address, false);
}

uint64_t fw_address_real(const struct fw_addresses *addresses, uint64_t shown)
{
	return replace(addresses, shown, true);
}

uint64_t fw_address_reach(const struct fw_addresses *addresses, uint64_t shown, uint64_t distance)
{
	uint64_t reach = shown & (GRANULE_BYTES - 1);

	return addresses->hidden && reach < distance ? reach : distance;
}

/* An end is no place in what ends there, and may be the beginning of the next granule. */
static bool is_end(const struct fw_field *field)
{
	const size_t length = strlen(field->name), end = strlen("stack_top");

	return length >= end && !strcmp(field->name + length - end, "stack_top");
}

/* Whatever it looks like, it is the caller's own number, by which the event is told from others. */
static bool is_cookie(const struct fw_field *field)
{
	return !strcmp(field->name, "cookie");
}

static void hide_words(const struct fw_addresses *addresses, void *at, size_t count, bool end)
{
	uint64_t *word = at;

	for (; count--; word++)
		*word = fw_address_shown(addresses, *word - end) + end;
}

static void hide_fields(const struct fw_addresses *addresses, void *at,
			const struct fw_field *field)
{
	for (; field->name; field++) {
		void *to = (char *)at + field->offset;

		if (field->type == FW_U64 && !is_cookie(field))
			hide_words(addresses, to, field->count, is_end(field));
		else if (field->type == FW_REGS)
			hide_fields(addresses, to, fw_regs_fields);
		else if (field->type == FW_CONTEXT)
			hide_fields(addresses, to, fw_context_fields);
		else if (field->type == FW_STATE)
			hide_fields(addresses, to, fw_state_fields);
	}
}

void fw_addresses_hide(const struct fw_addresses *addresses, struct forkwatch_header *event)
{
	if (addresses->hidden)
		hide_fields(addresses, event, fw_event_type(event->kind)->fields);
}

void fw_addresses_hide_report(const struct fw_addresses *addresses,
			      struct forkwatch_clone_report *report)
{
	if (!addresses->hidden)
		return;
	hide_fields(addresses, &report->parent_regs, fw_regs_fields);
	hide_fields(addresses, &report->child_regs, fw_regs_fields);
	hide_fields(addresses, &report->context, fw_context_fields);
	hide_words(addresses, &report->stack_low, 1, false);
}
