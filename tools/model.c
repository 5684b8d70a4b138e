// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model: forks from events. A fork is open as long as one of its events may still come. Open
 * forks are found by the parent's tid, until the parent returns from
 * kernel_clone(), and by the child's task_struct and start time, from the
 * moment that the child is known.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "fork.h"

#define BUCKETS		1024U
#define CPUS_MAX	8192U	/* no arm64 kernel counts that far */
/* Children whose parent was not heard of: so many are kept in case it is late. */
#define ORPHANS_MAX	256U

/* The events that may still come. */
#define AWAIT_COPY_THREAD	(1U << 0)
#define AWAIT_EXIT		(1U << 1)
#define AWAIT_WAKEUP		(1U << 2)
#define AWAIT_RETURN		(1U << 3)
#define AWAIT_FIRST_RUN		(1U << 4)
#define AWAIT_TAIL_RETURN	(1U << 5)
#define AWAIT_PARENT		(AWAIT_COPY_THREAD | AWAIT_EXIT | AWAIT_WAKEUP | AWAIT_RETURN)
#define AWAIT_CHILD		(AWAIT_FIRST_RUN | AWAIT_TAIL_RETURN)

struct open_fork {
	TAILQ_ENTRY(open_fork) order;
	LIST_ENTRY(open_fork) by_parent, by_child;
	struct fw_fork *fork;
	unsigned int awaited;
	bool has_parent, has_child;	/* is in the table by that name */
	bool orphan;			/* has a child only, and no id */
	uint32_t parent_tid;
	uint64_t child, start_time;
};

TAILQ_HEAD(open_list, open_fork);
LIST_HEAD(bucket, open_fork);

/* What was last heard of a CPU. */
struct cpu {
	bool seen;
	uint64_t next_seq;
	uint64_t gaps;
	struct forkwatch_cpu_switch_to *last_switch;
};

/*
 * Is there a tail_return of each child? Not all that sends events sends it. It
 * is not if a child is heard of again that had none, and nobody else had one.
 */
enum tails {
	TAILS_UNKNOWN,
	TAILS_SENT,
	TAILS_NOT_SENT,
};

struct fw_model {
	fw_fork_fn emit;
	void *ctx;
	uint64_t events;
	uint64_t last_id;
	struct cpu *cpus;
	unsigned int nr_cpus;
	unsigned int nr_orphans;
	enum tails tails;
	struct open_list open;		/* in order of id */
	struct open_list orphans;	/* in order of arrival */
	struct bucket by_parent[BUCKETS];
	struct bucket by_child[BUCKETS];
};

static struct bucket *parent_bucket(struct fw_model *model, uint32_t tid)
{
	return &model->by_parent[tid % BUCKETS];
}

/* A task_struct is some KiB in size and aligned to a cache line. */
static struct bucket *child_bucket(struct fw_model *model, uint64_t child)
{
	return &model->by_child[(child >> 6 ^ child >> 16) % BUCKETS];
}

static struct open_fork *find_by_parent(struct fw_model *model, uint32_t tid)
{
	struct open_fork *open;

	LIST_FOREACH(open, parent_bucket(model, tid), by_parent)
		if (open->parent_tid == tid)
			return open;
	return NULL;
}

static struct open_fork *find_by_child(struct fw_model *model, uint64_t child,
				       uint64_t start_time)
{
	struct open_fork *open;

	LIST_FOREACH(open, child_bucket(model, child), by_child)
		if (open->child == child && open->start_time == start_time)
			return open;
	return NULL;
}

static struct open_fork *new_open(const struct fw_model *model)
{
	struct open_fork *open = calloc(1, sizeof(*open));

	if (!open)
		return NULL;
	open->fork = calloc(1, sizeof(*open->fork));
	if (!open->fork) {
		free(open);
		return NULL;
	}
	open->awaited = AWAIT_PARENT | AWAIT_FIRST_RUN;
	if (model->tails != TAILS_NOT_SENT)
		open->awaited |= AWAIT_TAIL_RETURN;
	return open;
}

static struct open_fork *open_by_parent(struct fw_model *model, uint32_t tid)
{
	struct open_fork *open = new_open(model);

	if (!open)
		return NULL;
	open->fork->id = ++model->last_id;
	open->parent_tid = tid;
	open->has_parent = true;
	LIST_INSERT_HEAD(parent_bucket(model, tid), open, by_parent);
	TAILQ_INSERT_TAIL(&model->open, open, order);
	return open;
}

