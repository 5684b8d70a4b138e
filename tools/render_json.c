// SPDX-License-Identifier: GPL-2.0-only
/*
 * The JSON format: one object a line, for each fork and then for the summary.
 * docs/fork.schema.json says what is in them.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <jansson.h>

#include "array.h"
#include "clone_flags.h"
#include "event.h"
#include "json.h"
#include "names.h"
#include "observer.h"
#include "render.h"
#include "witness.h"

/* Changes when a key changes its meaning or goes away; new keys may come at any time. */
#define SCHEMA_VERSION	1

static json_t *text_or_null(const char *text)
{
	return text ? fw_json_text(text, strlen(text)) : json_null();
}

static json_t *task_json(const char *comm, uint32_t tid, uint32_t tgid, uint64_t task)
{
	return json_pack("{s:o, s:I, s:I, s:o}",
			 "comm", comm ? fw_json_text(comm, FORKWATCH_COMM_LEN) : json_null(),
			 "tid", (json_int_t)tid, "tgid", (json_int_t)tgid,
			 "task", task ? fw_json_hex(task) : json_null());
}

static json_t *parent_json(const struct fw_fork *fork)
{
	const char *comm = fork->enter ? fork->enter->comm :
			   fork->clone3 ? fork->clone3->comm : NULL;

	return task_json(comm, fork->parent_tid, fork->parent_tgid,
			 fork->enter ? fork->enter->task : 0);
}

static json_t *child_json(const struct fw_fork *fork)
{
	const char *comm = NULL;

	if (fw_fork_error(fork) < 0 || (!fork->child && !fork->child_tid))
		return json_null();
	if (fork->first_run)
		comm = fork->first_run->comm;
	else if (fork->exit)
		comm = fork->exit->comm;
	return task_json(comm, fork->child_tid, fork->child_tgid, fork->child);
}

/* The call that a user task made; null for what the kernel forked by itself. */
static json_t *syscall_json(const struct fw_fork *fork)
{
	const struct forkwatch_regs *regs = fw_caller_regs(fork);
	uint64_t flags = 0, exit_signal = 0;
	bool asked = fw_fork_asked(fork, &flags, &exit_signal);
	char signal[24];

	if (!regs)
		return json_null();
	return json_pack("{s:i, s:o, s:b, s:o, s:o}",
			 "nr", regs->syscallno,
			 "name", text_or_null(fw_name_call(fork)),
			 "compat", fw_caller_is_compat(fork),
			 "flags", asked ? fw_json_flags(flags) : json_null(),
			 "exit_signal", exit_signal ?
				text_or_null(fw_signal_name(exit_signal, signal,
							    sizeof(signal))) : json_null());
}

static json_t *reason_json(const struct fw_reason *reason)
{
	if (!reason)
		return json_null();
	return json_pack("{s:s, s:o}", "code", fw_reason_name(reason->code),
			 "text", fw_json_text(reason->text, FW_REASON_LEN));
}

static json_t *error_json(int error, const struct fw_reason *reason)
{
	if (error >= 0)
		return json_null();
	return json_pack("{s:i, s:o, s:s, s:o}", "number", error,
			 "name", text_or_null(fw_error_name(error)), "text", fw_error_text(error),
			 "reason", reason_json(reason));
}

static json_t *result_json(const struct fw_fork *fork)
{
	return json_pack("{s:o, s:o, s:o}",
			 "parent", fork->ret ? json_integer(fork->ret->result) : json_null(),
			 "child_x0", fork->first_run && fw_fork_is_user(fork) ?
				fw_json_hex(fork->first_run->regs.x[0]) : json_null(),
			 "error", error_json(fw_fork_error(fork), fork->reason));
}

/* In ns. May be negative if clocks or records are wrong: that is for the reader to see. */
static json_t *span_json(bool seen, uint64_t start, uint64_t end)
{
	return seen ? json_integer((json_int_t)(end - start)) : json_null();
}

#define TIME(event)	((event) ? (event)->hdr.time : 0)

static json_t *times_json(const struct fw_fork *fork)
{
	const struct forkwatch_copy_thread *copy = fork->copy_thread;
	const struct forkwatch_fork_return *ret = fork->ret;

	return json_pack("{s:o, s:o, s:o, s:o, s:o}",
		"start", fork->enter ? fw_json_integer(fork->enter->hdr.time) : json_null(),
		"copy_process", span_json(fork->enter && fork->exit, TIME(fork->enter),
					  TIME(fork->exit)),
		"copy_thread", span_json(copy, copy ? copy->enter_time : 0, TIME(copy)),
		"kernel_clone", span_json(ret, ret ? ret->enter_time : 0, TIME(ret)),
		"first_run_delay", span_json(fork->wakeup && fork->first_run, TIME(fork->wakeup),
					     TIME(fork->first_run)));
}

