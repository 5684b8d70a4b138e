// SPDX-License-Identifier: GPL-2.0-only
/* Sessions over a source that sends what the test gives it. The commands are real. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "fixture.h"
#include "array.h"
#include "session.h"

/* What the source does, and what was done with it. */
static struct {
	int open_error;
	int watch_error;
	int poll_error;
	int losses_error;
	struct fixture_events events;	/* sent by the first poll */
	const char *raw;		/* likewise, as it is */
	int signal;			/* that the tool gets in its polls */
	int signals;			/* in so many of them, once there is the marker */
	pid_t watched;
	const char *last;		/* sent when tracing ends, as it is */
	struct fw_progress progress;	/* a poll for each, once there is the marker */
	bool stuck;			/* those polls find nothing */
	int opened, polled, finished, closed;
} fake;

static struct {
	int begun;
	int events;
	int flushed;
	int begin_error, event_error, fork_error, flush_error;
	struct fixture_forks forks;
} sink;

static char marker[64];

static int fake_open(struct fw_source **out, const struct fw_source_options *opt)
{
	(void)opt;
	fake.opened++;
	if (fake.open_error)
		return fw_source_fail(fake.open_error, "the fake cannot be opened");
	*out = (void *)&fake;
	return 0;
}

/* The command must not run before it is watched, however long that takes. */
static int fake_watch(struct fw_source *source, pid_t tid)
{
	assert_ptr_equal(source, &fake);
	if (fake.watched == tid)
		return -EEXIST;
	fake.watched = tid;
	unlink(marker);
	usleep(20000);
	assert_int_not_equal(access(marker, F_OK), 0);
	return fake.watch_error;
}

static int send_events(fw_bytes_fn fn, void *ctx)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < fake.events.nr; i++)
		err = fn(ctx, fake.events.list[i], fake.events.list[i]->size);
	if (!err && fake.raw)
		err = fn(ctx, fake.raw, strlen(fake.raw));
	return err;
}

/* So slowly that what is there takes longer than a fork that is under way. */
static int send_late(fw_bytes_fn fn, void *ctx)
{
	int err;

	usleep(100000);
	if (fake.stuck)
		return 0;
	fake.progress.taken++;
	err = fn(ctx, "late", 4);
	return err < 0 ? err : 1;
}

static int fake_poll(struct fw_source *source, int timeout_ms, fw_bytes_fn fn, void *ctx)
{
	int err;

	assert_ptr_equal(source, &fake);
	if (fake.signals > 0 && !access(marker, F_OK)) {
		fake.signals--;
		kill(getpid(), fake.signal);
	}
	if (fake.poll_error)
		return fake.poll_error;
	if (!fake.polled++) {
		err = send_events(fn, ctx);
		return err < 0 ? err : 1;
	}
	if (fake.progress.taken < fake.progress.sent && !access(marker, F_OK))
		return send_late(fn, ctx);
	if (fake.finished && fake.last) {
		err = fn(ctx, fake.last, strlen(fake.last));
		fake.last = NULL;
		return err < 0 ? err : 1;
	}
	usleep(timeout_ms > 1 ? 1000 : 0);
	return 0;
}

static void fake_progress(const struct fw_source *source, struct fw_progress *progress)
{
	assert_ptr_equal(source, &fake);
	*progress = fake.progress;
}

static void fake_finish(struct fw_source *source)
{
	assert_ptr_equal(source, &fake);
	fake.finished++;
}

static int fake_losses(struct fw_source *source, struct fw_losses *losses)
{
	assert_ptr_equal(source, &fake);
	losses->ring_drops = 5;
	return fake.losses_error;
}

static void fake_close(struct fw_source *source)
{
	assert_ptr_equal(source, &fake);
	fake.closed++;
}

static const struct fw_source_ops ops = {
	.name = "fake",
	.open = fake_open,
	.watch = fake_watch,
	.poll = fake_poll,
	.progress = fake_progress,
	.finish = fake_finish,
	.losses = fake_losses,
	.close = fake_close,
};

static int on_begin(void *ctx)
{
	assert_ptr_equal(ctx, &sink);
	sink.begun++;
	return sink.begin_error;
}