static void set_child(struct fw_model *model, struct open_fork *open, uint64_t child,
		      uint64_t start_time)
{
	open->child = child;
	open->start_time = start_time;
	open->has_child = true;
	LIST_INSERT_HEAD(child_bucket(model, child), open, by_child);
}

static void forget_parent(struct open_fork *open)
{
	if (open->has_parent)
		LIST_REMOVE(open, by_parent);
	open->has_parent = false;
}

static void forget_child(struct open_fork *open)
{
	if (open->has_child)
		LIST_REMOVE(open, by_child);
	open->has_child = false;
}

/* Takes @open out of the model and returns its fork. */
static struct fw_fork *take_out(struct fw_model *model, struct open_fork *open)
{
	struct fw_fork *fork = open->fork;

	forget_parent(open);
	forget_child(open);
	if (open->orphan) {
		TAILQ_REMOVE(&model->orphans, open, order);
		model->nr_orphans--;
	} else {
		TAILQ_REMOVE(&model->open, open, order);
	}
	free(open);
	return fork;
}

static void emit(struct fw_model *model, struct open_fork *open)
{
	struct fw_fork *fork = take_out(model, open);

	if (!fork->id)
		fork->id = ++model->last_id;
	fw_fork_settle(fork, model->tails == TAILS_SENT);
	model->emit(model->ctx, fork);
}

static void no_longer_await(struct fw_model *model, struct open_fork *open, unsigned int events)
{
	open->awaited &= ~events;
	/* Without its task_struct and start time no event of the child can be matched. */
	if (!(open->awaited & AWAIT_PARENT) && !open->has_child)
		open->awaited = 0;
	if (!open->awaited)
		emit(model, open);
}

/* The parent is past this fork: what it has not sent by now was missed. */
static void leave_parent(struct fw_model *model, struct open_fork *open)
{
	forget_parent(open);
	no_longer_await(model, open, AWAIT_PARENT);
}

static struct open_fork *open_orphan(struct fw_model *model, uint64_t child, uint64_t start_time)
{
	struct open_fork *open = new_open(model);

	if (!open)
		return NULL;
	open->orphan = true;
	set_child(model, open, child, start_time);
	TAILQ_INSERT_TAIL(&model->orphans, open, order);
	if (++model->nr_orphans > ORPHANS_MAX)
		emit(model, TAILQ_FIRST(&model->orphans));
	return open;
}

/* The events of @orphan turn out to be those of @open. */
static void merge_orphan(struct fw_model *model, struct open_fork *open, struct open_fork *orphan)
{
	struct fw_fork *to = open->fork, *from = take_out(model, orphan);

	if (from->wakeup && !to->wakeup) {
		to->wakeup = from->wakeup;
		from->wakeup = NULL;
		open->awaited &= ~AWAIT_WAKEUP;
	}
	if (from->first_run) {
		to->first_run = from->first_run;
		to->switch_in = from->switch_in;
		from->first_run = NULL;
		from->switch_in = NULL;
		open->awaited &= ~AWAIT_FIRST_RUN;
	}
	if (from->tail_return) {
		to->tail_return = from->tail_return;
		from->tail_return = NULL;
		open->awaited &= ~AWAIT_TAIL_RETURN;
	}
	fw_fork_free(from);
}

/*
 * From here on the child of @open is known. Its task_struct may have been that
 * of an earlier child: it has died, and will not be heard of again.
 */
static void learn_child(struct fw_model *model, struct open_fork *open, uint64_t child,
			uint64_t start_time)
{
	struct open_fork *other, *next;

	if (open->has_child && open->child == child && open->start_time == start_time)
		return;
	forget_child(open);
	for (other = LIST_FIRST(child_bucket(model, child)); other; other = next) {
		next = LIST_NEXT(other, by_child);
		if (other->child != child)
			continue;
		if (other->orphan && other->start_time == start_time)
			merge_orphan(model, open, other);
		else if (!other->orphan && other->start_time <= start_time)
			no_longer_await(model, other, AWAIT_CHILD);
	}
	set_child(model, open, child, start_time);
}

/* One that was refused leads to no fork. */
static int add_clone_call(struct fw_model *model, void *event)
{
	struct forkwatch_clone_call *call = event;
	struct open_fork *open = find_by_parent(model, call->hdr.tid);

	if (open)
		leave_parent(model, open);
	if (call->result) {
		free(call);
		return 0;
	}
	open = open_by_parent(model, call->hdr.tid);
	if (!open)
		return -ENOMEM;
	open->fork->clone_call = call;
	return 0;
}

