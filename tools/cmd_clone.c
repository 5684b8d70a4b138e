// SPDX-License-Identifier: GPL-2.0-only
/*
 * forkwatch clone: start a command through forkwatch_clone(), and hold its
 * report on itself against what the tracepoints saw. Three processes: this one
 * traces; the caller, which it watches, makes the call; the command is what the
 * caller's child becomes. They share a page.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "array.h"
#include "cmd_options.h"
#include "env.h"
#include "forkwatch_clone.h"
#include "message.h"
#include "render.h"
#include "selfreport.h"
#include "session.h"
#include "target.h"

struct page {
	struct forkwatch_clone_args args;
	struct forkwatch_clone_report report;
	/* the caller */
	pid_t caller;
	int error;			/* errno of the call */
	/* its child */
	bool child_spoke;
	int64_t child_returned;		/* what the call returned to it */
	int exec_error;
};

struct options {
	struct forkwatch_clone_args args;
	struct fw_session_options session;
	struct fw_output output;
	bool json;
	bool verbose;
};

struct clone {
	struct options *opt;
	struct page *page;
	struct fw_env env;
	struct fw_fork *fork;		/* the one that the call made */
};

/*
 * In the caller and its child.
 */
static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
static volatile pid_t command_pid;

/* Those of the terminal reach the command by themselves. */
static void forward(int sig, siginfo_t *info, void *context)
{
	int err = errno;

	(void)context;
	if (info->si_code <= 0)
		kill(command_pid, sig);
	errno = err;
}

static void forward_signals(pid_t pid)
{
	struct sigaction action = { .sa_sigaction = forward, .sa_flags = SA_SIGINFO | SA_RESTART };
	size_t i;

	command_pid = pid;
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
}

static void hold_signals(sigset_t *before)
{
	sigset_t held;
	size_t i;

	sigemptyset(&held);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&held, signals[i]);
	sigprocmask(SIG_BLOCK, &held, before);
}

/* Says with its own mouth what it got, and becomes the command. */
static void __attribute__((noreturn)) be_command(const struct clone *clone, long returned,
						 const sigset_t *mask)
{
	const struct options *opt = clone->opt;
	struct page *page = clone->page;

	/* fw_clone() has taken a number of this kind for an error. */
	page->child_returned = returned == -1 ? -(int64_t)errno : returned;
	page->child_spoke = true;
	if (!opt->json)
		dprintf(fileno(opt->output.file), "child returned %lld\n",
			(long long)page->child_returned);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(opt->session.argv[0], opt->session.argv);
	page->exec_error = errno;
	_exit(errno == ENOENT ? 127 : 126);
}

