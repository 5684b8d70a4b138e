/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the workloads. Each prints on stdout what it did, as lines of
 * "name=value", exact enough to be compared with a trace, and exits with 0; 1
 * if the kernel did not do what was asked; 2 on trouble of its own.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKLOAD_TROUBLE	2

#define __printf(text, first)	__attribute__((format(printf, text, first)))
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* Ends the program: "name: text: strerror(errno)". */
__printf(1, 2) noreturn static inline void die(const char *format, ...)
{
	int error = errno;
	va_list args;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": %s\n", error ? strerror(error) : "unexpected");
	exit(WORKLOAD_TROUBLE);
}

noreturn static inline void usage(const char *text)
{
	fprintf(stderr, "usage: %s %s\n", program_invocation_short_name, text);
	exit(WORKLOAD_TROUBLE);
}

/* A number within [min, max], or the end of the program. */
static inline long parse_number(const char *text, long min, long max)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < min || value > max) {
		errno = EINVAL;
		die("%s is not a number from %ld to %ld", text, min, max);
	}
	return value;
}

/* Waits for @pid, whatever its exit signal is; it must exit with 0. */
static inline void reap(pid_t pid)
{
	pid_t got;
	int status;

	do {
		got = waitpid(pid, &status, __WALL);
	} while (got < 0 && errno == EINTR);
	if (got != pid)
		die("waitpid(%d)", pid);
	if (status) {
		errno = 0;
		die("child %d ended with wait status %#x", pid, status);
	}
}

#endif
