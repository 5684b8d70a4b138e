/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Open forks: those of which an event may still come. One is found by its
 * parent's tid, until that returns from kernel_clone(), and by its child's
 * task_struct and start time, from the moment that the child is known. Only
 * for the model.
 */
#ifndef FW_OPEN_H
#define FW_OPEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "fork.h"

#define FW_OPEN_BUCKETS		1024U

/* The events that may still come. */
#define FW_AWAIT_COPY_THREAD	(1U << 0)
#define FW_AWAIT_EXIT		(1U << 1)
#define FW_AWAIT_WAKEUP		(1U << 2)
#define FW_AWAIT_RETURN		(1U << 3)
#define FW_AWAIT_FIRST_RUN	(1U << 4)
#define FW_AWAIT_TAIL_RETURN	(1U << 5)
#define FW_AWAIT_RELEASE	(1U << 6)	/* of a vfork whose parent is back */
#define FW_AWAIT_LIFE		(1U << 7)	/* exec or exit, which mm_release was for */
#define FW_AWAIT_PARENT		(FW_AWAIT_COPY_THREAD | FW_AWAIT_EXIT | FW_AWAIT_WAKEUP | \
				 FW_AWAIT_RETURN)
#define FW_AWAIT_CHILD		(FW_AWAIT_FIRST_RUN | FW_AWAIT_TAIL_RETURN)

struct fw_open {
	TAILQ_ENTRY(fw_open) order;
	LIST_ENTRY(fw_open) by_parent, by_child;
	struct fw_fork *fork;
	unsigned int awaited;		/* FW_AWAIT_* */
	bool has_parent, has_child;	/* is in the table by that name */
	bool orphan;			/* has a child only, and no id */
	uint32_t parent_tid;
	uint64_t child, start_time;
};

TAILQ_HEAD(fw_open_list, fw_open);
LIST_HEAD(fw_open_bucket, fw_open);

/*
 * Is there a tail_return of each child? Not all that sends events sends it. It
 * is not if a child is heard of again that had none, and nobody else had one.
 */
enum fw_tails {
	FW_TAILS_UNKNOWN,
	FW_TAILS_SENT,
	FW_TAILS_NOT_SENT,
};

/* What the last attempt of a task was that a signal ended; its restart is the same call. */
#define FW_ATTEMPTS		64U

struct fw_attempt {
	uint32_t tid;			/* 0: none */
	uint64_t id, pc, sp, orig_x0;
};

struct fw_opens {
	/* The copy of the event that is being added, and that event; NULL: there is none. */
	struct forkwatch_header *copy;
	const struct forkwatch_header *copied;
	fw_fork_fn emit;
	void *ctx;
	uint64_t last_id;
	enum fw_tails tails;
	enum fw_tails releases;		/* likewise: does mm_release come of each vfork child? */
	unsigned int nr_orphans;
	struct fw_open_list open;	/* in order of id */
	struct fw_open_list orphans;	/* in order of arrival */
	struct fw_open_bucket by_parent[FW_OPEN_BUCKETS];
	struct fw_open_bucket by_child[FW_OPEN_BUCKETS];
	struct fw_attempt attempts[FW_ATTEMPTS];	/* by tid, the latest of each place */
};

/* @opens is zeroed. */
void fw_opens_init(struct fw_opens *opens, fw_fork_fn emit, void *ctx);
/* Emits what is open, as it is. */
void fw_opens_flush(struct fw_opens *opens);
/* Frees what is open. */
void fw_opens_free(struct fw_opens *opens);

/* NULL if there is none. */
struct fw_open *fw_opens_by_parent(struct fw_opens *opens, uint32_t tid);
struct fw_open *fw_opens_by_child(struct fw_opens *opens, uint64_t child, uint64_t start_time);

/* Whose fork_exit speaks of a child @tid. */
struct fw_open *fw_opens_by_child_tid(struct fw_opens *opens, uint32_t tid);

/* Gives @fork the copy of the event that is being added, if that has become its own. */
void fw_opens_give_copy(struct fw_opens *opens, struct fw_fork *fork);

/* A new one of the parent @tid; of a child whose parent was not heard of. NULL without memory. */
struct fw_open *fw_opens_add(struct fw_opens *opens, uint32_t tid);
struct fw_open *fw_opens_add_orphan(struct fw_opens *opens, uint64_t child, uint64_t start_time);

/* From here on the child of @open is known; others of that task_struct have died. */
void fw_open_learn_child(struct fw_opens *opens, struct fw_open *open, uint64_t child,
			 uint64_t start_time);

/* @events have come, or will not come: emits @open, which is then gone, if nothing else may. */
void fw_open_settle(struct fw_opens *opens, struct fw_open *open, unsigned int events);

/* The parent is past @open, which waits for no more of it: settles it. */
void fw_open_leave_parent(struct fw_opens *opens, struct fw_open *open);
/* The same, without a word on what may still come. */
void fw_open_forget_parent(struct fw_open *open);

/* @open has its fork_enter: is it an attempt that was made before, and ended by a signal? */
void fw_open_find_attempt(struct fw_opens *opens, struct fw_open *open);

/*
 * The child of a vfork is about to let its parent go: takes @release, unless no
 * fork waits for it. Returns whether it did.
 */
bool fw_opens_release(struct fw_opens *opens, struct forkwatch_mm_release *release);
/* The parent of @open is back from kernel_clone(); there may be a release to wait for. */
void fw_open_return(struct fw_opens *opens, struct fw_open *open);
/* The parent of @open ends with @code, as wait(2) has it: settles it. */
void fw_open_end_parent(struct fw_opens *opens, struct fw_open *open, int32_t code);
/* Which of the released forks a child's exec or exit belongs to, NULL: to none. */
struct fw_fork *fw_opens_released(struct fw_opens *opens, uint64_t child, uint64_t start_time);

/* A child does more by now than begin: its fork, if it is open, waits for no more of it. */
void fw_opens_leave_child(struct fw_opens *opens, uint64_t child, uint64_t start_time);

#endif
