// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <unistd.h>

#include "user.h"

/* The kernel's limit, NGROUPS_MAX, is far above it: whoever has more makes it grow. */
#define GROUPS_ROOM	64

static int find_groups(struct fw_user *user)
{
	int room = GROUPS_ROOM, nr;
	gid_t *groups = NULL, *more;

	do {
		more = reallocarray(groups, room, sizeof(*groups));
		if (!more) {
			free(groups);
			return -ENOMEM;
		}
		groups = more;
		nr = room;
		room *= 2;
	} while (getgrouplist(user->name, user->gid, groups, &nr) < 0 && room <= 1 << 20);
	user->groups = groups;
	user->nr_groups = nr;
	return 0;
}

int fw_user_find(const char *name, struct fw_user *user)
{
	const struct passwd *entry;

	*user = (struct fw_user){ .name = NULL };
	errno = 0;
	entry = getpwnam(name);
	/* There are several ways to say that there is none, see getpwnam(3). */
	if (!entry)
		return errno == ENOMEM || errno == EIO || errno == EMFILE || errno == ENFILE ?
		       -errno : -ENOENT;
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
	user->name = strdup(entry->pw_name);
	user->home = strdup(entry->pw_dir);
	user->shell = strdup(*entry->pw_shell ? entry->pw_shell : "/bin/sh");
	if (!user->name || !user->home || !user->shell || find_groups(user)) {
		fw_user_free(user);
		return -ENOMEM;
	}
	return 0;
}

void fw_user_free(struct fw_user *user)
{
	free(user->groups);
	free(user->name);
	free(user->home);
	free(user->shell);
	*user = (struct fw_user){ .name = NULL };
}

/* The kernel does so by itself where root becomes another user, but not for others. */
static int drop_capabilities(void)
{
	cap_t none = cap_init();
	int err = !none ? -ENOMEM : cap_set_proc(none) ? -errno : 0;

	cap_free(none);
	return err;
}

int fw_user_become(const struct fw_user *user)
{
	if (setgroups(user->nr_groups, user->groups) ||
	    setresgid(user->gid, user->gid, user->gid) ||
	    setresuid(user->uid, user->uid, user->uid))
		return -errno;
	if (setenv("HOME", user->home, 1) || setenv("SHELL", user->shell, 1) ||
	    setenv("USER", user->name, 1) || setenv("LOGNAME", user->name, 1))
		return -errno;
	return user->uid ? drop_capabilities() : 0;
}