static const char *verdict_key(enum fw_verdict verdict)
{
	static const char * const keys[] = {
		[FW_NA] = "N/A",
		[FW_PASS] = "PASS",
		[FW_FAIL] = "FAIL",
		[FW_NOT_OBSERVED] = "NOT OBSERVED",
	};

	return keys[verdict];
}

static json_t *verdict_json(const struct fw_judgement *judgement)
{
	json_t *verdict = json_pack("{s:s}", "verdict", verdict_key(judgement->verdict));

	if (*judgement->why.text)
		json_object_set_new(verdict, "why", fw_json_text(judgement->why.text, FW_WHY_LEN));
	return verdict;
}

static json_t *verdicts_json(const struct fw_fork *fork)
{
	const struct fw_judgement *judgements = fork->verdicts;
	json_t *object = json_object();
	size_t i;

	for (i = 0; judgements && i < fw_nr_rules; i++) {
		if (json_object_set_new(object, fw_rules[i].id, verdict_json(&judgements[i]))) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

/* The events of a fork, in the order of the ABI. */
static const struct member {
	uint16_t kind;
	size_t offset;
} members[] = {
	{ FORKWATCH_FORK_ENTER, offsetof(struct fw_fork, enter) },
	{ FORKWATCH_COPY_THREAD, offsetof(struct fw_fork, copy_thread) },
	{ FORKWATCH_FORK_EXIT, offsetof(struct fw_fork, exit) },
	{ FORKWATCH_FORK_RETURN, offsetof(struct fw_fork, ret) },
	{ FORKWATCH_FIRST_RUN, offsetof(struct fw_fork, first_run) },
	{ FORKWATCH_CPU_SWITCH_TO, offsetof(struct fw_fork, switch_in) },
	{ FORKWATCH_CLONE_CALL, offsetof(struct fw_fork, clone_call) },
	{ FORKWATCH_TAIL_RETURN, offsetof(struct fw_fork, tail_return) },
	{ FORKWATCH_ARCH_STATE, offsetof(struct fw_fork, arch_state) },
	{ FORKWATCH_CLONE3_RETURN, offsetof(struct fw_fork, clone3) },
	{ FORKWATCH_WAKEUP_NEW, offsetof(struct fw_fork, wakeup) },
	{ FORKWATCH_STAGES, offsetof(struct fw_fork, stages) },
	{ FORKWATCH_MM_RELEASE, offsetof(struct fw_fork, release) },
	{ FORKWATCH_FINISH_SWITCH, offsetof(struct fw_fork, finish_switch) },
	{ FORKWATCH_UNDONE, offsetof(struct fw_fork, undone) },
};

/* One event, and whether the second witness saw it, too. */
static json_t *event_json(const struct fw_fork *fork, const struct forkwatch_header *event)
{
	json_t *object = event ? fw_json_event(event) : json_null();

	if (event && fw_witness_copy(fork, event))
		json_object_set_new(object, "witness",
				    json_string(fw_observer_name(FORKWATCH_BY_WITNESS)));
	return object;
}

static json_t *events_json(const struct fw_fork *fork)
{
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(members); i++) {
		const struct forkwatch_header *event;

		memcpy(&event, (const char *)fork + members[i].offset, sizeof(event));
		if (json_object_set_new(object, fw_event_type(members[i].kind)->name,
					event_json(fork, event))) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static json_t *path_json(const struct forkwatch_exec *exec)
{
	return exec ? fw_json_text(exec->path, sizeof(exec->path)) : json_null();
}

static json_t *code_json(const struct forkwatch_exit *exit)
{
	return exit ? json_integer(exit->code) : json_null();
}

/* Of a vfork: how long the parent waited, and what for. */
static json_t *vfork_json(const struct fw_fork *fork)
{
	const struct forkwatch_mm_release *release = fork->release;

	if (fw_fork_kind(fork) != FW_VFORK || fw_fork_error(fork) < 0)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:b, s:o, s:o, s:o}",
		"blocked", span_json(fork->wakeup && fork->ret, TIME(fork->wakeup),
				     TIME(fork->ret)),
		"released", span_json(fork->wakeup && release, TIME(fork->wakeup), TIME(release)),
		"until", !release ? json_null() :
			 json_string(release->reason == FORKWATCH_RELEASE_EXEC ? "exec" : "exit"),
		"parent_killed", fork->parent_killed,
		"path", path_json(fork->exec),
		"code", code_json(fork->end),
		"mm_shared", release && fork->exit ?
			json_boolean(release->mm == fork->exit->parent_ptr[FORKWATCH_SHARE_MM]) :
			json_null());
}

/* Adds @name for @addr, unless it is no more than the number. */
static void add_symbol(json_t *object, uint64_t addr, const char *name)
{
	char key[24];

	snprintf(key, sizeof(key), "0x%llx", (unsigned long long)addr);
	if (addr && strcmp(key, name))
		json_object_set_new(object, key, fw_json_text(name, strlen(name)));
}

static void add_kernel(json_t *object, const struct fw_render_options *opt, uint64_t addr)
{
	char name[256];

	add_symbol(object, addr, fw_name_kernel(opt->env, NULL, addr, name, sizeof(name)));
}

/* Names for the addresses in the events that are places in code. */
static json_t *symbols_json(const struct fw_render_options *opt, const struct fw_fork *fork)
{
	const struct forkwatch_regs *regs = fw_caller_regs(fork);
	json_t *object = json_object();
	char name[256];

	if (regs)
		add_symbol(object, regs->pc,
			   fw_name_user(fork, opt->usyms, regs->pc, name, sizeof(name)));
	if (fork->enter)
		add_kernel(object, opt, fork->enter->fn);
	if (fork->copy_thread) {
		add_kernel(object, opt, fork->copy_thread->context_before.pc);
		add_kernel(object, opt, fork->copy_thread->context_after.pc);
	}
	if (fork->first_run) {
		add_kernel(object, opt, fork->first_run->lr);
		add_kernel(object, opt, fork->first_run->context.pc);
		add_kernel(object, opt, fork->first_run->prev_context.pc);
	}
	return object;
}

static json_t *fork_json(const struct fw_render_options *opt, const struct fw_fork *fork)
{
	return json_pack("{s:i, s:s, s:o, s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
			 " s:o, s:o, s:o, s:o, s:o, s:o}",
			 "version", SCHEMA_VERSION,
			 "type", "fork",
			 "id", fw_json_integer(fork->id),
			 "restart_of", fork->restart_of ? fw_json_integer(fork->restart_of) :
							  json_null(),
			 "kind", fw_fork_kind_name(fw_fork_kind(fork)),
			 "complete", fork->complete,
			 "parent", parent_json(fork),
			 "child", child_json(fork),
			 "syscall", syscall_json(fork),
			 "aarch32", fw_json_aarch32(fork),
			 "result", result_json(fork),
			 "times", times_json(fork),
			 "objects", fw_json_objects(fork),
			 "stages", fw_json_stages(fork),
			 "undone", fw_json_undone(fork),
			 "vfork", vfork_json(fork),
			 "verdicts", verdicts_json(fork),
			 "symbols", symbols_json(opt, fork),
			 "events", events_json(fork));
}

/*
 * The summary.
 */
static json_t *counts_json(const uint64_t *counts)
{
	json_t *object = json_object();
	unsigned int verdict;

	for (verdict = 0; verdict < FW_NR_VERDICTS; verdict++)
		json_object_set_new(object, verdict_key(verdict), fw_json_integer(counts[verdict]));
	return object;
}

json_t *fw_json_kinds(const struct fw_tally *tally)
{
	json_t *object = json_object();
	unsigned int kind;

	for (kind = 0; kind < FW_NR_FORK_KINDS; kind++)
		json_object_set_new(object, fw_fork_kind_name(kind),
				    fw_json_integer(tally->by_kind[kind]));
	return object;
}

json_t *fw_json_reasons(const struct fw_tally *tally)
{
	json_t *object = json_object();
	unsigned int code;

	for (code = 0; code < FW_NR_REASONS; code++)
		json_object_set_new(object, fw_reason_name(code),
				    fw_json_integer(tally->by_reason[code]));
	return object;
}

static json_t *rules_json(const struct fw_tally *tally)
{
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < fw_nr_rules; i++)
		json_object_set_new(object, fw_rules[i].id, counts_json(tally->by_rule[i]));
	return object;
}

