/* SPDX-License-Identifier: GPL-2.0-only */
/* The stages of a fork, for the BPF programs and the tool's loader. */
#ifndef FW_STAGES_H
#define FW_STAGES_H

#include "forkwatch.h"
#include "../module/stage_list.h"

/* --stages */
enum fw_stages_level {
	FW_STAGES_OFF,
	FW_STAGES_CORE,
	FW_STAGES_ALL,
};

/*
 * What a fork did so far: of the task that is in kernel_clone(). A task takes the first
 * free one of FW_STAGE_TRIES places from its tid on, and is found there likewise.
 */
struct fw_stage_times {
	__u32 owner;		/* a tid; 0: nobody's */
	__u32 claims;		/* tasks that own it or try to */
	__u32 open;		/* 1 << stage: entered and not returned from */
	__u32 torn;
	__u32 worker;		/* no fork_return will come */
	__u32 undone;		/* there is something among `undos`, too */
	__u64 child;		/* its task_struct, 0: not known */
	__u64 files_error;	/* where dup_fd() puts its error, if it returns none */
	__u64 since[FORKWATCH_NR_STAGES];
	/* As in struct forkwatch_stages. */
	__u64 enter[FORKWATCH_NR_STAGES];
	__u64 total[FORKWATCH_NR_STAGES];
	__u32 calls[FORKWATCH_NR_STAGES];
	__s32 result[FORKWATCH_NR_STAGES];
};

#define FW_STAGE_PLACES	4096	/* a power of two: tasks that fork at the same time */
#define FW_STAGE_TRIES	16

/* What a fork that fails took back so far. */
struct fw_undo_times {
	__u32 open, torn;
	__u64 since[FORKWATCH_NR_UNDOS];
	/* As in struct forkwatch_undone. */
	__u64 enter[FORKWATCH_NR_UNDOS];
	__u64 total[FORKWATCH_NR_UNDOS];
	__u32 calls[FORKWATCH_NR_UNDOS];
};

#define FW_UNDO_TIMES_BYTES	(FORKWATCH_NR_UNDOS * 20)
#define FW_STAGE_TIMES_BYTES	(FORKWATCH_NR_STAGES * 24)

_Static_assert(__builtin_offsetof(struct forkwatch_stages, fds) -
	       __builtin_offsetof(struct forkwatch_stages, enter) == FW_STAGE_TIMES_BYTES,
	       "the times are not together in the event");
_Static_assert(sizeof(struct fw_stage_times) - __builtin_offsetof(struct fw_stage_times, enter)
	       == FW_STAGE_TIMES_BYTES, "the times are not as in the event");

_Static_assert(sizeof(struct forkwatch_undone) -
	       __builtin_offsetof(struct forkwatch_undone, enter) == FW_UNDO_TIMES_BYTES,
	       "the times are not together in the event");
_Static_assert(sizeof(struct fw_undo_times) - __builtin_offsetof(struct fw_undo_times, enter)
	       == FW_UNDO_TIMES_BYTES, "the times are not as in the event");

#endif /* FW_STAGES_H */
