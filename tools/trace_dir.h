/* SPDX-License-Identifier: GPL-2.0-only */
/* The directory that a trace is written to. */
#ifndef FW_TRACE_DIR_H
#define FW_TRACE_DIR_H

#include <stdbool.h>

/*
 * Makes the directory @name, or takes one that is empty or, with @force, holds a trace
 * of ours and nothing else. Nothing in it changes. @made: it was not there before, which
 * is said in any case. Returns a file descriptor, or -errno, explained by fw_trace_error().
 */
int fw_trace_dir_open(const char *name, bool force, bool *made);

/* Removes the trace in the directory @fd. Returns 0 or -errno. */
int fw_trace_dir_clear(int fd);

#endif
