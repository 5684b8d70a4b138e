/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON while it is put together, in one piece of memory without any tree: two drafts
 * of the same words say the same value. Most forks of a trace are like one before them;
 * only the others are worth a tree.
 */
#ifndef FW_DRAFT_H
#define FW_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct fw_draft {
	uint64_t *words;	/* NULL before anything was put into it */
	size_t used, room;
	bool failed;		/* there was no memory for all of it */
};

/* Begins anew, in the same memory. */
void fw_draft_reset(struct fw_draft *draft);
void fw_draft_free(struct fw_draft *draft);

/*
 * All of these add to what was opened last, at first to an object. @name is of a member;
 * NULL for an element of an array. A @value of NULL adds nothing.
 */
void fw_draft_string(struct fw_draft *draft, const char *name, const char *value);

/*
 * The same for what is in the program itself, and stays as it is: literals, and names
 * out of tables. Of these, where they are is kept in place of a copy.
 */
void fw_draft_constant(struct fw_draft *draft, const char *name, const char *value);
void fw_draft_object(struct fw_draft *draft, const char *name);
void fw_draft_array(struct fw_draft *draft, const char *name);
void fw_draft_close(struct fw_draft *draft);

/* Are these the same words? Then they say the same; so may others, in other words. */
bool fw_draft_equal(const struct fw_draft *draft, const uint64_t *words, size_t used);

/* The value as a tree, a new reference; NULL without memory. */
json_t *fw_draft_json(const struct fw_draft *draft);

#endif
