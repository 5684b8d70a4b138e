/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Forks to test with: whole ones, made of the values that a 6.1 kernel would
 * send, and those of the traces that were recorded into tests/data.
 */
#ifndef FW_FIXTURE_H
#define FW_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "forkwatch.h"
#include "fork.h"

enum fixture_kind {
	FIXTURE_FORK,
	FIXTURE_VFORK,
	FIXTURE_THREAD,		/* its own stack and TLS, as pthread_create() asks for */
	FIXTURE_CLONE3,		/* its own stack, by address and size */
	FIXTURE_ASKED_X0,	/* forkwatch_clone() with FORKWATCH_CLONE_CHILD_X0 */
	FIXTURE_COMPAT,		/* an AArch32 task's thread */
	FIXTURE_KTHREAD,
	FIXTURE_IO_THREAD,
	FIXTURE_IDLE,
	FIXTURE_FAILED,		/* after copy_thread */
	FIXTURE_FAILED_EARLY,	/* before it */
	FIXTURE_RESTARTED,	/* ended by a signal, which the call is made again after */
	FIXTURE_REFUSED,	/* by kernel_clone() itself */
	FIXTURE_BY_CLONE3,	/* refused by clone3() */
	FIXTURE_NR_KINDS,
};

const char *fixture_name(enum fixture_kind kind);

/* Who forks whom, when and where. */
struct fixture_who {
	uint32_t parent_tid, child_tid;
	uint64_t child;			/* task_struct */
	uint64_t start_time;		/* of the child */
	uint64_t time;			/* of fork_enter */
	uint32_t parent_cpu, child_cpu;
};

extern const struct fixture_who fixture_who;

#define FIXTURE_EVENTS	16

/* Events from malloc, those of each task in its order. */
struct fixture_events {
	struct forkwatch_header *list[FIXTURE_EVENTS];
	size_t nr;
};

/* What @who's fork sends, first what the parent does, then what the child does. */
void fixture_make(enum fixture_kind kind, const struct fixture_who *who,
		  struct fixture_events *events);
/* What @who does later. */
struct forkwatch_header *fixture_child_exec(const struct fixture_who *who);
struct forkwatch_header *fixture_child_exit(const struct fixture_who *who);
struct forkwatch_header *fixture_parent_exit(const struct fixture_who *who);

/* Numbers the events of each CPU, starting at 0 after fixture_reset(). */
void fixture_number(struct forkwatch_header *event);
void fixture_reset(void);

/* What is emitted by a model, in order. */
struct fixture_forks {
	struct fw_fork *first, **last;
	size_t nr;
};

void fixture_forks_init(struct fixture_forks *forks);
void fixture_collect(void *ctx, struct fw_fork *fork);	/* ctx: struct fixture_forks */
void fixture_forks_free(struct fixture_forks *forks);

/* One fork as the model makes it of fixture_make()'s events. */
struct fw_fork *fixture_fork(enum fixture_kind kind);

/* The same, where @add adds each event to the model, and whatever else it likes. */
typedef void (*fixture_add_fn)(struct fw_model *model, struct forkwatch_header *event, void *ctx);
struct fw_fork *fixture_fork_by(enum fixture_kind kind, fixture_add_fn add, void *ctx);
/* Numbers and adds it. */
void fixture_add(struct fw_model *model, struct forkwatch_header *event, void *ctx);

/* The kernel that all this is of, and its symbols. fixture_env_close() frees them. */
void fixture_env_open(struct fw_env *env);
void fixture_env_close(struct fw_env *env);

/*
 * Calls @fn for each trace in tests/data with the forks that the model makes of
 * it, and the environment it was recorded in. Returns how many there were.
 */
int fixture_recorded(void (*fn)(const char *name, struct fixture_forks *forks,
				const struct fw_env *env));

#endif
