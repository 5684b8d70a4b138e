// SPDX-License-Identifier: GPL-2.0-only
/* See show.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "render.h"
#include "schema.h"
#include "show.h"

#define SCHEMA	TEST_DATA_DIR "/../../docs/fork.schema.json"

/* One of the two is there. */
static char *show_either(const struct fw_fork *fork, const struct fw_cow *cow, const char *format,
			 bool quiet)
{
	struct fw_render_options opt = { .quiet = quiet };
	struct fw_render render;
	char *text = NULL;
	size_t size;
	int err;

	opt.out = open_memstream(&text, &size);
	assert_non_null(opt.out);
	assert_int_equal(fw_render_open(&render, fw_render_find(format), &opt), 0);
	err = fork ? render.ops->fork(&render, fork) : render.ops->cow(&render, cow);
	assert_int_equal(err, 0);
	fw_render_close(&render);
	fclose(opt.out);
	return text;
}

char *show(const struct fw_fork *fork, const char *format)
{
	return show_either(fork, NULL, format, false);
}

char *show_cow(const struct fw_cow *cow, const char *format, bool quiet)
{
	return show_either(NULL, cow, format, quiet);
}

void assert_shows(const struct fw_fork *fork, const char *lines)
{
	char *text = show(fork, "text");

	if (!strstr(text, lines))
		fail_msg("'%s' is not in\n%s", lines, text);
	free(text);
}

json_t *show_described(char *text, const char *what)
{
	json_t *schema = json_load_file(SCHEMA, 0, NULL);
	json_t *object = json_loads(text, 0, NULL);
	char why[512] = "";

	assert_non_null(schema);
	assert_non_null(object);
	if (!schema_accepts(schema, json_object_get(json_object_get(schema, "$defs"), what),
			    object, true, why, sizeof(why)))
		fail_msg("%s in %s", why, text);
	json_decref(schema);
	free(text);
	return object;
}
