// SPDX-License-Identifier: GPL-2.0-only
/* Traces on disk: what is written is read, and nothing that is read can hurt. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "ctf.h"
#include "limit.h"
#include "scratch.h"
#include "symbols.h"
#include "trace.h"

#define TIME	1000000000ULL		/* of the first event */
#define TRACE	scratch_path("trace")

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", TRACE, name);
	return path;
}

static void put_file(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	fclose(file);
}

static uint8_t *get_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	uint8_t *data = calloc(1, 1 << 20);

	assert_non_null(file);
	assert_non_null(data);
	*size = fread(data, 1, 1 << 20, file);
	fclose(file);
	return data;
}

static const struct fw_trace_info info = {
	.env = { .release = "6.1.0-48-arm64", .machine = "aarch64", .cpus = 4, .page_size = 4096 },
	.tool = "1.0",
	.module = "1.0 (ABI 1)",
	.sources = "bpf",
	.features = "fp asimd evtstrm aes",
	.command = "sh -c 'echo \"a\\b\"\n\t\x01 * /* \xc3\xa9 */; }'",
	.clock_offset = 1700000000123456789LL,
};

static struct fw_trace_writer *create(void)
{
	struct fw_trace_writer *writer;

	assert_int_equal(fw_trace_create(&writer, TRACE, false), 0);
	assert_int_equal(fw_trace_begin(writer, &info), 0);
	return writer;
}

static void finish(struct fw_trace_writer *writer)
{
	struct fw_trace_end end = { .has_status = true, .status = 3 << 8 };

	assert_int_equal(fw_trace_finish(writer, &end), 0);
}

static void event_name_text(char *text, size_t count, uint64_t seq)
{
	memset(text, 0, count);
	snprintf(text, count, "task \"%u\"", (unsigned int)(seq % 1000));
}

/* An event whose every field has a value of its own. */
static struct forkwatch_header *make_event(uint16_t kind, uint32_t cpu, uint64_t seq, uint64_t time)
{
	const struct fw_event_type *type = fw_event_type(kind);
	struct forkwatch_header *event = calloc(1, type->size);
	uint8_t *bytes = (void *)event;
	const struct fw_field *field;
	size_t i;

	assert_non_null(event);
	for (i = sizeof(*event); i < type->size; i++)
		bytes[i] = i * 7 + seq * 13 + kind;
	for (field = type->fields; field->name; field++)
		if (field->type == FW_CHAR)
			event_name_text((char *)bytes + field->offset, field->count, seq);
	*event = (struct forkwatch_header){
		.size = type->size, .kind = kind, .cpu = cpu, .seq = seq, .time = time,
		.tid = 100 + seq, .tgid = 100,
	};
	return event;
}

static void put(struct fw_trace_writer *writer, uint16_t kind, uint32_t cpu, uint64_t seq,
		uint64_t time)
{
	struct forkwatch_header *event = make_event(kind, cpu, seq, time);

	assert_int_equal(fw_trace_write(writer, event, event->size), 0);
	free(event);
}

static struct fw_trace *open_trace(void)
{
	struct fw_trace *trace;

	if (fw_trace_open(&trace, TRACE))
		fail_msg("%s", fw_trace_error());
	return trace;
}

static const struct forkwatch_header *next(struct fw_trace *trace)
{
	const void *data;
	size_t size;
	int ret = fw_trace_next(trace, &data, &size);

	assert_in_range(ret, 0, 1);
	if (!ret)
		return NULL;
	assert_int_equal(((const struct forkwatch_header *)data)->size, size);
	return data;
}

/* Every event from here on; they must come in order of time. */
static unsigned int count_events(struct fw_trace *trace)
{
	const struct forkwatch_header *event;
	uint64_t time = 0;
	unsigned int n = 0;

	for (; (event = next(trace)); n++) {
		assert_true(event->time >= time);
		time = event->time;
	}
	return n;
}

static void assert_undamaged(struct fw_trace *trace)
{
	assert_string_equal(fw_trace_damage(trace), "");
}

static void test_round_trip(void **state)
{
	const struct fw_event_type *type;
	struct fw_trace_writer *writer = create();
	const struct forkwatch_header *event;
	struct forkwatch_header *expected;
	struct fw_trace *trace;
	uint64_t n, count = 0;
	uint32_t cpu;

	(void)state;
	/* CPU after CPU, as a reader of rings may find them. */
	for (cpu = 0; cpu < 4; cpu++)
		for (n = 0, type = fw_event_types; type->name; type++, n++)
			put(writer, type->kind, cpu, n, TIME + 4 * n + cpu);
	finish(writer);

	trace = open_trace();
	for (n = 0, type = fw_event_types; type->name; type++, n++) {
		for (cpu = 0; cpu < 4; cpu++) {
			expected = make_event(type->kind, cpu, n, TIME + 4 * n + cpu);
			event = next(trace);
			assert_non_null(event);
			assert_memory_equal(event, expected, type->size);
			free(expected);
			count++;
		}
	}
	assert_null(next(trace));
	assert_undamaged(trace);
	assert_int_equal(count, 4 * n);
	fw_trace_close(trace);
}

static void test_info(void **state)
{
	const struct fw_trace_info *read;
	struct fw_trace *trace;

	(void)state;
	finish(create());
	trace = open_trace();
	read = fw_trace_info(trace);
	assert_string_equal(read->env.release, info.env.release);
	assert_int_equal(read->env.kernel, 6 << 16 | 1 << 8);
	assert_string_equal(read->env.machine, info.env.machine);
	assert_int_equal(read->env.cpus, info.env.cpus);
	assert_int_equal(read->env.page_size, info.env.page_size);
	assert_non_null(read->env.ksyms);
	assert_string_equal(read->tool, info.tool);
	assert_string_equal(read->module, info.module);
	assert_string_equal(read->sources, info.sources);
	assert_string_equal(read->features, info.features);
	assert_string_equal(read->command, info.command);
	assert_int_equal(read->clock_offset, info.clock_offset);
	fw_trace_close(trace);
}

