/* SPDX-License-Identifier: GPL-2.0-only */
/* How forks are shown. One struct of callbacks for each format. */
#ifndef FW_RENDER_H
#define FW_RENDER_H

#include <stdbool.h>
#include <stdio.h>

#include "check.h"
#include "cow.h"
#include "fork.h"
#include "life.h"
#include "stages.h"
#include "symbols.h"

struct fw_render_options {
	FILE *out;
	bool color;
	bool quiet;			/* -q: only the summary and what failed */
	enum fw_stage_order stage_order;
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

/*
 * They write whole forks to out, which the caller flushes, and return 0 or
 * -errno: that of the write that failed (-ENOSPC, -EPIPE), or -ENOMEM. Any may
 * be NULL, but for fork and cow.
 */
struct fw_render_ops {
	const char *name;				/* "text", "json" */
	int (*begin)(struct fw_render *render);
	/* A fork that was judged (fork->verdicts). */
	int (*fork)(struct fw_render *render, const struct fw_fork *fork);
	/* What a fork cost when it was over: comes any time after the fork. */
	int (*cow)(struct fw_render *render, const struct fw_cow *cow);
	/* What a child does later; @judgement is fw_check_life()'s. */
	int (*life)(struct fw_render *render, const struct fw_life *life,
		    const struct fw_judgement *judgement);
	int (*end)(struct fw_render *render, const struct fw_summary *summary);
	int (*open)(struct fw_render *render);		/* makes state */
	void (*close)(struct fw_render *render);	/* frees state */
};

extern const struct fw_render_ops fw_render_text;
extern const struct fw_render_ops fw_render_json;

/* Every format, ending with NULL. */
extern const struct fw_render_ops *const fw_render_formats[];

/* By name; NULL if there is none. */
const struct fw_render_ops *fw_render_find(const char *name);

/* Opening returns 0 or -errno; closing frees, and leaves out open. */
int fw_render_open(struct fw_render *render, const struct fw_render_ops *ops,
		   const struct fw_render_options *opt);
void fw_render_close(struct fw_render *render);

/* For the formats: did a rule fail? That is what opt.quiet still shows. */
bool fw_render_has_failed(const struct fw_fork *fork);
/* Writes @size bytes to out. Returns 0 or -errno. */
int fw_render_write(struct fw_render *render, const char *data, size_t size);

#endif
