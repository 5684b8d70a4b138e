// SPDX-License-Identifier: GPL-2.0-only
#include "array.h"
#include "objects.h"
#include "observer.h"

/* Younger than the oldest headers that this builds with. */
#define CLEAR_SIGHAND	(1ULL << 32)

/* How a child comes by its own. */
static const struct {
	const char *name;
	enum fw_object_how own;
} objects[] = {
#define OBJECT(SHARE, value, object)	[value] = { #object, OWN_##SHARE },
#define OWN_MM		FW_OBJECT_COPIED
#define OWN_PGD		FW_OBJECT_NEW
#define OWN_FILES	FW_OBJECT_COPIED
#define OWN_FS		FW_OBJECT_COPIED
#define OWN_SIGHAND	FW_OBJECT_COPIED
#define OWN_SIGNAL	FW_OBJECT_NEW
#define OWN_NSPROXY	FW_OBJECT_NEW
#define OWN_IO		FW_OBJECT_NEW
#define OWN_SYSVSEM	FW_OBJECT_NEW
#define OWN_CRED	FW_OBJECT_COPIED
	FORKWATCH_SHARES(OBJECT)
#undef OBJECT
};

_Static_assert(ARRAY_SIZE(objects) == FORKWATCH_NR_SHARE, "every object has a name");

/* A task without a signal_struct there is none: an event of zeros is no observation. */
bool fw_objects_seen(const struct fw_fork *fork)
{
	const struct forkwatch_fork_exit *exit = fork->exit;

	return exit && !exit->result && FW_OBSERVED(exit, parent_ptr) &&
	       FW_OBSERVED(exit, child_ptr) && exit->child_ptr[FORKWATCH_SHARE_SIGNAL];
}

enum fw_object_how fw_object_how(const struct fw_fork *fork, unsigned int share)
{
	uint64_t child = fork->exit->child_ptr[share];

	if (!child)
		return FW_OBJECT_NONE;
	if (child == fork->exit->parent_ptr[share])
		return FW_OBJECT_SHARED;
	if (share == FORKWATCH_SHARE_SIGHAND && fork->enter &&
	    fork->enter->clone_flags & CLEAR_SIGHAND)
		return FW_OBJECT_NEW;
	return objects[share].own;
}

const char *fw_object_how_name(enum fw_object_how how)
{
	static const char *const names[FW_NR_OBJECT_HOW] = {
		[FW_OBJECT_SHARED] = "shared",
		[FW_OBJECT_COPIED] = "copied",
		[FW_OBJECT_NEW] = "new",
		[FW_OBJECT_NONE] = "none",
	};

	return names[how];
}

const char *fw_object_name(unsigned int share)
{
	return share < FORKWATCH_NR_SHARE ? objects[share].name : NULL;
}
