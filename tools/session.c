// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "array.h"
#include "command.h"
#include "event.h"
#include "now.h"
#include "privilege.h"
#include "processes.h"
#include "session.h"

/* Events wake nobody: so often the ring is looked into. */
#define POLL_MS		50
/* After the command's end: forks may be under way; a quiet poll, or this long, ends it. */
#define DRAIN_MS	10
#define DRAIN_LIMIT_MS	200
/* No program of ours runs that long. */
#define STALL_MS	10000

struct session {
	const struct fw_session_options *opt;
	const struct fw_session_sink *sink;
	void *ctx;
	struct fw_session_result *result;
	struct fw_source *source;
	struct fw_model *model;
	struct fw_command command;
	struct fw_processes processes;
	int pidfd;
	int error;			/* of the sink */
};

static int fail(struct session *session, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct session *session, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(session->result->error, sizeof(session->result->error), format, args);
	va_end(args);
	return err;
}

/*
 * Signals. Those of the terminal reach the command by themselves; one that a
 * process sent to us is meant for it too.
 */
static volatile sig_atomic_t interrupts;
static volatile pid_t forward_to;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	int err = errno;

	(void)context;
	interrupts++;
	if (forward_to && info->si_code <= 0)
		kill(forward_to, sig);
	errno = err;
}

/* What our starter ignores (nohup, a shell's background job) stays ignored. */
static void take_signals(pid_t command)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	struct sigaction old;
	size_t i;

	forward_to = command;
	interrupts = 0;
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		if (sigaction(signals[i], NULL, &old) || old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
	signal(SIGPIPE, SIG_IGN);
	/* Whoever started us may have ignored it, and then nothing can be waited for. */
	signal(SIGCHLD, SIG_DFL);
}

static bool interrupted(const struct session *session)
{
	return interrupts > (session->opt->argv ? 1 : 0);
}

/*
 * Events and forks.
 */
static void sink_error(struct session *session, int err)
{
	if (err < 0 && !session->error)
		session->error = err;
}

static void on_fork(void *ctx, struct fw_fork *fork)
{
	struct session *session = ctx;

	if (session->sink->fork && !session->error)
		sink_error(session, session->sink->fork(session->ctx, fork));
	else
		fw_fork_free(fork);
}

static void on_cow(void *ctx, const struct fw_cow *cow)
{
	struct session *session = ctx;

	if (!session->error)
		sink_error(session, session->sink->cow(session->ctx, cow));
}

static void on_life(void *ctx, const struct fw_life *life)
{
	struct session *session = ctx;

	if (!session->error)
		sink_error(session, session->sink->life(session->ctx, life));
}

/* What cannot be taken apart may hold anything: that it came is handed on, and nothing of it. */
static void hide(struct session *session, struct forkwatch_header *event, const void **data,
		 size_t *size)
{
	if (event)
		fw_addresses_hide(&session->opt->addresses, event);
	*data = event;
	*size = event ? event->size : 0;
}

static int on_bytes(void *ctx, const void *data, size_t size)
{
	struct session *session = ctx;
	struct forkwatch_header *event;
	int err;

	session->result->events++;
	err = fw_event_decode(data, size, &event);
	if (!err)
		fw_processes_event(&session->processes, event);
	if (session->opt->addresses.hidden)
		hide(session, err ? NULL : event, &data, &size);
	/* Whoever takes it may want to know what its addresses are called. */
	if (session->sink->event)
		sink_error(session, session->sink->event(session->ctx, data, size));
	if (!err)
		err = fw_model_add(session->model, event);
	if (err == -ENOMEM)
		return err;
	if (err)
		session->result->losses.bad_events++;
	return session->error;
}

static int batch(struct session *session, int timeout_ms)
{
	int n = session->opt->ops->poll(session->source, timeout_ms, on_bytes, session);

	if (n >= 0 && session->sink->flush)
		sink_error(session, session->sink->flush(session->ctx));
	if (session->error)
		return session->error;
	if (n < 0)
		return fail(session, n, "reading events: %s", strerror(-n));
	fw_processes_batch(&session->processes);
	return n;
}

