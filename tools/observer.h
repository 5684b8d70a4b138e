/* SPDX-License-Identifier: GPL-2.0-only */
/* Who saw an event: the module, BPF programs, or the kernel's own tracepoints; and what of it. */
#ifndef FW_OBSERVER_H
#define FW_OBSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forkwatch.h"

/* What FORKWATCH_BY_* says of a kind, and how the observer is called. */
struct fw_observer {
	uint16_t by;		/* FORKWATCH_BY_* */
	const char *name;	/* "bpf" */
	const char *suffix;	/* of its events' names where all kinds are listed: "_witness" */
	const char *blind;	/* why it does not see a field, and who does */
};

/* Those that a kind is marked with; ends with a NULL name. */
extern const struct fw_observer fw_observers[];

/* The kind without its observer. */
static inline uint16_t fw_kind(const struct forkwatch_header *event)
{
	return event->kind & FORKWATCH_KIND_MASK;
}

static inline bool fw_is_witness(const struct forkwatch_header *event)
{
	return (event->kind & ~FORKWATCH_KIND_MASK) == FORKWATCH_BY_WITNESS;
}

/* Does the observer @by make events of @kind, which has none in it? */
bool fw_observer_makes(uint16_t by, uint16_t kind);

/* "module", "bpf", "tracefs" */
const char *fw_observer_name(uint16_t kind);

/* Does who sends @kind see the field at @offset? */
bool fw_kind_shows(uint16_t kind, size_t offset);

/*
 * Is the field of @size bytes at @offset one that the sender of @event sees, and
 * that it sent? (An older sender's event may be shorter.)
 */
static inline bool fw_observed(const struct forkwatch_header *event, size_t offset, size_t size)
{
	if (offset + size > event->size)
		return false;
	/* Every rule asks, of every fork; nothing is hidden from who sends an event first. */
	return !(event->kind & ~FORKWATCH_KIND_MASK) || fw_kind_shows(event->kind, offset);
}

/* Why @event, which is long enough for it, does not show a field. Never NULL. */
const char *fw_observer_blind(const struct forkwatch_header *event);

/* Is @field of the event that @event points to, which is not NULL, observed? */
#define FW_OBSERVED(event, field)						\
	fw_observed((const struct forkwatch_header *)(event),			\
		    offsetof(__typeof__(*(event)), field), sizeof((event)->field))

#endif
