/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two accounts of one fork: what forkwatch_clone() reported on itself, and what
 * the tracepoints said of it. Both saw it at the same moments, and must agree.
 */
#ifndef FW_SELFREPORT_H
#define FW_SELFREPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "check.h"
#include "fork.h"
#include "text.h"

#define FW_ACCOUNT_LEN	64

/* One thing that both speak of. */
struct fw_account {
	const char *field;		/* "child sp" */
	const char *event;		/* where it was seen: "copy_thread" */
	char report[FW_ACCOUNT_LEN];
	char seen[FW_ACCOUNT_LEN];	/* "" if not observed */
	enum fw_verdict verdict;	/* FW_PASS: they agree; FW_FAIL; FW_NOT_OBSERVED */
};

#define FW_NR_ACCOUNTS	32

struct fw_accounts {
	struct fw_account list[FW_NR_ACCOUNTS];
	size_t nr;
	size_t counts[FW_NR_VERDICTS];
};

/*
 * Compares @report, which must be written, with @fork, as far as it was
 * observed: NULL, not at all.
 */
void fw_selfreport_compare(const struct forkwatch_clone_report *report,
			   const struct fw_fork *fork, const struct fw_env *env,
			   struct fw_accounts *accounts);

/* What FORKWATCH_SHARE_* stand for: "mm". */
extern const char * const fw_share_names[FORKWATCH_NR_SHARE];

/* One call of forkwatch_clone(), for showing it. */
struct fw_selfreport {
	const struct forkwatch_clone_args *args;
	const struct forkwatch_clone_report *report;
	const struct fw_fork *fork;		/* judged; NULL: not observed */
	const struct fw_accounts *accounts;
	const struct fw_losses *losses;
	const char *command;
	int status;				/* the command's, as from wait(2) */
	const int64_t *child_returned;		/* what the child says; NULL: nothing */
};

/* Writes it as text: whose fork it was, the table of both accounts, how many agree. */
void fw_selfreport_text(struct fw_text *text, const struct fw_selfreport *self);

/* As JSON, docs/clone.schema.json. A new reference, NULL without memory. */
json_t *fw_selfreport_json(const struct fw_selfreport *self);

#endif