static int on_event(void *ctx, const void *data, size_t size)
{
	assert_ptr_equal(ctx, &sink);
	assert_non_null(data);
	assert_true(size > 0 && sink.begun);
	sink.events++;
	return sink.event_error;
}

static int on_fork(void *ctx, struct fw_fork *fork)
{
	assert_ptr_equal(ctx, &sink);
	assert_true(sink.begun);
	fixture_collect(&sink.forks, fork);
	return sink.fork_error;
}

static int on_flush(void *ctx)
{
	assert_ptr_equal(ctx, &sink);
	sink.flushed++;
	return sink.flush_error;
}

static const struct fw_session_sink callbacks = {
	.begin = on_begin,
	.event = on_event,
	.fork = on_fork,
	.flush = on_flush,
};

static int run(char *const *argv, struct fw_session_result *result)
{
	struct fw_session_options opt = { .ops = &ops, .argv = argv };

	return fw_session_run(&opt, &callbacks, &sink, result);
}

/* A shell's command, with the marker's name in $0. */
static int run_shell(char *script, struct fw_session_result *result)
{
	char *const argv[] = { "sh", "-c", script, marker, NULL };

	return run(argv, result);
}

static void assert_exited(const struct fw_session_result *result, int status)
{
	assert_true(result->ended);
	assert_true(WIFEXITED(result->status));
	assert_int_equal(WEXITSTATUS(result->status), status);
}

static void command_runs_when_watched(void **state)
{
	struct fw_session_result result;

	(void)state;
	assert_int_equal(run_shell("echo >$0", &result), 0);
	assert_exited(&result, 0);
	assert_int_equal(access(marker, F_OK), 0);
	assert_int_equal(sink.begun, 1);
	assert_true(sink.flushed > 0);
	assert_true(fake.watched > 0);
	assert_int_equal(fake.closed, 1);
	assert_int_equal(result.losses.ring_drops, 5);
	assert_int_equal(result.events, 0);
	assert_int_equal(result.left, 0);
}

/* What is counted until the end is sent in the end, and taken. */
static void what_comes_last_is_taken(void **state)
{
	struct fw_session_result result;

	(void)state;
	fake.last = "no event, but bytes";
	assert_int_equal(run_shell("exit 0", &result), 0);
	assert_int_equal(fake.finished, 1);
	assert_null(fake.last);
	assert_int_equal(result.events, 1);
	assert_int_equal(sink.events, 1);
}

static void what_was_sent_is_read(void **state)
{
	struct fw_session_result result;

	(void)state;
	fake.progress.sent = 8;
	assert_int_equal(run_shell("echo >$0", &result), 0);
	assert_int_equal(fake.progress.taken, 8);
	assert_int_equal(result.events, 8);
	assert_int_equal(fake.finished, 1);
}

/* It is said, and the session ends. */
static void what_cannot_be_read_is_an_error(void **state)
{
	struct fw_session_result result;

	(void)state;
	fake.progress.sent = 3000;
	fake.stuck = true;
	assert_int_equal(run_shell("echo >$0", &result), -ETIMEDOUT);
	assert_non_null(strstr(result.error, "behind it 3 KiB are unread"));
	assert_exited(&result, 0);
	assert_false(result.sink_failed);
}

static void status_is_the_commands(void **state)
{
	struct fw_session_result result;

	(void)state;
	assert_int_equal(run_shell("exit 42", &result), 0);
	assert_exited(&result, 42);
	assert_int_equal(run_shell("kill -9 $$", &result), 0);
	assert_true(result.ended && WIFSIGNALED(result.status));
	assert_int_equal(WTERMSIG(result.status), SIGKILL);
}

static void command_that_cannot_be_executed(void **state)
{
	static char *const nowhere[] = { "/nowhere/at/all", NULL };
	static char *const directory[] = { "/", NULL };
	struct fw_session_result result;

	(void)state;
	assert_int_equal(run(nowhere, &result), -ENOENT);
	assert_int_equal(result.exec_error, -ENOENT);
	assert_non_null(strstr(result.error, "/nowhere/at/all"));
	assert_int_equal(run(directory, &result), -EACCES);
	assert_int_equal(result.exec_error, -EACCES);
	assert_int_equal(sink.begun, 0);
	assert_int_equal(fake.closed, 2);
	assert_int_equal(wait(NULL), -1);
}

