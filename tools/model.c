// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model: takes events, counts those of each CPU, and keeps a witness' copy until
 * its event is there. What an event does to a fork is in model_events.c.
 */
#include <errno.h>
#include <stdlib.h>

#include "model.h"
#include "observer.h"
#include "witness.h"

#define CPUS_MAX	8192U	/* no arm64 kernel counts that far */

/*
 * Copies. One that came first waits for its event on its CPU; one that comes
 * behind it looks for it among the open forks.
 */
static struct fw_open *find_open(struct fw_model *model, const struct forkwatch_header *event)
{
	const struct forkwatch_first_run *run = (const void *)event;
	const struct forkwatch_tail_return *tail = (const void *)event;

	if (fw_kind(event) == FORKWATCH_FIRST_RUN)
		return fw_opens_by_child(&model->opens, run->child, run->start_time);
	if (fw_kind(event) == FORKWATCH_TAIL_RETURN)
		return fw_opens_by_child(&model->opens, tail->child, tail->start_time);
	return fw_opens_by_parent(&model->opens, event->tid);
}

static int add_copy(struct fw_model *model, struct forkwatch_header *copy)
{
	struct fw_open *open = find_open(model, copy);
	struct fw_cpu *cpu = &model->cpus[copy->cpu];
	unsigned int i;

	for (i = 0; open && i < FW_NR_WITNESSED; i++) {
		const struct forkwatch_header *event = fw_witnessed_event(open->fork,
									  &fw_witnessed[i]);

		if (!event || open->fork->witness[i] || !fw_witness_fits(copy, event))
			continue;
		open->fork->witness[i] = copy;
		return 0;
	}
	free(cpu->copy);
	cpu->copy = copy;
	return 0;
}

/* As fw_model_dispatch(); whichever fork takes @event takes the copy that came before it. */
static int dispatch_with_copy(struct fw_model *model, struct forkwatch_header *event)
{
	struct fw_cpu *cpu = &model->cpus[event->cpu];
	struct fw_open *open;
	int err;

	if (!cpu->copy || !fw_witness_fits(cpu->copy, event))
		return fw_model_dispatch(model, event);
	model->opens.copy = cpu->copy;
	model->opens.copied = event;
	cpu->copy = NULL;
	err = fw_model_dispatch(model, event);
	open = model->opens.copy ? find_open(model, model->opens.copy) : NULL;
	if (open)
		fw_opens_give_copy(&model->opens, open->fork);
	/* One whose parent is back is no longer found by that. */
	TAILQ_FOREACH_REVERSE(open, &model->opens.open, fw_open_list, order) {
		if (!model->opens.copy)
			break;
		fw_opens_give_copy(&model->opens, open->fork);
	}
	free(model->opens.copy);
	model->opens.copy = NULL;
	return err;
}

static int know_cpu(struct fw_model *model, unsigned int nr)
{
	struct fw_cpu *cpus;

	if (nr >= CPUS_MAX)
		return -ERANGE;
	if (nr < model->nr_cpus)
		return 0;
	cpus = reallocarray(model->cpus, nr + 1, sizeof(*cpus));
	if (!cpus)
		return -ENOMEM;
	model->cpus = cpus;
	while (model->nr_cpus <= nr)
		cpus[model->nr_cpus++] = (struct fw_cpu) { .seen = false };
	return 0;
}

/* An interrupt's event may overtake the one it interrupted: a gap, filled by the next event. */
static void count_seq(struct fw_cpu *cpu, uint64_t seq)
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

/* Without memory a cow event is shown that belongs to no fork. */
static void emit_fork(void *ctx, struct fw_fork *fork)
{
	struct fw_model *model = ctx;

	fw_cows_fork(model->cows, fork);
	model->emit(model->ctx, fork);
	fw_cows_told(model->cows);
}

int fw_model_open(struct fw_model **out, fw_fork_fn emit, void *ctx)
{
	struct fw_model *model = calloc(1, sizeof(*model));

	if (!model)
		return -ENOMEM;
	if (fw_cows_open(&model->cows)) {
		free(model);
		return -ENOMEM;
	}
	model->emit = emit;
	model->ctx = ctx;
	fw_opens_init(&model->opens, emit_fork, model);
	fw_children_init(&model->children);
	*out = model;
	return 0;
}

void fw_model_on_life(struct fw_model *model, fw_life_fn life, void *ctx)
{
	model->children.fn = life;
	model->children.ctx = ctx;
}

void fw_model_on_cow(struct fw_model *model, fw_cow_fn fn)
{
	fw_cows_set(model->cows, fn, model->ctx);
}

int fw_model_add(struct fw_model *model, struct forkwatch_header *event)
{
	int err = know_cpu(model, event->cpu);

	if (!err) {
		count_seq(&model->cpus[event->cpu], event->seq);
		model->events++;
		err = fw_is_witness(event) ? add_copy(model, event) :
					     dispatch_with_copy(model, event);
	}
	if (err)
		free(event);
	return err;
}

void fw_model_skip(struct fw_model *model, const struct forkwatch_header *event)
{
	if (!know_cpu(model, event->cpu))
		count_seq(&model->cpus[event->cpu], event->seq);
}

void fw_model_flush(struct fw_model *model)
{
	fw_opens_flush(&model->opens);
	fw_cows_flush(model->cows);
}

void fw_model_close(struct fw_model *model)
{
	unsigned int i;

	if (!model)
		return;
	fw_opens_free(&model->opens);
	fw_children_free(&model->children);
	fw_refusals_free(&model->refusals);
	fw_cows_close(model->cows);
	for (i = 0; i < model->nr_cpus; i++) {
		free(model->cpus[i].last_switch);
		free(model->cpus[i].copy);
	}
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