/* Nothing is known of this fork but its call, which another number than @syscallno made. */
static bool is_other_call(const struct fw_fork *fork, int32_t syscallno)
{
	return !fork->enter && !fork->copy_thread && !fork->exit &&
	       fork->clone_call && fork->clone_call->nr != syscallno;
}

/* Can @enter be the beginning of this fork? Only if it was called for, and no more. */
static bool enter_fits(const struct fw_fork *fork, const struct forkwatch_fork_enter *enter)
{
	return fork->clone_call && !fork->enter && !fork->copy_thread && !fork->exit &&
	       !is_other_call(fork, enter->regs.syscallno);
}

static int add_fork_enter(struct fw_model *model, void *event)
{
	struct forkwatch_fork_enter *enter = event;
	struct open_fork *open = find_by_parent(model, enter->hdr.tid);

	if (open && !enter_fits(open->fork, enter)) {
		leave_parent(model, open);
		open = NULL;
	}
	if (!open)
		open = open_by_parent(model, enter->hdr.tid);
	if (!open)
		return -ENOMEM;
	open->fork->enter = enter;
	return 0;
}

static int add_copy_thread(struct fw_model *model, void *event)
{
	struct forkwatch_copy_thread *copy_thread = event;
	struct open_fork *open = find_by_parent(model, copy_thread->hdr.tid);

	if (open && (open->fork->copy_thread || open->fork->exit)) {
		leave_parent(model, open);
		open = NULL;
	}
	if (!open)
		open = open_by_parent(model, copy_thread->hdr.tid);
	if (!open)
		return -ENOMEM;
	open->fork->copy_thread = copy_thread;
	open->awaited &= ~AWAIT_COPY_THREAD;
	return 0;
}

/* Can @exit be the end of this fork? */
static bool exit_fits(const struct fw_fork *fork, const struct forkwatch_fork_exit *exit)
{
	return !fork->exit && (!fork->copy_thread || exit->result ||
			       fork->copy_thread->child == exit->child);
}

static int add_fork_exit(struct fw_model *model, void *event)
{
	struct forkwatch_fork_exit *exit = event;
	struct open_fork *open = find_by_parent(model, exit->hdr.tid);

	if (open && !exit_fits(open->fork, exit)) {
		leave_parent(model, open);
		open = NULL;
	}
	if (!open)
		open = open_by_parent(model, exit->hdr.tid);
	if (!open)
		return -ENOMEM;

	open->fork->exit = exit;
	open->awaited &= ~(AWAIT_COPY_THREAD | AWAIT_EXIT);
	if (!exit->result)
		learn_child(model, open, exit->child, exit->start_time);
	else
		open->awaited &= AWAIT_RETURN;
	if (fw_fork_is_idle(open->fork))
		open->awaited = 0;
	if (!fw_fork_returns(open->fork)) {
		forget_parent(open);
		open->awaited &= ~AWAIT_RETURN;
	}
	no_longer_await(model, open, 0);
	return 0;
}

/*
 * Does wake_up_new_task(), called by the parent of @open, tell who its child
 * is? It does where fork_exit did not: it was missed, or spoke of an error.
 */
static bool wakeup_tells_child(const struct open_fork *open,
			       const struct forkwatch_wakeup_new *wakeup)
{
	const struct fw_fork *fork = open->fork;

	return (!fork->exit || fork->exit->result) && !fork->wakeup &&
	       (!fork->copy_thread || fork->copy_thread->child == wakeup->child);
}

static int add_wakeup_new(struct fw_model *model, void *event)
{
	struct forkwatch_wakeup_new *wakeup = event;
	struct open_fork *open = find_by_child(model, wakeup->child, wakeup->start_time);
	struct open_fork *parents;

	if (!open || open->orphan) {
		parents = find_by_parent(model, wakeup->hdr.tid);
		if (parents && wakeup_tells_child(parents, wakeup)) {
			learn_child(model, parents, wakeup->child, wakeup->start_time);
			open = parents;
		}
	}
	if (!open)
		open = open_orphan(model, wakeup->child, wakeup->start_time);
	if (!open)
		return -ENOMEM;
	if (open->fork->wakeup)
		return -EEXIST;
	open->fork->wakeup = wakeup;
	no_longer_await(model, open, AWAIT_WAKEUP);
	return 0;
}