static int wait_for_command(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			return FW_STATUS_RUN_FAILED;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* A child may get any x0, so that its pid tells it from its parent. */
static int call(void *ctx)
{
	const struct clone *clone = ctx;
	struct page *page = clone->page;
	sigset_t mask;
	long returned;

	page->caller = getpid();
	hold_signals(&mask);
	returned = fw_clone(&page->args, sizeof(page->args), NULL, NULL);
	if (getpid() != page->caller)
		be_command(clone, returned, &mask);
	if (returned < 0) {
		page->error = errno;
		return FW_STATUS_RUN_FAILED;
	}
	forward_signals(returned);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return wait_for_command(returned);
}

/*
 * In the tracer.
 */
static int sink_begin(void *ctx)
{
	struct clone *clone = ctx;
	int ksyms_error, err;

	err = fw_env_open(&clone->env, &ksyms_error);
	if (!err)
		fw_env_hide(&clone->env, &clone->opt->session.addresses);
	if (!err)
		fw_env_warn(ksyms_error);
	return err;
}

static bool is_ours(const struct clone *clone, const struct fw_fork *fork)
{
	return fork->clone_call && fork->clone_call->call == FORKWATCH_CALL_CLONE &&
	       (pid_t)fork->clone_call->hdr.tid == clone->page->caller &&
	       fork->clone_call->cookie == clone->page->args.cookie;
}

static int sink_fork(void *ctx, struct fw_fork *fork)
{
	struct clone *clone = ctx;

	if (clone->fork || !is_ours(clone, fork)) {
		fw_fork_free(fork);
		return 0;
	}
	clone->fork = fork;
	return fw_check(fork, &clone->env) ? 0 : -ENOMEM;
}

static const struct fw_session_sink sink = {
	.begin = sink_begin,
	.fork = sink_fork,
};

static int write_text(struct fw_output *output, const struct fw_selfreport *self)
{
	struct fw_text text;
	int err;

	err = fw_text_open(&text, fw_output_colored(output));
	if (err)
		return err;
	fw_selfreport_text(&text, self);
	err = fw_text_finish(&text);
	if (!err && fwrite(text.data, text.size, 1, output->file) != 1)
		err = fw_output_flush(output);
	fw_text_close(&text);
	return err;
}

static int write_line(FILE *out, json_t *object)
{
	int err = 0;

	if (!object)
		return -ENOMEM;
	if (json_dumpf(object, out, JSON_COMPACT) || fputc('\n', out) == EOF)
		err = -EIO;
	json_decref(object);
	return err;
}

/* The fork as `forkwatch run` shows it, then the report. */
static int write_json(struct clone *clone, const struct fw_selfreport *self)
{
	struct fw_output *output = &clone->opt->output;
	struct fw_render_options options = { .out = output->file, .env = &clone->env };
	struct fw_render render;
	int err;

	err = fw_render_open(&render, &fw_render_json, &options);
	if (!err && clone->fork)
		err = fw_render_json.fork(&render, clone->fork);
	fw_render_close(&render);
	return err ? err : write_line(output->file, fw_selfreport_json(self));
}

static int show(struct clone *clone, const struct fw_session_result *result,
		const struct fw_accounts *accounts)
{
	const struct page *page = clone->page;
	char *command = fw_target_command(clone->opt->session.argv);
	const struct fw_selfreport self = {
		.args = &page->args,
		.report = &page->report,
		.fork = clone->fork,
		.accounts = accounts,
		.losses = &result->losses,
		.command = command ? command : "",
		.status = result->status,
		.child_returned = page->child_spoke ? &page->child_returned : NULL,
	};
	int err;

	err = clone->opt->json ? write_json(clone, &self) :
				 write_text(&clone->opt->output, &self);
	free(command);
	return fw_output_close(&clone->opt->output, err);
}

static int call_failed(const struct page *page)
{
	char why[512];

	fw_message("forkwatch_clone: %s: %s", strerror(page->error),
		   fw_clone_why(page->error, why, sizeof(why)));
	return FW_STATUS_RUN_FAILED;
}

/* Every field that differs, where nobody overlooks it. */
static int disagree(const struct fw_accounts *accounts)
{
	const struct fw_account *account;
	size_t i;

	for (i = 0; i < accounts->nr; i++) {
		account = &accounts->list[i];
		if (account->verdict == FW_FAIL)
			fw_message("DISAGREEMENT: %s: report %s, tracepoint %s %s", account->field,
				   account->report, account->event, account->seen);
	}
	return FW_STATUS_RUN_FAILED;
}

static int conclude(struct clone *clone, const struct fw_session_result *result)
{
	const struct page *page = clone->page;
	struct fw_accounts accounts;

	if (page->error)
		return call_failed(page);
	if (!(page->report.flags & FORKWATCH_REPORT_WRITTEN)) {
		fw_message("the module wrote no report of process %d", page->report.pid);
		return FW_STATUS_RUN_FAILED;
	}
	fw_addresses_hide_report(&clone->opt->session.addresses, &clone->page->report);
	fw_selfreport_compare(&page->report, clone->fork, &clone->env, &accounts);
	if (show(clone, result, &accounts))
		return FW_STATUS_RUN_FAILED;
	if (accounts.counts[FW_FAIL])
		return disagree(&accounts);
	if (!clone->fork) {
		fw_message("the tracepoints saw nothing of this fork (%llu events were lost)",
			   (unsigned long long)fw_losses_total(&result->losses));
		return FW_STATUS_RUN_FAILED;
	}
	if (page->exec_error)
		fw_message("cannot execute '%s': %s", clone->opt->session.argv[0],
			   strerror(page->exec_error));
	return fw_target_status(result);
}

static int trace(struct clone *clone)
{
	struct options *opt = clone->opt;
	struct fw_session_result result;
	int err;

	opt->session.function = call;
	opt->session.function_ctx = clone;
	err = fw_session_run(&opt->session, &sink, clone, &result);
	if (opt->verbose)
		fputs(fw_source_bpf_log(), stderr);
	if (err && result.sink_failed)
		fw_message("%s", strerror(-err));
	if (err)
		return result.sink_failed ? FW_STATUS_RUN_FAILED : fw_target_failed(&result);
	/* The command goes on, and its parent has not come back. */
	if (result.left)
		return fw_target_status(&result);
	return conclude(clone, &result);
}

static int clone_command(struct options *opt)
{
	struct clone clone = { .opt = opt };
	int status;

	clone.page = mmap(NULL, sizeof(*clone.page), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (clone.page == MAP_FAILED) {
		fw_message("mmap: %s", strerror(errno));
		return FW_STATUS_RUN_FAILED;
	}
	clone.page->args = opt->args;
	clone.page->args.report = (uintptr_t)&clone.page->report;
	clone.page->args.report_size = sizeof(clone.page->report);
	/* Where there are none, the call says why. */
	fw_clone_find_numbers();
	status = FW_STATUS_RUN_FAILED;
	if (!fw_output_open(&opt->output))
		status = trace(&clone);
	fw_fork_free(clone.fork);
	fw_env_close(&clone.env);
	munmap(clone.page, sizeof(*clone.page));
	return status;
}

/*
 * Options.
 */
enum {
	OPT_CHILD_X0 = FW_OPT_OWN,
	OPT_COOKIE,
	OPT_JSON,
	OPT_VFORK,
};

static const struct option long_options[] = {
	FW_ADDRESSES_OPTION,
	{ "child-x0",	required_argument,	NULL, OPT_CHILD_X0 },
	FW_OUTPUT_OPTIONS,
	{ "cookie",	required_argument,	NULL, OPT_COOKIE },
	{ "json",	no_argument,		NULL, OPT_JSON },
	{ "verbose",	no_argument,		NULL, 'v' },
	{ "vfork",	no_argument,		NULL, OPT_VFORK },
	{ NULL }
};

/* 64 bits, which may be written as a negative number, in decimal or hex. */
static int parse_word(const char *text, __u64 *word)
{
	char *end;

	errno = 0;
	*word = *text == '-' ? (uint64_t)strtoll(text, &end, 0) : strtoull(text, &end, 0);
	return errno || end == text || *end ? -EINVAL : 0;
}

/* -ERESTART_RESTARTBLOCK to -ERESTARTSYS, which forkwatch_clone() refuses. */
static bool restarts_call(int64_t x0)
{
	return x0 >= -516 && x0 <= -512;
}

static int parse_child_x0(const struct fw_cmd *cmd, struct forkwatch_clone_args *args)
{
	if (parse_word(optarg, &args->child_x0))
		return fw_cmd_misuse(cmd, "'%s' is no number of 64 bits, and so no x0", optarg);
	if (restarts_call(args->child_x0))
		return fw_cmd_misuse(cmd, "the kernel takes an x0 of %s for a call to be "
				     "restarted, as all from -516 to -512", optarg);
	args->options |= FORKWATCH_CLONE_CHILD_X0;
	return -1;
}

/* Returns -1 to go on, else the exit status. */
static int parse_option(const struct fw_cmd *cmd, void *ctx, int c)
{
	struct options *opt = ctx;

	switch (c) {
	case 'f':
		return fw_json_option(cmd, &opt->json);
	case FW_OPT_ADDRESSES:
		return fw_addresses_option(cmd, &opt->session.addresses.choice);
	case 'v':
		opt->verbose = true;
		return -1;
	case OPT_CHILD_X0:
		return parse_child_x0(cmd, &opt->args);
	case OPT_COOKIE:
		if (parse_word(optarg, &opt->args.cookie))
			return fw_cmd_misuse(cmd, "cookie '%s' is no number of 64 bits", optarg);
		return -1;
	case OPT_JSON:
		opt->json = true;
		return -1;
	case OPT_VFORK:
		opt->args.flags |= CLONE_VFORK | CLONE_VM;
		return -1;
	}
	return fw_output_option(cmd, &opt->output, c);
}

static const struct fw_options options = {
	.rows = long_options, .command = true, .take = parse_option
};

static int clone_main(const struct fw_cmd *cmd, int argc, char **argv)
{
	struct options opt = {
		.session.ops = &fw_source_carried,
		.args.exit_signal = SIGCHLD,
	};
	int status;

	/* Some number, so that it means something when it comes back. */
	if (getrandom(&opt.args.cookie, sizeof(opt.args.cookie), 0) < 0)
		opt.args.cookie = getpid();
	status = fw_options_parse(&options, cmd, &opt, argc, argv);
	if (status >= 0)
		return status;
	if (optind == argc)
		return fw_cmd_misuse(cmd, "there is no command to start");
	if (fw_addresses_decide(&opt.session.addresses))
		return FW_STATUS_RUN_FAILED;
	opt.session.argv = argv + optind;
	return clone_command(&opt);
}

const struct fw_cmd fw_cmd_clone = {
	.name = "clone",
	.summary = "start a command through forkwatch_clone, and compare its report with the trace",
	.usage =
"clone [OPTION…] [--] COMMAND [ARGUMENT…]\n"
"\n"
"Starts COMMAND by the module's call forkwatch_clone, which reports on itself, and\n"
"watches that fork through the tracepoints at the same time. Both must agree on\n"
"every field: registers, kernel stack, TLS, what is shared, times. The child says\n"
"what the call returned to it before it becomes COMMAND.\n"
"\n"
"      --child-x0 N      what the child shall get in place of its 0, by N in its x0\n"
"      --cookie N        a number that comes back in report and trace (default: random)\n"
"      --vfork           with CLONE_VM and CLONE_VFORK\n"
"  -f, --format FORMAT   text (default) or json\n"
"      --json            the same as --format json\n"
"      --addresses WHICH the kernel's: auto (default), as you may see them; raw; or symbols,\n"
"                        with a stand-in for what has none\n"
"  -o, --output FILE     write there, not to standard output\n"
"  -v, --verbose         what the libraries have to say, on standard error\n"
"      --color WHEN      auto (default), always or never; NO_COLOR is honoured\n"
"  -h, --help            this text\n"
"\n"
"exit status: the command's, 128+N if signal N killed it; 127 if it was not found,\n"
"126 if it could not be executed, 125 if forkwatch itself failed or if both accounts\n"
"disagree\n",
	.trouble = FW_STATUS_RUN_FAILED,
	.main = clone_main,
};
