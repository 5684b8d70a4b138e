/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the child of a fork shares with its parent, and what it has for itself. Pure,
 * from the addresses that fork_exit read on both sides; for display, rules judge.
 */
#ifndef FW_OBJECTS_H
#define FW_OBJECTS_H

#include <stdbool.h>

#include "fork.h"

enum fw_object_how {
	FW_OBJECT_SHARED,	/* both have the same */
	FW_OBJECT_COPIED,	/* the child has its own, made from the parent's */
	FW_OBJECT_NEW,		/* the child has its own, which begins anew */
	FW_OBJECT_NONE,		/* the child has none */
	FW_NR_OBJECT_HOW,
};

/* Were they observed? If not, that may be for want of a child. */
bool fw_objects_seen(const struct fw_fork *fork);

/* Of @fork, whose objects were observed. @share is FORKWATCH_SHARE_*. */
enum fw_object_how fw_object_how(const struct fw_fork *fork, unsigned int share);

/* "shared", "copied", "new", "none" */
const char *fw_object_how_name(enum fw_object_how how);

/* "mm", "nsproxy" */
const char *fw_object_name(unsigned int share);

#endif
