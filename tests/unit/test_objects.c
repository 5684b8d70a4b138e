// SPDX-License-Identifier: GPL-2.0-only
/* What a child shares with its parent, as it is shown. */
#include <linux/sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "fixture.h"
#include "json.h"
#include "objects.h"
#include "show.h"

/* Sets what @share is on both sides. */
static void set(struct fw_fork *fork, unsigned int share, uint64_t parent, uint64_t child)
{
	fork->exit->parent_ptr[share] = parent;
	fork->exit->child_ptr[share] = child;
}

static void each_is_told_by_its_addresses(void **state)
{
	static const struct {
		unsigned int share;
		const char *own;
	} objects[] = {
		{ FORKWATCH_SHARE_MM, "copied" }, { FORKWATCH_SHARE_PGD, "new" },
		{ FORKWATCH_SHARE_FILES, "copied" }, { FORKWATCH_SHARE_FS, "copied" },
		{ FORKWATCH_SHARE_SIGHAND, "copied" }, { FORKWATCH_SHARE_SIGNAL, "new" },
		{ FORKWATCH_SHARE_NSPROXY, "new" }, { FORKWATCH_SHARE_IO, "new" },
		{ FORKWATCH_SHARE_SYSVSEM, "new" }, { FORKWATCH_SHARE_CRED, "copied" },
	};
	struct fw_fork *fork = fixture_fork(FIXTURE_FORK);
	size_t i;

	(void)state;
	for (i = 0; i < FORKWATCH_NR_SHARE; i++) {
		unsigned int share = objects[i].share;

		set(fork, share, 0xffff000000001000, 0xffff000000002000);
		assert_string_equal(fw_object_how_name(fw_object_how(fork, share)),
				    objects[i].own);
		set(fork, share, 0xffff000000001000, 0xffff000000001000);
		assert_int_equal(fw_object_how(fork, share), FW_OBJECT_SHARED);
		set(fork, share, 0xffff000000001000, 0);
		assert_int_equal(fw_object_how(fork, share), FW_OBJECT_NONE);
		set(fork, share, 0, 0);
		assert_int_equal(fw_object_how(fork, share), FW_OBJECT_NONE);
	}
	/* CLONE_CLEAR_SIGHAND */
	set(fork, FORKWATCH_SHARE_SIGHAND, 1, 2);
	fork->enter->clone_flags |= 1ULL << 32;
	assert_int_equal(fw_object_how(fork, FORKWATCH_SHARE_SIGHAND), FW_OBJECT_NEW);
	fw_fork_free(fork);
}

static void text_names_them_all(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_FORK);
	unsigned int share;

	(void)state;
	for (share = 0; share < FORKWATCH_NR_SHARE; share++)
		set(fork, share, 0x1000 + share, 0x2000 + share);
	set(fork, FORKWATCH_SHARE_NSPROXY, 0x3000, 0x3000);
	set(fork, FORKWATCH_SHARE_SYSVSEM, 0x3000, 0);
	fork->exit->child_vmas = 3;
	fork->exit->parent_vmas = 4;
	assert_shows(fork, "  objects shared nsproxy   copied mm files fs sighand cred   "
			   "new pgd signal io   none sysvsem\n          3 of 4 VMAs");
	/* A shared mm has nothing that was copied. */
	set(fork, FORKWATCH_SHARE_MM, 0x3000, 0x3000);
	assert_shows(fork, "  objects shared mm nsproxy   copied files fs sighand cred   "
			   "new pgd signal io   none sysvsem\n\n");
	fw_fork_free(fork);
}

static void what_was_not_seen_is_said(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_FORK);

	(void)state;
	fork->exit->hdr.size = offsetof(struct forkwatch_fork_exit, child_ptr);
	assert_false(fw_objects_seen(fork));
	assert_shows(fork, "  objects not observed\n");
	free(fork->exit);
	fork->exit = NULL;
	assert_shows(fork, "  objects not observed\n");
	fw_fork_free(fork);

	/* Without a child there is nothing to see. */
	fork = fixture_fork(FIXTURE_FAILED);
	{
		char *text = show(fork, "text");

		assert_null(strstr(text, "objects"));
		free(text);
	}
	fw_fork_free(fork);
}

static json_t *to_json(const struct fw_fork *fork)
{
	return show_described(show(fork, "json"), "fork");
}

static const char *object_of(const json_t *fork, const char *name)
{
	return json_string_value(json_object_get(json_object_get(fork, "objects"), name));
}

static void json_has_them(void **state)
{
	struct fw_fork *fork = fixture_fork(FIXTURE_FORK);
	json_t *object = to_json(fork), *counts;

	(void)state;
	assert_string_equal(object_of(object, "mm"), "copied");
	assert_string_equal(object_of(object, "signal"), "new");
	assert_string_equal(object_of(object, "nsproxy"), "shared");
	counts = json_object_get(json_object_get(object, "objects"), "counts");
	assert_int_equal(json_integer_value(json_object_get(counts, "vmas")),
			 fork->exit->child_vmas);
	assert_true(json_is_null(json_object_get(counts, "parent_open_files")));
	json_decref(object);
	fw_fork_free(fork);

	fork = fixture_fork(FIXTURE_THREAD);
	object = to_json(fork);
	assert_string_equal(object_of(object, "mm"), "shared");
	assert_string_equal(object_of(object, "signal"), "shared");
	json_decref(object);
	fw_fork_free(fork);

	fork = fixture_fork(FIXTURE_FAILED);
	object = to_json(fork);
	assert_true(json_is_null(json_object_get(object, "objects")));
	json_decref(object);
	fw_fork_free(fork);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_told_by_its_addresses),
		cmocka_unit_test(text_names_them_all),
		cmocka_unit_test(what_was_not_seen_is_said),
		cmocka_unit_test(json_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
