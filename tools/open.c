// SPDX-License-Identifier: GPL-2.0-only
/* The forks that are open, and how they come to be emitted. */
#include <stdlib.h>

#include "observer.h"
#include "open.h"
#include "witness.h"

/* Children whose parent was not heard of: so many are kept in case it is late. */
#define ORPHANS_MAX	256U

static struct fw_open_bucket *parent_bucket(struct fw_opens *opens, uint32_t tid)
{
	return &opens->by_parent[tid % FW_OPEN_BUCKETS];
}

/* A task_struct is some KiB in size and aligned to a cache line. */
static struct fw_open_bucket *child_bucket(struct fw_opens *opens, uint64_t child)
{
	return &opens->by_child[(child >> 6 ^ child >> 16) % FW_OPEN_BUCKETS];
}

struct fw_open *fw_opens_by_parent(struct fw_opens *opens, uint32_t tid)
{
	struct fw_open *open;

	LIST_FOREACH(open, parent_bucket(opens, tid), by_parent)
		if (open->parent_tid == tid)
			return open;
	return NULL;
}

struct fw_open *fw_opens_by_child(struct fw_opens *opens, uint64_t child, uint64_t start_time)
{
	struct fw_open *open;

	LIST_FOREACH(open, child_bucket(opens, child), by_child)
		if (open->child == child && open->start_time == start_time)
			return open;
	return NULL;
}

struct fw_open *fw_opens_by_child_tid(struct fw_opens *opens, uint32_t tid)
{
	struct fw_open *open;

	TAILQ_FOREACH(open, &opens->open, order)
		if (open->fork->exit && open->fork->exit->child_tid == tid)
			return open;
	return NULL;
}

void fw_opens_give_copy(struct fw_opens *opens, struct fw_fork *fork)
{
	unsigned int i;

	for (i = 0; opens->copy && i < FW_NR_WITNESSED; i++) {
		if (fw_witnessed[i].kind != fw_kind(opens->copy) ||
		    fw_witnessed_event(fork, &fw_witnessed[i]) != opens->copied)
			continue;
		fork->witness[i] = opens->copy;
		opens->copy = NULL;
	}
}

static struct fw_open *new_open(const struct fw_opens *opens)
{
	struct fw_open *open = malloc(sizeof(*open));

	struct fw_fork *fork = malloc(sizeof(*fork));

	if (!open || !fork) {
		free(open);
		free(fork);
		return NULL;
	}
	*fork = (struct fw_fork) { .next = NULL };
	*open = (struct fw_open) {
		.fork = fork,
		.awaited = FW_AWAIT_PARENT | FW_AWAIT_FIRST_RUN,
	};
	if (opens->tails != FW_TAILS_NOT_SENT)
		open->awaited |= FW_AWAIT_TAIL_RETURN;
	return open;
}

struct fw_open *fw_opens_add(struct fw_opens *opens, uint32_t tid)
{
	struct fw_open *open = new_open(opens);

	if (!open)
		return NULL;
	open->fork->id = ++opens->last_id;
	open->parent_tid = tid;
	open->has_parent = true;
	LIST_INSERT_HEAD(parent_bucket(opens, tid), open, by_parent);
	TAILQ_INSERT_TAIL(&opens->open, open, order);
	return open;
}

static void set_child(struct fw_opens *opens, struct fw_open *open, uint64_t child,
		      uint64_t start_time)
{
	open->child = child;
	open->start_time = start_time;
	open->has_child = true;
	LIST_INSERT_HEAD(child_bucket(opens, child), open, by_child);
}

void fw_open_forget_parent(struct fw_open *open)
{
	if (open->has_parent)
		LIST_REMOVE(open, by_parent);
	open->has_parent = false;
}

static void forget_child(struct fw_open *open)
{
	if (open->has_child)
		LIST_REMOVE(open, by_child);
	open->has_child = false;
}

/* Takes @open out of @opens and returns its fork. */
static struct fw_fork *take_out(struct fw_opens *opens, struct fw_open *open)
{
	struct fw_fork *fork = open->fork;

	fw_open_forget_parent(open);
	forget_child(open);
	if (open->orphan) {
		TAILQ_REMOVE(&opens->orphans, open, order);
		opens->nr_orphans--;
	} else {
		TAILQ_REMOVE(&opens->open, open, order);
	}
	free(open);
	return fork;
}

