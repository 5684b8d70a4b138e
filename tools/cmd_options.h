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

/* Where kernel addresses are shown or written; see addresses.h. */
#define FW_ADDRESSES_OPTION						\
	{ "addresses",	required_argument,	NULL, FW_OPT_ADDRESSES }

/* Its value. Returns -1 to go on, else the exit status. */
int fw_addresses_option(const struct fw_cmd *cmd, enum fw_addresses_choice *choice);

/* What it means for what is seen now. Returns 0 or -errno, with a message. */
int fw_addresses_decide(struct fw_addresses *addresses);

/* With "f:ho:" among the letters; -f is what each of them makes of it. */
#define FW_OUTPUT_OPTIONS						\
	{ "color",	required_argument,	NULL, FW_OPT_COLOR },	\
	{ "format",	required_argument,	NULL, 'f' },		\
	{ "help",	no_argument,		NULL, 'h' },		\
	{ "output",	required_argument,	NULL, 'o' }

/*
 * Takes what getopt_long() returned and the subcommand does not know itself: the
 * options above but -f, and what is no option. Returns -1 to go on, else the exit
 * status.
 */
int fw_output_option(const struct fw_cmd *cmd, struct fw_output *output, int c, char **argv);

/* The value of -f where that can be text or json. Returns likewise. */
int fw_json_option(const struct fw_cmd *cmd, bool *json);

/*
 * What to trace and how, with "ap:u:" among the letters; where single switches can be
 * shown or kept, FW_SWITCHES_OPTION as well, and where addresses are, FW_ADDRESSES_OPTION.
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

/* Takes what the subcommand does not know itself, as fw_output_option() does; -h too. */
int fw_target_option(const struct fw_cmd *cmd, struct fw_session_options *session, int c,
		     char **argv);

#endif
