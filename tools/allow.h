/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Known deviations: forks that may break a rule, each with the reason why. They
 * are kept in a file, a line each:
 *
 *	RULE WHERE REASON…
 *	A1 comm=tree,kernel=6.1.* the vendor's patch gives children 7
 *
 * WHERE is * for all forks, or conditions with commas between them, all of which
 * must be met: comm= (the parent's), kernel= (the release) and field= (what is
 * not as it should be) are patterns as the shell has them, kind= is a kind.
 * Empty lines and such that begin with # say nothing.
 */
#ifndef FW_ALLOW_H
#define FW_ALLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "fork.h"

#define FW_NR_CONDITIONS	4

struct fw_allowance {
	unsigned int line;
	char *rule, *where, *reason;	/* as written */
	char *patterns[FW_NR_CONDITIONS];	/* NULL: may be anything */
	uint64_t used;			/* forks that it excused */
};

struct fw_allow {
	const char *path;
	struct fw_allowance *list;	/* in order of lines */
	size_t nr, room;
};

/* What broke a rule. */
struct fw_deviation {
	const char *rule;
	const char *comm;		/* at most FORKWATCH_COMM_LEN bytes, maybe no NUL */
	enum fw_fork_kind kind;
	const char *kernel;
	const char *why;		/* "x0: child 0x7, …" */
};

/*
 * Reads the file @path. Returns 0 or -errno, with a sentence in @error that names
 * the line which is wrong. Closing frees; a zeroed one may be closed, too.
 */
int fw_allow_open(struct fw_allow *allow, const char *path, char *error, size_t size);
void fw_allow_close(struct fw_allow *allow);

/* Is this one known? The first line that knows it has excused it then. */
bool fw_allow_excuses(struct fw_allow *allow, const struct fw_deviation *deviation);

/* Could it excuse anything on this @kernel? */
bool fw_allowance_applies(const struct fw_allowance *allowance, const char *kernel);

#endif
