// SPDX-License-Identifier: GPL-2.0-only
/* Events through the BPF programs of bpf/: the module's, with copies or without, or their own. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../bpf/cow.h"
#include "../bpf/transport.h"
#include "array.h"
#include "cow_probes.h"
#include "forkwatch.h"
#include "forkwatch.skel.h"
#include "forwarders.h"
#include "life_probes.h"
#include "precondition.h"
#include "preemption.h"
#include "source.h"
#include "stage_probes.h"
#include "watch_set.h"
#include "witness_probes.h"

/* At some 3 KiB a fork, enough for a second of a thousand forks. */
#define RING_BYTES	(4UL << 20)
/* The reader is woken when the ring holds this part of its size. */
#define WAKE_PART	4
/* One poll hands on so many events at most, that its caller may see to other things. */
#define POLL_EVENTS	16384

struct fw_source {
	struct forkwatch_bpf *skel;
	struct fw_stage_probes *stages;
	struct fw_witness_probes *witness;
	struct fw_cow_probes cow;
	struct bpf_link *life[FW_LIFE_LINKS];
	struct ring_buffer *ring;
	struct fw_watch_set watched;
	bool cut;			/* the module's events are shorter than ours: copied */
	struct fw_cpu_state *cpus;	/* libbpf_num_possible_cpus() of them */
	bool alone;			/* the module is not asked */
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

/*
 * Loading.
 */
static size_t ring_bytes(size_t wanted)
{
	size_t bytes = sysconf(_SC_PAGESIZE);

	if (!wanted)
		wanted = RING_BYTES;
	while (bytes < wanted && bytes < (1UL << 30))
		bytes *= 2;
	return bytes;
}

/* Those on the module's tracepoints. */
static enum fw_forwarders forwarders(const struct fw_source *source)
{
	if (source->alone)
		return FW_FORWARD_NONE;
	return source->cut ? FW_FORWARD_CUT : FW_FORWARD_DIRECT;
}

/*
 * Forks at the same time whose stages find room, a power of two; fewer if a test wants to
 * see what then is.
 */
static unsigned int stage_places(enum fw_stages_level level)
{
	const char *text = getenv("FORKWATCH_STAGE_FORKS");
	unsigned long most = text ? strtoul(text, NULL, 10) : 0;
	unsigned int places = 1;

	if (!most || most > FW_STAGE_PLACES)
		most = FW_STAGE_PLACES;
	while (level != FW_STAGES_OFF && places * 2 <= most)
		places *= 2;
	return places;
}

/* The next way from @way on; alone or cut, we have none of the module's. */
static enum fw_probe_way dearer(const struct fw_source *source, enum fw_probe_way way)
{
	static const enum fw_probe_way next[] = {
		[FW_PROBE_FENTRY] = FW_PROBE_MODULE,
		[FW_PROBE_MODULE] = FW_PROBE_KPROBE,
		[FW_PROBE_KPROBE] = FW_PROBE_NONE,
	};

	way = next[way];
	return way == FW_PROBE_MODULE && (source->alone || source->cut) ? next[way] : way;
}

static int open_programs(struct fw_source *source, const struct fw_source_options *opt,
			 enum fw_probe_way way)
{
	size_t bytes = ring_bytes(opt->ring_bytes);
	struct forkwatch_bpf *skel;
	int err;