/* What cannot be traced does not run. */
static void source_that_fails(void **state)
{
	struct fw_session_result result;

	(void)state;
	fake.open_error = -EPERM;
	assert_int_equal(run_shell("echo >$0", &result), -EPERM);
	assert_string_equal(result.error, "the fake cannot be opened");
	assert_int_equal(fake.closed, 0);

	fake.open_error = 0;
	fake.watch_error = -E2BIG;
	assert_int_equal(run_shell("echo >$0", &result), -E2BIG);
	assert_non_null(strstr(result.error, "cannot watch"));
	assert_int_equal(fake.closed, 1);

	assert_int_equal(result.exec_error, 0);
	assert_int_equal(access(marker, F_OK), -1);
	assert_int_equal(sink.begun, 0);
	assert_int_equal(wait(NULL), -1);
}

static void source_that_fails_later(void **state)
{
	struct fw_session_result result;

	(void)state;
	fake.poll_error = -EIO;
	assert_int_equal(run_shell("exit 3", &result), -EIO);
	assert_non_null(strstr(result.error, strerror(EIO)));
	assert_exited(&result, 3);

	fake.poll_error = 0;
	fake.losses_error = -ENOENT;
	assert_int_equal(run_shell("exit 4", &result), -ENOENT);
	assert_non_null(strstr(result.error, strerror(ENOENT)));
	assert_exited(&result, 4);
	assert_false(result.sink_failed);
	assert_int_equal(fake.closed, 2);
}

static void events_become_forks(void **state)
{
	struct fw_session_result result;

	(void)state;
	fixture_make(FIXTURE_FORK, &fixture_who, &fake.events);
	assert_int_equal(run_shell(":", &result), 0);
	assert_int_equal(result.events, fake.events.nr);
	assert_int_equal(sink.events, fake.events.nr);
	assert_int_equal(sink.forks.nr, 1);
	assert_true(sink.forks.first->complete);
	assert_int_equal(result.losses.bad_events, 0);
	assert_int_equal(result.losses.seq_gaps, 0);
}

static void what_is_under_way_is_incomplete(void **state)
{
	struct fw_session_result result;

	(void)state;
	fixture_make(FIXTURE_FORK, &fixture_who, &fake.events);
	while (fake.events.nr > 2)
		free(fake.events.list[--fake.events.nr]);
	assert_int_equal(run_shell(":", &result), 0);
	assert_int_equal(sink.forks.nr, 1);
	assert_false(sink.forks.first->complete);
}

static void gaps_and_bad_events_are_counted(void **state)
{
	struct fw_session_result result;
	size_t i;

	(void)state;
	fake.raw = "this is no event";
	fixture_make(FIXTURE_FORK, &fixture_who, &fake.events);
	for (i = 0; i < fake.events.nr; i++) {
		fake.events.list[i]->cpu = 0;
		fake.events.list[i]->seq = i + (i < 2 ? 0 : 3);
	}
	assert_int_equal(run_shell(":", &result), 0);
	assert_int_equal(result.losses.bad_events, 1);
	assert_int_equal(result.losses.seq_gaps, 3);
	assert_int_equal(result.events, fake.events.nr + 1);
}

/* Tracing ends, the command does not. */
static void sink_that_fails(void **state)
{
	int *const errors[] = { &sink.begin_error, &sink.event_error, &sink.fork_error,
				&sink.flush_error };
	struct fw_session_result result;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		*errors[i] = -ENOSPC;
		fake.polled = 0;
		fixture_reset();
		fixture_make(FIXTURE_FORK, &fixture_who, &fake.events);
		assert_int_equal(run_shell("sleep 0.1; exit 6", &result), -ENOSPC);
		assert_true(result.sink_failed);
		assert_exited(&result, 6);
		*errors[i] = 0;
		while (fake.events.nr)
			free(fake.events.list[--fake.events.nr]);
	}
	assert_int_equal(fake.closed, 4);
}

static void signal_is_for_the_command(void **state)
{
	struct fw_session_result result;

	(void)state;
	fake.signal = SIGTERM;
	fake.signals = 1;
	assert_int_equal(run_shell("echo >$0; exec sleep 5", &result), 0);
	assert_true(result.ended && WIFSIGNALED(result.status));
	assert_int_equal(WTERMSIG(result.status), SIGTERM);
}