static void test_end(void **state)
{
	struct fw_trace_end end = {
		.has_status = true,
		.status = 0x8b,
		.losses = { .ring_drops = 1, .probe_misses = 2, .watch_full = 3, .bad_events = 4,
			    .forks = 6, .forks_known = true },
	};
	struct fw_trace_writer *writer = create();
	struct fw_trace_end read;
	struct fw_trace *trace;

	(void)state;
	put(writer, FORKWATCH_EXIT, 0, 10, TIME);
	put(writer, FORKWATCH_EXIT, 0, 15, TIME + 1);
	assert_int_equal(fw_trace_write(writer, "short", 5), -EBADMSG);
	assert_int_equal(fw_trace_finish(writer, &end), 0);
	trace = open_trace();
	assert_true(fw_trace_ended(trace, &read));
	assert_memory_equal(&read, &end, sizeof(end));
	assert_int_equal(read.error, 0);
	assert_true(read.has_status);
	assert_int_equal(read.status, 0x8b);
	assert_int_equal(read.losses.seq_gaps, 4);
	assert_int_equal(read.losses.ring_drops, 1);
	assert_int_equal(read.losses.probe_misses, 2);
	assert_int_equal(read.losses.watch_full, 3);
	assert_int_equal(read.losses.bad_events, 5);
	assert_int_equal(read.losses.forks, 6);
	assert_true(read.losses.forks_known);
	fw_trace_close(trace);
}

/* A sender of a newer version sends more, one of an older version less. */
static void test_other_lengths(void **state)
{
	const struct fw_event_type *type = fw_event_type(FORKWATCH_EXIT);
	struct fw_trace_writer *writer = create();
	const struct forkwatch_header *event;
	struct forkwatch_header *hdr;
	struct forkwatch_header *decoded;
	uint8_t longer[128] = "", *data;
	struct fw_trace *trace;
	size_t size;

	(void)state;
	/* Something to lie where the shorter one is put later. */
	put(writer, FORKWATCH_EXIT, 1, 0, TIME);
	put(writer, FORKWATCH_EXIT, 0, 0, TIME);
	assert_int_equal(fw_trace_flush(writer), 0);
	hdr = make_event(FORKWATCH_EXIT, 1, 1, TIME + 1);
	memcpy(longer, hdr, hdr->size);
	((struct forkwatch_header *)longer)->size = type->size + 24;
	assert_int_equal(fw_trace_write(writer, longer, type->size + 24), 0);
	hdr->size = offsetof(struct forkwatch_exit, code);
	hdr->cpu = 0;
	hdr->time++;
	assert_int_equal(fw_trace_write(writer, hdr, hdr->size), 0);
	finish(writer);

	/* What was not sent is 0 to readers that do not know of it. */
	data = get_file(path_of("cpu0"), &size);
	assert_memory_equal(data + size - 8, "\0\0\0\0\0\0\0", 8);
	free(data);
	trace = open_trace();
	next(trace);
	next(trace);
	event = next(trace);
	assert_int_equal(event->size, type->size);
	assert_memory_equal(event + 1, longer + sizeof(*hdr), type->size - sizeof(*hdr));
	event = next(trace);
	assert_int_equal(event->size, hdr->size);
	assert_memory_equal(event, hdr, hdr->size);
	assert_int_equal(fw_event_decode(event, event->size, &decoded), 0);
	assert_true(fw_event_has(decoded, &type->fields[1]));
	assert_false(fw_event_has(decoded, &type->fields[2]));
	free(decoded);
	assert_null(next(trace));
	assert_undamaged(trace);
	fw_trace_close(trace);
	free(hdr);
}

static void test_bad_events(void **state)
{
	struct fw_trace_writer *writer = create();
	struct forkwatch_header *event = make_event(FORKWATCH_EXIT, 0, 1, TIME);
	struct fw_trace_end end = { 0 };
	struct fw_trace *trace;

	(void)state;
	assert_int_equal(fw_trace_write(writer, event, event->size - 1), -EBADMSG);
	event->size = 31;
	assert_int_equal(fw_trace_write(writer, event, 56), -EBADMSG);
	event->size = 56;
	event->kind = 0x7777;
	assert_int_equal(fw_trace_write(writer, event, 56), -EBADMSG);
	event->kind = FW_CTF_END;
	assert_int_equal(fw_trace_write(writer, event, 56), -EBADMSG);
	event->kind = FORKWATCH_EXIT;
	event->cpu = UINT32_MAX;
	assert_int_equal(fw_trace_write(writer, event, 56), -EBADMSG);
	free(event);
	assert_int_equal(fw_trace_finish(writer, &end), 0);
	assert_int_equal(end.losses.bad_events, 5);
	trace = open_trace();
	assert_null(next(trace));
	assert_undamaged(trace);
	fw_trace_close(trace);
}

/* What the packets of a stream say, one after the other. */
static unsigned int read_packets(const char *name, struct fw_ctf_packet *packets, unsigned int max)
{
	size_t size, offset = 0;
	uint8_t *data = get_file(path_of(name), &size);
	unsigned int n;

	for (n = 0; n < max && offset < size; n++) {
		memcpy(&packets[n], data + offset, sizeof(*packets));
		offset += packets[n].packet_size / 8;
	}
	assert_int_equal(offset, size);
	free(data);
	return n;
}

static void test_many_packets(void **state)
{
	struct fw_trace_writer *writer = create();
	struct fw_ctf_packet packets[16];
	struct fw_trace_end end;
	struct fw_trace *trace;
	unsigned int n, i;
	uint64_t seq;

	(void)state;
	for (seq = 1; seq <= 5000; seq++)
		if (seq % 100)
			put(writer, FORKWATCH_EXIT, 1, seq, TIME + seq);
	finish(writer);
	n = read_packets("cpu1", packets, 16);
	assert_in_range(n, 3, 6);
	for (i = 0; i < n; i++) {
		assert_int_equal(packets[i].packet_seq_num, i);
		assert_int_equal(packets[i].cpu_id, 1);
		assert_true(packets[i].packet_size <= FW_CTF_PACKET_BYTES * 8);
		assert_int_equal(packets[i].events_discarded,
				 (packets[i].timestamp_end - TIME) / 100);
	}
	/* The last one is 4999: the gap at 5000 has no end that would show it. */
	trace = open_trace();
	assert_int_equal(count_events(trace), 4950);
	assert_undamaged(trace);
	assert_true(fw_trace_ended(trace, &end));
	assert_int_equal(end.losses.seq_gaps, 49);
	fw_trace_close(trace);
}

