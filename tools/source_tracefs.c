// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's events, and some of the scheduler's, from tracefs: for kernels
 * without BTF or BPF. An instance of our own holds them, which goes with us; what
 * one that was killed left is removed by the next. The kernel selects the watched
 * tasks by set_event_pid, and lets their children in (event-fork).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <traceevent/event-parse.h>
#include <tracefs/tracefs.h>

#include "array.h"
#include "held.h"
#include "now.h"
#include "precondition.h"
#include "source.h"
#include "tracefs_pages.h"
#include "tracefs_record.h"

#define INSTANCE	"forkwatch-"
#define PID_LIMIT	(4U << 20)	/* PID_MAX_LIMIT of 64-bit kernels */
#define BUFFER_BYTES	(4UL << 20)	/* of each CPU */

struct fw_source {
	struct tracefs_instance *instance;
	struct tep_handle *tep;
	struct fw_tracefs_records *records;
	struct fw_tracefs_pages *pages;
	unsigned int cpus;
	bool all;			/* none is selected, but for us */
	uint64_t missed;		/* by the module's probes before we came */
	unsigned char *watched;		/* a bit for each tid */
	struct fw_held held;
	uint64_t read_at;		/* when the newest poll began to read */
	bool finished;
	int events;			/* of the poll at hand */
};

/* fork_enter comes last: of a fork whose beginning was seen, the rest is seen too. */
static const struct wanted {
	const char *system, *name;
} wanted[] = {
	{ "sched", "sched_process_exit" },
	{ "sched", "sched_process_exec" },
	{ "sched", "sched_wakeup_new" },
	{ "forkwatch", "tail_return" },
	{ "forkwatch", "first_run" },
	{ "forkwatch", "fork_return" },
	{ "forkwatch", "fork_exit" },
	{ "forkwatch", "arch_state" },
	{ "forkwatch", "copy_thread" },
	{ "forkwatch", "clone_call" },
	{ "forkwatch", "clone3_return" },
	{ "forkwatch", "fork_enter" },
};

/*
 * The instance.
 */
static int remove_stale(const char *name, void *ctx)
{
	struct tracefs_instance *instance;
	pid_t pid;
	int end = 0;

	(void)ctx;
	if (sscanf(name, INSTANCE "%d%n", &pid, &end) != 1 || !end || name[end])
		return 0;
	if (pid != getpid() && (!kill(pid, 0) || errno != ESRCH))
		return 0;
	instance = tracefs_instance_create(name);
	if (instance) {
		tracefs_instance_destroy(instance);
		tracefs_instance_free(instance);
	}
	return 0;
}

static int write_file(struct fw_source *source, const char *file, const char *text)
{
	errno = 0;
	if (tracefs_instance_file_write(source->instance, file, text) >= 0)
		return 0;
	return fw_source_fail(errno ? -errno : -EIO, "%s/%s: cannot write '%s': %s",
			      tracefs_instance_get_name(source->instance), file, text,
			      strerror(errno ? errno : EIO));
}

static int select_task(struct fw_source *source, pid_t tid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", tid);
	return write_file(source, "set_event_pid", text);
}

