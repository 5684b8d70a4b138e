/* SPDX-License-Identifier: GPL-2.0-only */
/* How forks are shown. One struct of callbacks for each format. */
#ifndef FW_RENDER_H
#define FW_RENDER_H

#include <stdbool.h>
#include <stdio.h>

#include "check.h"
#include "fork.h"
#include "symbols.h"

struct fw_render_options {
	FILE *out;
	bool color;
	bool quiet;			/* -q: only the summary and what failed */
	const struct fw_env *env;
	struct fw_usyms *usyms;		/* NULL: user addresses stay numbers */
};

struct fw_render_ops;

struct fw_render {
	const struct fw_render_ops *ops;
	struct fw_render_options opt;
	void *state;
};

struct fw_summary {
	const struct fw_tally *tally;
	const struct fw_losses *losses;
	uint64_t events;
	const char *command;		/* as typed, "" for none */
	int status;			/* wait status of the command */
};

struct fw_render_ops {
	const char *name;				/* "text", "json" */
	int (*begin)(struct fw_render *render);
	/* A fork that was judged (fork->verdicts). */
	int (*fork)(struct fw_render *render, const struct fw_fork *fork);
	int (*end)(struct fw_render *render, const struct fw_summary *summary);
};

extern const struct fw_render_ops fw_render_text;
extern const struct fw_render_ops fw_render_json;

/* By name; NULL if there is none. Opening returns 0 or -errno. */
const struct fw_render_ops *fw_render_find(const char *name);
int fw_render_open(struct fw_render *render, const struct fw_render_ops *ops,
		   const struct fw_render_options *opt);
int fw_render_close(struct fw_render *render);

#endif
