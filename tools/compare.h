/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is different between two recordings of the same thing. Forks are matched
 * by their place in the tree; a difference that many forks have is one difference.
 */
#ifndef FW_COMPARE_H
#define FW_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "golden.h"

struct fw_time_comparison;

/* What is compared, in the order in which it is told. */
enum fw_aspect {
	FW_ASPECT_FORKS,	/* which there are, and their order */
	FW_ASPECT_CALL,		/* kind, call, flags */
	FW_ASPECT_RESULT,
	FW_ASPECT_EVENTS,
	FW_ASPECT_STAGES,
	FW_ASPECT_SHARING,
	FW_ASPECT_REGISTERS,
	FW_ASPECT_FIRST_RUN,
	FW_ASPECT_RULES,
	FW_ASPECT_OTHER,	/* what a golden file was given by hand */
	FW_NR_ASPECTS,
};

/* "forks", "registers" */
const char *fw_aspect_name(enum fw_aspect aspect);
/* "every fork of A is in B, in the same order" */
const char *fw_aspect_text(enum fw_aspect aspect);

/* What a fork that is on one side only is on the other. */
#define FW_NOT_THERE	"not there"

#define FW_PLACES_KEPT	8
#define FW_SAME_KEPT	64

/* One difference, and where it is. All of it is plain text. */
struct fw_difference {
	enum fw_aspect aspect;
	char *what;		/* "x0", "event copy_thread", "fork" */
	char *a, *b;		/* what it is on either side */
	char *places[FW_PLACES_KEPT];
	unsigned int nr_places;
	uint64_t count;		/* of forks that have it */
};

/* The answer in one word, and the exit status of `forkwatch diff'. */
enum fw_comparison_answer {
	FW_SAME = 0,
	FW_DIFFERENT = 1,
	FW_CANNOT_TELL = 3,
	FW_NOTHING_TO_COMPARE = 4,
};

struct fw_comparison {
	const struct fw_golden *a, *b;
	uint64_t matched;		/* forks that are in both */
	uint64_t different;		/* those of them that differ */
	struct fw_difference *list;
	size_t nr, room;
	json_t *index;			/* which are in the list, by their text */
	const json_t *same[FW_SAME_KEPT][2];	/* pairs of forks lately found to be the same */
	struct fw_time_comparison *times;	/* NULL: was not asked for */
	enum fw_comparison_answer answer;
	char reason[240];		/* for the answer, in words; "" for FW_SAME */
};

/* Returns 0 or -ENOMEM. @a and @b are used as long as @comparison is. */
int fw_compare(struct fw_comparison *comparison, const struct fw_golden *a,
	       const struct fw_golden *b);
void fw_comparison_close(struct fw_comparison *comparison);

/* "same", "different", "incomplete", "not supported" */
const char *fw_comparison_answer_name(enum fw_comparison_answer answer);

/* How many differences of @aspect there are. */
size_t fw_comparison_count(const struct fw_comparison *comparison, enum fw_aspect aspect);

struct fw_comparison_format {
	const char *name;
	/* Returns 0, -ENOMEM, or the -errno of what could not be written. */
	int (*put)(const struct fw_comparison *comparison, FILE *out, bool color);
};

extern const struct fw_comparison_format fw_comparison_formats[];	/* ends with a NULL name */
const struct fw_comparison_format *fw_comparison_format_find(const char *name);

#endif