static struct fw_attempt *attempt_of(struct fw_opens *opens, uint32_t tid)
{
	return &opens->attempts[tid % FW_ATTEMPTS];
}

static void remember_attempt(struct fw_opens *opens, const struct fw_fork *fork)
{
	const struct forkwatch_fork_enter *enter = fork->enter;

	if (!enter || !fw_fork_restarts(fork))
		return;
	*attempt_of(opens, enter->hdr.tid) = (struct fw_attempt) {
		.tid = enter->hdr.tid,
		.id = fork->id,
		.pc = enter->regs.pc,
		.sp = enter->regs.sp,
		.orig_x0 = enter->regs.orig_x0,
	};
}

/* A handler of the signal may fork meanwhile: on another stack frame. */
void fw_open_find_attempt(struct fw_opens *opens, struct fw_open *open)
{
	const struct forkwatch_fork_enter *enter = open->fork->enter;
	struct fw_attempt *attempt = attempt_of(opens, enter->hdr.tid);

	if (!attempt->tid || attempt->tid != enter->hdr.tid || attempt->pc != enter->regs.pc ||
	    attempt->sp != enter->regs.sp || attempt->orig_x0 != enter->regs.orig_x0)
		return;
	open->fork->restart_of = attempt->id;
	attempt->tid = 0;
}

static void emit(struct fw_opens *opens, struct fw_open *open)
{
	struct fw_fork *fork = take_out(opens, open);

	if (!fork->id)
		fork->id = ++opens->last_id;
	fw_opens_give_copy(opens, fork);
	fw_fork_settle(fork, opens->tails == FW_TAILS_SENT);
	remember_attempt(opens, fork);
	opens->emit(opens->ctx, fork);
}

void fw_open_settle(struct fw_opens *opens, struct fw_open *open, unsigned int events)
{
	open->awaited &= ~events;
	/* Without its task_struct and start time no event of the child can be matched. */
	if (!(open->awaited & FW_AWAIT_PARENT) && !open->has_child)
		open->awaited = 0;
	if (!open->awaited)
		emit(opens, open);
}

void fw_open_leave_parent(struct fw_opens *opens, struct fw_open *open)
{
	fw_open_forget_parent(open);
	fw_open_settle(opens, open, FW_AWAIT_PARENT);
}

struct fw_open *fw_opens_add_orphan(struct fw_opens *opens, uint64_t child, uint64_t start_time)
{
	struct fw_open *open = new_open(opens);

	if (!open)
		return NULL;
	open->orphan = true;
	set_child(opens, open, child, start_time);
	TAILQ_INSERT_TAIL(&opens->orphans, open, order);
	if (++opens->nr_orphans > ORPHANS_MAX)
		emit(opens, TAILQ_FIRST(&opens->orphans));
	return open;
}

/* The events of @orphan turn out to be those of @open. */
static void merge_orphan(struct fw_opens *opens, struct fw_open *open, struct fw_open *orphan)
{
	struct fw_fork *to = open->fork, *from = take_out(opens, orphan);

	if (from->wakeup && !to->wakeup) {
		to->wakeup = from->wakeup;
		from->wakeup = NULL;
		open->awaited &= ~FW_AWAIT_WAKEUP;
	}
	if (from->first_run) {
		to->first_run = from->first_run;
		to->switch_in = from->switch_in;
		from->first_run = NULL;
		from->switch_in = NULL;
		open->awaited &= ~FW_AWAIT_FIRST_RUN;
	}
	if (from->tail_return) {
		to->tail_return = from->tail_return;
		from->tail_return = NULL;
		open->awaited &= ~FW_AWAIT_TAIL_RETURN;
	}
	fw_witness_move(to, from);
	fw_fork_free(from);
}

void fw_open_learn_child(struct fw_opens *opens, struct fw_open *open, uint64_t child,
			 uint64_t start_time)
{
	struct fw_open *other, *next;

	if (open->has_child && open->child == child && open->start_time == start_time)
		return;
	forget_child(open);
	for (other = LIST_FIRST(child_bucket(opens, child)); other; other = next) {
		next = LIST_NEXT(other, by_child);
		if (other->child != child)
			continue;
		if (other->orphan && other->start_time == start_time)
			merge_orphan(opens, open, other);
		else if (!other->orphan && other->start_time <= start_time)
			fw_open_settle(opens, other, FW_AWAIT_CHILD | FW_AWAIT_RELEASE |
				       FW_AWAIT_LIFE);
	}
	set_child(opens, open, child, start_time);
}

