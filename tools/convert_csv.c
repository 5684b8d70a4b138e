// SPDX-License-Identifier: GPL-2.0-only
/*
 * Comma-separated values as RFC 4180 has them: a line of names, then a row for each
 * fork. What was not observed is an empty field.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "array.h"
#include "check.h"
#include "clone_flags.h"
#include "convert.h"
#include "names.h"

#define FIELD_BYTES	1024

/* Writes the field, quoted where a reader would stumble. */
static void put_field(FILE *out, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

/* Each column writes its value of @fork into @buf, which is "" and of FIELD_BYTES. */
static void put_number(char *buf, uint64_t value)
{
	snprintf(buf, FIELD_BYTES, "%" PRIu64, value);
}

static void put_hex(char *buf, uint64_t value)
{
	snprintf(buf, FIELD_BYTES, "0x%" PRIx64, value);
}

/* From @start to @end in ns. */
static void put_span(char *buf, uint64_t start, uint64_t end)
{
	snprintf(buf, FIELD_BYTES, "%" PRId64, (int64_t)(end - start));
}

static void fork_id(const struct fw_fork *fork, char *buf)
{
	put_number(buf, fork->id);
}

static void time_ns(const struct fw_fork *fork, char *buf)
{
	if (fork->enter)
		put_number(buf, fork->enter->hdr.time);
}

static void kind(const struct fw_fork *fork, char *buf)
{
	if (fw_fork_kind(fork) != FW_KIND_UNKNOWN)
		strcpy(buf, fw_fork_kind_name(fw_fork_kind(fork)));
}

static void call(const struct fw_fork *fork, char *buf)
{
	const char *name = fw_name_call(fork);

	if (name)
		strcpy(buf, name);
}

static void flags(const struct fw_fork *fork, char *buf)
{
	if (fork->enter)
		fw_clone_flags(fork->enter->clone_flags, fork->enter->exit_signal, buf,
			       FIELD_BYTES);
}

static void parent_comm(const struct fw_fork *fork, char *buf)
{
	if (fork->enter)
		fw_name_plain(fork->enter->comm, FORKWATCH_COMM_LEN, buf, FIELD_BYTES);
}

static void parent_tid(const struct fw_fork *fork, char *buf)
{
	if (fork->parent_tid)
		put_number(buf, fork->parent_tid);
}

static void parent_tgid(const struct fw_fork *fork, char *buf)
{
	if (fork->parent_tid)
		put_number(buf, fork->parent_tgid);
}

static void child_comm(const struct fw_fork *fork, char *buf)
{
	if (fork->first_run)
		fw_name_plain(fork->first_run->comm, FORKWATCH_COMM_LEN, buf, FIELD_BYTES);
}

static void child_tid(const struct fw_fork *fork, char *buf)
{
	if (fork->child_tid)
		put_number(buf, fork->child_tid);
}

static void child_tgid(const struct fw_fork *fork, char *buf)
{
	if (fork->child_tid)
		put_number(buf, fork->child_tgid);
}

static void error(const struct fw_fork *fork, char *buf)
{
	int err = fw_fork_error(fork);
	const char *name = err < 0 ? fw_error_name(err) : NULL;

	if (name)
		strcpy(buf, name);
	else if (err <= 0)
		snprintf(buf, FIELD_BYTES, "%d", -err);
}

static void complete(const struct fw_fork *fork, char *buf)
{
	strcpy(buf, fork->complete ? "yes" : "no");
}

static void kernel_clone_ns(const struct fw_fork *fork, char *buf)
{
	if (fork->ret)
		put_span(buf, fork->ret->enter_time, fork->ret->hdr.time);
}

static void copy_process_ns(const struct fw_fork *fork, char *buf)
{
	if (fork->enter && fork->exit)
		put_span(buf, fork->enter->hdr.time, fork->exit->hdr.time);
}

static void copy_thread_ns(const struct fw_fork *fork, char *buf)
{
	if (fork->copy_thread)
		put_span(buf, fork->copy_thread->enter_time, fork->copy_thread->hdr.time);
}

static void wake_ns(const struct fw_fork *fork, char *buf)
{
	if (fork->wakeup && fork->first_run)
		put_span(buf, fork->wakeup->hdr.time, fork->first_run->hdr.time);
}

static void parent_cpu(const struct fw_fork *fork, char *buf)
{
	if (fork->enter)
		put_number(buf, fork->enter->hdr.cpu);
}

static void child_cpu(const struct fw_fork *fork, char *buf)
{
	if (fork->first_run)
		put_number(buf, fork->first_run->hdr.cpu);
}

static void child_x0(const struct fw_fork *fork, char *buf)
{
	if (fork->copy_thread && fw_fork_is_user(fork))
		put_hex(buf, fork->copy_thread->regs_after.x[0]);
}

static void child_pc(const struct fw_fork *fork, char *buf)
{
	if (fork->copy_thread && fw_fork_is_user(fork))
		put_hex(buf, fork->copy_thread->regs_after.pc);
}

static void child_sp(const struct fw_fork *fork, char *buf)
{
	if (fork->copy_thread && fw_fork_is_user(fork))
		put_hex(buf, fork->copy_thread->regs_after.sp);
}

static uint64_t count(const struct fw_fork *fork, enum fw_verdict verdict)
{
	const struct fw_judgement *verdicts = fork->verdicts;
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < fw_nr_rules; i++)
		n += verdicts[i].verdict == verdict;
	return n;
}

