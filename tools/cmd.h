/* SPDX-License-Identifier: GPL-2.0-only */
/* The subcommands, and what they share. */
#ifndef FW_CMD_H
#define FW_CMD_H

#include <stdbool.h>

/* The tool's own failure: of run, whose other statuses are its command's, and of all others. */
#define FW_STATUS_RUN_FAILED	125
#define FW_STATUS_TROUBLE	2

struct fw_cmd {
	const char *name;
	const char *summary;
	const char *usage;		/* after "usage: forkwatch ": all of --help */
	int trouble;			/* exit status when called wrongly */
	/* @argv[0] is the subcommand's name. Returns the exit status. */
	int (*main)(const struct fw_cmd *cmd, int argc, char **argv);
};

extern const struct fw_cmd fw_cmd_run;
extern const struct fw_cmd fw_cmd_record;
extern const struct fw_cmd fw_cmd_report;
extern const struct fw_cmd fw_cmd_check;
extern const struct fw_cmd fw_cmd_show;
extern const struct fw_cmd fw_cmd_stat;
extern const struct fw_cmd fw_cmd_diff;
extern const struct fw_cmd fw_cmd_convert;
extern const struct fw_cmd fw_cmd_clone;
extern const struct fw_cmd fw_cmd_arch;
extern const struct fw_cmd fw_cmd_list;
extern const struct fw_cmd fw_cmd_doctor;

/* Prints the usage on stdout; returns 0. */
int fw_cmd_help(const struct fw_cmd *cmd);

/* Says what is wrong with the call, with a hint; returns the exit status for that. */
int fw_cmd_misuse(const struct fw_cmd *cmd, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same for an option that getopt_long() returned as '?' or ':'. */
int fw_cmd_bad_option(const struct fw_cmd *cmd, int c, char **argv);

#endif
