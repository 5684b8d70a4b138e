// SPDX-License-Identifier: GPL-2.0-only
/* Events through the BPF programs of bpf/: the module's, with copies or without, or their own. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../bpf/cow.h"
#include "../bpf/transport.h"
#include "forkwatch.h"
#include "forkwatch.skel.h"
#include "precondition.h"
#include "programs.h"
#include "ring_positions.h"
#include "source.h"
#include "watch_set.h"

/* One poll hands on so many events at most, that its caller may see to other things. */
#define POLL_EVENTS	16384

struct fw_source {
	struct fw_programs programs;
	struct ring_buffer *ring;
	struct fw_ring_positions positions;
	struct fw_watch_set watched;
	struct fw_cpu_state *cpus;	/* libbpf_num_possible_cpus() of them */
	uint64_t missed;		/* by its probes before we came */
	/* the poll at hand */
	fw_bytes_fn fn;
	void *ctx;
	int events;
	int error;
};

/* libbpf's messages are for those who ask. */
static char bpf_log[1 << 16];
static size_t bpf_log_len;

static int keep_log(enum libbpf_print_level level, const char *format, va_list args)
{
	size_t room = sizeof(bpf_log) - bpf_log_len;
	int len;

	if (level == LIBBPF_DEBUG)
		return 0;
	len = vsnprintf(bpf_log + bpf_log_len, room, format, args);
	if (len > 0)
		bpf_log_len += (size_t)len < room ? (size_t)len : room - 1;
	return len;
}

const char *fw_source_bpf_log(void)
{
	return bpf_log;
}

static int on_sample(void *ctx, void *data, size_t size)
{
	struct fw_source *source = ctx;
	const struct forkwatch_header *hdr = data;

	/* An older module's event is shorter than the room that it got. */
	if (size >= sizeof(*hdr) && hdr->size >= sizeof(*hdr) && hdr->size < size)
		size = hdr->size;
	source->events++;
	source->error = source->fn(source->ctx, data, size);
	if (source->error < 0)
		return source->error;
	return source->events < POLL_EVENTS ? 0 : -EAGAIN;
}

static int open_ring(struct fw_source *source)
{
	const struct forkwatch_bpf *skel = source->programs.skel;
	int err, cpus = libbpf_num_possible_cpus();

	if (cpus < 0)
		return fw_source_fail(cpus, "cannot count the CPUs: %s", strerror(-cpus));
	err = fw_watch_set_open(&source->watched, skel->maps.watched);
	if (err)
		return fw_source_fail(err, "cannot map the watch set: %s", strerror(-err));
	source->cpus = calloc(cpus, sizeof(*source->cpus));
	if (!source->cpus)
		return fw_source_fail(-ENOMEM, "out of memory");
	source->ring = ring_buffer__new(bpf_map__fd(skel->maps.ring), on_sample, source, NULL);
	err = source->ring ? fw_ring_positions_open(&source->positions, skel->maps.ring) : -errno;
	if (err)
		return fw_source_fail(err, "cannot map the ring buffer: %s", strerror(-err));
	return 0;
}

static void unload(struct fw_source *source)
{
	ring_buffer__free(source->ring);
	source->ring = NULL;
	fw_ring_positions_close(&source->positions);
	fw_watch_set_close(&source->watched);
	fw_programs_close(&source->programs);
	free(source->cpus);
	source->cpus = NULL;
}

static void source_bpf_close(struct fw_source *source)
{
	if (!source)
		return;
	unload(source);
	free(source);
}

static int load_and_attach(struct fw_source *source, const struct fw_source_options *opt)
{
	int err;

	err = fw_programs_load(&source->programs, opt);
	if (!err)
		err = open_ring(source);
	if (err)
		return err;
	fw_missed_probes(&source->missed);
	return fw_programs_attach(&source->programs);
}

static int open_source(struct fw_source **out, const struct fw_source_options *opt)
{
	struct fw_source *source;
	int err;

	libbpf_set_print(keep_log);
	err = fw_preconditions(FW_NEED_MACHINE | FW_NEED_CAPABILITIES | FW_NEED_PIDS |
			       FW_NEED_BPF |
			       (opt->witness == FW_WITNESS_ALONE ? 0 : FW_NEED_MODULE));
	if (err)
		return err;
	if (opt->witness == FW_WITNESS_ALONE && opt->switches)
		return fw_source_fail(-ENOTSUP, "no BPF program can be attached to __switch_to: "
				      "--switches wants the module.");
	source = calloc(1, sizeof(*source));
	if (!source)
		return fw_source_fail(-ENOMEM, "out of memory");
	source->programs.alone = opt->witness == FW_WITNESS_ALONE;
	err = load_and_attach(source, opt);
	/* The module's events are shorter than ours, or it does not say how long they are. */
	if (err == -EINVAL && !source->programs.cut && !source->programs.alone) {
		unload(source);
		source->programs.cut = true;
		err = load_and_attach(source, opt);
	}
	if (err) {
		source_bpf_close(source);
		return err;
	}
	*out = source;
	return 0;
}