static void passed(const struct fw_fork *fork, char *buf)
{
	put_number(buf, count(fork, FW_PASS));
}

static void failed(const struct fw_fork *fork, char *buf)
{
	put_number(buf, count(fork, FW_FAIL));
}

static void not_observed(const struct fw_fork *fork, char *buf)
{
	put_number(buf, count(fork, FW_NOT_OBSERVED));
}

static void failed_rules(const struct fw_fork *fork, char *buf)
{
	const struct fw_judgement *verdicts = fork->verdicts;
	size_t i, used = 0;

	for (i = 0; i < fw_nr_rules && used < FIELD_BYTES; i++)
		if (verdicts[i].verdict == FW_FAIL)
			used += snprintf(buf + used, FIELD_BYTES - used, "%s%s",
					 used ? " " : "", fw_rules[i].id);
}

/* In order; forkwatch-convert(1) says what they are. */
#define COLUMN(name)	{ #name, name }
static const struct {
	const char *name;
	void (*put)(const struct fw_fork *fork, char *buf);
} columns[] = {
	{ "fork", fork_id },
	COLUMN(time_ns),
	COLUMN(kind),
	COLUMN(call),
	COLUMN(flags),
	COLUMN(parent_comm),
	COLUMN(parent_tid),
	COLUMN(parent_tgid),
	COLUMN(child_comm),
	COLUMN(child_tid),
	COLUMN(child_tgid),
	COLUMN(error),
	COLUMN(complete),
	COLUMN(kernel_clone_ns),
	COLUMN(copy_process_ns),
	COLUMN(copy_thread_ns),
	COLUMN(wake_ns),
	COLUMN(parent_cpu),
	COLUMN(child_cpu),
	COLUMN(child_x0),
	COLUMN(child_pc),
	COLUMN(child_sp),
	COLUMN(passed),
	COLUMN(failed),
	COLUMN(not_observed),
	COLUMN(failed_rules),
};

static int take_fork(void *ctx, struct fw_fork *fork)
{
	FILE *out = ctx;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(columns); i++) {
		char buf[FIELD_BYTES] = "";

		columns[i].put(fork, buf);
		if (i)
			fputc(',', out);
		put_field(out, buf);
	}
	fputs("\r\n", out);
	fw_fork_free(fork);
	return ferror(out) ? errno ? -errno : -EIO : 0;
}

int fw_convert_csv(struct fw_replay *replay, FILE *out)
{
	const struct fw_replay_sink sink = { .fork = take_fork };
	struct fw_replay_result result;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(columns); i++)
		fprintf(out, "%s%s", i ? "," : "", columns[i].name);
	fputs("\r\n", out);
	return fw_replay_run(replay, &sink, out, &result);
}