	skel = forkwatch_bpf__open();
	if (!skel)
		return fw_source_fail(-errno, "libbpf cannot open its own programs: %s",
				      strerror(errno));
	source->skel = skel;
	err = fw_stage_probes_open(&source->stages, skel->obj, opt->stages, way,
				   dearer(source, FW_PROBE_FENTRY));
	if (err)
		return fw_source_fail(err, "/proc/kallsyms: %s. Without it no stage can be "
				      "probed: use --stages off.", strerror(-err));
	source->witness = fw_witness_probes_open(skel->obj, opt->witness);
	if (!source->witness)
		return fw_source_fail(-ENOMEM, "out of memory");
	skel->rodata->witness = opt->witness;
	skel->rodata->page_size = sysconf(_SC_PAGESIZE);
	fw_cow_probes_open(&source->cow, skel->obj, opt->cow, way);
	skel->rodata->stages_level = opt->stages;
	skel->rodata->stages_of_module = fw_stage_probes_of_module(source->stages);
	skel->rodata->cow_watched = opt->cow;
	skel->rodata->all_tasks = opt->all;
	skel->rodata->tracer = getpid();
	skel->rodata->wake_bytes = bytes / WAKE_PART;
	bpf_map__set_max_entries(skel->maps.ring, bytes);
	fw_watch_set_size(&source->watched, skel->maps.watched);
	fw_forwarders_choose(skel->obj, forwarders(source), opt->switches);
	bpf_program__set_autoload(skel->progs.end_of_cow, opt->cow);
	bpf_program__set_autoattach(skel->progs.end_of_cow, false);
	bpf_program__set_autoattach(skel->progs.on_mm_release, false);
	skel->rodata->stages_mask = stage_places(opt->stages) - 1;
	bpf_map__set_max_entries(skel->maps.stages, stage_places(opt->stages));
	if (opt->stages != FW_STAGES_ALL)
		bpf_map__set_max_entries(skel->maps.undos, 1);
	if (!opt->cow) {
		bpf_map__set_max_entries(skel->maps.cow_mms, 1);
		bpf_map__set_max_entries(skel->maps.cow_processes, 1);
		bpf_map__set_max_entries(skel->maps.cow_faults, 1);
	}
	return 0;
}

static void close_programs(struct fw_source *source)
{
	fw_witness_probes_close(source->witness);
	fw_cow_probes_close(&source->cow);
	fw_life_detach(source->life);
	fw_stage_probes_close(source->stages);
	forkwatch_bpf__destroy(source->skel);
	source->witness = NULL;
	source->stages = NULL;
	source->skel = NULL;
}

/* A kernel that does not take the programs of the stages may take the others. */
static int load(struct fw_source *source, const struct fw_source_options *opt,
		enum fw_probe_way way)
{
	int err;

	for (;; way = dearer(source, way)) {
		close_programs(source);
		err = open_programs(source, opt, way);
		if (err)
			return err;
		err = forkwatch_bpf__load(source->skel);
		if (!err || err == -EPERM || way == FW_PROBE_NONE)
			break;
	}
	if (err == -EPERM)
		return fw_source_fail(err,
			"the kernel refuses BPF programs although we may load them: is this a "
			"container, or does the system forbid bpf()? With -v it says more.");
	if (err)
		return fw_source_fail(err,
			"the kernel does not take the BPF programs: %s. With -v it says why.",
			strerror(-err));
	return 0;
}

/* The event whose program libbpf has not attached. */
static const char *refused_event(const struct forkwatch_bpf *skel)
{
	const struct bpf_object_skeleton *skeleton = skel->skeleton;
	const struct bpf_prog_skeleton *prog;
	const char *section;
	int i;

	for (i = 0; i < skeleton->prog_cnt; i++) {
		prog = &skeleton->progs[i];
		if (!bpf_program__autoload(*prog->prog) ||
		    !bpf_program__autoattach(*prog->prog) || *prog->link)
			continue;
		section = bpf_program__section_name(*prog->prog);
		return strchr(section, '/') + 1;
	}
	return "?";
}

/* -ENOTSUP: the kernel attaches nothing in this way, and another may do. */
static int attach_probes(struct fw_source *source, const struct fw_source_options *opt,
			 struct fw_stage_sets *sets)
{
	int stages = fw_stage_probes_attach(source->stages, sets);
	int cow = opt->cow ? fw_cow_probes_attach(&source->cow) : 0;

	return stages ? stages : cow;
}

static int load_and_attach_probes(struct fw_source *source, const struct fw_source_options *opt,
				  struct fw_stage_sets *sets, enum fw_probe_way way)
{
	int err = load(source, opt, way);