/* A command may do as it likes with the first. */
static void second_signal_ends_the_session(void **state)
{
	struct fw_session_result result;

	(void)state;
	fake.signal = SIGINT;
	fake.signals = 1;
	assert_int_equal(run_shell("trap '' INT; echo >$0; sleep 0.2; exit 7", &result), 0);
	assert_exited(&result, 7);
	assert_int_equal(result.left, 0);

	fake.signals = 2;
	assert_int_equal(run_shell("trap '' INT; echo >$0; exec sleep 5", &result), 0);
	assert_false(result.ended);
	assert_true(result.left > 0);
	kill(result.left, SIGKILL);
	assert_int_equal(waitpid(result.left, NULL, 0), result.left);
}

/* But for those who cannot wait until all is read. */
static void signal_ends_reading(void **state)
{
	struct fw_session_options opt = { .ops = &ops, .source.all = true };
	struct fw_session_result result;

	(void)state;
	fclose(fopen(marker, "w"));
	fake.progress.sent = 100;
	fake.signal = SIGTERM;
	fake.signals = 10;
	assert_int_equal(fw_session_run(&opt, &callbacks, &sink, &result), -EINTR);
	assert_non_null(strstr(result.error, "interrupted, with 1 KiB of events unread"));
	assert_in_range(result.events, 1, 10);
}

static void without_a_command_the_first_does(void **state)
{
	struct fw_session_options opt = { .ops = &ops, .source.all = true };
	struct fw_session_result result;

	(void)state;
	fclose(fopen(marker, "w"));
	fake.signal = SIGINT;
	fake.signals = 1;
	assert_int_equal(fw_session_run(&opt, &callbacks, &sink, &result), 0);
	assert_false(result.ended);
	assert_int_equal(result.left, 0);
	assert_int_equal(fake.watched, 0);
	assert_int_equal(sink.begun, 1);
}

static void process_is_traced_to_its_end(void **state)
{
	struct fw_session_options opt = { .ops = &ops };
	struct fw_session_result result;

	(void)state;
	opt.pid = fork();
	if (!opt.pid) {
		usleep(100000);
		_exit(1);
	}
	assert_true(opt.pid > 0);
	assert_int_equal(fw_session_run(&opt, &callbacks, &sink, &result), 0);
	assert_int_equal(fake.watched, opt.pid);
	assert_int_equal(waitpid(opt.pid, NULL, WNOHANG), opt.pid);
}

static void process_that_cannot_be_traced(void **state)
{
	struct fw_session_options opt = { .ops = &ops, .pid = getpid() };
	struct fw_session_result result;

	(void)state;
	assert_int_equal(fw_session_run(&opt, &callbacks, &sink, &result), -EINVAL);
	assert_non_null(strstr(result.error, "does not trace itself"));
	opt.pid = 1 << 30;
	assert_int_equal(fw_session_run(&opt, &callbacks, &sink, &result), -ESRCH);
	assert_non_null(strstr(result.error, "1073741824"));
	assert_int_equal(fake.opened, 0);
}

static int setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	memset(&sink, 0, sizeof(sink));
	fixture_forks_init(&sink.forks);
	fixture_reset();
	snprintf(marker, sizeof(marker), "/tmp/forkwatch-session.%d", getpid());
	/* A shell starts what is to run beside it with this one ignored. */
	signal(SIGINT, SIG_DFL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(marker);
	fixture_forks_free(&sink.forks);
	while (fake.events.nr)
		free(fake.events.list[--fake.events.nr]);
	return 0;
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(command_runs_when_watched),
		TEST(what_comes_last_is_taken),
		TEST(what_was_sent_is_read),
		TEST(what_cannot_be_read_is_an_error),
		TEST(status_is_the_commands),
		TEST(command_that_cannot_be_executed),
		TEST(source_that_fails),
		TEST(source_that_fails_later),
		TEST(events_become_forks),
		TEST(what_is_under_way_is_incomplete),
		TEST(gaps_and_bad_events_are_counted),
		TEST(sink_that_fails),
		TEST(signal_is_for_the_command),
		TEST(second_signal_ends_the_session),
		TEST(signal_ends_reading),
		TEST(without_a_command_the_first_does),
		TEST(process_is_traced_to_its_end),
		TEST(process_that_cannot_be_traced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
