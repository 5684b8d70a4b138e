/* SPDX-License-Identifier: GPL-2.0-only */
/* Which symbols a trace that is written has by now. Only for trace_write.c. */
#ifndef FW_TRACE_SYMBOLS_H
#define FW_TRACE_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "address_set.h"
#include "forkwatch.h"

#define FW_SYMBOLS_SEEN	4096	/* addresses remembered, a power of two */

/* Zeroed: none yet. */
struct fw_trace_symbols {
	const struct fw_ksyms *ksyms;		/* NULL: the kernel's have no names */
	uint64_t low, span;			/* where addresses lie that have some */
	struct fw_address_set written;		/* kernel symbols, each once */
	uint64_t seen[FW_SYMBOLS_SEEN];		/* kernel addresses looked up lately */
	uint64_t seen_user[FW_SYMBOLS_SEEN];	/* hashes of user symbols written lately */
};

void fw_trace_symbols_free(struct fw_trace_symbols *symbols);

/* The kernel's symbols are those of @ksyms, which may be NULL and does not change any more. */
void fw_trace_symbols_use(struct fw_trace_symbols *symbols, const struct fw_ksyms *ksyms);

/* Gets the kernel symbol @name at @addr. Returns 0 or -errno. */
typedef int (*fw_trace_symbols_fn)(void *ctx, uint64_t addr, const char *name, uint64_t time);

/*
 * Tells @fn the kernel symbols that the trace lacks: those that a reader asks for by name;
 * those that the addresses in an event, @hdr and its @body, lie in. Each is told once, with
 * the @time or the event's. Return 0, -ENOMEM, or what @fn returned.
 */
int fw_trace_symbols_named(struct fw_trace_symbols *symbols, uint64_t time,
			   fw_trace_symbols_fn fn, void *ctx);
int fw_trace_symbols_of(struct fw_trace_symbols *symbols, const struct forkwatch_header *hdr,
			const void *body, fw_trace_symbols_fn fn, void *ctx);

/*
 * Was the name of the user address @addr of @event's task written lately, to the same CPU?
 * It is about to be, if not.
 */
bool fw_trace_symbols_told(struct fw_trace_symbols *symbols, const struct forkwatch_header *event,
			   uint64_t addr, const char *name);

#endif
