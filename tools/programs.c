// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../bpf/transport.h"
#include "forkwatch.skel.h"
#include "forwarders.h"
#include "preemption.h"
#include "programs.h"
#include "recursion.h"
#include "watch_set.h"

/* At some 3 KiB a fork, enough for a second of a thousand forks. */
#define RING_BYTES	(4UL << 20)
/* The reader is woken when the ring holds this part of its size. */
#define WAKE_PART	4

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
static enum fw_forwarders forwarders(const struct fw_programs *programs)
{
	if (programs->alone)
		return FW_FORWARD_NONE;
	return programs->cut ? FW_FORWARD_CUT : FW_FORWARD_DIRECT;
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
static enum fw_probe_way dearer(const struct fw_programs *programs, enum fw_probe_way way)
{
	static const enum fw_probe_way next[] = {
		[FW_PROBE_FENTRY] = FW_PROBE_MODULE,
		[FW_PROBE_MODULE] = FW_PROBE_KPROBE,
		[FW_PROBE_KPROBE] = FW_PROBE_NONE,
	};

	way = next[way];
	return way == FW_PROBE_MODULE && (programs->alone || programs->cut) ? next[way] : way;
}

static int open_programs(struct fw_programs *programs, const struct fw_source_options *opt,
			 enum fw_probe_way way)
{
	size_t bytes = ring_bytes(opt->ring_bytes);
	struct forkwatch_bpf *skel;
	int err;

	skel = forkwatch_bpf__open();
	if (!skel)
		return fw_source_fail(-errno, "libbpf cannot open its own programs: %s",
				      strerror(errno));
	programs->skel = skel;
	err = fw_stage_probes_open(&programs->stages, skel->obj, opt->stages, way,
				   dearer(programs, FW_PROBE_FENTRY));
	if (err)
		return fw_source_fail(err, "/proc/kallsyms: %s. Without it no stage can be "
				      "probed: use --stages off.", strerror(-err));
	programs->witness = fw_witness_probes_open(skel->obj, opt->witness);
	if (!programs->witness)
		return fw_source_fail(-ENOMEM, "out of memory");
	skel->rodata->witness = opt->witness;
	skel->rodata->page_size = sysconf(_SC_PAGESIZE);
	fw_cow_probes_open(&programs->cow, skel->obj, opt->cow, way);
	skel->rodata->stages_level = opt->stages;
	skel->rodata->stages_void = fw_stage_probes_void(programs->stages);
	skel->rodata->stages_of_module = fw_stage_probes_of_module(programs->stages);
	skel->rodata->cow_watched = opt->cow;
	skel->rodata->all_tasks = opt->all;
	skel->rodata->tracer = getpid();
	skel->rodata->wake_bytes = bytes / WAKE_PART;
	bpf_map__set_max_entries(skel->maps.ring, bytes);
	fw_watch_set_size(skel->maps.watched);
	fw_forwarders_choose(skel->obj, forwarders(programs), opt->switches);
	fw_sched_probes_open(&programs->sched, skel->obj);
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

/* A kernel that does not take the programs of the stages may take the others. */
static int load(struct fw_programs *programs, const struct fw_source_options *opt,
		enum fw_probe_way way)
{
	int err;

	for (;; way = dearer(programs, way)) {
		fw_programs_close(programs);
		err = open_programs(programs, opt, way);
		if (err)
			return err;
		err = forkwatch_bpf__load(programs->skel);
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
static int attach_probes(struct fw_programs *programs, const struct fw_source_options *opt,
			 struct fw_stage_sets *sets)
{
	int stages = fw_stage_probes_attach(programs->stages, sets);
	int cow = opt->cow ? fw_cow_probes_attach(&programs->cow) : 0;

	return stages ? stages : cow;
}

static int load_and_attach_probes(struct fw_programs *programs, const struct fw_source_options *opt,
				  struct fw_stage_sets *sets, enum fw_probe_way way)
{
	int err = load(programs, opt, way);

	if (err)
		return err;
	err = attach_probes(programs, opt, sets);
	if (err == -ENOENT)
		return fw_source_fail(err, "this kernel has no function do_wp_page(), which copies "
			"pages: its compiler inlined or renamed it. Trace without --cow.");
	return err ? fw_source_fail(err,
			"the kernel refuses the probe on do_wp_page(), which copies pages: %s. "
			"Trace without --cow.", strerror(-err)) : 0;
}

/* Before the events that use them: what is armed is known from the first fork on. */
int fw_programs_load(struct fw_programs *programs, const struct fw_source_options *opt)
{
	enum fw_probe_way way = FW_PROBE_FENTRY;
	struct fw_stage_sets sets;
	int err;

	/*
	 * A program on a trampoline can be preempted if the kernel can, and whoever then comes
	 * to it on this CPU is skipped: __bpf_prog_enter_recur(). That of a kprobe can not.
	 */
	if (fw_kernel_preemption() == FW_PREEMPTS_FULLY)
		way = dearer(programs, way);
	do {
		err = load_and_attach_probes(programs, opt, &sets, way);
		way = dearer(programs, way);
	} while (err == -ENOTSUP && way < FW_PROBE_NONE);
	if (err)
		return err;
	programs->skel->bss->stages_armed = sets.stages.armed;
	programs->skel->bss->stages_absent = sets.stages.absent;
	programs->skel->bss->stages_refused = sets.stages.refused;
	programs->skel->bss->undos_armed = sets.undos.armed;
	programs->skel->bss->undos_absent = sets.undos.absent;
	programs->skel->bss->undos_refused = sets.undos.refused;
	return 0;
}

int fw_programs_attach(struct fw_programs *programs)
{
	char line[FW_PROBE_LINE];
	const char *event;
	int err;

	/* Where the kernel has no such functions, or refuses the probe, it is not seen. */
	fw_life_attach(programs->skel->progs.on_mm_release, programs->life);
	err = fw_witness_probes_attach_returns(programs->witness);
	if (err)
		return err;
	err = fw_sched_probes_attach(&programs->sched);
	if (err)
		return fw_source_fail(err, "the kernel refuses to have BPF programs called at "
				      "exec and exit by way of perf: %s", strerror(-err));
	err = forkwatch_bpf__attach(programs->skel);
	if (!err)
		return fw_witness_probes_attach_entries(programs->witness);

	event = refused_event(programs->skel);
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

int fw_programs_skipped(const struct fw_programs *programs, uint64_t *calls)
{
	int err = fw_stage_probes_skipped(programs->stages, calls);
	struct bpf_program *prog;
	uint64_t misses;

	if (err)
		return err;
	bpf_object__for_each_program(prog, programs->skel->obj) {
		if (!bpf_program__autoload(prog) || fw_stage_probes_has(programs->stages, prog))
			continue;
		err = fw_recursion_misses(prog, &misses);
		if (err)
			return err;
		*calls += misses;
	}
	return 0;
}

void fw_programs_close(struct fw_programs *programs)
{
	fw_witness_probes_close(programs->witness);
	fw_cow_probes_close(&programs->cow);
	fw_life_detach(programs->life);
	fw_sched_probes_close(&programs->sched);
	fw_stage_probes_close(programs->stages);
	forkwatch_bpf__destroy(programs->skel);
	programs->witness = NULL;
	programs->stages = NULL;
	programs->skel = NULL;
}