static int open_with(struct fw_source **out, const struct fw_source_options *opt,
		     enum fw_witness witness)
{
	struct fw_source_options with = *opt;

	with.witness = witness;
	return open_source(out, &with);
}

static int source_carried_open(struct fw_source **out, const struct fw_source_options *opt)
{
	return open_with(out, opt, FW_WITNESS_NONE);
}

static int source_both_open(struct fw_source **out, const struct fw_source_options *opt)
{
	return open_with(out, opt, FW_WITNESS_BESIDE);
}

static int source_bpf_open(struct fw_source **out, const struct fw_source_options *opt)
{
	return open_with(out, opt, FW_WITNESS_ALONE);
}

static int source_bpf_watch(struct fw_source *source, pid_t tid)
{
	return fw_watch_set_add(&source->watched, tid);
}

/*
 * Most events wake nobody, so that the ring is looked into whether or not the
 * wait was cut short. Whoever wakes us sets @woken and does so only once.
 */
static int source_bpf_poll(struct fw_source *source, int timeout_ms, fw_bytes_fn fn, void *ctx)
{
	struct epoll_event event;
	int err;

	if (epoll_wait(ring_buffer__epoll_fd(source->ring), &event, 1, timeout_ms) < 0 &&
	    errno != EINTR)
		return -errno;
	__atomic_store_n(&source->programs.skel->bss->woken, 0, __ATOMIC_SEQ_CST);

	source->fn = fn;
	source->ctx = ctx;
	source->events = 0;
	source->error = 0;
	err = ring_buffer__consume(source->ring);
	if (source->error < 0)
		return source->error;
	return err < 0 && err != -EAGAIN ? err : source->events;
}

static void source_bpf_progress(const struct fw_source *source, struct fw_progress *progress)
{
	progress->sent = fw_ring_written(&source->positions);
	progress->taken = fw_ring_read(&source->positions);
}

/* The programs number what they send, so that they send this, too. */
static void source_bpf_finish(struct fw_source *source)
{
	int processes = bpf_map__fd(source->programs.skel->maps.cow_processes);
	int program = bpf_program__fd(source->programs.skel->progs.end_of_cow);
	__u32 tgid;
	int i;

	if (program < 0)
		return;
	/* It is deleted thereby, and the next one becomes the first. */
	for (i = 0; i < FW_COW_PROCESSES; i++) {
		__u64 args[1];
		struct bpf_test_run_opts opts = {
			.sz = sizeof(opts),
			.ctx_in = args,
			.ctx_size_in = sizeof(args),
		};

		if (bpf_map_get_next_key(processes, NULL, &tgid))
			return;
		args[0] = tgid;
		if (bpf_prog_test_run_opts(program, &opts))
			return;
	}
}

static int source_bpf_losses(struct fw_source *source, struct fw_losses *losses)
{
	const struct forkwatch_bpf *skel = source->programs.skel;
	const __u32 zero = 0;
	uint64_t missed = 0, skipped;
	int i, cpus = libbpf_num_possible_cpus();
	int err;

	err = bpf_map__lookup_elem(skel->maps.cpus, &zero, sizeof(zero), source->cpus,
				   cpus * sizeof(*source->cpus), 0);
	if (err)
		return err;
	for (i = 0; i < cpus; i++) {
		losses->ring_drops += source->cpus[i].drops;
		losses->watch_full += source->cpus[i].watch_full;
		losses->probe_misses += source->cpus[i].missed + source->cpus[i].stages_lost;
		losses->forks += source->cpus[i].forks_lost;
	}
	losses->forks_known = true;
	err = source->programs.alone ? 0 : fw_missed_probes(&missed);
	if (err)
		return err;
	losses->probe_misses += missed - source->missed;
	err = fw_programs_skipped(&source->programs, &skipped);
	if (!err)
		losses->probe_misses += skipped;
	return err;
}

#define BPF_SOURCE(id, name_is, what_it_is, open_with)	\
	const struct fw_source_ops fw_source_##id = {	\
		.name = (name_is),			\
		.what = (what_it_is),			\
		.open = (open_with),			\
		.watch = source_bpf_watch,		\
		.poll = source_bpf_poll,		\
		.progress = source_bpf_progress,	\
		.finish = source_bpf_finish,		\
		.losses = source_bpf_losses,		\
		.close = source_bpf_close,		\
	}

BPF_SOURCE(carried, "module-bpf", "the module's events, carried by BPF programs",
	   source_carried_open);
BPF_SOURCE(both, "both", "the module's events, and what BPF programs saw of them by themselves",
	   source_both_open);
BPF_SOURCE(bpf, "bpf", "what BPF programs see by themselves, without the module",
	   source_bpf_open);
