/* SPDX-License-Identifier: GPL-2.0-only */
/* The clone path: numbers that arm64 leaves unassigned, served by the module. */
#ifndef FW_CLONE_H
#define FW_CLONE_H

#include <linux/types.h>

/* Starts serving, unless clone_path=0. Returns 0 or -errno, with a message. */
int fw_clone_init(void);
/* Stops, and waits until no task is left in the module's text. */
void fw_clone_exit(void);

/* The @i-th number that is served, -1 past the last one or when none is. */
int fw_clone_number(int i);

/* The clone path's lines of the file `probes`; see fw_probes_print(). */
int fw_clone_print(char *buffer, size_t size);

#endif /* FW_CLONE_H */
