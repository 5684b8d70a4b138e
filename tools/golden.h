/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What two recordings of the same thing have in common: every fork of a trace by
 * its place in the tree, without what is another one each time. On disk it is
 * JSON, made to be kept beside the source and read where it changes.
 */
#ifndef FW_GOLDEN_H
#define FW_GOLDEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

struct fw_replay;
struct fw_steps;

/*
 * @place is the way to it through the tree: "sh/fork ls#1/thread#2" is the second
 * thread that the first ls made, which sh forked. @fork is fw_normal_fork()'s.
 */
struct fw_golden_fork {
	char *place;
	json_t *fork;
	struct fw_steps *steps;		/* NULL: no times are kept */
};

struct fw_golden {
	const char *path;		/* as it was given */
	char kernel[96];		/* release */
	bool complete;			/* the trace held all that happened */
	json_t *watched;		/* stages, by name */
	json_t *rules;			/* that there were when it was made, by id */
	struct fw_golden_fork *forks;	/* parents before children, older before younger */
	size_t nr;
};

/*
 * Makes it of the trace in the directory @path, or reads the golden file @path.
 * Returns 0 or -errno, explained by fw_trace_error().
 */
int fw_golden_open(struct fw_golden *golden, const char *path);
/* The same, with the times of each fork; a golden file has none, and is -ENODATA. */
int fw_golden_open_timed(struct fw_golden *golden, const char *path);
/* The same of a trace that is open and was not played; 0 or -errno. Its path is to be set. */
int fw_golden_make(struct fw_golden *golden, struct fw_replay *replay);
void fw_golden_close(struct fw_golden *golden);

/* Only for fw_golden_open(): reads the file @golden->path; likewise. */
int fw_golden_read(struct fw_golden *golden);

/* Writes the golden file. Returns 0, -ENOMEM, or the -errno of what could not be written. */
int fw_golden_write(const struct fw_golden *golden, FILE *out);

#endif