/* Interrupts reorder neighbours: no stream, no gap and no order may suffer. */
static void test_disorder(void **state)
{
	struct fw_trace_writer *writer = create();
	struct fw_ctf_packet packets[16];
	struct fw_trace *trace;
	unsigned int n, i;
	uint64_t seq;

	(void)state;
	/* One before them all, so that packets end between two that change places. */
	put(writer, FORKWATCH_EXIT, 0, 0, TIME);
	for (seq = 1; seq < 5000; seq += 2) {
		put(writer, FORKWATCH_EXIT, 0, seq + 1, TIME + seq + 1);
		put(writer, FORKWATCH_EXIT, 0, seq, TIME + seq);
	}
	finish(writer);
	assert_int_equal(access(path_of("cpu0_late1"), F_OK), -1);
	n = read_packets("cpu0", packets, 16);
	for (i = 0; i < n; i++)
		assert_int_equal(packets[i].events_discarded, 0);
	trace = open_trace();
	assert_int_equal(count_events(trace), 5001);
	assert_undamaged(trace);
	fw_trace_close(trace);
}

/* What is older than all that was written before, again and again. */
static void test_late(void **state)
{
	struct fw_trace_writer *writer = create();
	struct forkwatch_header *event;
	struct fw_trace_end end;
	struct fw_trace *trace;
	unsigned int i;

	(void)state;
	for (i = 0; i < 8; i++) {
		put(writer, FORKWATCH_EXIT, 0, 20 - i, TIME + 20 - i);
		assert_int_equal(fw_trace_flush(writer), 0);
	}
	/* There is an end to it. */
	event = make_event(FORKWATCH_EXIT, 0, 1, TIME);
	assert_int_equal(fw_trace_write(writer, event, event->size), -EBADMSG);
	free(event);
	finish(writer);
	assert_int_equal(access(path_of("cpu0_late7"), F_OK), 0);
	trace = open_trace();
	assert_int_equal(count_events(trace), 8);
	assert_undamaged(trace);
	assert_true(fw_trace_ended(trace, &end));
	assert_int_equal(end.losses.bad_events, 1);
	fw_trace_close(trace);
}

/* CPUs come late, go early, and have numbers without neighbours. */
static void test_hotplug(void **state)
{
	struct fw_trace_writer *writer = create();
	struct fw_trace_end end;
	struct fw_trace *trace;
	unsigned int i;

	(void)state;
	for (i = 0; i < 300; i++) {
		if (i % 100 < 50)
			put(writer, FORKWATCH_FORK_RETURN, 7, i / 100 * 50 + i % 100, TIME + i);
		if (i > 200)
			put(writer, FORKWATCH_FORK_RETURN, 250, i, TIME + i);
		put(writer, FORKWATCH_FORK_RETURN, 0, i, TIME + i);
		if (i % 60 == 0)
			assert_int_equal(fw_trace_flush(writer), 0);
	}
	finish(writer);
	assert_int_equal(access(path_of("cpu1"), F_OK), -1);
	trace = open_trace();
	assert_int_equal(count_events(trace), 300 + 150 + 99);
	assert_undamaged(trace);
	assert_true(fw_trace_ended(trace, &end));
	assert_int_equal(end.losses.seq_gaps, 0);
	fw_trace_close(trace);
}

#define TEXT	0xffff800008000000ULL

static void write_and_die(void)
{
	struct forkwatch_exit *event = (void *)make_event(FORKWATCH_EXIT, 0, 0, TIME);
	struct fw_trace_info with_symbols = info;
	struct fw_trace_writer *writer;
	struct fw_ksyms *ksyms;
	uint64_t seq;

	fw_ksyms_new(&ksyms);
	fw_ksyms_add(ksyms, TEXT, "one");
	with_symbols.env.ksyms = ksyms;
	fw_trace_create(&writer, TRACE, false);
	fw_trace_begin(writer, &with_symbols);
	event->task = TEXT + 8;
	for (seq = 0; seq < 3000; seq++) {
		event->hdr.seq = seq / 2;
		event->hdr.cpu = seq % 2;
		event->hdr.time = TIME + seq;
		fw_trace_write(writer, event, sizeof(*event));
	}
	raise(SIGKILL);
}

/* A tool that is killed leaves whole packets and no end. */
static void test_killed(void **state)
{
	struct fw_trace_end end;
	struct fw_trace *trace;
	unsigned int n;
	char name[64];
	pid_t pid;
	int status;

	(void)state;
	pid = fork();
	if (!pid)
		write_and_die();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	trace = open_trace();
	n = count_events(trace);
	assert_in_range(n, 2000, 2999);
	assert_undamaged(trace);
	assert_false(fw_trace_ended(trace, &end));
	/* The symbols that its events need are there, too. */
	assert_string_equal(fw_ksyms_name(fw_trace_info(trace)->env.ksyms, TEXT + 8, name, 64),
			    "one+0x8");
	fw_trace_close(trace);
}

static void test_age(void **state)
{
	struct fw_trace_writer *writer = create();
	struct fw_trace *trace;

	(void)state;
	put(writer, FORKWATCH_EXIT, 0, 1, TIME);
	assert_int_equal(fw_trace_tick(writer), 0);
	trace = open_trace();
	assert_int_equal(count_events(trace), 0);
	fw_trace_close(trace);
	usleep(1100000);
	assert_int_equal(fw_trace_tick(writer), 0);
	trace = open_trace();
	assert_int_equal(count_events(trace), 1);
	fw_trace_close(trace);
	finish(writer);
}

