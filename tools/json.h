/* SPDX-License-Identifier: GPL-2.0-only */
/* Pieces of the JSON format, described in docs/fork.schema.json. */
#ifndef FW_JSON_H
#define FW_JSON_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "forkwatch.h"

/* All return a new reference, NULL without memory. */

/* An address, a register, a set of flags: "0x1f". */
json_t *fw_json_hex(uint64_t value);
/* An id, a time, a count; one that no JSON integer can hold becomes fw_json_hex()'s. */
json_t *fw_json_integer(uint64_t value);
/* CLONE_* by name, as an array; in hex what has no name. */
json_t *fw_json_flags(uint64_t flags);
/* At most @max bytes up to a NUL, with '?' for what is not plain ASCII. */
json_t *fw_json_text(const char *text, size_t max);
/* An event with its header (but the size), as the event table has it; without what was not sent. */
json_t *fw_json_event(const struct forkwatch_header *event);
json_t *fw_json_regs(const struct forkwatch_regs *regs);
json_t *fw_json_context(const struct forkwatch_context *context);

struct fw_fork;

/* The stages of a fork; null if they were not watched. */
json_t *fw_json_stages(const struct fw_fork *fork);
/* Registers of an AArch32 task under its own names for them; null for any other. */
json_t *fw_json_aarch32(const struct fw_fork *fork);
/* What the child shares with its parent; null if that was not observed, or without a child. */
json_t *fw_json_objects(const struct fw_fork *fork);
/* What a fork that failed took back; null if that is not known, or if it did not fail. */
json_t *fw_json_undone(const struct fw_fork *fork);
/* The names of the stages whose bits are set. */
json_t *fw_json_stage_set(uint32_t set);

struct fw_env;
struct fw_losses;
struct fw_summary;
struct fw_tally;

/* Parts of a summary; of the first two null if there is none. */
json_t *fw_json_kernel(const struct fw_env *env);
json_t *fw_json_losses(const struct fw_losses *losses);
json_t *fw_json_kinds(const struct fw_tally *tally);
json_t *fw_json_reasons(const struct fw_tally *tally);
json_t *fw_json_command(const struct fw_summary *summary);

struct fw_cow;
struct fw_cow_totals;

/* What a fork cost when it was over; and many of them, null if none was watched. */
json_t *fw_json_cow(const struct fw_cow *cow);
json_t *fw_json_cow_totals(const struct fw_cow_totals *totals);

#endif
