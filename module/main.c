// SPDX-License-Identifier: GPL-2.0-only
/*
 * forkwatch: what an arm64 kernel does when a process forks, as tracepoints.
 *
 *	events.h	the tracepoints; stage_events.h those of the stages
 *	probes.c	the probe behind each of them, armed while somebody listens
 *	stages.c	those of the stages, likewise
 *	step.c		what comes after a probe
 *	capture.c	what the probes read
 *	state.c		what a task has of the CPU beyond general registers
 *	task.c		what a task has beside registers
 *	clone.c		syscalls on unassigned numbers that end in kernel_clone()
 *	clone_args.c	what forkwatch_clone() is asked for
 *	report.c	what forkwatch_clone() tells its caller
 *	arch.c		registers, system call table, layouts
 *	vectors.c	where an exception leads
 *	symbols.c	where __switch_to() calls cpu_switch_to(), and other places
 *	params.c	what /sys/module/forkwatch/parameters shows
 *	compat.h	what differs between kernels
 */
#include <linux/module.h>

#include "clone.h"
#define CREATE_TRACE_POINTS
#include "events.h"
#include "stage_events.h"
#include "symbols.h"

/* What builds it may know better. */
#ifndef FORKWATCH_VERSION
#define FORKWATCH_VERSION	"unknown"
#endif

#if !IS_ENABLED(CONFIG_ARM64)
#error "forkwatch reads arm64 registers: build it against an arm64 kernel"
#endif
#if !IS_ENABLED(CONFIG_KRETPROBES) || !IS_ENABLED(CONFIG_TRACEPOINTS)
#error "forkwatch needs CONFIG_KPROBES, CONFIG_KRETPROBES and CONFIG_TRACEPOINTS"
#endif

static int __init forkwatch_init(void)
{
	fw_symbols_init();
	return fw_clone_init();
}

/* The tracepoints need no undoing: the kernel drops their listeners after this (probes.c). */
static void __exit forkwatch_exit(void)
{
	fw_clone_exit();
}

module_init(forkwatch_init);
module_exit(forkwatch_exit);

MODULE_DESCRIPTION("What happens to every register when a process forks, as tracepoints");
MODULE_AUTHOR("The forkwatch developers");
MODULE_LICENSE("GPL v2");
MODULE_VERSION(FORKWATCH_VERSION);