/* The switch into a child is the last one on its CPU before its first_run. */
static struct forkwatch_cpu_switch_to *take_switch(struct fw_model *model,
						   const struct forkwatch_first_run *first_run)
{
	struct cpu *cpu = &model->cpus[first_run->hdr.cpu];
	struct forkwatch_cpu_switch_to *last = cpu->last_switch;

	if (!last || last->next != first_run->child || last->next_tid != first_run->hdr.tid)
		return NULL;
	cpu->last_switch = NULL;
	return last;
}

static int add_first_run(struct fw_model *model, void *event)
{
	struct forkwatch_first_run *first_run = event;
	struct open_fork *open = find_by_child(model, first_run->child, first_run->start_time);

	if (!open)
		open = open_orphan(model, first_run->child, first_run->start_time);
	if (!open)
		return -ENOMEM;
	if (open->fork->first_run)
		return -EEXIST;
	open->fork->first_run = first_run;
	open->fork->switch_in = take_switch(model, first_run);
	no_longer_await(model, open, AWAIT_FIRST_RUN);
	return 0;
}

/* Later than any other of a child's. One that no fork waits for is of no use. */
static int add_tail_return(struct fw_model *model, void *event)
{
	struct forkwatch_tail_return *tail = event;
	struct open_fork *open = find_by_child(model, tail->child, tail->start_time);

	model->tails = TAILS_SENT;
	if (!open || open->fork->tail_return) {
		free(tail);
		return 0;
	}
	open->fork->tail_return = tail;
	no_longer_await(model, open, AWAIT_CHILD);
	return 0;
}

/* Can @ret be the end of this fork? Not if that began before the kernel_clone() which @ret ends. */
static bool return_fits(const struct fw_fork *fork, const struct forkwatch_fork_return *ret)
{
	return !(fork->enter && fork->enter->hdr.time < ret->enter_time) &&
	       !(fork->copy_thread && fork->copy_thread->hdr.time < ret->enter_time) &&
	       !(fork->exit && fork->exit->hdr.time < ret->enter_time) &&
	       !is_other_call(fork, ret->regs.syscallno);
}

static int add_fork_return(struct fw_model *model, void *event)
{
	struct forkwatch_fork_return *ret = event;
	struct open_fork *open = find_by_parent(model, ret->hdr.tid);

	if (open && !return_fits(open->fork, ret)) {
		leave_parent(model, open);
		open = NULL;
	}
	if (!open)
		open = open_by_parent(model, ret->hdr.tid);
	if (!open)
		return -ENOMEM;
	open->fork->ret = ret;
	leave_parent(model, open);
	return 0;
}

static int add_cpu_switch_to(struct fw_model *model, void *event)
{
	struct forkwatch_cpu_switch_to *sw = event;
	struct cpu *cpu = &model->cpus[sw->hdr.cpu];

	free(cpu->last_switch);
	cpu->last_switch = sw;
	return 0;
}

static void expect_no_tails(struct fw_model *model)
{
	struct open_fork *open, *next;

	model->tails = TAILS_NOT_SENT;
	for (open = TAILQ_FIRST(&model->open); open; open = next) {
		next = TAILQ_NEXT(open, order);
		no_longer_await(model, open, AWAIT_TAIL_RETURN);
	}
}

/* The child does more by now than begin: what it has not sent by now was missed. */
static void leave_child(struct fw_model *model, uint64_t child, uint64_t start_time)
{
	struct open_fork *open = find_by_child(model, child, start_time);

	if (!open || open->orphan)
		return;
	if (model->tails == TAILS_UNKNOWN && open->fork->first_run && !open->fork->tail_return)
		expect_no_tails(model);
	/* It may have been the last event that this fork waited for. */
	open = find_by_child(model, child, start_time);
	if (open)
		no_longer_await(model, open, open->has_parent ? AWAIT_CHILD :
				AWAIT_CHILD | AWAIT_WAKEUP);
}

/*
 * A task ends, in whatever it did: a parent killed while it waited for its
 * vfork child came back from kernel_clone() before this.
 */
static int add_exit(struct fw_model *model, void *event)
{
	struct forkwatch_exit *exit = event;
	struct open_fork *open = find_by_parent(model, exit->hdr.tid);

	if (open)
		leave_parent(model, open);
	leave_child(model, exit->task, exit->start_time);
	free(exit);
	return 0;
}

