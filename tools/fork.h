/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model: one fork, put together from its events. Pure: no I/O, no clock,
 * the same events always give the same forks.
 */
#ifndef FW_FORK_H
#define FW_FORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forkwatch.h"
#include "life.h"

#define FW_COUNT_ONE(KIND, name)	+ 1
#define FW_NR_WITNESSED	(0 FORKWATCH_WITNESSED(FW_COUNT_ONE))

struct fw_ksyms;
struct fw_limits;
struct fw_reason;

/* What the events were taken on; a recorded trace brings its own. */
struct fw_env {
	char release[96];		/* uname -r */
	char machine[32];		/* uname -m */
	unsigned int kernel;		/* KERNEL_VERSION(major, minor, 0) of release */
	unsigned int cpus;
	unsigned int page_size;
	const struct fw_ksyms *ksyms;	/* NULL if the kernel's symbols are hidden */
};

/*
 * One event of each kind, or NULL: not observed. They belong to the fork.
 * @clone_call is there only for forks by one of the module's own numbers, @stages
 * only if stages were watched and the parent came so far. @finish_switch and @undone,
 * of forks that failed, are there only if all stages were watched.
 */
struct fw_fork {
	struct fw_fork *next;		/* for whoever holds it */
	uint64_t id;			/* 1, 2, ... in order of fork_enter */
	uint32_t parent_tid, parent_tgid;
	uint32_t child_tid, child_tgid;	/* 0: not known (or there is no child) */
	uint64_t child;			/* its task_struct, 0: not known */
	uint64_t restart_of;		/* id of the attempt that a signal ended, 0: of none */
	struct forkwatch_fork_enter *enter;
	struct forkwatch_copy_thread *copy_thread;
	struct forkwatch_arch_state *arch_state;
	struct forkwatch_fork_exit *exit;
	struct forkwatch_wakeup_new *wakeup;
	struct forkwatch_first_run *first_run;
	struct forkwatch_tail_return *tail_return;
	struct forkwatch_fork_return *ret;
	struct forkwatch_clone_call *clone_call;
	struct forkwatch_clone3_return *clone3;	/* clone3() refused it: all there is */
	struct forkwatch_stages *stages;	/* for tools/stages.h */
	struct forkwatch_finish_switch *finish_switch;	/* likewise, the child's */
	struct forkwatch_undone *undone;	/* for tools/undone.h */
	struct forkwatch_cpu_switch_to *switch_in;	/* into the child, with --switches */
	struct forkwatch_header *witness[FW_NR_WITNESSED];	/* copies; see witness.h */
	struct forkwatch_mm_release *release;	/* of a vfork child */
	struct forkwatch_exec *exec;	/* what @release was for: one of the two */
	struct forkwatch_exit *end;
	bool parent_killed;		/* while it waited for @release, which vfork allows */
	bool complete;			/* every event that this kind of fork has was seen */
	void *verdicts;			/* fw_check()'s, see check.h */
	struct fw_limits *limits;	/* of one that failed, NULL: not read; see limit.h */
	struct fw_reason *reason;	/* fw_check()'s, of one that failed; see reason.h */
};

/* How one fork came to be, told from flags: "fork", "vfork", "thread", "clone", ... */
enum fw_fork_kind {
	FW_FORK,			/* its own mm, parent goes on */
	FW_VFORK,			/* CLONE_VFORK */
	FW_THREAD,			/* CLONE_THREAD */
	FW_SHARED_VM,			/* CLONE_VM without being a thread or a vfork */
	FW_KTHREAD,			/* kthreadd's children, user mode helpers */
	FW_IO_THREAD,			/* io_uring's, by create_io_thread() */
	FW_USER_WORKER,			/* others of its kind: vhost's, by vhost_task_create() */
	FW_KIND_UNKNOWN,		/* fork_enter was not observed */
	FW_NR_FORK_KINDS,
};

enum fw_fork_kind fw_fork_kind(const struct fw_fork *fork);
const char *fw_fork_kind_name(enum fw_fork_kind kind);

/* The error of a failed fork as -errno, 0 for one that made a child, 1 if not observed. */
int fw_fork_error(const struct fw_fork *fork);

/* Did a signal end this attempt, so that the call is made again? */
bool fw_fork_restarts(const struct fw_fork *fork);

/*
 * One that came to nothing before kernel_clone(): there is the clone_call of one of the
 * module's own calls, or a clone3_return, and nothing else.
 */
bool fw_fork_is_refused(const struct fw_fork *fork);

/* What was asked for; the exit signal may be any number. false: it was not observed. */
bool fw_fork_asked(const struct fw_fork *fork, uint64_t *clone_flags, uint64_t *exit_signal);

/* Does the child start in user mode? (false also when that is not known: enter is NULL) */
bool fw_fork_is_user(const struct fw_fork *fork);

/* Does the parent come back from kernel_clone()? false: copy_process() was called by others. */
bool fw_fork_returns(const struct fw_fork *fork);

/* A CPU's idle task, from fork_idle(): pid 0, never woken, never in ret_from_fork(). */
bool fw_fork_is_idle(const struct fw_fork *fork);

/*
 * Fills in who forked whom, and whether it is complete, from the events there
 * are. @tails: tail_return is sent by what sends these events.
 */
void fw_fork_settle(struct fw_fork *fork, bool tails);

struct fw_model;

/*
 * @emit gets each fork when its last event has come, or at fw_model_flush();
 * it then belongs to the callee, who ends with fw_fork_free().
 */
typedef void (*fw_fork_fn)(void *ctx, struct fw_fork *fork);

int fw_model_open(struct fw_model **out, fw_fork_fn emit, void *ctx);

/* @life, for what children do later; they are remembered from then on. */
void fw_model_on_life(struct fw_model *model, fw_life_fn life, void *ctx);

struct fw_cow;

/* @fn gets each cow event, behind the fork that it belongs to; see cow.h. Same @ctx as emit's. */
void fw_model_on_cow(struct fw_model *model, void (*fn)(void *ctx, const struct fw_cow *cow));

/*
 * Takes one event, as fw_event_decode() made it, and owns it from then on. The
 * events of one task come in the order in which it made them; those of
 * different tasks may be a little out of order. Returns 0, -EEXIST for an event
 * that its fork already has, -ERANGE for a CPU that cannot be, -ENOMEM.
 */
int fw_model_add(struct fw_model *model, struct forkwatch_header *event);
/* Tells of an event of a kind that is unknown here: it is not missed, and no more. */
void fw_model_skip(struct fw_model *model, const struct forkwatch_header *event);

/* Emits what is still open, as incomplete, in order of id. */
void fw_model_flush(struct fw_model *model);
void fw_model_close(struct fw_model *model);
void fw_fork_free(struct fw_fork *fork);

/* What never came, in one verdict. All 0: the recording is complete. */
struct fw_losses {
	uint64_t seq_gaps;	/* events missing between two of one CPU */
	uint64_t ring_drops;	/* events the kernel side had no room for */
	uint64_t probe_misses;	/* hits of a probe that did not fire (nmissed) */
	uint64_t watch_full;	/* children that found the watch set full */
	uint64_t bad_events;	/* events that did not decode */
	/* Forks that made a child and lack at least their fork_exit thereby. */
	uint64_t forks;
	bool forks_known;
};

/* Events seen by the model, and the gaps in their seq. */
uint64_t fw_model_events(const struct fw_model *model);
uint64_t fw_model_gaps(const struct fw_model *model);
uint64_t fw_losses_total(const struct fw_losses *losses);

#endif