json_t *fw_json_losses(const struct fw_losses *losses)
{
	if (!losses)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "total", fw_json_integer(fw_losses_total(losses)),
			 "forks", losses->forks_known ? fw_json_integer(losses->forks) :
							json_null(),
			 "ring_drops", fw_json_integer(losses->ring_drops),
			 "seq_gaps", fw_json_integer(losses->seq_gaps),
			 "probe_misses", fw_json_integer(losses->probe_misses),
			 "watch_full", fw_json_integer(losses->watch_full),
			 "bad_events", fw_json_integer(losses->bad_events));
}

json_t *fw_json_kernel(const struct fw_env *env)
{
	if (!env)
		return json_null();
	return json_pack("{s:o, s:o, s:I}", "release", text_or_null(env->release),
			 "machine", text_or_null(env->machine), "cpus", (json_int_t)env->cpus);
}

json_t *fw_json_command(const struct fw_summary *summary)
{
	bool killed = WIFSIGNALED(summary->status);
	char signal[24];

	if (!summary->command || !*summary->command)
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "text", text_or_null(summary->command),
			 "exit", killed ? json_null() : json_integer(WEXITSTATUS(summary->status)),
			 "signal", !killed ? json_null() :
				text_or_null(fw_signal_name(WTERMSIG(summary->status), signal,
							    sizeof(signal))));
}

