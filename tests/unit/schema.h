/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of JSON Schema as docs/fork.schema.json uses. */
#ifndef SCHEMA_H
#define SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/*
 * Is @value what @schema, which may refer into @root, describes? With @strict
 * an object may have no key but those that the schema names. If not, @why says
 * where.
 */
bool schema_accepts(json_t *root, json_t *schema, json_t *value, bool strict,
		    char *why, size_t size);

#endif
