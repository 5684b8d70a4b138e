// SPDX-License-Identifier: GPL-2.0-only
/* Compressed traces keep all that plain ones promise, and can be made plain again. */
#include <errno.h>
#include <fcntl.h>
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
#include <zstd.h>

#include "ctf.h"
#include "event.h"
#include "packed.h"
#include "scratch.h"
#include "trace.h"

#define RECORDED	TEST_DATA_DIR "/6.1/tree"
#define TIME		1000000000ULL
#define TRACE	scratch_path("trace")

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", TRACE, name);
	return path;
}

static uint8_t *get_file(const char *name, size_t *size)
{
	FILE *in = fopen(path_of(name), "r");
	uint8_t *data = malloc(1 << 20);

	assert_non_null(in);
	assert_non_null(data);
	*size = fread(data, 1, 1 << 20, in);
	fclose(in);
	return data;
}

static void put_file(const char *name, const void *data, size_t size)
{
	FILE *out = fopen(path_of(name), "w");

	assert_non_null(out);
	assert_int_equal(fwrite(data, 1, size, out), size);
	assert_int_equal(fclose(out), 0);
}

static struct fw_trace *open_trace(const char *name)
{
	struct fw_trace *trace;

	if (fw_trace_open(&trace, name))
		fail_msg("%s", fw_trace_error());
	return trace;
}

static struct fw_trace_writer *begin(const struct fw_trace_info *info)
{
	struct fw_trace_writer *writer;

	assert_int_equal(fw_trace_create(&writer, TRACE, true), 0);
	assert_int_equal(fw_trace_compress(writer), 0);
	assert_int_equal(fw_trace_begin(writer, info), 0);
	return writer;
}

/* The recorded trace again, with a packet for each @events events. Returns how many there are. */
static unsigned int write_recorded(unsigned int events)
{
	struct fw_trace *trace = open_trace(RECORDED);
	struct fw_trace_writer *writer = begin(fw_trace_info(trace));
	struct fw_trace_end end = { 0 };
	const void *data;
	unsigned int n;
	size_t size;

	for (n = 0; fw_trace_next(trace, &data, &size) > 0; n++) {
		assert_int_equal(fw_trace_write(writer, data, size), 0);
		if (n % events == events - 1)
			assert_int_equal(fw_trace_flush(writer), 0);
	}
	assert_int_equal(fw_trace_finish(writer, &end), 0);
	fw_trace_close(trace);
	return n;
}

static void assert_as_recorded(void)
{
	struct fw_trace *recorded = open_trace(RECORDED), *trace = open_trace(TRACE);
	const void *data, *expected;
	size_t size, expected_size;
	struct fw_trace_end end;

	while (fw_trace_next(recorded, &expected, &expected_size) > 0) {
		assert_int_equal(fw_trace_next(trace, &data, &size), 1);
		assert_int_equal(size, expected_size);
		assert_memory_equal(data, expected, size);
	}
	assert_int_equal(fw_trace_next(trace, &data, &size), 0);
	assert_string_equal(fw_trace_damage(trace), "");
	assert_true(fw_trace_ended(trace, &end));
	fw_trace_close(recorded);
	fw_trace_close(trace);
}

static void test_round_trip(void **state)
{
	(void)state;
	write_recorded(1000);
	assert_int_equal(access(path_of("cpu0"), F_OK), -1);
	assert_int_equal(access(path_of("cpu0.zst"), F_OK), 0);
	assert_as_recorded();
	/* Many packets in one file. */
	write_recorded(2);
	assert_as_recorded();
}

