/* SPDX-License-Identifier: GPL-2.0-only */
/* Options that several subcommands have: rows for getopt_long(), and what they do. */
#ifndef FW_CMD_OPTIONS_H
#define FW_CMD_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "addresses.h"
#include "cmd.h"
#include "output.h"
#include "session.h"

enum {
	FW_OPT_ADDRESSES = 256,
	FW_OPT_COLOR,
	FW_OPT_COW,
	FW_OPT_RING,
	FW_OPT_SOURCE,
	FW_OPT_STAGES,
	FW_OPT_SWITCHES,
	FW_OPT_OWN,			/* what a subcommand's own begin with */
};

/* The options of a subcommand. */
struct fw_options {
	const struct option *rows;	/* for getopt_long(); what has a letter has a name, too */
	bool command;			/* behind them comes a command with options of its own */
	/* Takes the one that getopt_long() returned as @c, other than -h. Returns likewise. */
	int (*take)(const struct fw_cmd *cmd, void *ctx, int c);
};

/*
 * Takes all of them, up to argv[optind]. Returns -1 to go on, else the exit status: after
 * --help, and after something wrong, of which it told.
 */
int fw_options_parse(const struct fw_options *options, const struct fw_cmd *cmd, void *ctx,
		     int argc, char **argv);

/* Where kernel addresses are shown or written; see addresses.h. */
#define FW_ADDRESSES_OPTION						\
	{ "addresses",	required_argument,	NULL, FW_OPT_ADDRESSES }

/* Its value. Returns likewise. */
int fw_addresses_option(const struct fw_cmd *cmd, enum fw_addresses_choice *choice);

/* What it means for what is seen now. Returns 0 or -errno, with a message. */
int fw_addresses_decide(struct fw_addresses *addresses);

/* Where -f is what each of them makes of it. */
#define FW_OUTPUT_OPTIONS						\
	{ "color",	required_argument,	NULL, FW_OPT_COLOR },	\
	{ "format",	required_argument,	NULL, 'f' },		\
	{ "help",	no_argument,		NULL, 'h' },		\
	{ "output",	required_argument,	NULL, 'o' }

/* Takes those of them that the subcommand does not take itself. Returns likewise. */
int fw_output_option(const struct fw_cmd *cmd, struct fw_output *output, int c);

/* The value of -f where that can be text or json. Returns likewise. */
int fw_json_option(const struct fw_cmd *cmd, bool *json);

/*
 * What to trace and how; where single switches can be shown or kept, FW_SWITCHES_OPTION
 * as well, and where addresses are, FW_ADDRESSES_OPTION.
 */
#define FW_TARGET_OPTIONS						\
	{ "all",	no_argument,		NULL, 'a' },		\
	{ "cow",	no_argument,		NULL, FW_OPT_COW },	\
	{ "pid",	required_argument,	NULL, 'p' },		\
	{ "ring",	required_argument,	NULL, FW_OPT_RING },	\
	{ "source",	required_argument,	NULL, FW_OPT_SOURCE },	\
	{ "stages",	required_argument,	NULL, FW_OPT_STAGES },	\
	{ "user",	required_argument,	NULL, 'u' }

#define FW_SWITCHES_OPTION						\
	{ "switches",	no_argument,		NULL, FW_OPT_SWITCHES }

/* Takes those of them that the subcommand does not take itself. Returns likewise. */
int fw_target_option(const struct fw_cmd *cmd, struct fw_session_options *session, int c);

/* Takes the command behind the options, if there is one. Returns likewise. */
int fw_target_command_line(const struct fw_cmd *cmd, struct fw_session_options *session, int argc,
			   char **argv);

#endif