static bool is_vfork(const struct fw_fork *fork)
{
	return fork->enter && fw_fork_kind(fork) == FW_VFORK && fw_fork_error(fork) >= 0;
}

static void expect_no_tails(struct fw_opens *opens)
{
	struct fw_open *open, *next;

	opens->tails = FW_TAILS_NOT_SENT;
	for (open = TAILQ_FIRST(&opens->open); open; open = next) {
		next = TAILQ_NEXT(open, order);
		fw_open_settle(opens, open, FW_AWAIT_TAIL_RETURN);
	}
}

void fw_opens_leave_child(struct fw_opens *opens, uint64_t child, uint64_t start_time)
{
	struct fw_open *open = fw_opens_by_child(opens, child, start_time);

	if (!open || open->orphan)
		return;
	if (opens->releases == FW_TAILS_UNKNOWN && is_vfork(open->fork) && !open->fork->release)
		opens->releases = FW_TAILS_NOT_SENT;
	if (opens->tails == FW_TAILS_UNKNOWN && open->fork->first_run && !open->fork->tail_return)
		expect_no_tails(opens);
	/* It may have been the last event that this fork waited for. */
	open = fw_opens_by_child(opens, child, start_time);
	if (open)
		fw_open_settle(opens, open, FW_AWAIT_CHILD | FW_AWAIT_RELEASE | FW_AWAIT_LIFE |
			       (open->has_parent ? 0 : FW_AWAIT_WAKEUP));
}

/*
 * Vforks.
 */
bool fw_opens_release(struct fw_opens *opens, struct forkwatch_mm_release *release)
{
	struct fw_open *open = fw_opens_by_child(opens, release->task, release->start_time);

	opens->releases = FW_TAILS_SENT;
	if (!open || !is_vfork(open->fork) || open->fork->release)
		return false;
	open->fork->release = release;
	/* Not the last: it comes before the exec or exit that it is for. */
	open->awaited |= FW_AWAIT_LIFE;
	open->awaited &= ~FW_AWAIT_RELEASE;
	return true;
}

/*
 * The order of events is that of the ring: a release that did not come yet is late, or
 * lost, or the parent was killed.
 */
void fw_open_return(struct fw_opens *opens, struct fw_open *open)
{
	if (opens->releases == FW_TAILS_NOT_SENT || !is_vfork(open->fork) || open->fork->release) {
		fw_open_leave_parent(opens, open);
		return;
	}
	/* The parent is still looked for: it may be about to die. */
	open->awaited |= FW_AWAIT_RELEASE;
	fw_open_settle(opens, open, FW_AWAIT_PARENT);
}

void fw_open_end_parent(struct fw_opens *opens, struct fw_open *open, int32_t code)
{
	if (is_vfork(open->fork) && !open->fork->release)
		open->fork->parent_killed = code & 0x7f;
	fw_open_forget_parent(open);
	fw_open_settle(opens, open, FW_AWAIT_PARENT | FW_AWAIT_RELEASE);
}

struct fw_fork *fw_opens_released(struct fw_opens *opens, uint64_t child, uint64_t start_time)
{
	struct fw_open *open = fw_opens_by_child(opens, child, start_time);

	return open && open->awaited & FW_AWAIT_LIFE ? open->fork : NULL;
}

void fw_opens_init(struct fw_opens *opens, fw_fork_fn fn, void *ctx)
{
	opens->emit = fn;
	opens->ctx = ctx;
	TAILQ_INIT(&opens->open);
	TAILQ_INIT(&opens->orphans);
}

/* @end takes each out of the list. */
static void end_all(struct fw_opens *opens, struct fw_open_list *list,
		    void (*end)(struct fw_opens *opens, struct fw_open *open))
{
	struct fw_open *open, *next;

	for (open = TAILQ_FIRST(list); open; open = next) {
		next = TAILQ_NEXT(open, order);
		end(opens, open);
	}
}

void fw_opens_flush(struct fw_opens *opens)
{
	end_all(opens, &opens->open, emit);
	end_all(opens, &opens->orphans, emit);
}

static void drop(struct fw_opens *opens, struct fw_open *open)
{
	fw_fork_free(take_out(opens, open));
}

void fw_opens_free(struct fw_opens *opens)
{
	end_all(opens, &opens->open, drop);
	end_all(opens, &opens->orphans, drop);
}