static off_t size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* What zstd itself makes of it is a plain trace, which babeltrace2 reads. */
static void test_made_plain(void **state)
{
	char command[512], line[4096];
	unsigned int n, lines = 0;
	FILE *out;

	(void)state;
	n = write_recorded(5);
	assert_true(size_of(path_of("cpu0.zst")) < size_of(RECORDED "/cpu0") / 2);
	snprintf(command, sizeof(command), "zstd -dq --rm %s/*.zst", TRACE);
	assert_int_equal(system(command), 0);
	assert_int_equal(access(path_of("cpu0.zst"), F_OK), -1);
	assert_as_recorded();
	snprintf(command, sizeof(command), "babeltrace2 %s 2>&1 | grep -vE '_symbol:| end:'",
		 TRACE);
	out = popen(command, "r");
	while (fgets(line, sizeof(line), out))
		lines += line[strlen(line) - 1] == '\n';
	pclose(out);
	assert_int_equal(lines, n);
}

/* A compressed trace is one of ours: it can be replaced, by a plain one as well. */
static void test_replaced(void **state)
{
	struct fw_trace_info info = { .env = { .release = "6.1.0", .machine = "aarch64" } };
	struct fw_trace_end end = { 0 };
	struct fw_trace_writer *writer;

	(void)state;
	write_recorded(100);
	assert_int_equal(fw_trace_create(&writer, TRACE, false), -EEXIST);
	assert_int_equal(fw_trace_create(&writer, TRACE, true), 0);
	assert_int_equal(fw_trace_begin(writer, &info), 0);
	assert_int_equal(fw_trace_finish(writer, &end), 0);
	assert_int_equal(access(path_of("cpu0.zst"), F_OK), -1);
	assert_int_equal(access(path_of("session.zst"), F_OK), -1);
	put_file("cpu0.zst.zst", "", 0);
	assert_int_equal(fw_trace_create(&writer, TRACE, true), -EEXIST);
}

/* Events until @limit or an error; what comes of it is the caller's. */
static int write_many(struct fw_trace_writer *writer, unsigned int limit)
{
	struct forkwatch_exit event = {
		.hdr = { .size = sizeof(event), .kind = FORKWATCH_EXIT, .tid = 1, .tgid = 1 },
	};
	uint64_t noise = 1;
	int ret = 0;

	for (; event.hdr.seq < limit && !ret; event.hdr.seq++) {
		noise = noise * 6364136223846793005ULL + 1442695040888963407ULL;
		event.hdr.time = TIME + event.hdr.seq;
		event.task = noise;
		event.start_time = noise * noise;
		ret = fw_trace_write(writer, &event, sizeof(event));
	}
	return ret;
}

static const struct fw_trace_info small_info = {
	.env = { .release = "6.1.0", .machine = "aarch64" },
};

static void assert_whole_packets(unsigned int low, unsigned int high, bool ended, int error)
{
	struct fw_trace *trace = open_trace(TRACE);
	struct fw_trace_end end;
	unsigned int n = 0;
	const void *data;
	size_t size;

	while (fw_trace_next(trace, &data, &size) > 0)
		n++;
	assert_in_range(n, low, high);
	assert_string_equal(fw_trace_damage(trace), "");
	assert_int_equal(fw_trace_ended(trace, &end), ended);
	assert_int_equal(end.error, error);
	fw_trace_close(trace);
}