static int add_exec(struct fw_model *model, void *event)
{
	struct forkwatch_exec *exec = event;

	leave_child(model, exec->task, exec->start_time);
	free(exec);
	return 0;
}

static int drop_event(struct fw_model *model, void *event)
{
	(void)model;
	free(event);
	return 0;
}

/* Handlers own the event when they return 0. */
static const struct {
	uint16_t kind;
	int (*add)(struct fw_model *model, void *event);
} handlers[] = {
	{ FORKWATCH_FORK_ENTER, add_fork_enter },
	{ FORKWATCH_COPY_THREAD, add_copy_thread },
	{ FORKWATCH_FORK_EXIT, add_fork_exit },
	{ FORKWATCH_FORK_RETURN, add_fork_return },
	{ FORKWATCH_FIRST_RUN, add_first_run },
	{ FORKWATCH_CPU_SWITCH_TO, add_cpu_switch_to },
	{ FORKWATCH_CLONE_CALL, add_clone_call },
	{ FORKWATCH_WAKEUP_NEW, add_wakeup_new },
	{ FORKWATCH_TAIL_RETURN, add_tail_return },
	{ FORKWATCH_EXEC, add_exec },
	{ FORKWATCH_EXIT, add_exit },
	{ .add = NULL }
};

static int dispatch(struct fw_model *model, struct forkwatch_header *event)
{
	size_t i;

	for (i = 0; handlers[i].add; i++)
		if (handlers[i].kind == event->kind)
			return handlers[i].add(model, event);
	return drop_event(model, event);
}

static int know_cpu(struct fw_model *model, unsigned int nr)
{
	struct cpu *cpus;

	if (nr >= CPUS_MAX)
		return -ERANGE;
	if (nr < model->nr_cpus)
		return 0;
	cpus = reallocarray(model->cpus, nr + 1, sizeof(*cpus));
	if (!cpus)
		return -ENOMEM;
	model->cpus = cpus;
	while (model->nr_cpus <= nr)
		cpus[model->nr_cpus++] = (struct cpu) { .seen = false };
	return 0;
}

/* An interrupt's event may overtake the one it interrupted: a gap, filled by the next event. */
static void count_seq(struct cpu *cpu, uint64_t seq)
{
	if (cpu->seen && seq < cpu->next_seq) {
		cpu->gaps -= cpu->gaps > 0;
		return;
	}
	if (cpu->seen)
		cpu->gaps += seq - cpu->next_seq;
	cpu->seen = true;
	cpu->next_seq = seq + 1;
}

int fw_model_open(struct fw_model **out, fw_fork_fn emit_fork, void *ctx)
{
	struct fw_model *model = calloc(1, sizeof(*model));

	if (!model)
		return -ENOMEM;
	model->emit = emit_fork;
	model->ctx = ctx;
	TAILQ_INIT(&model->open);
	TAILQ_INIT(&model->orphans);
	*out = model;
	return 0;
}

int fw_model_add(struct fw_model *model, struct forkwatch_header *event)
{
	int err = know_cpu(model, event->cpu);

	if (!err) {
		count_seq(&model->cpus[event->cpu], event->seq);
		model->events++;
		err = dispatch(model, event);
	}
	if (err)
		free(event);
	return err;
}

void fw_model_flush(struct fw_model *model)
{
	while (!TAILQ_EMPTY(&model->open))
		emit(model, TAILQ_FIRST(&model->open));
	while (!TAILQ_EMPTY(&model->orphans))
		emit(model, TAILQ_FIRST(&model->orphans));
}

static void free_all(struct fw_model *model, struct open_list *list)
{
	while (!TAILQ_EMPTY(list))
		fw_fork_free(take_out(model, TAILQ_FIRST(list)));
}

void fw_model_close(struct fw_model *model)
{
	unsigned int i;

	if (!model)
		return;
	free_all(model, &model->open);
	free_all(model, &model->orphans);
	for (i = 0; i < model->nr_cpus; i++)
		free(model->cpus[i].last_switch);
	free(model->cpus);
	free(model);
}

uint64_t fw_model_events(const struct fw_model *model)
{
	return model->events;
}

uint64_t fw_model_gaps(const struct fw_model *model)
{
	uint64_t gaps = 0;
	unsigned int i;

	for (i = 0; i < model->nr_cpus; i++)
		gaps += model->cpus[i].gaps;
	return gaps;
}
