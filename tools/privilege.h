/* SPDX-License-Identifier: GPL-2.0-only */
/* What this process may do once it traces. Its command was there before, and keeps its rights. */
#ifndef FW_PRIVILEGE_H
#define FW_PRIVILEGE_H

/*
 * Gives up, for good, all capabilities but those that a session needs until its
 * end, and whatever executing a program could bring. Returns 0 or -errno.
 */
int fw_privilege_drop(void);

#endif