static void test_kernel_symbols(void **state)
{
	struct fw_trace_info with_symbols = info;
	struct forkwatch_first_run *event;
	struct fw_trace_writer *writer;
	struct fw_trace_end end = { 0 };
	const struct fw_ksyms *read;
	struct fw_ksyms *ksyms;
	struct fw_trace *trace;
	char name[128];

	(void)state;
	assert_int_equal(fw_ksyms_new(&ksyms), 0);
	fw_ksyms_add(ksyms, TEXT, "one");
	fw_ksyms_add(ksyms, TEXT + 0x100, "two");
	fw_ksyms_add(ksyms, TEXT + 0x200, "three");
	fw_ksyms_add(ksyms, TEXT + 0x300, "ret_from_fork");
	fw_ksyms_add(ksyms, TEXT + 0x400, "four [some_module]");
	fw_ksyms_add(ksyms, TEXT + 0x500, "_end");
	with_symbols.env.ksyms = ksyms;
	assert_int_equal(fw_trace_create(&writer, TRACE, false), 0);
	assert_int_equal(fw_trace_begin(writer, &with_symbols), 0);
	event = (void *)make_event(FORKWATCH_FIRST_RUN, 0, 1, TIME);
	memset(&event->hdr + 1, 0, sizeof(*event) - sizeof(event->hdr));
	event->live.saved[3] = TEXT + 0x10;
	event->regs.x[30] = TEXT + 0x204;
	event->lr = TEXT + 0x4fc;
	event->context.fp = TEXT + 0x600;
	assert_int_equal(fw_trace_write(writer, event, sizeof(*event)), 0);
	assert_int_equal(fw_trace_write(writer, event, sizeof(*event)), 0);
	assert_int_equal(fw_trace_finish(writer, &end), 0);
	fw_ksyms_close(ksyms);
	free(event);

	trace = open_trace();
	assert_int_equal(count_events(trace), 2);
	assert_undamaged(trace);
	read = fw_trace_info(trace)->env.ksyms;
	assert_string_equal(fw_ksyms_name(read, TEXT + 0x10, name, 128), "one+0x10");
	assert_string_equal(fw_ksyms_name(read, TEXT + 0x204, name, 128), "three+0x4");
	assert_string_equal(fw_ksyms_name(read, TEXT + 0x4fc, name, 128),
			    "four+0xfc [some_module]");
	assert_int_equal(fw_ksyms_addr(read, "ret_from_fork"), TEXT + 0x300);
	assert_int_equal(fw_ksyms_addr(read, "two"), 0);
	assert_string_equal(fw_ksyms_name(read, TEXT + 0x600, name, 128), "0xffff800008000600");
	fw_trace_close(trace);
}

struct heard {
	unsigned int n;
	uint64_t time, addr;
	uint32_t tgid;
	char name[64], first[64];
};

static void hear(void *ctx, const struct forkwatch_header *header, uint64_t addr, const char *name)
{
	struct heard *heard = ctx;

	if (!heard->n++)
		snprintf(heard->first, sizeof(heard->first), "%s", name);
	heard->time = header->time;
	heard->tgid = header->tgid;
	heard->addr = addr;
	snprintf(heard->name, sizeof(heard->name), "%s", name);
}

static void test_user_symbols(void **state)
{
	struct fw_trace_writer *writer = create();
	struct forkwatch_header *event = make_event(FORKWATCH_FORK_ENTER, 2, 5, TIME);
	struct heard heard = { 0 };
	struct fw_trace *trace;

	(void)state;
	put(writer, FORKWATCH_EXIT, 2, 4, TIME - 1);
	assert_int_equal(fw_trace_user_symbol(writer, event, 0x402000, "\x1b[2J\xff"), 0);
	assert_int_equal(fw_trace_user_symbol(writer, event, 0x401000, "libc.so.6:_Fork+0x3c"), 0);
	assert_int_equal(fw_trace_user_symbol(writer, event, 0x401000, "libc.so.6:_Fork+0x3c"), 0);
	assert_int_equal(fw_trace_write(writer, event, event->size), 0);
	finish(writer);
	free(event);

	trace = open_trace();
	fw_trace_on_symbol(trace, hear, &heard);
	assert_int_equal(next(trace)->kind, FORKWATCH_EXIT);
	assert_int_equal(heard.n, 0);
	assert_int_equal(next(trace)->kind, FORKWATCH_FORK_ENTER);
	assert_int_equal(heard.n, 2);
	assert_string_equal(heard.first, "?[2J?");
	assert_int_equal(heard.time, TIME);
	assert_int_equal(heard.tgid, 100);
	assert_int_equal(heard.addr, 0x401000);
	assert_string_equal(heard.name, "libc.so.6:_Fork+0x3c");
	assert_null(next(trace));
	assert_undamaged(trace);
	fw_trace_close(trace);
}

/* The fork of task @tid at @time that failed, with @limits or none. */
static struct fw_fork failed_fork(uint32_t tid, uint64_t time, struct fw_limits *limits)
{
	static struct forkwatch_fork_enter enter;

	enter.hdr.time = time;
	return (struct fw_fork){ .parent_tid = tid, .enter = &enter, .limits = limits };
}

static const struct fw_limits full = {
	.seen = FW_LIMIT_THREADS | FW_LIMIT_PID_MAX | FW_LIMIT_COMMIT | FW_LIMIT_PIDS |
		FW_LIMIT_PIDS_MAX | FW_LIMIT_PARENT,
	.threads = 1, .threads_max = 2, .pid_max = 3, .overcommit = 4, .commit_limit = 5,
	.committed = 6, .parent_data = 7, .pids_refused = 8, .pids_max = 9, .pids_current = 10,
	.cgroup = "/full",
};

static void put_limits(struct fw_trace_writer *writer, uint32_t tid, uint64_t time,
		       const struct fw_limits *from)
{
	struct fw_limits limits = *from;
	struct fw_fork fork = failed_fork(tid, time, &limits);

	assert_int_equal(fw_trace_limits(writer, &fork), 0);
}

/* What the trace has for the fork of task @tid at @time; NULL: nothing. From malloc. */
static struct fw_limits *get_limits(struct fw_trace *trace, uint32_t tid, uint64_t time)
{
	struct fw_fork fork = failed_fork(tid, time, NULL);

	assert_int_equal(fw_trace_give_limits(trace, &fork), 0);
	return fork.limits;
}