	if (err)
		return err;
	err = attach_probes(source, opt, sets);
	if (err == -ENOENT)
		return fw_source_fail(err, "this kernel has no function do_wp_page(), which copies "
			"pages: its compiler inlined or renamed it. Trace without --cow.");
	return err ? fw_source_fail(err,
			"the kernel refuses the probe on do_wp_page(), which copies pages: %s. "
			"Trace without --cow.", strerror(-err)) : 0;
}

/* Before the events that use them: what is armed is known from the first fork on. */
static int load_probes(struct fw_source *source, const struct fw_source_options *opt)
{
	enum fw_probe_way way = FW_PROBE_FENTRY;
	struct fw_stage_sets sets;
	int err;

	/*
	 * A program on a trampoline can be preempted if the kernel can, and whoever then comes
	 * to it on this CPU is skipped: __bpf_prog_enter_recur(). That of a kprobe can not.
	 */
	if (fw_kernel_preempts())
		way = dearer(source, way);
	do {
		err = load_and_attach_probes(source, opt, &sets, way);
		way = dearer(source, way);
	} while (err == -ENOTSUP && way < FW_PROBE_NONE);
	if (err)
		return err;
	source->skel->bss->stages_armed = sets.stages.armed;
	source->skel->bss->stages_absent = sets.stages.absent;
	source->skel->bss->stages_refused = sets.stages.refused;
	source->skel->bss->undos_armed = sets.undos.armed;
	source->skel->bss->undos_absent = sets.undos.absent;
	source->skel->bss->undos_refused = sets.undos.refused;
	return 0;
}

static int attach(struct fw_source *source)
{
	char line[FW_PROBE_LINE];
	const char *event;
	int err;

	fw_missed_probes(&source->missed);
	err = fw_witness_probes_attach_returns(source->witness);
	if (err)
		return err;
	err = forkwatch_bpf__attach(source->skel);
	if (!err)
		return fw_witness_probes_attach_entries(source->witness);

	event = refused_event(source->skel);
	fw_probe_line(event, line);
	if (err == -ENOENT && !line[0])
		return fw_source_fail(err,
			"the kernel has no tracepoint %s. Rebuild tool and module from the same "
			"tree, rmmod forkwatch, insmod the new one.", event);
	return fw_source_fail(err,
		"the kernel refuses the probe of event %s: %s. The module says of it "
		"(event symbol state missed error): \"%s\". See also dmesg.",
		event, strerror(-err), line);
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
	int err, cpus = libbpf_num_possible_cpus();

	if (cpus < 0)
		return fw_source_fail(cpus, "cannot count the CPUs: %s", strerror(-cpus));
	err = fw_watch_set_open(&source->watched, source->skel->maps.watched);
	if (err)
		return fw_source_fail(err, "cannot map the watch set: %s", strerror(-err));
	source->cpus = calloc(cpus, sizeof(*source->cpus));
	if (!source->cpus)
		return fw_source_fail(-ENOMEM, "out of memory");
	source->ring = ring_buffer__new(bpf_map__fd(source->skel->maps.ring), on_sample, source,
					NULL);
	if (!source->ring)
		return fw_source_fail(-errno, "cannot map the ring buffer: %s", strerror(errno));
	return 0;
}

static void unload(struct fw_source *source)
{
	ring_buffer__free(source->ring);
	source->ring = NULL;
	fw_watch_set_close(&source->watched);
	close_programs(source);
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

	err = load_probes(source, opt);
	if (!err)
		err = open_ring(source);
	/* Where the kernel has no such functions, or refuses the probe, it is not seen. */
	if (!err)
		fw_life_attach(source->skel->progs.on_mm_release, source->life);
	if (!err)
		err = attach(source);
	return err;
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
	source->alone = opt->witness == FW_WITNESS_ALONE;
	err = load_and_attach(source, opt);
	/* The module's events are shorter than ours, or it does not say how long they are. */
	if (err == -EINVAL && !source->cut && !source->alone) {
		unload(source);
		source->cut = true;
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
	__atomic_store_n(&source->skel->bss->woken, 0, __ATOMIC_SEQ_CST);

	source->fn = fn;
	source->ctx = ctx;
	source->events = 0;
	source->error = 0;
	err = ring_buffer__consume(source->ring);
	if (source->error < 0)
		return source->error;
	return err < 0 && err != -EAGAIN ? err : source->events;
}

/* The programs number what they send, so that they send this, too. */
static void source_bpf_finish(struct fw_source *source)
{
	int processes = bpf_map__fd(source->skel->maps.cow_processes);
	int program = bpf_program__fd(source->skel->progs.end_of_cow);
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

/* A program that is called while it runs on the same CPU is skipped by the kernel. */
static int add_recursion_misses(const struct forkwatch_bpf *skel, uint64_t *misses)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, skel->obj) {
		struct bpf_prog_info info = { 0 };
		__u32 len = sizeof(info);

		if (!bpf_program__autoload(prog))
			continue;
		if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
			return -errno;
		*misses += info.recursion_misses;
	}
	return 0;
}

static int source_bpf_losses(struct fw_source *source, struct fw_losses *losses)
{
	const __u32 zero = 0;
	uint64_t missed = 0;
	int i, cpus = libbpf_num_possible_cpus();
	int err;

	err = bpf_map__lookup_elem(source->skel->maps.cpus, &zero, sizeof(zero), source->cpus,
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
	err = source->alone ? 0 : fw_missed_probes(&missed);
	if (err)
		return err;
	losses->probe_misses += missed - source->missed;
	return add_recursion_misses(source->skel, &losses->probe_misses);
}

#define BPF_SOURCE(id, name_is, what_it_is, open_with)	\
	const struct fw_source_ops fw_source_##id = {	\
		.name = (name_is),			\
		.what = (what_it_is),			\
		.open = (open_with),			\
		.watch = source_bpf_watch,		\
		.poll = source_bpf_poll,		\
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
