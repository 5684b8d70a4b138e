/* SPDX-License-Identifier: GPL-2.0-only */
/* A directory for what a test writes, which is gone when the test is over. */
#ifndef TEST_UNIT_SCRATCH_H
#define TEST_UNIT_SCRATCH_H

extern char scratch[64];

int scratch_setup(void **state);
int scratch_teardown(void **state);

/* The path of @name in it: valid until the end of the test. */
const char *scratch_path(const char *name);

#endif
