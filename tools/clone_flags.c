// SPDX-License-Identifier: GPL-2.0-only
/* Names for the numbers a fork is asked for with: flags, signals, system calls, errors. */
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "clone_flags.h"
#include "forkwatch.h"
#include "names.h"

/* Younger than the oldest headers that this builds with. */
#ifndef CLONE_AUTOREAP
#define CLONE_AUTOREAP		(1ULL << 34)
#endif
#ifndef CLONE_NNP
#define CLONE_NNP		(1ULL << 35)
#endif
#ifndef CLONE_PIDFD_AUTOKILL
#define CLONE_PIDFD_AUTOKILL	(1ULL << 36)
#endif
#ifndef CLONE_EMPTY_MNTNS
#define CLONE_EMPTY_MNTNS	(1ULL << 37)
#endif

#define FLAG(name) { (uint64_t)(name), #name }
const struct fw_flag fw_clone_flag_table[] = {
	FLAG(CLONE_NEWTIME),
	FLAG(CLONE_VM),
	FLAG(CLONE_FS),
	FLAG(CLONE_FILES),
	FLAG(CLONE_SIGHAND),
	FLAG(CLONE_PIDFD),
	FLAG(CLONE_PTRACE),
	FLAG(CLONE_VFORK),
	FLAG(CLONE_PARENT),
	FLAG(CLONE_THREAD),
	FLAG(CLONE_NEWNS),
	FLAG(CLONE_SYSVSEM),
	FLAG(CLONE_SETTLS),
	FLAG(CLONE_PARENT_SETTID),
	FLAG(CLONE_CHILD_CLEARTID),
	FLAG(CLONE_DETACHED),
	FLAG(CLONE_UNTRACED),
	FLAG(CLONE_CHILD_SETTID),
	FLAG(CLONE_NEWCGROUP),
	FLAG(CLONE_NEWUTS),
	FLAG(CLONE_NEWIPC),
	FLAG(CLONE_NEWUSER),
	FLAG(CLONE_NEWPID),
	FLAG(CLONE_NEWNET),
	FLAG(CLONE_IO),
	FLAG(CLONE_CLEAR_SIGHAND),
	FLAG(CLONE_INTO_CGROUP),
	FLAG(CLONE_AUTOREAP),
	FLAG(CLONE_NNP),
	FLAG(CLONE_PIDFD_AUTOKILL),
	FLAG(CLONE_EMPTY_MNTNS),
	{ 0, NULL }
};

#undef FLAG

/* Appends to the text in @buf, with a '|' between two. */
static void append(char *buf, size_t size, const char *name)
{
	size_t used = strlen(buf), length = strlen(name);

	if (used && used + 1 < size)
		buf[used++] = '|';
	if (length >= size - used)
		length = size - used - 1;
	memcpy(buf + used, name, length);
	buf[used + length] = '\0';
}

char *fw_clone_flags(uint64_t flags, int exit_signal, char *buf, size_t size)
{
	const struct fw_flag *flag;
	char name[24];

	buf[0] = '\0';
	for (flag = fw_clone_flag_table; flag->name; flag++) {
		if (flags & flag->bit)
			append(buf, size, flag->name);
		flags &= ~flag->bit;
	}
	if (flags)
		append(buf, size, fw_name_hex(flags, name, sizeof(name)));
	if (exit_signal)
		append(buf, size, fw_signal_name(exit_signal, name, sizeof(name)));
	if (!buf[0])
		snprintf(buf, size, "0");
	return buf;
}

char *fw_signal_name(int signal, char *buf, size_t size)
{
	const char *name = signal > 0 ? sigabbrev_np(signal) : NULL;

	if (name && strlen("SIG") + strlen(name) < size)
		stpcpy(stpcpy(buf, "SIG"), name);
	else
		snprintf(buf, size, "signal %d", signal);
	return buf;
}

/*
 * By number, not by __NR_*: a recording is read on machines whose own system
 * calls have other numbers.
 */
#define NR_CLONE		220
#define NR_CLONE3		435

/* AArch32's. */
#define NR_COMPAT_FORK		2
#define NR_COMPAT_CLONE		120
#define NR_COMPAT_VFORK		190
#define NR_COMPAT_CLONE3	435

static const struct fork_call {
	int nr;
	bool compat;
	const char *name;
} fork_calls[] = {
	{ NR_CLONE,		false,	"clone" },
	{ NR_CLONE3,		false,	"clone3" },
	{ FORKWATCH_NR_FORK,	false,	"fork" },
	{ FORKWATCH_NR_VFORK,	false,	"vfork" },
	{ FORKWATCH_NR_CLONE,	false,	"forkwatch_clone" },
	{ NR_COMPAT_FORK,	true,	"fork" },
	{ NR_COMPAT_CLONE,	true,	"clone" },
	{ NR_COMPAT_VFORK,	true,	"vfork" },
	{ NR_COMPAT_CLONE3,	true,	"clone3" },
};

const char *fw_fork_call_name(int nr, bool compat)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fork_calls); i++)
		if (fork_calls[i].nr == nr && fork_calls[i].compat == compat)
			return fork_calls[i].name;
	return NULL;
}

/* <linux/errno.h> of the kernel: no user space ever sees them, but its probes do. */
static const struct kernel_error {
	int error;
	const char *name;
	const char *text;
} kernel_errors[] = {
	{ 512, "ERESTARTSYS", "Restarted unless a handler says otherwise" },
	{ 513, "ERESTARTNOINTR", "The call will be restarted after a signal" },
	{ 514, "ERESTARTNOHAND", "Restarted if no handler runs" },
	{ 516, "ERESTART_RESTARTBLOCK", "Restarted by restart_syscall" },
	{ 517, "EPROBE_DEFER", "Driver requests probe retry" },
	{ 524, "ENOTSUPP", "Operation is not supported" },
};

static const struct kernel_error *kernel_error(long error)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kernel_errors); i++)
		if (kernel_errors[i].error == error)
			return &kernel_errors[i];
	return NULL;
}

static long magnitude(long error)
{
	return error < 0 && error > -4096 ? -error : error;
}

const char *fw_error_name(long error)
{
	const struct kernel_error *known;

	error = magnitude(error);
	known = kernel_error(error);
	if (known)
		return known->name;
	return error > 0 && error < 4096 ? strerrorname_np((int)error) : NULL;
}

const char *fw_error_text(long error)
{
	const struct kernel_error *known;
	const char *text = NULL;

	error = magnitude(error);
	known = kernel_error(error);
	if (known)
		return known->text;
	if (error > 0 && error < 4096)
		text = strerrordesc_np((int)error);
	return text ? text : "an error without a name";
}
