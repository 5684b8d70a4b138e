// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "array.h"
#include "privilege.h"

/*
 * What is still to be done: maps and the watch set are looked into (CAP_BPF, and
 * CAP_PERFMON for the program that ends with the session), /proc tells of the
 * processes of others (CAP_SYS_PTRACE), whose programs are read for names and whose
 * directory a trace may lie in (CAP_DAC_*), and signals are handed on to a command
 * that has become another user (CAP_KILL).
 */
static const cap_value_t needed[] = {
	CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_KILL,
};

/* Who has it in place of the two that it was split into goes on with it. */
static const cap_value_t instead = CAP_SYS_ADMIN;

static bool has(cap_t caps, cap_value_t cap)
{
	cap_flag_value_t value = CAP_CLEAR;

	return !cap_get_flag(caps, cap, CAP_PERMITTED, &value) && value == CAP_SET;
}

static int keep(cap_t to, cap_t from, cap_value_t cap)
{
	if (!has(from, cap))
		return 0;
	if (cap_set_flag(to, CAP_PERMITTED, 1, &cap, CAP_SET) ||
	    cap_set_flag(to, CAP_EFFECTIVE, 1, &cap, CAP_SET))
		return -errno;
	return 0;
}

static int choose(cap_t to, cap_t from)
{
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(needed) && !err; i++)
		err = keep(to, from, needed[i]);
	if (!err && !(has(from, CAP_BPF) && has(from, CAP_PERFMON)))
		err = keep(to, from, instead);
	return err;
}

int fw_privilege_drop(void)
{
	cap_t had = cap_get_proc(), left = cap_init();
	int err = had && left ? choose(left, had) : -ENOMEM;

	if (!err && (cap_set_proc(left) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)))
		err = -errno;
	cap_free(left);
	cap_free(had);
	return err;
}