static void test_killed(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (!pid) {
		write_many(begin(&small_info), 5000);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_whole_packets(3500, 4999, false, 0);
}

/* Runs in a process of its own, with a limit on the size of files. */
static int fill(void)
{
	struct rlimit limit = { 100000, 100000 };
	struct fw_trace_writer *writer = begin(&small_info);
	struct fw_trace_end end = { .error = 0 };

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	if (write_many(writer, 100000) != -EFBIG)
		return 1;
	return fw_trace_finish(writer, &end) == -EFBIG ? 0 : 2;
}

static void test_full(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (!pid)
		_exit(fill());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_whole_packets(2 * 1100, 20000, true, -EFBIG);
}

/* Reads all there is; -1 if it cannot be opened. */
static int try_reading(bool *damaged)
{
	struct fw_trace *trace;
	const void *data;
	size_t size;
	int n = 0;

	if (fw_trace_open(&trace, TRACE))
		return -1;
	while (fw_trace_next(trace, &data, &size) > 0)
		n++;
	*damaged = *fw_trace_damage(trace);
	fw_trace_close(trace);
	return n;
}

/* Events of the whole frames in the first @size bytes at @data. */
static int count_whole(const uint8_t *data, size_t size)
{
	uint8_t packet[FW_CTF_PACKET_BYTES];
	size_t frame;
	int n = 0;

	for (; size; data += frame, size -= frame) {
		frame = ZSTD_findFrameCompressedSize(data, size);
		if (ZSTD_isError(frame))
			break;
		assert_false(ZSTD_isError(ZSTD_decompress(packet, sizeof(packet), data, frame)));
		n += ((struct fw_ctf_packet *)packet)->events;
	}
	return n;
}

static void test_truncated(void **state)
{
	unsigned int all = write_recorded(10), of_file;
	uint8_t *data;
	size_t size, cut;

	(void)state;
	data = get_file("cpu0.zst", &size);
	of_file = count_whole(data, size);
	for (cut = 0; cut < size; cut++) {
		bool damaged = false;

		put_file("cpu0.zst", data, cut);
		assert_int_equal(try_reading(&damaged),
				 all - of_file + count_whole(data, cut));
		assert_true(damaged);
	}
	free(data);
}

/* Whatever byte is wrong, it is found, and there are never more events than there were. */
static void test_flipped(void **state)
{
	static const uint8_t masks[] = { 0x01, 0x80, 0xff };
	unsigned int all = write_recorded(10), found = 0;
	size_t size, at;
	uint8_t *data;

	(void)state;
	data = get_file("cpu0.zst", &size);
	for (at = 0; at < size; at++) {
		bool damaged = false;

		data[at] ^= masks[at % 3];
		put_file("cpu0.zst", data, size);
		assert_in_range(try_reading(&damaged) + 1, 0, all + 1);
		found += damaged;
		data[at] ^= masks[at % 3];
	}
	/* A few bits of a frame mean nothing: what comes of it is the same. */
	assert_in_range(found, size - size / 20, size);
	free(data);
}

static void assert_fault(const void *data, size_t size, const char *says)
{
	struct fw_trace *trace;
	const void *event;
	size_t event_size;

	put_file("cpu0.zst", data, size);
	trace = open_trace(TRACE);
	while (fw_trace_next(trace, &event, &event_size) > 0)
		;
	if (!strstr(fw_trace_damage(trace), says))
		fail_msg("`%s' expected in: %s", says, fw_trace_damage(trace));
	fw_trace_close(trace);
}

/* Frames that are none of ours. */
static void test_faults(void **state)
{
	static uint8_t zeros[FW_CTF_PACKET_MAX + 8], frame[FW_CTF_PACKET_MAX];
	uint8_t *data;
	size_t size;

	(void)state;
	write_recorded(10);
	/* Little that becomes much. */
	size = ZSTD_compress(frame, sizeof(frame), zeros, sizeof(zeros), 19);
	assert_true(size < 1000);
	assert_fault(frame, size, "impossible size");
	size = ZSTD_compress(frame, sizeof(frame), zeros, 8, 19);
	assert_fault(frame, size, "impossible size");
	size = ZSTD_compress(frame, sizeof(frame), zeros, 1000, 19);
	assert_fault(frame, size, "impossible size");
	/* A packet, and rubbish. */
	data = get_file("session.zst", &size);
	data = realloc(data, size + 100);
	memset(data + size, 'x', 100);
	assert_fault(data, size + 100, "no packet begins here");
	free(data);
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip),
		TEST(test_made_plain),
		TEST(test_replaced),
		TEST(test_killed),
		TEST(test_full),
		TEST(test_truncated),
		TEST(test_flipped),
		TEST(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
