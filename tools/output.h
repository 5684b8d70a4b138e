/* SPDX-License-Identifier: GPL-2.0-only */
/* Where results go: -o and --color of every subcommand that shows something. */
#ifndef FW_OUTPUT_H
#define FW_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

enum fw_color {
	FW_COLOR_AUTO,
	FW_COLOR_ALWAYS,
	FW_COLOR_NEVER,
};

struct fw_output {
	const char *path;	/* NULL: standard output */
	enum fw_color color;
	FILE *file;
};

/* "auto", "always" or "never"; -EINVAL for another word. */
int fw_output_parse_color(const char *word, enum fw_color *color);

/* Opens @output->file. Returns 0, or -errno after a message. */
int fw_output_open(struct fw_output *output);
/* Are colours wanted there? */
bool fw_output_colored(const struct fw_output *output);
/* Returns 0 or the -errno of what could not be written. */
int fw_output_flush(struct fw_output *output);
/* Writes @object, a reference that it takes; NULL is one that there was no memory for. The same. */
int fw_output_json(struct fw_output *output, json_t *object);
/*
 * Writes what is left. Returns 0, or -errno of this or of what went before,
 * @err, after a message. A pipe that nobody reads any more is none: whoever
 * closed it has seen enough.
 */
int fw_output_close(struct fw_output *output, int err);

#endif