static void assert_pids_max(struct fw_trace *trace, uint64_t time, unsigned int seen,
			    const char *cgroup)
{
	struct fw_limits *limits = get_limits(trace, 1, time);

	assert_non_null(limits);
	assert_int_equal(limits->seen, seen);
	assert_string_equal(limits->cgroup, cgroup);
	free(limits);
}

/* Each fork gets back what it had, whole, and no other does. */
static void test_limits(void **state)
{
	struct fw_trace_writer *writer = create();
	struct fw_fork none = failed_fork(1, TIME, NULL);
	struct fw_limits *limits;
	struct fw_trace *trace;
	unsigned int i;

	(void)state;
	put(writer, FORKWATCH_EXIT, 0, 1, TIME);
	for (i = 100; i-- > 0;)
		put_limits(writer, i % 3, TIME + i, &(struct fw_limits){ .threads = i });
	put_limits(writer, 7, TIME + 50, &full);
	assert_int_equal(fw_trace_limits(writer, &none), 0);
	finish(writer);

	trace = open_trace();
	assert_int_equal(count_events(trace), 1);
	assert_undamaged(trace);
	for (i = 0; i < 100; i++) {
		limits = get_limits(trace, i % 3, TIME + i);
		assert_non_null(limits);
		assert_int_equal(limits->threads, i);
		free(limits);
		assert_null(get_limits(trace, (i + 1) % 3, TIME + i));
	}
	limits = get_limits(trace, 7, TIME + 50);
	assert_non_null(limits);
	assert_memory_equal(limits, &full, sizeof(full));
	free(limits);
	assert_null(get_limits(trace, 7, TIME + 51));
	fw_trace_close(trace);
}

/* What no forkwatch wrote: other bits, and names that are none, too long, or for a terminal. */
static void test_strange_limits(void **state)
{
	struct fw_trace_writer *writer = create();
	struct fw_limits limits = full;
	struct fw_trace *trace;

	(void)state;
	limits.seen = ~0U;
	put_limits(writer, 1, TIME, &limits);
	strcpy(limits.cgroup, "/\x1b[2J\xff");
	put_limits(writer, 1, TIME + 1, &limits);
	*limits.cgroup = '\0';
	put_limits(writer, 1, TIME + 2, &limits);
	finish(writer);

	trace = open_trace();
	assert_pids_max(trace, TIME, full.seen, "/full");
	assert_pids_max(trace, TIME + 1, full.seen, "/?[2J?");
	assert_pids_max(trace, TIME + 2, full.seen & ~FW_LIMIT_PIDS_MAX, "");
	fw_trace_close(trace);
}

/* The session's stream with the last record of limits of size @size. Returns whether it is read. */
static bool try_limits_of_size(uint16_t size)
{
	struct fw_ctf_header *hdr;
	struct fw_limits *limits;
	struct fw_trace *trace;
	size_t length, at;
	uint8_t *data;
	bool found;

	data = get_file(path_of("session"), &length);
	for (at = sizeof(struct fw_ctf_packet);; at += FW_CTF_ALIGN(hdr->size)) {
		assert_true(at < length);
		hdr = (void *)(data + at);
		if (hdr->id == FW_CTF_LIMITS)
			break;
	}
	hdr->size = size;
	put_file(path_of("session"), data, length);
	free(data);
	trace = open_trace();
	limits = get_limits(trace, 1, TIME);
	found = limits;
	assert_int_equal(*fw_trace_damage(trace) == '\0', found);
	fw_trace_close(trace);
	free(limits);
	return found;
}

/* A record of a wrong size is damage, and read by nobody. */
static void test_damaged_limits(void **state)
{
	const uint16_t whole = sizeof(struct fw_ctf_limits) + strlen(full.cgroup) + 1;
	struct fw_trace_writer *writer = create();
	uint16_t size;

	(void)state;
	put_limits(writer, 1, TIME, &full);
	finish(writer);
	assert_true(try_limits_of_size(whole));
	for (size = 32; size < whole + 64; size++)
		if (size != whole) {
			assert_false(try_limits_of_size(size));
			assert_true(unlink(path_of("session")) == 0);
			unlink(path_of("cpu0"));
			unlink(path_of("metadata"));
			writer = create();
			put_limits(writer, 1, TIME, &full);
			finish(writer);
		}
}

static void assert_refused(int error, const char *word)
{
	struct fw_trace *trace;

	assert_int_equal(fw_trace_open(&trace, TRACE), error);
	if (!strstr(fw_trace_error(), word))
		fail_msg("`%s' does not say `%s'", fw_trace_error(), word);
	if (!strstr(fw_trace_error(), TRACE))
		fail_msg("`%s' does not say which", fw_trace_error());
}

static void put_metadata(const char *text)
{
	put_file(path_of("metadata"), text, strlen(text));
}

