// SPDX-License-Identifier: GPL-2.0-only
/* What limits forks, as /proc and the cgroups' pids controller tell it. */
#include <errno.h>
#include <fts.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "limit.h"

#define PATH_LEN	1024
#define CGROUPS_MAX	16384U	/* a tree beyond this is not remembered whole */
#define DEPTH_MAX	32U

/* What was counted by pids.events of one cgroup, and has been told. */
struct counted {
	char *dir;
	uint64_t refused;
};

struct fw_limits_watch {
	char root[PATH_LEN / 2];
	char mount[PATH_LEN];		/* of the hierarchy with pids; "" if there is none */
	bool v1;
	struct counted *counted;
	size_t nr, room;
};

static int read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	int err = 0;

	if (!file)
		return -errno;
	if (!fgets(line, size, file))
		err = -EIO;
	fclose(file);
	return err;
}

/* The number at the start of a file, "max" being no limit. */
static int read_number(const char *dir, const char *name, uint64_t *number)
{
	char path[PATH_LEN * 2], line[64], *end;
	int err;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	err = read_line(path, line, sizeof(line));
	if (err)
		return err;
	if (!strncmp(line, "max", 3)) {
		*number = UINT64_MAX;
		return 0;
	}
	errno = 0;
	*number = strtoull(line, &end, 10);
	return errno || end == line ? -EBADMSG : 0;
}

/* "max 3" is all that pids.events has. */
static int read_refused(const char *dir, uint64_t *refused)
{
	char path[PATH_LEN * 2], line[64];
	int err;

	snprintf(path, sizeof(path), "%s/pids.events", dir);
	err = read_line(path, line, sizeof(line));
	if (!err && sscanf(line, "max %" SCNu64, refused) != 1)
		err = -EBADMSG;
	return err;
}

/*
 * The cgroups.
 */
static struct counted *find_counted(struct fw_limits_watch *watch, const char *dir)
{
	size_t i;

	for (i = 0; i < watch->nr; i++)
		if (!strcmp(watch->counted[i].dir, dir))
			return &watch->counted[i];
	return NULL;
}

static struct counted *add_counted(struct fw_limits_watch *watch, const char *dir,
				   uint64_t refused)
{
	size_t room = watch->room ? 2 * watch->room : 64;
	struct counted *counted;
	char *copy;

	if (watch->nr >= CGROUPS_MAX)
		return NULL;
	if (watch->nr == watch->room) {
		counted = reallocarray(watch->counted, room, sizeof(*counted));
		if (!counted)
			return NULL;
		watch->counted = counted;
		watch->room = room;
	}
	copy = strdup(dir);
	if (!copy)
		return NULL;
	watch->counted[watch->nr] = (struct counted) { copy, refused };
	return &watch->counted[watch->nr++];
}

/* "36 25 0:31 / /sys/fs/cgroup rw,… - cgroup2 cgroup2 rw,…" */
static bool is_pids_mount(char *line, char *mount, bool *v1)
{
	char *dash = strstr(line, " - "), type[32], options[512];

	if (!dash || sscanf(dash, " - %31s %*s %511s", type, options) != 2 ||
	    sscanf(line, "%*d %*d %*s %*s %1023s", mount) != 1)
		return false;
	*v1 = !strcmp(type, "cgroup");
	return !strcmp(type, "cgroup2") || (*v1 && strstr(options, "pids"));
}

/* A v1 hierarchy with pids has the controller; cgroup2 then lacks it. */
static void find_mount(struct fw_limits_watch *watch)
{
	char path[PATH_LEN], line[PATH_LEN], mount[PATH_LEN];
	FILE *file;
	bool v1;

	snprintf(path, sizeof(path), "%s/proc/self/mountinfo", watch->root);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		if (!is_pids_mount(line, mount, &v1) || (*watch->mount && !v1))
			continue;
		if ((size_t)snprintf(watch->mount, sizeof(watch->mount), "%s%s", watch->root,
				     mount) >= sizeof(watch->mount))
			*watch->mount = '\0';
		watch->v1 = v1;
	}
	fclose(file);
}

static void remember_all(struct fw_limits_watch *watch)
{
	char *const roots[] = { watch->mount, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOSTAT | FTS_XDEV, NULL);
	uint64_t refused;
	FTSENT *entry;

	if (!fts)
		return;
	while ((entry = fts_read(fts)))
		if (entry->fts_info == FTS_D && !read_refused(entry->fts_path, &refused))
			add_counted(watch, entry->fts_path, refused);
	fts_close(fts);
}

