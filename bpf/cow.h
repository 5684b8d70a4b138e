/* SPDX-License-Identifier: GPL-2.0-only */
/* What the BPF programs count of copy on write, and what the tool's loader must know of it. */
#ifndef FW_COW_COUNTS_H
#define FW_COW_COUNTS_H

#include "forkwatch.h"

/* As many as the two maps below can hold, if copy on write is watched. */
#define FW_COW_PROCESSES	16384

/*
 * What has happened to one mm since counting began there. Counts only grow: a
 * fork's own are the difference between its end and its beginning, so that a
 * parent of many living children pays for each fault once.
 */
struct fw_cow_mm {
	__u64 since;		/* ns; tells it from another mm that got the same address */
	__u64 latest;		/* when its latest fork began to be counted */
	__u64 faults[FORKWATCH_NR_COW];
	__u64 ns;		/* within the functions that are probed */
	__u64 first, last;	/* copies, first being that since the latest fork; 0: none */
	__u32 forks;		/* that are being counted with this mm as the parent's */
	__u32 ended;		/* its process is gone, or has executed a program */
};

/* A process whose mm is counted, by its tgid; and the fork that it comes from. */
struct fw_cow_process {
	__u64 mm, since;
	__u64 parent_mm, parent_since;	/* 0: it was there before */
	__u64 child, start_time;
	__u64 begin;
	__u64 faults[FORKWATCH_NR_COW];	/* the parent's, at that moment */
	__u64 ns;
	__u32 parent_tgid;
	__u32 reserved;
};

/* A fault that is being handled, by tid. */
struct fw_cow_fault {
	__u64 fault;		/* its struct vm_fault */
	__u64 mm;
	__u64 entry;		/* in the page tables, before */
	__u64 start;		/* ns */
};

#endif /* FW_COW_COUNTS_H */
