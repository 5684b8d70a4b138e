/* SPDX-License-Identifier: GPL-2.0-only */
/* Traces in the formats of other programs. */
#ifndef FW_CONVERT_H
#define FW_CONVERT_H

#include <stdio.h>

#include "replay.h"

struct fw_conversion {
	const char *name;
	const char *text;		/* what it makes, in one line */
	/* @replay is open and was not played. Returns 0, -ENOMEM or what failed. */
	int (*write)(struct fw_replay *replay, FILE *out);
};

extern const struct fw_conversion fw_conversions[];	/* ends with a NULL name */
const struct fw_conversion *fw_conversion_find(const char *name);

/* Each in its convert_*.c. */
int fw_convert_chrome(struct fw_replay *replay, FILE *out);
int fw_convert_csv(struct fw_replay *replay, FILE *out);
int fw_convert_perfetto(struct fw_replay *replay, FILE *out);

#endif
