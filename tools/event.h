/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events as the tool sees them: the event table, and the one place where
 * bytes from outside become events.
 */
#ifndef FW_EVENT_H
#define FW_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "forkwatch.h"

enum fw_field_type {
	FW_U16,
	FW_U32,
	FW_U64,
	FW_S32,
	FW_S64,
	FW_CHAR,
	FW_REGS,		/* struct forkwatch_regs */
	FW_CONTEXT,		/* struct forkwatch_context */
	FW_STATE,		/* struct forkwatch_state */
};

/* One field: @count elements of @type, @offset bytes into the event. */
struct fw_field {
	const char *name;
	enum fw_field_type type;
	size_t offset;
	size_t count;		/* 1 unless an array */
	int is_array;
};

/* One kind of event. @fields ends with a NULL name and leaves out the header. */
struct fw_event_type {
	const char *name;
	uint16_t kind;
	size_t size;		/* as this build knows it, header included */
	const char *origin;	/* the kernel function or tracepoint it is taken at */
	const struct fw_field *fields;
};

/* The table, in order of kind; it ends with a NULL name. */
extern const struct fw_event_type fw_event_types[];
extern const struct fw_field fw_header_fields[];
extern const struct fw_field fw_regs_fields[];
extern const struct fw_field fw_context_fields[];
extern const struct fw_field fw_state_fields[];

/* The type of @kind, whoever saw it, or NULL for one that this build does not know. */
const struct fw_event_type *fw_event_type(uint16_t kind);

/*
 * Checks @size bytes at @data, which may come from anywhere and have any
 * alignment, and makes an event of them: a copy from malloc, never shorter
 * than the event's type (a missing tail reads as zero), to be freed by the
 * caller. Bytes after those that the header speaks of are a transport's
 * padding. Returns 0, -EBADMSG when the header speaks of more than @size, or of
 * an event that ends within a field, -ENOTSUP for an unknown kind, -ENOMEM.
 */
int fw_event_decode(const void *data, size_t size, struct forkwatch_header **event);

/*
 * Is @field of @event within the bytes that were sent, and one that its sender
 * sees? (An older sender's event may be shorter; see observer.h.)
 */
int fw_event_has(const struct forkwatch_header *event, const struct fw_field *field);

#endif