static json_t *summary_json(const struct fw_render_options *opt, const struct fw_summary *summary)
{
	const struct fw_tally *tally = summary->tally;

	return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
			 " s:o, s:o}",
			 "version", SCHEMA_VERSION,
			 "type", "summary",
			 "kernel", fw_json_kernel(opt->env),
			 "forks", fw_json_integer(tally->forks),
			 "failed", fw_json_integer(tally->failed),
			 "reasons", fw_json_reasons(tally),
			 "incomplete", fw_json_integer(tally->incomplete),
			 "execs", fw_json_integer(tally->execs),
			 "exits", fw_json_integer(tally->exits),
			 "by_kind", fw_json_kinds(tally),
			 "verdicts", counts_json(tally->verdicts),
			 "rules", rules_json(tally),
			 "cow", fw_json_cow_totals(&tally->cow),
			 "events", fw_json_integer(summary->events),
			 "lost", fw_json_losses(summary->losses),
			 "command", fw_json_command(summary));
}

/* Writes @object on a line of its own, and drops it. */
static int write_line(struct fw_render *render, json_t *object)
{
	char *line = object ? json_dumps(object, JSON_COMPACT) : NULL;
	int err = line ? fw_render_write(render, line, strlen(line)) : -ENOMEM;

	if (!err)
		err = fw_render_write(render, "\n", 1);
	free(line);
	json_decref(object);
	return err;
}

static int show_fork(struct fw_render *render, const struct fw_fork *fork)
{
	if (render->opt.quiet && !fw_render_has_failed(fork))
		return 0;
	return write_line(render, fork_json(&render->opt, fork));
}

static int show_cow(struct fw_render *render, const struct fw_cow *cow)
{
	json_t *head, *rest;

	if (render->opt.quiet)
		return 0;
	head = json_pack("{s:i, s:s}", "version", SCHEMA_VERSION, "type", "cow");
	rest = fw_json_cow(cow);
	if (!head || !rest || json_object_update(head, rest)) {
		json_decref(head);
		head = NULL;
	}
	json_decref(rest);
	return write_line(render, head);
}

static json_t *life_json(const struct fw_life *life, const struct fw_judgement *judgement)
{
	const struct forkwatch_header *hdr = life->exec ? &life->exec->hdr : &life->exit->hdr;
	json_t *verdicts = json_object();

	if (judgement->verdict != FW_NA)
		json_object_set_new(verdicts, FW_LIFE_RULE, verdict_json(judgement));
	return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "version", SCHEMA_VERSION,
			 "type", life->exec ? "exec" : "exit",
			 "fork", fw_json_integer(life->fork),
			 "task", task_json(life->comm, life->tid, life->tgid, life->task),
			 "mm", life->mm ? fw_json_hex(life->mm) : json_null(),
			 "age", span_json(true, life->since, hdr->time),
			 "path", path_json(life->exec),
			 "code", code_json(life->exit),
			 "verdicts", verdicts,
			 "event", fw_json_event(hdr));
}

static int show_life(struct fw_render *render, const struct fw_life *life,
		     const struct fw_judgement *judgement)
{
	if (render->opt.quiet && judgement->verdict != FW_FAIL)
		return 0;
	return write_line(render, life_json(life, judgement));
}

static int show_summary(struct fw_render *render, const struct fw_summary *summary)
{
	return write_line(render, summary_json(&render->opt, summary));
}

const struct fw_render_ops fw_render_json = {
	.name = "json",
	.fork = show_fork,
	.cow = show_cow,
	.life = show_life,
	.end = show_summary,
};
