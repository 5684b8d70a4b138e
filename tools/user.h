/* SPDX-License-Identifier: GPL-2.0-only */
/* Another user, whom the command is to run as: -u. */
#ifndef FW_USER_H
#define FW_USER_H

#include <sys/types.h>

struct fw_user {
	uid_t uid;
	gid_t gid;
	gid_t *groups;		/* all of them, the one above too */
	int nr_groups;
	char *name, *home, *shell;
};

/* Looks @name up. Returns 0, -ENOENT if there is no such user, or -errno. */
int fw_user_find(const char *name, struct fw_user *user);
void fw_user_free(struct fw_user *user);

/*
 * This process becomes @user, with its groups, without a capability unless that is
 * root, and with HOME, SHELL, USER and LOGNAME as su sets them. Returns 0 or -errno; a
 * process for which that failed must not go on.
 */
int fw_user_become(const struct fw_user *user);

#endif
