// SPDX-License-Identifier: GPL-2.0-only
/* Who saw an event, and what of it: from the lists in forkwatch.h. */
#include <string.h>

#include "array.h"
#include "observer.h"

const struct fw_observer fw_observers[] = {
	{ FORKWATCH_BY_WITNESS, "bpf", "_witness",
	  "BPF programs do not see it, the module does" },
	{ FORKWATCH_BY_BPF, "bpf", "_bpf",
	  "BPF programs do not see it, the module does: load forkwatch.ko" },
	{ FORKWATCH_BY_TRACEFS, "tracefs", "_tracefs",
	  "the kernel's tracepoint does not tell it, BPF programs see it: use --source auto" },
	{ .name = NULL }
};

/* The events that an observer makes. */
static const uint16_t made[] = {
#define WITNESSED(KIND, name)					\
	FORKWATCH_##KIND + FORKWATCH_BY_WITNESS,		\
	FORKWATCH_##KIND + FORKWATCH_BY_BPF,
#define TRACED(KIND, name)	FORKWATCH_##KIND + FORKWATCH_BY_TRACEFS,
	FORKWATCH_WITNESSED(WITNESSED)
	FORKWATCH_TRACED(TRACED)
};

/* The fields that are hidden from it. */
static const struct {
	uint16_t kind;
	uint16_t offset;
} unseen[] = {
#define UNSEEN(KIND, by, event, field) \
	{ FORKWATCH_##KIND + FORKWATCH_BY_##by, offsetof(struct forkwatch_##event, field) },
#define UNSEEN_BPF(KIND, event, field)	\
	UNSEEN(KIND, WITNESS, event, field) UNSEEN(KIND, BPF, event, field)
#define UNSEEN_TRACEFS(KIND, event, field)	UNSEEN(KIND, TRACEFS, event, field)
	FORKWATCH_UNSEEN_BPF(UNSEEN_BPF)
	FORKWATCH_UNSEEN_TRACEFS(UNSEEN_TRACEFS)
};

bool fw_observer_makes(uint16_t by, uint16_t kind)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(made); i++)
		if (made[i] == by + kind)
			return true;
	return false;
}

static const struct fw_observer *find(uint16_t kind)
{
	const struct fw_observer *observer;

	for (observer = fw_observers; observer->name; observer++)
		if (observer->by == (kind & ~FORKWATCH_KIND_MASK))
			return observer;
	return NULL;
}

const char *fw_observer_name(uint16_t kind)
{
	const struct fw_observer *observer = find(kind);

	if (observer)
		return observer->name;
	return (kind & FORKWATCH_KIND_MASK) < FORKWATCH_KIND_BPF ? "module" : "bpf";
}

bool fw_kind_shows(uint16_t kind, size_t offset)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unseen); i++)
		if (unseen[i].kind == kind && unseen[i].offset == offset)
			return false;
	return true;
}

const char *fw_observer_blind(const struct forkwatch_header *event)
{
	const struct fw_observer *observer = find(event->kind);

	return observer ? observer->blind : "record with a newer forkwatch";
}
