// SPDX-License-Identifier: GPL-2.0-only
/* forkwatch record: trace a command, a process or everything, and keep what came on disk. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd_options.h"
#include "env.h"
#include "limit.h"
#include "message.h"
#include "observer.h"
#include "session.h"
#include "source_choice.h"
#include "target.h"
#include "trace.h"

#define MODULE_DIR	"/sys/module/forkwatch"

struct record {
	struct fw_session_options session;
	const char *dir;
	bool force;
	bool compress;
	bool quiet;
	bool verbose;
	bool begun;
	uint64_t forks;
	struct fw_trace_info info;
	struct fw_trace_writer *writer;
	struct fw_limits_watch *limits;
};

enum {
	OPT_COMPRESS = FW_OPT_OWN,
	OPT_FORCE,
};

static const struct option long_options[] = {
	FW_ADDRESSES_OPTION,
	FW_TARGET_OPTIONS,
	{ "compress",	no_argument,		NULL, OPT_COMPRESS },
	{ "force",	no_argument,		NULL, OPT_FORCE },
	{ "help",	no_argument,		NULL, 'h' },
	{ "output",	required_argument,	NULL, 'o' },
	{ "quiet",	no_argument,		NULL, 'q' },
	FW_SWITCHES_OPTION,
	{ "verbose",	no_argument,		NULL, 'v' },
	{ NULL }
};

/* Returns -1 to go on, else the exit status. */
static int parse_option(const struct fw_cmd *cmd, void *ctx, int c)
{
	struct record *record = ctx;

	switch (c) {
	case 'o':
		record->dir = optarg;
		return -1;
	case 'q':
		record->quiet = true;
		return -1;
	case 'v':
		record->verbose = true;
		return -1;
	case OPT_COMPRESS:
		record->compress = true;
		return -1;
	case OPT_FORCE:
		record->force = true;
		return -1;
	}
	return fw_target_option(cmd, &record->session, c);
}

static const struct fw_options options = {
	.rows = long_options, .command = true, .take = parse_option
};

static int parse(const struct fw_cmd *cmd, struct record *record, int argc, char **argv)
{
	int status = fw_options_parse(&options, cmd, record, argc, argv);

	if (status >= 0)
		return status;
	if (!record->dir)
		return fw_cmd_misuse(cmd, "where to? give a directory with -o");
	return fw_target_command_line(cmd, &record->session, argc, argv);
}

