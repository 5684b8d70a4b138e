// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "held.h"

static int grow(struct fw_held *held)
{
	size_t room = held->room ? 2 * held->room : 64;
	struct forkwatch_header **events;

	if (held->nr < held->room)
		return 0;
	events = reallocarray(held->events, room, sizeof(*events));
	if (!events)
		return -ENOMEM;
	held->events = events;
	held->room = room;
	return 0;
}

int fw_held_add(struct fw_held *held, const struct forkwatch_header *event)
{
	struct forkwatch_header *copy;
	size_t at;

	if (grow(held))
		return -ENOMEM;
	copy = malloc(event->size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, event, event->size);
	/* Nearly all come in order. */
	for (at = held->nr++; at && held->events[at - 1]->time > copy->time; at--)
		held->events[at] = held->events[at - 1];
	held->events[at] = copy;
	return 0;
}

int fw_held_release(struct fw_held *held, uint64_t time, fw_bytes_fn fn, void *ctx)
{
	size_t n = 0;
	int err = 0;

	while (err >= 0 && n < held->nr && held->events[n]->time < time) {
		err = fn(ctx, held->events[n], held->events[n]->size);
		free(held->events[n++]);
	}
	held->nr -= n;
	if (n)
		memmove(held->events, held->events + n, held->nr * sizeof(*held->events));
	return err < 0 ? err : 0;
}

void fw_held_free(struct fw_held *held)
{
	while (held->nr)
		free(held->events[--held->nr]);
	free(held->events);
}