/* Selects a task that ends: event-fork takes it out of the set again. */
static int select_ended(struct fw_source *source)
{
	int ends[2], err;
	char byte;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return fw_source_fail(-errno, "pipe: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) != 0);
	}
	err = pid < 0 ? fw_source_fail(-errno, "fork: %s", strerror(errno)) :
			select_task(source, pid);
	close(ends[0]);
	close(ends[1]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return err;
}

/*
 * To have no set is to select everybody; ours begins with nobody. Kernels before
 * v5.16 (8d6e90983ade, "tracing: Create a sparse bitmask for pid filtering")
 * take no number beyond kernel.pid_max.
 */
static int select_nobody(struct fw_source *source)
{
	int err = select_task(source, PID_LIMIT - 1);

	return err == -EINVAL ? select_ended(source) : err;
}

/*
 * Before v6.7 ("tracing: Expand all ring buffers individually") one flag said of
 * all buffers that they have their full size: to resize ours sets it, and the kernel's own
 * trace kept its first 7 KiB until the next boot. Whoever switches an event, if only off,
 * has that one expanded first.
 */
static int expand_top(struct fw_source *source)
{
	return write_file(source, "events/forkwatch/fork_enter/enable", "0");
}

static size_t buffer_bytes(const struct fw_source_options *opt)
{
	return opt->ring_bytes ? opt->ring_bytes : BUFFER_BYTES;
}

/* What arrives must be the beginning of each fork: a full buffer takes no more. */
static int set_up(struct fw_source *source, const struct fw_source_options *opt)
{
	const size_t bytes = buffer_bytes(opt);
	char text[24];
	int err;

	snprintf(text, sizeof(text), "%zu", (bytes + 1023) / 1024);
	err = expand_top(source);
	if (!err)
		err = write_file(source, "buffer_size_kb", text);
	if (!err)
		err = write_file(source, "trace_clock", "mono");
	if (!err)
		err = write_file(source, "options/overwrite", "0");
	if (!err && opt->all) {
		snprintf(text, sizeof(text), "%d", getpid());
		return write_file(source, "set_event_notrace_pid", text);
	}
	if (!err)
		err = write_file(source, "options/event-fork", "1");
	return err ? err : select_nobody(source);
}

/* libtracefs leaves out what it cannot read, and then passes over the records of that event. */
static int enable(struct fw_source *source, const char *system, const char *name)
{
	if (!tep_find_event_by_name(source->tep, system, name))
		return fw_source_fail(-EIO, "the format of event %s/%s cannot be read, nor its "
				      "records without it. Try again, and see whether it is "
				      "there: cat /sys/kernel/tracing/events/%s/%s/format",
				      system, name, system, name);
	errno = 0;
	if (!tracefs_event_enable(source->instance, system, name))
		return 0;
	return fw_source_fail(errno ? -errno : -EIO,
		"the kernel does not enable event %s/%s: %s. See " FW_PROBES_FILE " and dmesg.",
		system, name, strerror(errno ? errno : EIO));
}

static int enable_all(struct fw_source *source, const struct fw_source_options *opt)
{
	size_t i;
	int err = 0;

	if (opt->switches)
		err = enable(source, "forkwatch", "cpu_switch_to");
	for (i = 0; !err && i < ARRAY_SIZE(wanted); i++)
		err = enable(source, wanted[i].system, wanted[i].name);
	return err;
}

static int read_formats(struct fw_source *source)
{
	static const char *const systems[] = { "forkwatch", "sched", NULL };

	tep_set_loglevel(TEP_LOG_NONE);
	tracefs_set_loglevel(TEP_LOG_NONE);
	source->tep = tracefs_local_events_system(NULL, systems);
	if (!source->tep)
		return fw_source_fail(-ENOENT, "the formats of the module's events cannot be read "
				      "from tracefs, in events/forkwatch");
	source->records = fw_tracefs_records_new(source->tep);
	return source->records ? 0 : fw_source_fail(-ENOMEM, "out of memory");
}

static int make_instance(struct fw_source *source)
{
	char name[32];

	if (!tracefs_tracing_dir())
		return fw_source_fail(-ENOENT, "there is no tracefs. Mount it: sudo mount -t "
				      "tracefs nodev /sys/kernel/tracing");
	tracefs_instances_walk(remove_stale, NULL);
	snprintf(name, sizeof(name), INSTANCE "%d", getpid());
	source->instance = tracefs_instance_create(name);
	if (!source->instance)
		return fw_source_fail(-errno, "tracefs: cannot make instances/%s: %s", name,
				      strerror(errno));
	return 0;
}

static int make_pages(struct fw_source *source, const struct fw_source_options *opt)
{
	source->pages = fw_tracefs_pages_new(source->instance, source->cpus, buffer_bytes(opt));
	return source->pages ? 0 : fw_source_fail(-ENOMEM, "out of memory");
}

static void source_tracefs_close(struct fw_source *source)
{
	if (!source)
		return;
	/* An instance that is being read cannot be removed. */
	fw_tracefs_pages_free(source->pages);
	if (source->instance) {
		tracefs_event_disable(source->instance, NULL, NULL);
		tracefs_instance_destroy(source->instance);
		tracefs_instance_free(source->instance);
	}
	fw_held_free(&source->held);
	fw_tracefs_records_free(source->records);
	tep_free(source->tep);
	free(source->watched);
	free(source);
}

static int source_tracefs_open(struct fw_source **out, const struct fw_source_options *opt)
{
	struct fw_source *source;
	int err;

	err = fw_preconditions(FW_NEED_MACHINE | FW_NEED_ROOT | FW_NEED_PIDS | FW_NEED_MODULE);
	if (err)
		return err;
	if (opt->cow)
		return fw_source_fail(-ENOTSUP, "copies are counted by BPF programs, which source "
				      "module does without: leave out --cow, or see forkwatch "
				      "doctor for what the other sources need.");
	if (opt->stages != FW_STAGES_OFF)
		return fw_source_fail(-ENOTSUP, "stages are timed by BPF programs, which source "
				      "module does without: leave out --stages, or see forkwatch "
				      "doctor for what BPF lacks here.");
	source = calloc(1, sizeof(*source));
	if (!source)
		return fw_source_fail(-ENOMEM, "out of memory");
	source->cpus = sysconf(_SC_NPROCESSORS_CONF);
	source->all = opt->all;
	source->watched = calloc(PID_LIMIT / 8, 1);
	err = source->watched ? make_instance(source) : fw_source_fail(-ENOMEM, "out of memory");
	if (!err)
		err = make_pages(source, opt);
	if (!err)
		err = read_formats(source);
	if (!err)
		err = set_up(source, opt);
	if (!err) {
		fw_missed_probes(&source->missed);
		err = enable_all(source, opt);
	}
	if (err) {
		source_tracefs_close(source);
		return err;
	}
	*out = source;
	return 0;
}

static int source_tracefs_watch(struct fw_source *source, pid_t tid)
{
	char text[16];

	if (tid <= 0 || (unsigned int)tid >= PID_LIMIT)
		return -EINVAL;
	if (source->watched[tid / 8] & 1U << tid % 8)
		return -EEXIST;
	source->watched[tid / 8] |= 1U << tid % 8;
	/* Whom the set names would be the only ones. */
	if (source->all)
		return 0;
	snprintf(text, sizeof(text), "%d", tid);
	errno = 0;
	if (tracefs_instance_file_append(source->instance, "set_event_pid", text) < 0)
		return errno ? -errno : -EIO;
	return 0;
}

/*
 * Reading. A CPU's buffer is looked into once, and the next one's later: of a task that
 * moves meanwhile, the newer event may come first. By the end of a poll, all from before
 * its beginning have come, and the next poll hands them on: a CPU that is slow to commit an
 * event has until then.
 */
static int on_record(void *ctx, struct tep_record *record)
{
	struct fw_source *source = ctx;
	const struct forkwatch_header *hdr;
	struct tep_event *event = tep_find_event_by_record(source->tep, record);

	hdr = event ? fw_tracefs_decode(source->records, event, record, record->cpu) : NULL;
	if (!hdr)
		return 0;
	source->events++;
	return fw_held_add(&source->held, hdr);
}

static int source_tracefs_poll(struct fw_source *source, int timeout_ms, fw_bytes_fn fn, void *ctx)
{
	struct timespec wait = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
	uint64_t before = source->finished ? UINT64_MAX : source->read_at;
	int err;

	/* An event would wake us for each page that is full; none does, as with BPF. */
	nanosleep(&wait, NULL);
	source->read_at = fw_now();
	source->events = 0;
	err = fw_tracefs_pages_read(source->pages, on_record, source);
	if (!err)
		err = fw_held_release(&source->held, before, fn, ctx);
	return err ? err : source->events;
}

static void source_tracefs_finish(struct fw_source *source)
{
	tracefs_event_disable(source->instance, NULL, NULL);
	source->finished = true;
}

/* "overrun: 3" and the like, of one CPU. */
static int add_stats(struct fw_source *source, unsigned int cpu, struct fw_losses *losses)
{
	static const char *const keys[] = { "\noverrun: ", "\ndropped events: " };
	char file[48], *text, *at;
	size_t i;

	snprintf(file, sizeof(file), "per_cpu/cpu%u/stats", cpu);
	text = tracefs_instance_file_read(source->instance, file, NULL);
	if (!text)
		return cpu ? 0 : -EIO;	/* a CPU that was never there has none */
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		at = strstr(text, keys[i]);
		if (at)
			losses->ring_drops += strtoull(at + strlen(keys[i]), NULL, 10);
	}
	free(text);
	return 0;
}

static int source_tracefs_losses(struct fw_source *source, struct fw_losses *losses)
{
	uint64_t missed = 0;
	unsigned int cpu;
	int err = 0;

	for (cpu = 0; !err && cpu < source->cpus; cpu++)
		err = add_stats(source, cpu, losses);
	if (!err)
		err = fw_missed_probes(&missed);
	losses->probe_misses += missed - source->missed;
	return err;
}

const struct fw_source_ops fw_source_module = {
	.name = "module",
	.what = "the module's events, read from tracefs",
	.no_stages = true,
	.open = source_tracefs_open,
	.watch = source_tracefs_watch,
	.poll = source_tracefs_poll,
	.finish = source_tracefs_finish,
	.losses = source_tracefs_losses,
	.close = source_tracefs_close,
};
