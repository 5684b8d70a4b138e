/* SPDX-License-Identifier: GPL-2.0-only */
/* What renderers make of a fork or of a cow event. */
#ifndef SHOW_H
#define SHOW_H

#include <stdbool.h>

#include <jansson.h>

#include "cow.h"
#include "fork.h"

/* The text in @format, from malloc. */
char *show(const struct fw_fork *fork, const char *format);
char *show_cow(const struct fw_cow *cow, const char *format, bool quiet);

/* The text of @fork has these @lines. */
void assert_shows(const struct fw_fork *fork, const char *lines);

/* Reads @text, which is freed, as JSON: it is what $defs of docs/fork.schema.json has as @what. */
json_t *show_described(char *text, const char *what);

#endif
