/* SPDX-License-Identifier: GPL-2.0-only */
/* How the numbers of many forks are shown, as text and as JSON. */
#ifndef FW_RENDER_STAT_H
#define FW_RENDER_STAT_H

#include <stdbool.h>

#include <jansson.h>

#include "render.h"
#include "stat.h"
#include "text.h"

/* One look at the numbers. Times in ns. */
struct fw_stat_view {
	const struct fw_stat *stat;
	const struct fw_env *env;
	uint64_t duration;		/* of tracing until now */
	uint64_t lap;			/* since the last fw_stat_lap(), 0: there was none */
	bool last;			/* no other one comes: losses and command are known */
	const struct fw_losses *losses;	/* with @last; NULL: not known */
	uint64_t events;
	const char *command;		/* with @last; "" for none */
	int status;			/* its wait status */
};

void fw_stat_text(struct fw_text *text, const struct fw_stat_view *view);
/* A new reference, NULL without memory. docs/stat.schema.json says what is in it. */
json_t *fw_stat_json(const struct fw_stat_view *view);

#endif
