/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who sees kernel addresses: the one place that decides, and what stands for them where
 * they are not to be seen.
 *
 * Hidden addresses are replaced in events as these come in, from the kernel or from a
 * trace: what comes later, the model, the rules, every format and what is written to disk,
 * knows no others. What stands for an address looks like one: which 64 KiB of memory it
 * is about is hidden, where it is in them is not. So what is equal stays equal, a
 * register still lies as far below the top of its stack, and rules hold as they did.
 */
#ifndef FW_ADDRESSES_H
#define FW_ADDRESSES_H

#include <stdbool.h>
#include <stdint.h>

#include "forkwatch.h"

enum fw_addresses_choice {
	FW_ADDRESSES_AUTO,
	FW_ADDRESSES_RAW,
	FW_ADDRESSES_SYMBOLS,
};

#define FW_ADDRESSES_WORDS	"auto, raw, symbols"

/* Zeroed: addresses as they are, unless one of the functions below decides otherwise. */
struct fw_addresses {
	enum fw_addresses_choice choice;
	bool hidden;
	uint64_t key[2];
};

/* Takes one of the words. Returns 0 or -EINVAL. */
int fw_addresses_parse(const char *word, enum fw_addresses_choice *choice);

/*
 * Decides for what is seen now, to be called before capabilities are given up: auto is
 * what the kernel lets this user see. Returns 0 or -errno, where there is no secret to
 * be had.
 */
int fw_addresses_live(struct fw_addresses *addresses);

/*
 * Decides for a recorded trace, where auto is what it holds: the same address has the same
 * replacement whenever it is read. @secret is of the trace and in nothing that is
 * made of it. Returns 0, or -ENODATA if raw ones are wanted of a trace that was recorded
 * without (@recorded_hidden).
 */
int fw_addresses_recorded(struct fw_addresses *addresses, bool recorded_hidden,
			  const uint8_t secret[16]);

/* A number that may be a kernel address: a word of the upper half, and no small negative one. */
bool fw_is_kernel_address(uint64_t value);

/* What is shown for @address, and the address that @shown stands for; others stay as they are. */
uint64_t fw_address_shown(const struct fw_addresses *addresses, uint64_t address);
uint64_t fw_address_real(const struct fw_addresses *addresses, uint64_t shown);

/*
 * How far before @shown its 64 KiB begin, if that is less than @distance: what is shown for an
 * address before them has nothing to do with it. Else, and without anything hidden, @distance.
 */
uint64_t fw_address_reach(const struct fw_addresses *addresses, uint64_t shown, uint64_t distance);

/* Replaces what fw_event_decode() made of an event, or what forkwatch_clone() reported. */
void fw_addresses_hide(const struct fw_addresses *addresses, struct forkwatch_header *event);
void fw_addresses_hide_report(const struct fw_addresses *addresses,
			      struct forkwatch_clone_report *report);

#endif
