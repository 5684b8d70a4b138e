// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "scratch.h"

#define PATHS	16

char scratch[64];

static struct {
	char name[32];
	char path[128];
} paths[PATHS];

int scratch_setup(void **state)
{
	(void)state;
	/* Thousands of small files: in memory, where there is such a place. */
	snprintf(scratch, sizeof(scratch), "%s/forkwatch-test-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	memset(paths, 0, sizeof(paths));
	return mkdtemp(scratch) ? 0 : -1;
}

int scratch_teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", scratch);
	return system(command);
}

const char *scratch_path(const char *name)
{
	size_t i;

	for (i = 0; i < PATHS; i++) {
		if (!*paths[i].path) {
			snprintf(paths[i].name, sizeof(paths[i].name), "%s", name);
			snprintf(paths[i].path, sizeof(paths[i].path), "%s/%s", scratch, name);
		}
		if (!strcmp(paths[i].name, name))
			return paths[i].path;
	}
	fail_msg("%s is one path more than there is room for", name);
	return NULL;
}