int fw_limits_open(struct fw_limits_watch **out, const char *root)
{
	struct fw_limits_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	snprintf(watch->root, sizeof(watch->root), "%s", root);
	find_mount(watch);
	if (*watch->mount)
		remember_all(watch);
	*out = watch;
	return 0;
}

void fw_limits_close(struct fw_limits_watch *watch)
{
	size_t i;

	if (!watch)
		return;
	for (i = 0; i < watch->nr; i++)
		free(watch->counted[i].dir);
	free(watch->counted);
	free(watch);
}

/* "0::/a/b", or "7:pids:/a/b" of the v1 hierarchy: the cgroup of @pid. */
static int cgroup_of(const struct fw_limits_watch *watch, uint32_t pid, char *dir, size_t size)
{
	char path[PATH_LEN], line[PATH_LEN], *at;
	int err = -ENOENT;
	FILE *file;

	snprintf(path, sizeof(path), "%s/proc/%u/cgroup", watch->root, pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (err && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		at = strchr(line, ':');
		if (!at || (watch->v1 ? !strstr(at, "pids") : strncmp(at, "::", 2) != 0))
			continue;
		at = strchr(at + 1, ':');
		if (at && (size_t)snprintf(dir, size, "%s%s", watch->mount,
					   strcmp(at + 1, "/") ? at + 1 : "") < size)
			err = 0;
	}
	fclose(file);
	return err;
}

/* Takes one refusal off what @dir has counted and nobody was told. Returns how many there were. */
static uint64_t take_refusal(struct fw_limits_watch *watch, const char *dir)
{
	struct counted *counted = find_counted(watch, dir);
	uint64_t refused, more;

	if (read_refused(dir, &refused))
		return 0;
	if (!counted)
		counted = add_counted(watch, dir, 0);
	if (!counted || refused <= counted->refused)
		return 0;
	more = refused - counted->refused;
	counted->refused++;
	return more;
}

/* Goes to the parent of @dir, if that is still below the mount. */
static bool go_up(const struct fw_limits_watch *watch, char *dir)
{
	char *slash = strrchr(dir, '/');

	if (!slash || strlen(dir) <= strlen(watch->mount))
		return false;
	*slash = '\0';
	return true;
}

/*
 * The cgroup that is full, from the one that counted upward: before 6.11 the
 * task's own counts, whichever above it is full, since then that one. If all
 * have room by now it is the only one with a limit, if there is but one.
 */
static void find_full(const struct fw_limits_watch *watch, char *dir, struct fw_limits *limits)
{
	unsigned int limited = 0;

	do {
		uint64_t max, current;

		if (read_number(dir, "pids.max", &max) || max == UINT64_MAX ||
		    read_number(dir, "pids.current", &current))
			continue;
		if (limited++ && current < max)
			continue;
		snprintf(limits->cgroup, sizeof(limits->cgroup), "%s",
			 dir[strlen(watch->mount)] ? dir + strlen(watch->mount) : "/");
		limits->pids_max = max;
		limits->pids_current = current;
		if (current >= max) {
			limited = 1;
			break;
		}
	} while (go_up(watch, dir));
	if (limited == 1)
		limits->seen |= FW_LIMIT_PIDS_MAX;
}

/* How many refusals of @dir were not told yet? */
static uint64_t untold(struct fw_limits_watch *watch, const char *dir)
{
	const struct counted *counted = find_counted(watch, dir);
	uint64_t refused, told = counted ? counted->refused : 0;

	return read_refused(dir, &refused) || refused <= told ? 0 : refused - told;
}

/* Is @dir @above, or below it? */
static bool is_below(const char *dir, const char *above)
{
	size_t length = strlen(above);

	return !strncmp(dir, above, length) && (!dir[length] || dir[length] == '/');
}

/*
 * The parent has ended, and nobody knows its cgroup: it is the one that counted
 * a refusal, with those above it, if there is no other.
 */
static int cgroup_that_counted(struct fw_limits_watch *watch, char *dir, size_t size)
{
	char *const roots[] = { watch->mount, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOSTAT | FTS_XDEV, NULL);
	bool other = false;
	FTSENT *entry;

	*dir = '\0';
	while (fts && (entry = fts_read(fts))) {
		if (entry->fts_info != FTS_D || !untold(watch, entry->fts_path))
			continue;
		other |= *dir && !is_below(entry->fts_path, dir);
		snprintf(dir, size, "%s", entry->fts_path);
	}
	if (fts)
		fts_close(fts);
	return *dir && !other ? 0 : -ENOENT;
}

/* Is the mount the root of all, which has no limit, or that of a cgroup namespace? */
static bool sees_all(const struct fw_limits_watch *watch)
{
	char path[PATH_LEN * 2];

	snprintf(path, sizeof(path), "%s/%s", watch->mount,
		 watch->v1 ? "pids.max" : "cgroup.type");
	return access(path, F_OK);
}

static void look_at_cgroups(struct fw_limits_watch *watch, uint32_t pid, struct fw_limits *limits)
{
	char dir[PATH_LEN], counted[PATH_LEN] = "";
	uint64_t more;

	if (!*watch->mount || (cgroup_of(watch, pid, dir, sizeof(dir)) &&
			       cgroup_that_counted(watch, dir, sizeof(dir))))
		return;
	do {
		more = take_refusal(watch, dir);
		if (more && !*counted) {
			strcpy(counted, dir);
			limits->pids_refused = more;
		}
	} while (go_up(watch, dir));
	if (sees_all(watch))
		limits->seen |= FW_LIMIT_PIDS;
	if (*counted)
		find_full(watch, counted, limits);
}

/*
 * The system.
 */

/* "0.20 0.18 0.12 1/80 11206": of 80 one runs. */
static void look_at_threads(const struct fw_limits_watch *watch, struct fw_limits *limits)
{
	char path[PATH_LEN], line[128];

	snprintf(path, sizeof(path), "%s/proc/loadavg", watch->root);
	if (read_line(path, line, sizeof(line)) ||
	    sscanf(line, "%*s %*s %*s %*u/%" SCNu64, &limits->threads) != 1)
		return;
	snprintf(path, sizeof(path), "%s/proc/sys/kernel", watch->root);
	if (!read_number(path, "threads-max", &limits->threads_max))
		limits->seen |= FW_LIMIT_THREADS;
	if (!read_number(path, "pid_max", &limits->pid_max))
		limits->seen |= FW_LIMIT_PID_MAX;
}

/* Reads "NAME: 12 kB" of each of @nr names. Returns how many there were. */
static unsigned int read_sizes(const char *path, const char *const *names, uint64_t *sizes,
			       unsigned int nr)
{
	FILE *file = fopen(path, "re");
	unsigned int i, found = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file)) {
		size_t length = strcspn(line, ":");

		for (i = 0; i < nr; i++)
			if (strlen(names[i]) == length && !memcmp(line, names[i], length) &&
			    sscanf(line + length, ": %" SCNu64, &sizes[i]) == 1)
				found++;
	}
	if (file)
		fclose(file);
	return found;
}