/* The line of @path that begins with @key, without it and what is between; "" if there is none. */
static void read_line(const char *path, const char *key, char *to, size_t size)
{
	FILE *file = fopen(path, "re");
	char *line = NULL, *value;
	size_t room = 0;

	*to = '\0';
	while (file && !*to && getline(&line, &room, file) > 0) {
		if (strncmp(line, key, strlen(key)))
			continue;
		value = line + strlen(key);
		value += strspn(value, " \t:");
		value[strcspn(value, "\n")] = '\0';
		snprintf(to, size, "%s", value);
	}
	free(line);
	if (file)
		fclose(file);
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* What the trace says about where it was recorded, but for what fw_env knows. */
static int describe(struct record *record)
{
	struct fw_trace_info *info = &record->info;
	char *command = fw_target_command(record->session.argv);

	if (!command)
		return -ENOMEM;
	snprintf(info->command, sizeof(info->command), "%s", command);
	free(command);
	snprintf(info->tool, sizeof(info->tool), "%s", FORKWATCH_VERSION);
	read_line(MODULE_DIR "/version", "", info->module, sizeof(info->module));
	if (!*info->module)
		read_line(MODULE_DIR "/srcversion", "", info->module, sizeof(info->module));
	snprintf(info->sources, sizeof(info->sources), "%s", record->session.ops->name);
	read_line("/proc/cpuinfo", "Features", info->features, sizeof(info->features));
	info->clock_offset = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
	return 0;
}

/*
 * The sink of the session.
 */
static int sink_begin(void *ctx)
{
	struct record *record = ctx;
	int ret;

	ret = describe(record);
	if (!ret && record->compress)
		ret = fw_trace_compress(record->writer);
	if (!ret)
		ret = fw_trace_begin(record->writer, &record->info);
	record->begun = !ret;
	return ret;
}

/* Writes the name of the code at @addr, as far as it is known. */
static int put_name(struct record *record, const struct forkwatch_fork_enter *enter, uint64_t addr)
{
	char name[512];
	int known;

	fw_usyms_name(record->session.usyms, enter->hdr.tgid, addr, name, sizeof(name), &known);
	return known ? fw_trace_user_symbol(record->writer, &enter->hdr, addr, name) : 0;
}

/* Where the fork was called from, and the svc before it, which may be of two bytes or four. */
static int put_names(struct record *record, const struct forkwatch_fork_enter *enter)
{
	uint64_t pc = enter->regs.pc;
	uint32_t word;
	int ret;

	if (enter->flags & (FORKWATCH_ENTER_PARENT_KTHREAD | FORKWATCH_ENTER_KTHREAD))
		return 0;
	/* Another program by now: its names are not this one's. */
	if (enter->flags & FORKWATCH_ENTER_INSN &&
	    !fw_usyms_word(record->session.usyms, enter->hdr.tgid, pc - 4, &word) &&
	    word != enter->insn)
		return 0;
	ret = put_name(record, enter, pc);
	if (!ret)
		ret = put_name(record, enter, pc - 4);
	if (!ret && enter->flags & FORKWATCH_ENTER_COMPAT)
		ret = put_name(record, enter, pc - 2);
	return ret;
}

/* The event may be shorter than a fork_enter is here. */
static int put_names_of(struct record *record, const void *data, size_t size)
{
	struct forkwatch_fork_enter enter = { .hdr.size = 0 };

	memcpy(&enter, data, size < sizeof(enter) ? size : sizeof(enter));
	return put_names(record, &enter);
}

static int sink_event(void *ctx, const void *data, size_t size)
{
	struct forkwatch_header hdr = { .size = 0 };
	struct record *record = ctx;
	int ret = 0;

	if (size >= sizeof(hdr))
		memcpy(&hdr, data, sizeof(hdr));
	if (fw_kind(&hdr) == FORKWATCH_FORK_ENTER && !fw_is_witness(&hdr))
		ret = put_names_of(record, data, size);
	if (!ret)
		ret = fw_trace_write(record->writer, data, size);
	/* Counted by the writer; one bad event is no reason to stop. */
	return ret == -EBADMSG ? 0 : ret;
}

static int sink_fork(void *ctx, struct fw_fork *fork)
{
	struct record *record = ctx;
	int ret = 0;

	record->forks++;
	/* What it ran into is known only now. */
	if (fw_fork_error(fork) < 0) {
		ret = fw_limits_look(record->limits, fork);
		ret = ret ? fw_trace_fail(ret, "out of memory") :
			    fw_trace_limits(record->writer, fork);
	}
	fw_fork_free(fork);
	return ret;
}

static int sink_flush(void *ctx)
{
	struct record *record = ctx;

	return fw_trace_tick(record->writer);
}

static const struct fw_session_sink sink = {
	.begin = sink_begin,
	.event = sink_event,
	.fork = sink_fork,
	.flush = sink_flush,
};

/* Ends the trace. Returns an exit status. */
static int finish(struct record *record, const struct fw_session_result *result, int error)
{
	struct fw_trace_end end = {
		.error = error,
		.has_status = result->ended,
		.status = result->status,
		.losses = result->losses,
	};
	int ret;

	/* Those are not in the trace, and the writer has counted them. */
	end.losses.bad_events = 0;
	ret = fw_trace_finish(record->writer, &end);
	if (!record->begun)
		return 0;
	if (ret) {
		fw_message("%s", fw_trace_error());
		return FW_STATUS_RUN_FAILED;
	}
	if (!record->quiet)
		fw_message("%s: %" PRIu64 " forks, %" PRIu64 " events", record->dir,
			   record->forks, result->events);
	if (fw_losses_total(&end.losses))
		fw_message("%s is incomplete, see forkwatch report --summary; try a larger --ring",
			   record->dir);
	return 0;
}

static int run_session(struct record *record)
{
	struct fw_session_result result;
	int ret, status;

	if (fw_trace_create(&record->writer, record->dir, record->force)) {
		fw_message("%s", fw_trace_error());
		return FW_STATUS_RUN_FAILED;
	}
	/* A limit on the size of files is an error to be told, not a death. */
	signal(SIGXFSZ, SIG_IGN);
	ret = fw_session_run(&record->session, &sink, record, &result);
	if (record->verbose)
		fputs(fw_source_bpf_log(), stderr);
	status = finish(record, &result, ret);
	if (status)
		return status;
	if (ret && !result.sink_failed)
		return fw_target_failed(&result);
	if (ret) {
		fw_message("%s", fw_trace_error());
		return FW_STATUS_RUN_FAILED;
	}
	return fw_target_status(&result);
}

static int with_env(struct record *record)
{
	int status, ret, ksyms_error;

	ret = fw_env_open(&record->info.env, &ksyms_error);
	if (!ret)
		ret = fw_limits_open(&record->limits, "");
	if (ret) {
		fw_message("%s", strerror(-ret));
		return FW_STATUS_RUN_FAILED;
	}
	if (ksyms_error && !record->quiet)
		fw_message("no kernel symbols (%s): see sysctl kernel.kptr_restrict",
			   strerror(-ksyms_error));
	fw_env_hide(&record->info.env, &record->session.addresses);
	record->info.hidden = record->session.addresses.hidden;
	status = run_session(record);
	fw_limits_close(record->limits);
	fw_env_close(&record->info.env);
	return status;
}

static int record_main(const struct fw_cmd *cmd, int argc, char **argv)
{
	struct record record = {
		.session.source.stages = FW_STAGES_OFF,
		.session.drop_privileges = true,
	};
	int status, ret;

	status = parse(cmd, &record, argc, argv);
	if (status >= 0)
		return status;
	if (fw_addresses_decide(&record.session.addresses))
		return FW_STATUS_RUN_FAILED;
	if (!record.session.ops)
		record.session.ops = fw_source_auto(record.quiet);
	ret = fw_usyms_open(&record.session.usyms);
	if (ret) {
		fw_message("%s", strerror(-ret));
		return FW_STATUS_RUN_FAILED;
	}
	status = with_env(&record);
	fw_usyms_close(record.session.usyms);
	return status;
}

const struct fw_cmd fw_cmd_record = {
	.name = "record",
	.summary = "trace a command and all it starts, and keep what happened in a directory",
	.usage =
"record -o DIR [OPTION…] [--] COMMAND [ARGUMENT…]\n"
"       forkwatch record -o DIR [OPTION…] -p PID\n"
"       forkwatch record -o DIR [OPTION…] -a [[--] COMMAND [ARGUMENT…]]\n"
"\n"
"Traces like `forkwatch run', but writes what happened to the directory DIR, for\n"
"`forkwatch report', `show' and `check' on this machine or another. It is a trace\n"
"in the Common Trace Format 1.8: babeltrace2 and Trace Compass open it, too.\n"
"\n"
"  -o, --output DIR      made if it is not there; must be empty if it is\n"
"      --force           replace the trace that DIR holds\n"
"      --compress        with zstd, packet by packet: report, show, check, diff and\n"
"                        convert read it as it is, babeltrace2 after zstd -d --rm DIR/*.zst\n"
"  -a, --all             all processes but forkwatch\n"
"  -p, --pid PID         the process PID\n"
"  -u, --user USER       execute COMMAND as this user\n"
"      --source WHICH    who watches: auto (default), module and BPF both, module or bpf\n"
"      --stages WHICH    how long the steps of a fork took: off (default), core or all\n"
"      --cow             what parent and child write to afterwards: pages copied, until\n"
"                        the child executes a program or exits\n"
"      --switches        record every switch of these tasks too, not only the first\n"
"  -q, --quiet           only errors and losses\n"
"  -v, --verbose         what the libraries have to say, on standard error\n"
"      --addresses WHICH the kernel's: auto (default), as you may see them; raw; or symbols,\n"
"                        with a stand-in for what has none\n"
"      --ring SIZE       of the buffer between kernel and tool (default 4M)\n"
"  -h, --help            this text\n"
"\n"
"exit status: the command's, 128+N if signal N killed it; 127 if it was not found,\n"
"126 if it could not be executed, 125 if forkwatch itself failed\n",
	.trouble = FW_STATUS_RUN_FAILED,
	.main = record_main,
};