static bool target_ended(struct session *session)
{
	struct pollfd pidfd = { .fd = session->pidfd, .events = POLLIN };

	if (session->opt->argv)
		return fw_command_ended(&session->command, false);
	if (session->opt->pid)
		return poll(&pidfd, 1, 0) > 0;
	return false;
}

/* In bytes since the source was opened; all 0 where a poll leaves nothing. */
static struct fw_progress progress(const struct session *session)
{
	struct fw_progress now = { 0 };

	if (session->opt->ops->progress)
		session->opt->ops->progress(session->source, &now);
	return now;
}

/*
 * What was sent until now, however long it takes to read. A record that a program has
 * begun holds back those behind it until that program ends.
 */
static int take_sent(struct session *session)
{
	const int interrupts_before = interrupts;
	const uint64_t end = progress(session).sent;
	uint64_t taken, unread_kib, moved = fw_now();
	int n;

	while ((n = batch(session, 0)) >= 0 && (taken = progress(session).taken) < end) {
		unread_kib = (end - taken + 1023) / 1024;
		if (interrupts != interrupts_before)
			return fail(session, -EINTR, "interrupted, with %" PRIu64 " KiB of events "
				    "unread that the kernel had sent", unread_kib);
		if (n)
			moved = fw_now();
		else if (fw_now() - moved < STALL_MS * 1000000ULL)
			usleep(1000);
		else
			return fail(session, -ETIMEDOUT, "the kernel has an event in the ring "
				    "buffer that it does not finish; behind it %" PRIu64 " KiB are "
				    "unread", unread_kib);
	}
	return n < 0 ? n : 0;
}

/* Forks may be under way that lack their last event. */
static int drain(struct session *session)
{
	uint64_t end = fw_now() + DRAIN_LIMIT_MS * 1000000ULL;
	int n;

	do {
		n = batch(session, DRAIN_MS);
	} while (n > 0 && fw_now() < end);
	return n < 0 ? n : take_sent(session);
}

static int loop(struct session *session)
{
	int n;

	while (!interrupted(session) && !target_ended(session)) {
		n = batch(session, POLL_MS);
		if (n < 0)
			return n;
	}
	n = drain(session);
	if (n < 0 || !session->opt->ops->finish)
		return n;
	session->opt->ops->finish(session->source);
	return take_sent(session);
}

/*
 * The beginning.
 */

/* Looks until there is no thread that was not watched: they come and go meanwhile. */
static int watch_threads(struct session *session, DIR *dir, int *fresh)
{
	struct dirent *entry;
	pid_t tid;
	int err;

	while ((entry = readdir(dir))) {
		tid = atoi(entry->d_name);
		if (!tid)
			continue;
		err = session->opt->ops->watch(session->source, tid);
		if (!err)
			++*fresh;
		else if (err != -EEXIST)
			return fail(session, err, "cannot watch thread %d: %s", tid,
				    strerror(-err));
	}
	return 0;
}

static int watch_process(struct session *session, pid_t pid)
{
	char path[64];
	int fresh, err;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	do {
		fresh = 0;
		dir = opendir(path);
		if (!dir)
			return fail(session, -errno, "%s: %s", path, strerror(errno));
		err = watch_threads(session, dir, &fresh);
		closedir(dir);
	} while (!err && fresh);
	return err;
}

static int open_process(struct session *session)
{
	pid_t pid = session->opt->pid;

	if (pid == getpid())
		return fail(session, -EINVAL, "forkwatch does not trace itself (pid %d)", pid);
	session->pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (session->pidfd < 0)
		return fail(session, -errno, "process %d: %s", pid, strerror(errno));
	return 0;
}

/* What to look at when a command cannot be executed; "" where the error says it. */
static const char *exec_advice(int err)
{
	if (err == -ENOENT)
		return "; is it in PATH, and the interpreter there that its first line may name?";
	if (err == -EACCES)
		return "; is it a file, executable (chmod +x), and its file system not noexec?";
	return "";
}