static void look_at_memory(const struct fw_limits_watch *watch, uint32_t pid,
			   struct fw_limits *limits)
{
	static const char *const system[] = { "CommitLimit", "Committed_AS" };
	static const char *const parent[] = { "VmData", "VmStk" };
	char path[PATH_LEN];
	uint64_t sizes[2];

	snprintf(path, sizeof(path), "%s/proc/sys/vm", watch->root);
	if (read_number(path, "overcommit_memory", &limits->overcommit))
		return;
	snprintf(path, sizeof(path), "%s/proc/meminfo", watch->root);
	if (read_sizes(path, system, sizes, 2) == 2) {
		limits->commit_limit = sizes[0];
		limits->committed = sizes[1];
		limits->seen |= FW_LIMIT_COMMIT;
	}
	snprintf(path, sizeof(path), "%s/proc/%u/status", watch->root, pid);
	if (read_sizes(path, parent, sizes, 2) == 2) {
		limits->parent_data = sizes[0] + sizes[1];
		limits->seen |= FW_LIMIT_PARENT;
	}
}

int fw_limits_look(struct fw_limits_watch *watch, struct fw_fork *fork)
{
	struct fw_limits *limits = calloc(1, sizeof(*limits));

	if (!limits)
		return -ENOMEM;
	free(fork->limits);
	fork->limits = limits;
	look_at_threads(watch, limits);
	if (fw_fork_error(fork) == -ENOMEM)
		look_at_memory(watch, fork->parent_tgid, limits);
	/* cgroup_can_fork() comes after copy_thread(). */
	if (fw_fork_error(fork) == -EAGAIN && fork->copy_thread)
		look_at_cgroups(watch, fork->parent_tgid, limits);
	return 0;
}