/* Replaces @from in the metadata, which must be there, by @to. */
static void edit_metadata(const char *from, const char *to)
{
	size_t size;
	char *text = (char *)get_file(path_of("metadata"), &size);
	char *at = strstr(text, from);
	FILE *file;

	assert_non_null(at);
	file = fopen(path_of("metadata"), "w");
	assert_non_null(file);
	fprintf(file, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	fclose(file);
	free(text);
}

static void test_foreign(void **state)
{
	(void)state;
	assert_refused(-ENOENT, "No such file");
	put_file(TRACE, "x", 1);
	assert_refused(-ENOTDIR, "is a file");
	unlink(TRACE);
	assert_int_equal(mkdir(TRACE, 0700), 0);
	assert_refused(-ENOENT, "no file `metadata'");
	put_metadata("");
	assert_refused(-ENODATA, "empty");
	put_metadata("\x1d\xc1\x57\x75 packets");
	assert_refused(-EBADMSG, "not a CTF 1.8 trace");
	put_metadata("/* CTF 1.8 */\nenv { tracer_name = \"lttng-\x1b[2Jmodules\"; };\n");
	assert_refused(-EBADMSG, "another tracer (lttng-?[2Jmodules)");
	put_metadata("/* CTF 1.8 */\ntrace { major = 1; };\n");
	assert_refused(-EBADMSG, "not one of forkwatch");
	put_metadata("/* CTF 1.8 */\nenv { tracer_name = \"forkwatch\";");
	assert_refused(-EBADMSG, "damaged near byte");
	put_metadata("/* CTF 1.8 */\nenv { tracer_name = \"forkwatch\"; };");
	assert_refused(-ENOTSUP, "format 0");
	unlink(path_of("metadata"));
	assert_int_equal(mkfifo(path_of("metadata"), 0600), 0);
	assert_refused(-EINVAL, "metadata");
}

static void test_newer(void **state)
{
	char abi[64];

	(void)state;
	finish(create());
	snprintf(abi, sizeof(abi), "abi_version = %u;", FORKWATCH_ABI_VERSION);
	edit_metadata(abi, "abi_version = 4711;");
	assert_refused(-ENOTSUP, "ABI 4711), which is newer");
	edit_metadata("abi_version = 4711;", abi);
	edit_metadata("trace_format = 1;", "trace_format = 2; new_thing = {");
	assert_refused(-ENOTSUP, "newer");
}

/* A newer version adds kinds and lengthens events, and its metadata says so. */
static void test_grown(void **state)
{
	struct forkwatch_header *event = make_event(FORKWATCH_WAKEUP_NEW, 0, 1, TIME);
	struct fw_trace_writer *writer = create();
	struct fw_trace *trace;
	size_t size;
	uint8_t *data;

	(void)state;
	assert_int_equal(fw_trace_write(writer, event, event->size), 0);
	put(writer, FORKWATCH_EXIT, 0, 2, TIME + 1);
	put(writer, FORKWATCH_EXIT, 0, 3, TIME + 2);
	finish(writer);
	data = get_file(path_of("cpu0"), &size);
	((struct fw_ctf_header *)(data + sizeof(struct fw_ctf_packet)))->id = 4000;
	put_file(path_of("cpu0"), data, size);
	trace = open_trace();
	assert_int_equal(count_events(trace), 0);
	assert_non_null(strstr(fw_trace_damage(trace), "cpu0: byte 80: an event of unknown kind"));
	fw_trace_close(trace);

	edit_metadata("kind_16_bytes", "kind_4000_bytes = 56;\tkind_16_bytes");
	trace = open_trace();
	assert_int_equal(next(trace)->kind, 4000);
	assert_int_equal(count_events(trace), 2);
	assert_undamaged(trace);
	fw_trace_close(trace);
	free(data);
	free(event);
}

static void test_existing(void **state)
{
	struct fw_trace_writer *writer;
	struct fw_trace *trace;

	(void)state;
	assert_int_equal(mkdir(TRACE, 0755), 0);
	writer = create();
	put(writer, FORKWATCH_EXIT, 3, 1, TIME);
	finish(writer);
	assert_int_equal(fw_trace_create(&writer, TRACE, false), -EEXIST);
	assert_non_null(strstr(fw_trace_error(), "--force"));
	/* Until it begins, the old one is there. */
	assert_int_equal(fw_trace_create(&writer, TRACE, true), 0);
	finish(writer);
	assert_int_equal(access(path_of("cpu3"), F_OK), 0);
	assert_int_equal(fw_trace_create(&writer, TRACE, true), 0);
	assert_int_equal(fw_trace_begin(writer, &info), 0);
	finish(writer);
	assert_int_equal(access(path_of("cpu3"), F_OK), -1);
	trace = open_trace();
	assert_int_equal(count_events(trace), 0);
	assert_undamaged(trace);
	fw_trace_close(trace);

	/* Nothing of others goes, whatever is asked for. */
	put_file(path_of("thesis.tex"), "x", 1);
	assert_int_equal(fw_trace_create(&writer, TRACE, true), -EEXIST);
	assert_non_null(strstr(fw_trace_error(), "thesis.tex"));
	assert_int_equal(access(path_of("session"), F_OK), 0);
	unlink(path_of("thesis.tex"));
	edit_metadata("\"forkwatch\"", "\"barectf\"");
	assert_int_equal(fw_trace_create(&writer, TRACE, true), -EEXIST);
	assert_int_equal(access(path_of("session"), F_OK), 0);
}

static void test_links(void **state)
{
	struct forkwatch_header *event = make_event(FORKWATCH_EXIT, 0, 1, TIME);
	struct fw_trace_end end = { 0 };
	struct fw_trace_writer *writer;
	struct stat st;
	char other[128];

	(void)state;
	snprintf(other, sizeof(other), "%s/other", scratch);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(symlink(other, TRACE), 0);
	assert_int_equal(fw_trace_create(&writer, TRACE, true), -ENOTDIR);
	assert_non_null(strstr(fw_trace_error(), "symbolic links are not followed"));
	unlink(TRACE);

	/* A link that appears while we write. */
	snprintf(other, sizeof(other), "%s/victim", scratch);
	put_file(other, "", 0);
	writer = create();
	assert_int_equal(symlink(other, path_of("cpu0")), 0);
	assert_int_equal(fw_trace_write(writer, event, event->size), -EEXIST);
	assert_int_equal(fw_trace_finish(writer, &end), -EEXIST);
	free(event);
	assert_int_equal(stat(other, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_refused(-ELOOP, "symbolic link");
	unlink(path_of("cpu0"));
	assert_int_equal(mkfifo(path_of("cpu0"), 0600), 0);
	assert_refused(-EINVAL, "not a file");
	assert_int_equal(stat(path_of("session"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_never_begun(void **state)
{
	struct fw_trace_writer *writer;

	(void)state;
	assert_int_equal(fw_trace_create(&writer, TRACE, false), 0);
	finish(writer);
	assert_int_equal(access(TRACE, F_OK), -1);
}

/* Writes until the file is as large as the limit allows; runs in a process of its own. */
static int fill(void)
{
	struct rlimit limit = { 200000, 200000 };
	struct fw_trace_writer *writer = create();
	struct forkwatch_header *event = make_event(FORKWATCH_EXIT, 0, 0, TIME);
	struct fw_trace_end end = { .error = 0 };
	int ret = 0;

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	for (; event->seq < 100000 && !ret; event->seq++, event->time++)
		ret = fw_trace_write(writer, event, event->size);
	if (ret != -EFBIG || !strstr(fw_trace_error(), "File too large"))
		return 1;
	if (fw_trace_write(writer, event, event->size) != -EFBIG)
		return 2;
	return fw_trace_finish(writer, &end) == -EFBIG ? 0 : 3;
}

static void test_full(void **state)
{
	struct fw_trace_end end;
	struct fw_trace *trace;
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (!pid)
		_exit(fill());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	trace = open_trace();
	assert_in_range(count_events(trace), 3 * 1100, 200000 / 56);
	assert_undamaged(trace);
	assert_true(fw_trace_ended(trace, &end));
	assert_int_equal(end.error, -EFBIG);
	fw_trace_close(trace);
}

#define SMALL_PACKETS	3

/* Three packets of two events on CPU 0, some on CPU 1, symbols, limits. */
static void write_small(void)
{
	struct fw_trace_info with_symbols = info;
	struct fw_trace_writer *writer;
	struct fw_trace_end end = { 0 };
	struct forkwatch_header *event;
	struct fw_ksyms *ksyms;
	unsigned int i;

	assert_int_equal(fw_ksyms_new(&ksyms), 0);
	fw_ksyms_add(ksyms, TEXT, "schedule_tail");
	fw_ksyms_add(ksyms, TEXT + 0x300, "ret_from_fork");
	with_symbols.env.ksyms = ksyms;
	assert_int_equal(fw_trace_create(&writer, TRACE, true), 0);
	assert_int_equal(fw_trace_begin(writer, &with_symbols), 0);
	for (i = 0; i < SMALL_PACKETS; i++) {
		event = make_event(FORKWATCH_WAKEUP_NEW, 0, 2 * i, TIME + 4 * i);
		assert_int_equal(fw_trace_user_symbol(writer, event, i, "libc.so.6"), 0);
		assert_int_equal(fw_trace_write(writer, event, event->size), 0);
		free(event);
		put(writer, FORKWATCH_EXIT, 0, 2 * i + 1, TIME + 4 * i + 1);
		put(writer, FORKWATCH_EXIT, 1, i, TIME + 4 * i + 2);
		put_limits(writer, 1, TIME + 4 * i + 2, &full);
		assert_int_equal(fw_trace_flush(writer), 0);
	}
	assert_int_equal(fw_trace_finish(writer, &end), 0);
	fw_ksyms_close(ksyms);
}

/* Reads all there is of it, whatever state it is in. Returns the number of events. */
static int try_reading(bool *damaged)
{
	struct fw_trace *trace;
	struct heard heard = { 0 };
	unsigned int n;

	if (fw_trace_open(&trace, TRACE)) {
		assert_int_not_equal(*fw_trace_error(), '\0');
		return -1;
	}
	fw_trace_on_symbol(trace, hear, &heard);
	n = count_events(trace);
	free(get_limits(trace, 1, TIME + 2));
	*damaged = *fw_trace_damage(trace);
	fw_trace_close(trace);
	return n;
}

static void truncate_everywhere(const char *name)
{
	struct fw_ctf_packet packets[16];
	unsigned int nr_packets, i;
	size_t size, cut;
	uint8_t *data;

	write_small();
	nr_packets = read_packets(name, packets, 16);
	data = get_file(path_of(name), &size);
	for (cut = 0; cut < size; cut++) {
		int expected = 3 * SMALL_PACKETS;
		size_t offset = 0;
		bool damaged = false, is_session = packets[0].stream_id == FW_CTF_SESSION;

		put_file(path_of(name), data, cut);
		for (i = 0; i < nr_packets; offset += packets[i++].packet_size / 8)
			if (!is_session && offset + packets[i].packet_size / 8 > cut)
				expected -= packets[i].cpu_id ? 1 : 2;
		assert_int_equal(try_reading(&damaged), expected);
		/* Of a session that ends between two packets, the end is missing. */
		assert_true(damaged || is_session);
	}
	free(data);
}

static void test_truncated(void **state)
{
	(void)state;
	truncate_everywhere("cpu0");
	truncate_everywhere("cpu1");
	truncate_everywhere("session");
}

static void test_truncated_metadata(void **state)
{
	struct fw_trace *trace;
	size_t size, cut;
	uint8_t *data;

	(void)state;
	write_small();
	data = get_file(path_of("metadata"), &size);
	for (cut = 0; cut < size; cut++) {
		put_file(path_of("metadata"), data, cut);
		if (!fw_trace_open(&trace, TRACE))
			fw_trace_close(trace);
	}
	free(data);
}

/*
 * Whatever byte is wrong: no crash, no hang, and never more events than there
 * were. @times: how many of the masks each byte gets.
 */
static void flip_everywhere(const char *name, unsigned int times)
{
	static const uint8_t masks[] = { 0x01, 0x80, 0xff };
	unsigned int i, n = 0;
	size_t size, at;
	uint8_t *data;
	int fd;

	write_small();
	data = get_file(path_of(name), &size);
	fd = open(path_of(name), O_WRONLY);
	assert_true(fd >= 0);
	for (at = 0; at < size; at++) {
		for (i = 0; i < times; i++) {
			uint8_t byte = data[at] ^ masks[n++ % sizeof(masks)];
			bool damaged;

			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
			assert_in_range(try_reading(&damaged) + 1, 0, 3 * SMALL_PACKETS + 1);
		}
		assert_int_equal(pwrite(fd, data + at, 1, at), 1);
	}
	close(fd);
	free(data);
}

static void test_flipped(void **state)
{
	(void)state;
	flip_everywhere("cpu0", 3);
	flip_everywhere("session", 3);
	flip_everywhere("metadata", 1);
}

#define IN_PACKET(member)	\
	offsetof(struct fw_ctf_packet, member), sizeof(((struct fw_ctf_packet *)NULL)->member)
#define IN_SYMBOL(member)	\
	sizeof(struct fw_ctf_packet) + offsetof(struct fw_ctf_header, member),	\
	sizeof(((struct fw_ctf_header *)NULL)->member)
/* Behind a symbol of eight bytes and "libc.so.6". */
#define IN_EVENT(member)	\
	sizeof(struct fw_ctf_packet) + 56 + offsetof(struct fw_ctf_header, member),	\
	sizeof(((struct fw_ctf_header *)NULL)->member)

/*
 * Faults of the second of three packets: a number that is wrong, what is said
 * of it, and how many of the CPU's six events are left.
 */
static const struct fault {
	size_t offset, size;
	uint64_t value;
	const char *says;
	int left;
} faults[] = {
	{ IN_PACKET(magic), 0x75d11d57, "no packet begins here", 2 },
	{ IN_PACKET(uuid[15]), 0, "a packet of another trace", 2 },
	{ IN_PACKET(stream_id), 2, "a packet of an unknown stream", 2 },
	{ IN_PACKET(stream_id), FW_CTF_SESSION, "a packet of another stream", 2 },
	{ IN_PACKET(cpu_id), 1, "a packet of another stream", 2 },
	{ IN_PACKET(content_size), 8, "impossible size", 2 },
	{ IN_PACKET(content_size), 248 * 8 + 8, "impossible size", 2 },
	{ IN_PACKET(content_size), 248 * 8 + 1, "impossible size", 2 },
	{ IN_PACKET(packet_size), 248 * 8 + 8, "impossible size", 2 },
	{ IN_PACKET(packet_size), FW_CTF_PACKET_MAX * 8ULL + 64, "impossible size", 2 },
	{ IN_PACKET(packet_size), 248 * 16 + 64, "cut within a packet", 2 },
	{ IN_PACKET(timestamp_begin), TIME + 6, "ends before it begins", 2 },
	{ IN_PACKET(timestamp_begin), TIME, "older than the one before", 2 },
	{ IN_PACKET(packet_seq_num), 0, "a second time", 2 },
	{ IN_PACKET(packet_seq_num), 2, "packets are missing before this one", 4 },
	{ IN_PACKET(events), 4, "another number of events", 4 },
	{ IN_PACKET(content_size), 240 * 8, "unknown kind or wrong size", 4 },
	{ IN_PACKET(content_size), 200 * 8, "an event is cut", 4 },
	{ IN_PACKET(timestamp_end), TIME + 4, "not in order of time", 4 },
	{ IN_PACKET(timestamp_begin), TIME + 5, "not in order of time", 4 },
	{ IN_EVENT(id), 4000, "unknown kind or wrong size", 4 },
	{ IN_EVENT(id), FORKWATCH_FORK_ENTER, "unknown kind or wrong size", 4 },
	{ IN_EVENT(id), FW_CTF_END, "unknown kind or wrong size", 4 },
	{ IN_EVENT(id), FW_CTF_KERNEL_SYMBOL, "unknown kind or wrong size", 4 },
	{ IN_EVENT(size), 31, "unknown kind or wrong size", 4 },
	{ IN_EVENT(size), 57, "unknown kind or wrong size", 4 },
	{ IN_EVENT(timestamp), TIME + 3, "not in order of time", 4 },
	{ IN_EVENT(timestamp), TIME + 6, "not in order of time", 4 },
	{ IN_EVENT(cpu), 1, "of another CPU", 4 },
	{ IN_SYMBOL(size), 40, "unknown kind or wrong size", 4 },
	{ IN_SYMBOL(size), 49, "unknown kind or wrong size", 4 },
	{ IN_SYMBOL(size), 51, "unknown kind or wrong size", 4 },
	{ IN_SYMBOL(size), 400, "unknown kind or wrong size", 4 },
};

static void test_faults(void **state)
{
	struct fw_ctf_packet packets[16];
	uint8_t *data, *changed;
	size_t size, i;

	(void)state;
	write_small();
	data = get_file(path_of("cpu0"), &size);
	read_packets("cpu0", packets, 16);
	/* What the table counts on. */
	assert_int_equal(packets[0].packet_size, 248 * 8);
	assert_int_equal(packets[1].timestamp_begin, TIME + 4);
	assert_int_equal(packets[1].timestamp_end, TIME + 5);
	changed = malloc(size);
	for (i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		const struct fault *fault = &faults[i];
		struct fw_trace *trace;

		memcpy(changed, data, size);
		memcpy(changed + 248 + fault->offset, &fault->value, fault->size);
		put_file(path_of("cpu0"), changed, size);
		trace = open_trace();
		assert_int_equal(count_events(trace), fault->left + SMALL_PACKETS);
		if (!strstr(fw_trace_damage(trace), fault->says))
			fail_msg("fault %zu: `%s' expected in: %s", i, fault->says,
				 fw_trace_damage(trace));
		fw_trace_close(trace);
	}
	free(changed);
	free(data);
}

/* A stream that lacks whole packets, or is gone, is found by the count in the end. */
static void test_missing(void **state)
{
	struct fw_ctf_packet packets[16];
	bool damaged = false;
	size_t size, first;
	uint8_t *data;

	(void)state;
	write_small();
	data = get_file(path_of("cpu0"), &size);
	read_packets("cpu0", packets, 16);
	first = packets[0].packet_size / 8;
	memmove(data + first, data + 2 * first, size - 2 * first);
	put_file(path_of("cpu0"), data, size - first);
	assert_int_equal(try_reading(&damaged), 3 * SMALL_PACKETS - 2);
	assert_true(damaged);
	damaged = false;
	unlink(path_of("cpu0"));
	assert_int_equal(try_reading(&damaged), SMALL_PACKETS);
	assert_true(damaged);
	free(data);
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip),
		TEST(test_info),
		TEST(test_end),
		TEST(test_other_lengths),
		TEST(test_bad_events),
		TEST(test_many_packets),
		TEST(test_disorder),
		TEST(test_late),
		TEST(test_hotplug),
		TEST(test_killed),
		TEST(test_age),
		TEST(test_kernel_symbols),
		TEST(test_user_symbols),
		TEST(test_limits),
		TEST(test_strange_limits),
		TEST(test_damaged_limits),
		TEST(test_foreign),
		TEST(test_newer),
		TEST(test_grown),
		TEST(test_existing),
		TEST(test_links),
		TEST(test_never_begun),
		TEST(test_full),
		TEST(test_truncated),
		TEST(test_truncated_metadata),
		TEST(test_faults),
		TEST(test_flipped),
		TEST(test_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