static int watch_target(struct session *session)
{
	int err;

	if (session->opt->pid)
		return watch_process(session, session->opt->pid);
	if (!session->opt->argv)
		return 0;
	err = session->opt->ops->watch(session->source, session->command.pid);
	if (err)
		return fail(session, err, "cannot watch the command: %s", strerror(-err));
	err = fw_command_release(&session->command);
	if (err) {
		session->result->exec_error = err;
		return fail(session, err, "cannot execute '%s': %s%s", session->opt->argv[0],
			    strerror(-err), exec_advice(err));
	}
	return 0;
}

static int trace(struct session *session)
{
	struct fw_session_result *result = session->result;
	const struct fw_source_ops *ops = session->opt->ops;
	int err;

	err = watch_target(session);
	if (err)
		return err;
	if (session->sink->begin)
		sink_error(session, session->sink->begin(session->ctx));
	err = session->error ? session->error : loop(session);
	if (err)
		return err;

	fw_model_flush(session->model);
	if (session->error)
		return session->error;
	result->losses.seq_gaps = fw_model_gaps(session->model);
	err = ops->losses(session->source, &result->losses);
	if (err)
		return fail(session, err, "cannot learn what was lost: %s", strerror(-err));
	return 0;
}

/* The command was started by us and ends before us, unless the user has lost patience. */
static void finish_command(struct session *session)
{
	struct fw_session_result *result = session->result;
	struct fw_command *command = &session->command;

	if (command->release_fd >= 0)
		return;
	while (!fw_command_ended(command, !interrupted(session)) && !interrupted(session))
		;
	result->ended = command->ended;
	result->status = command->status;
	result->left = command->ended ? 0 : command->pid;
}

/* All is attached: what comes from now on is other people's data. */
static int drop_privileges(struct session *session)
{
	int err = fw_privilege_drop();

	return err ? fail(session, err, "cannot give up capabilities: %s", strerror(-err)) : 0;
}

static int with_source(struct session *session)
{
	const struct fw_source_ops *ops = session->opt->ops;
	int err;

	err = fw_model_open(&session->model, on_fork, session);
	if (err)
		return fail(session, err, "%s", strerror(-err));
	if (session->sink->cow)
		fw_model_on_cow(session->model, on_cow);
	if (session->sink->life)
		fw_model_on_life(session->model, on_life, session);
	err = ops->open(&session->source, &session->opt->source);
	if (err) {
		fail(session, err, "%s", fw_source_error());
	} else {
		err = session->opt->drop_privileges ? drop_privileges(session) : 0;
		if (!err)
			err = trace(session);
		ops->close(session->source);
	}
	session->result->sink_failed = session->error;
	fw_model_close(session->model);
	return err;
}

static int with_target(struct session *session)
{
	int err = 0;

	session->pidfd = -1;
	if (session->opt->pid)
		err = open_process(session);
	take_signals(session->command.pid);
	fw_processes_init(&session->processes, session->opt->usyms, session->command.pid);
	if (!err)
		err = with_source(session);
	if (session->pidfd >= 0)
		close(session->pidfd);
	return err;
}

int fw_session_run(const struct fw_session_options *opt, const struct fw_session_sink *sink,
		   void *ctx, struct fw_session_result *result)
{
	struct session session = { .opt = opt, .sink = sink, .ctx = ctx, .result = result };
	int err;

	memset(result, 0, sizeof(*result));
	if (!opt->argv) {
		err = with_target(&session);
	} else {
		/* Before anything is attached: this fork is not part of the trace. */
		err = opt->function ?
		      fw_command_start_function(&session.command, opt->function,
						opt->function_ctx) :
		      fw_command_start(&session.command, opt->argv,
				       opt->user.name ? &opt->user : NULL);
		if (err)
			return fail(&session, err, "cannot make a process: %s", strerror(-err));
		err = with_target(&session);
		finish_command(&session);
		fw_command_close(&session.command);
	}
	fw_processes_free(&session.processes);
	return err;
}
