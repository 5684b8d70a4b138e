// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is shown of a fork. Text is compared with tests/data/render, byte by
 * byte; FORKWATCH_REGENERATE=1 writes these files anew, to be read before they
 * are committed. JSON is read back and held against docs/fork.schema.json.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <jansson.h>

#include "array.h"
#include "check.h"
#include "event.h"
#include "fixture.h"
#include "names.h"
#include "render.h"
#include "schema.h"
#include "text.h"

#define SCHEMA	TEST_DATA_DIR "/../../docs/fork.schema.json"
#define GOLDEN	TEST_DATA_DIR "/render/"

static struct fw_env env;

static int open_env(void **state)
{
	(void)state;
	fixture_env_open(&env);
	return 0;
}

static int close_env(void **state)
{
	(void)state;
	fixture_env_close(&env);
	return 0;
}

/*
 * Verdicts are given by hand, so that what is shown does not change with every
 * rule that comes along.
 */
static struct fw_judgement *judge(struct fw_fork *fork)
{
	struct fw_judgement *judgements = calloc(fw_nr_rules, sizeof(*judgements));

	assert_non_null(judgements);
	free(fork->verdicts);
	fork->verdicts = judgements;
	return judgements;
}

static struct fw_judgement *judgement_of(struct fw_fork *fork, const char *rule)
{
	struct fw_judgement *judgements = fork->verdicts;
	size_t i;

	for (i = 0; i < fw_nr_rules; i++)
		if (!strcmp(fw_rules[i].id, rule))
			return &judgements[i];
	fail_msg("there is no rule %s", rule);
	return NULL;
}

static void give(struct fw_fork *fork, const char *rule, enum fw_verdict verdict,
		 const char *why)
{
	struct fw_judgement *judgement = judgement_of(fork, rule);

	judgement->verdict = verdict;
	snprintf(judgement->why.text, sizeof(judgement->why.text), "%s", why);
}

static void give_passes(struct fw_fork *fork)
{
	static const char * const rules[] = {
		"A1", "A2", "A3", "A4", "A5", "A6", "A7", "A9", "B1", "B2", "B3", "B5",
		"C1", "C2", "C3", "C4", "C5", "D1",
	};
	size_t i;

	judge(fork);
	for (i = 0; i < ARRAY_SIZE(rules); i++)
		give(fork, rules[i], FW_PASS, "");
}

/* A fork that passes, with what the fixture leaves empty. */
static struct fw_fork *make_fork(enum fixture_kind kind)
{
	struct fw_fork *fork = fixture_fork(kind);

	if (fork->exit && !fork->exit->result)
		strcpy(fork->exit->comm, "sh");
	if (fork->first_run) {
		strcpy(fork->first_run->comm, "sh");
		strcpy(fork->first_run->prev_comm, "swapper/1");
	}
	give_passes(fork);
	return fork;
}

/*
 * Rendering into memory.
 */
struct output {
	char *data;
	size_t size;
	FILE *out;
	struct fw_render render;
};

static void start(struct output *output, const char *format, bool color, bool quiet)
{
	struct fw_render_options opt = { .color = color, .quiet = quiet, .env = &env };

	output->out = open_memstream(&output->data, &output->size);
	assert_non_null(output->out);
	opt.out = output->out;
	assert_int_equal(fw_render_open(&output->render, fw_render_find(format), &opt), 0);
	if (output->render.ops->begin)
		assert_int_equal(output->render.ops->begin(&output->render), 0);
}

static void show(struct output *output, const struct fw_fork *fork)
{
	assert_int_equal(output->render.ops->fork(&output->render, fork), 0);
}

static void end(struct output *output, const struct fw_summary *summary)
{
	if (summary)
		assert_int_equal(output->render.ops->end(&output->render, summary), 0);
	fw_render_close(&output->render);
	assert_int_equal(fclose(output->out), 0);
}

/* One fork, from malloc. */
static char *rendered(const struct fw_fork *fork, const char *format, bool color)
{
	struct output output;

	start(&output, format, color, false);
	show(&output, fork);
	end(&output, NULL);
	return output.data;
}

/*
 * Comparing with files.
 */
static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void assert_fits_the_screen(const char *text)
{
	size_t len;

	for (; *text; text += len + !!text[len]) {
		len = strcspn(text, "\n");
		assert_in_range(len, 0, FW_TEXT_WIDTH);
		assert_true(!len || text[len - 1] != ' ');
	}
}

/* Takes @text. */
static void assert_golden(const char *name, char *text)
{
	char path[512], *expected;

	snprintf(path, sizeof(path), GOLDEN "%s.txt", name);
	if (getenv("FORKWATCH_REGENERATE"))
		write_file(path, text);
	expected = read_file(path);
	if (!expected)
		fail_msg("%s is missing: FORKWATCH_REGENERATE=1 makes it", path);
	else if (strcmp(text, expected))
		fail_msg("%s differs; this was shown:\n%s", path, text);
	free(expected);
	free(text);
}

static void golden_fork(const char *name, const struct fw_fork *fork)
{
	char *text = rendered(fork, "text", false);

	assert_fits_the_screen(text);
	assert_golden(name, text);
}

static void every_kind_is_shown(void **state)
{
	static const struct {
		enum fixture_kind kind;
		const char *file;
	} cases[] = {
		{ FIXTURE_FORK, "fork" },
		{ FIXTURE_VFORK, "vfork" },
		{ FIXTURE_THREAD, "thread" },
		{ FIXTURE_CLONE3, "clone3" },
		{ FIXTURE_ASKED_X0, "asked-x0" },
		{ FIXTURE_COMPAT, "compat" },
		{ FIXTURE_KTHREAD, "kthread" },
		{ FIXTURE_IO_THREAD, "io-thread" },
		{ FIXTURE_IDLE, "idle" },
		{ FIXTURE_FAILED, "failed" },
		{ FIXTURE_FAILED_EARLY, "failed-early" },
		{ FIXTURE_RESTARTED, "restarted" },
		{ FIXTURE_REFUSED, "refused" },
		{ FIXTURE_BY_CLONE3, "by-clone3" },
	};
	struct fw_fork *fork;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fork = make_fork(cases[i].kind);
		golden_fork(cases[i].file, fork);
		fw_fork_free(fork);
	}
}

/* What a 6.1 kernel and its module say of a shell's fork, as far as the fixture does not. */
static void enrich(struct fw_fork *fork)
{
	unsigned int i;

	memset(&fork->copy_thread->regs_before, 0, sizeof(fork->copy_thread->regs_before));
	fork->copy_thread->parent_tp2 = 0;
	fork->copy_thread->tp2_before = 0;
	fork->copy_thread->tp2_after = 0;
	fork->copy_thread->thread_flags_after = 8;
	fork->enter->child_tid = 0xffffa1f4aa10;
	fork->first_run->tpidr_el0 = fork->copy_thread->tp_after;
	fork->first_run->daif = 0xc0;
	for (i = 0; i < FORKWATCH_NR_SHARE; i++) {
		fork->exit->parent_ptr[i] = 0xffff000003000000 + 0x100 * i;
		fork->exit->child_ptr[i] = fork->exit->parent_ptr[i] + 0x10000;
	}
	fork->exit->child_ptr[FORKWATCH_SHARE_NSPROXY] =
		fork->exit->parent_ptr[FORKWATCH_SHARE_NSPROXY];
	fork->exit->child_ptr[FORKWATCH_SHARE_IO] = 0;
	fork->exit->child_ptr[FORKWATCH_SHARE_SYSVSEM] = 0;
	fork->exit->parent_vmas = 28;
	fork->exit->child_vmas = 27;
	fork->exit->parent_pages[FORKWATCH_PAGES_FILE] = 300;
	fork->exit->parent_pages[FORKWATCH_PAGES_ANON] = 47;
	fork->exit->child_pages[FORKWATCH_PAGES_ANON] = 47;
	fork->exit->child_pages[FORKWATCH_PAGES_SWAP] = 1000;
}

static void all_that_is_known_is_shown(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);

	(void)state;
	enrich(fork);
	golden_fork("whole", fork);
	fw_fork_free(fork);
}

/* Frees one event of a fork, which is then not observed. */
#define LOSE(fork, event)			\
	do {					\
		free((fork)->event);		\
		(fork)->event = NULL;		\
	} while (0)

/* The parent slept between dup_task_struct() and copy_thread(), and the stack was not cleared. */
static void what_changed_meanwhile_is_told(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);
	struct forkwatch_context *now = &fork->copy_thread->parent_context;
	unsigned int i;

	(void)state;
	enrich(fork);
	for (i = 0; i < FORKWATCH_NR_SAVED; i++)
		now->saved[i] += 0x1000 * (i & 1);
	now->sp -= 0x40;
	now->pc = fork->copy_thread->context_after.pc;
	now->saved[9] = 0;
	fork->copy_thread->context_before.fp = 0x1234;
	fork->copy_thread->regs_before.x[3] = 3;
	fork->copy_thread->regs_before.pc = 0x4567;
	golden_fork("switched", fork);
	fw_fork_free(fork);
}

static void assert_shows(const struct fw_fork *fork, const char *what)
{
	char *text = rendered(fork, "text", false);

	if (!strstr(text, what))
		fail_msg("'%s' is not in:\n%s", what, text);
	free(text);
}

static void the_instruction_is_looked_at(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);

	(void)state;
	assert_shows(fork, "svc #0 at 0xffffa1d4c968");
	fork->enter->insn = 0xd4000021;
	assert_shows(fork, "pc 0xffffa1d4c96c behind d4000021, which is no svc #0");
	fork->enter->flags |= FORKWATCH_ENTER_COMPAT;
	fork->enter->insn = 0xdf002707;
	assert_shows(fork, "svc #0 at 0xffffa1d4c96a");
	fork->enter->insn = 0xef000000;
	assert_shows(fork, "svc #0 at 0xffffa1d4c968");
	fork->enter->flags &= ~FORKWATCH_ENTER_INSN;
	assert_shows(fork, "pc 0xffffa1d4c96c, the instruction before it not observed");
	fw_fork_free(fork);
}

__attribute__((noinline)) static void landmark(void)
{
	__asm__ volatile("nop; nop; nop; nop; nop; nop; nop; nop");
}

static void assert_named(struct fw_fork *fork, struct fw_usyms *usyms, const char *expected)
{
	char buf[128];

	assert_string_equal(fw_name_user(fork, usyms, fw_caller_regs(fork)->pc, buf,
					 sizeof(buf)), expected);
}

/* A user address is named if the file holds what the kernel saw there, else not. */
static void names_are_verified(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);
	char name[64], number[32];
	struct fw_usyms *usyms;

	(void)state;
	landmark();
	assert_int_equal(fw_usyms_open(&usyms), 0);
	fork->parent_tgid = getpid();
	fork->enter->regs.pc = (uintptr_t)landmark + 4;
	fork->ret->regs.pc = fork->enter->regs.pc;
	memcpy(&fork->enter->insn, (const void *)(uintptr_t)landmark, 4);
	snprintf(name, sizeof(name), "%s:landmark+0x4", program_invocation_short_name);
	snprintf(number, sizeof(number), "0x%llx", (unsigned long long)fork->enter->regs.pc);
	assert_named(fork, usyms, name);
	assert_named(fork, NULL, number);
	fork->enter->insn ^= 1;
	assert_named(fork, usyms, number);
	/* Not seen: then it has to be an svc, which this is not. */
	fork->enter->flags &= ~FORKWATCH_ENTER_INSN;
	assert_named(fork, usyms, number);
	LOSE(fork, enter);
	assert_named(fork, usyms, number);
	fw_usyms_close(usyms);
	fw_fork_free(fork);
}

static void limits_are_told(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FAILED);

	(void)state;
	fork->exit->uid = 1000;
	fork->exit->user_processes = 50;
	fork->exit->rlimit_nproc = 50;
	assert_shows(fork, "tasks of uid 1000: 50   RLIMIT_NPROC: 50\n");
	fork->exit->flags = FORKWATCH_EXIT_NPROC_EXEMPT;
	assert_shows(fork, "which does not bind it\n");
	fork->exit->rlimit_nproc = UINT64_MAX;
	assert_shows(fork, "RLIMIT_NPROC: unlimited");
	fw_fork_free(fork);
}

static void own_calls_have_any_number(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_ASKED_X0);

	(void)state;
	fork->enter->regs.syscallno = 300;
	assert_shows(fork, "fork by forkwatch_clone");
	LOSE(fork, clone_call);
	assert_shows(fork, "system call 300(SIGCHLD)");
	fw_fork_free(fork);
}

static const char long_reason[] =
	"x12: child 0xaaaac0de0c0d, parent 0xaaaac0de0c0c, and what makes it too long for a line";

static void failures_stand_out(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);

	(void)state;
	enrich(fork);
	fork->copy_thread->regs_after.x[0] = 7;
	fork->copy_thread->regs_after.x[12] ^= 1;
	fork->copy_thread->context_after.pc += 8;
	fork->first_run->regs.x[0] = 7;
	fork->first_run->regs.x[12] ^= 1;
	fork->first_run->regs.x[13] = 0;
	fork->first_run->live.saved[0] = 1;
	fork->first_run->live.fp = 0;
	fork->first_run->sp_el0 = 0xdead;
	fork->first_run->prev_context.pc += 4;
	fork->ret->regs.x[5] = 0;
	fork->ret->regs.x[6] = 0;
	fork->ret->regs.sp = 0;
	give(fork, "A1", FW_FAIL, "x0: child 0x7, expected 0x0");
	give(fork, "A2", FW_FAIL, long_reason);
	golden_fork("fail", fork);
	fw_fork_free(fork);
}

static void what_is_missing_is_said(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);

	(void)state;
	LOSE(fork, first_run);
	LOSE(fork, wakeup);
	LOSE(fork, copy_thread);
	LOSE(fork, ret);
	LOSE(fork, tail_return);
	fork->complete = false;
	judge(fork);
	give(fork, "A1", FW_NOT_OBSERVED, "copy_thread did not come: see the losses");
	give(fork, "A2", FW_NOT_OBSERVED, "copy_thread did not come: see the losses");
	give(fork, "C1", FW_NOT_OBSERVED, "first_run did not come");
	give(fork, "B1", FW_NOT_OBSERVED, "copy_thread did not come: see the losses");
	golden_fork("unseen", fork);

	LOSE(fork, enter);
	LOSE(fork, exit);
	free(fork->verdicts);
	fork->verdicts = NULL;
	golden_fork("nothing", fork);
	fw_fork_free(fork);
}

/* With every subset of its events a fork can be shown, and nothing is made up. */
static void any_event_may_be_missing(void **state)
{
	struct fw_fork *fork;
	unsigned int kind, mask;
	char *text;

	(void)state;
	for (kind = 0; kind < FIXTURE_NR_KINDS; kind++) {
		for (mask = 0; mask < 1U << 8; mask++) {
			fork = make_fork(kind);
			if (mask & 1)
				LOSE(fork, enter);
			if (mask & 2)
				LOSE(fork, copy_thread);
			if (mask & 4)
				LOSE(fork, exit);
			if (mask & 8)
				LOSE(fork, wakeup);
			if (mask & 16)
				LOSE(fork, first_run);
			if (mask & 32)
				LOSE(fork, ret);
			if (mask & 64)
				LOSE(fork, clone_call);
			if (mask & 128)
				LOSE(fork, switch_in);
			fork->complete = !mask;
			text = rendered(fork, "text", false);
			assert_fits_the_screen(text);
			if (mask & 16)
				assert_null(strstr(text, "EL1   SPSel"));
			if (mask & 2)
				assert_null(strstr(text, "ctx.pc"));
			free(text);
			text = rendered(fork, "json", false);
			assert_non_null(strstr(text, "\"type\":\"fork\""));
			free(text);
			fw_fork_free(fork);
		}
	}
}

/* Events from anywhere: nothing in them may break a screen. */
static void hostile_values_are_borne(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_THREAD);
	char *text, *c;

	(void)state;
	memset(&fork->enter->clone_flags, 0xff, sizeof(*fork->enter) -
	       offsetof(struct forkwatch_fork_enter, clone_flags));
	memset(fork->enter->comm, 0x1b, sizeof(fork->enter->comm));
	memset(fork->exit->comm, 0xff, sizeof(fork->exit->comm));
	memset(fork->first_run->comm, '\n', sizeof(fork->first_run->comm));
	memset(fork->first_run->prev_comm, 'x', sizeof(fork->first_run->prev_comm));
	fork->first_run->hdr.time = 0;
	fork->ret->hdr.time = UINT64_MAX;
	fork->ret->result = INT64_MIN;
	fork->exit->start_time = UINT64_MAX;
	fork->parent_tid = UINT32_MAX;
	fork->parent_tgid = 4000000000;
	text = rendered(fork, "text", false);
	for (c = text; *c; c++)
		assert_true((*c >= ' ' && *c <= '~') || *c == '\n');
	free(text);
	text = rendered(fork, "json", false);
	assert_non_null(strstr(text, "\"start_time\":\"0xffffffffffffffff\""));
	free(text);
	fw_fork_free(fork);
}

static void notes_are_true(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_THREAD);
	char *text = rendered(fork, "text", false);

	(void)state;
	assert_non_null(strstr(text, "<- the child's result"));
	assert_non_null(strstr(text, "<- the stack given"));
	assert_non_null(strstr(text, "<- the tls given"));
	assert_non_null(strstr(text, "<- where pt_regs lies"));
	assert_non_null(strstr(text, "<- where it will start"));
	assert_non_null(strstr(text, "<- a frame in pt_regs"));
	free(text);

	fork->first_run->regs.x[0] = 3;
	fork->copy_thread->regs_after.sp++;
	fork->copy_thread->tp_after++;
	fork->copy_thread->context_after.sp += 8;
	fork->copy_thread->context_after.fp += 8;
	fork->copy_thread->context_after.pc += 4;
	text = rendered(fork, "text", false);
	assert_null(strstr(text, "<-"));
	free(text);
	fw_fork_free(fork);
}

/* Colours are put around words, and change nothing else. */
static void colors_only_color(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);
	char *plain, *colored, *from, *to;

	(void)state;
	give(fork, "A1", FW_FAIL, "x0: child 0x7, expected 0x0");
	plain = rendered(fork, "text", false);
	colored = rendered(fork, "text", true);
	assert_null(strchr(plain, '\033'));
	assert_non_null(strstr(colored, "\033[1;31m1 FAIL\033[0m"));
	assert_non_null(strstr(colored, "\033[2m= parent\033[0m"));
	for (from = to = colored; *from; from++) {
		if (*from == '\033')
			from = strchr(from, 'm');
		else
			*to++ = *from;
	}
	*to = '\0';
	assert_string_equal(plain, colored);
	free(plain);
	free(colored);
	fw_fork_free(fork);
}

/*
 * The summary.
 */
struct totals {
	struct fw_tally tally;
	struct fw_losses losses;
	struct fw_summary summary;
};

static void make_totals(struct totals *totals, const char *command, int status)
{
	memset(totals, 0, sizeof(*totals));
	assert_int_equal(fw_tally_open(&totals->tally), 0);
	totals->summary.tally = &totals->tally;
	totals->summary.losses = &totals->losses;
	totals->summary.events = 4321;
	totals->summary.command = command;
	totals->summary.status = status;
}

static void a_calm_summary(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);
	struct output output;
	struct totals totals;

	(void)state;
	make_totals(&totals, "sh -c 'echo \033[2J'", 3 << 8);
	fw_tally_add(&totals.tally, fork);
	start(&output, "text", false, true);
	show(&output, fork);
	end(&output, &totals.summary);
	assert_fits_the_screen(output.data);
	assert_golden("summary", output.data);
	fw_tally_close(&totals.tally);
	fw_fork_free(fork);
}

static void a_loud_summary(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);
	struct output output;
	struct totals totals;

	(void)state;
	make_totals(&totals, "stress", SIGKILL);
	totals.losses = (struct fw_losses){
		.seq_gaps = 17, .ring_drops = 5000000, .probe_misses = 1, .watch_full = 2,
		.bad_events = 3,
	};
	start(&output, "text", false, true);
	fw_tally_add(&totals.tally, fork);
	show(&output, fork);
	give(fork, "A1", FW_FAIL, "x0: child 0x7, expected 0x0");
	give(fork, "C1", FW_NOT_OBSERVED, "first_run did not come");
	give(fork, "C2", FW_NOT_OBSERVED, "fork_exit did not come");
	give(fork, "C4", FW_NOT_OBSERVED, "first_run did not come");
	fork->complete = false;
	fork->id = 2;
	fw_tally_add(&totals.tally, fork);
	output.render.opt.quiet = false;
	show(&output, fork);
	end(&output, &totals.summary);
	assert_fits_the_screen(output.data);
	/* The forks before it are tested elsewhere. */
	assert_non_null(strstr(output.data, "\nsummary\n"));
	assert_golden("summary-loud", strdup(strstr(output.data, "\nsummary\n") + 1));
	free(output.data);
	fw_tally_close(&totals.tally);
	fw_fork_free(fork);
}

static void quiet_shows_failures(void **state)
{
	static const char * const formats[] = { "text", "json" };
	struct fw_fork *good = make_fork(FIXTURE_FORK), *bad = make_fork(FIXTURE_FORK);
	struct output output;
	size_t i;

	(void)state;
	bad->id = 99;
	give(bad, "B2", FW_FAIL, "ctx.pc: child 0, expected ret_from_fork");
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		start(&output, formats[i], false, true);
		show(&output, good);
		fflush(output.out);
		assert_int_equal(output.size, 0);
		show(&output, bad);
		end(&output, NULL);
		assert_non_null(strstr(output.data, "ctx.pc: child 0, expected ret_from_fork"));
		assert_non_null(strstr(output.data, "99"));
		free(output.data);
	}
	fw_fork_free(good);
	fw_fork_free(bad);
}

static void endless_failures_are_counted(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_REFUSED);
	struct output output;
	struct totals totals;
	int i;

	(void)state;
	make_totals(&totals, "", 0);
	give(fork, "A1", FW_FAIL, "x0");
	start(&output, "text", false, false);
	for (i = 0; i < 10003; i++)
		show(&output, fork);
	end(&output, &totals.summary);
	assert_non_null(strstr(output.data, "3 more that are not listed here"));
	free(output.data);
	fw_tally_close(&totals.tally);
	fw_fork_free(fork);
}

/*
 * Errors.
 */
static void rows_are_wrapped(void **state)
{
	struct fw_text text;
	int i;

	(void)state;
	assert_int_equal(fw_text_open(&text, false), 0);
	fw_text_row(&text, "label");
	for (i = 0; i < 30; i++)
		fw_text_more(&text, " %04d", i);
	fw_text_row(&text, "");
	fw_text_item(&text, "%080d", 0);
	fw_text_item(&text, "%08d", 0);
	fw_text_row(&text, "hang");
	fw_text_item(&text, "%030d", 0);
	fw_text_hang(&text);
	fw_text_words(&text, "one two three four five six seven eight nine ten eleven twelve");
	fw_text_end(&text, true);
	assert_int_equal(fw_text_finish(&text), 0);
	assert_fits_the_screen(text.data);
	assert_golden("rows", strdup(text.data));
	fw_text_close(&text);
}

static void write_errors_are_told(void **state)
{
	const struct fw_render_ops *const *ops;
	struct fw_fork *fork = make_fork(FIXTURE_FORK);
	struct fw_render_options opt = { .env = &env };
	struct fw_render render;
	int err = 0, i;

	(void)state;
	for (ops = fw_render_formats; *ops; ops++) {
		opt.out = fopen("/dev/full", "w");
		assert_non_null(opt.out);
		assert_int_equal(fw_render_open(&render, *ops, &opt), 0);
		for (i = 0; i < 100 && !err; i++)
			err = render.ops->fork(&render, fork);
		assert_int_equal(err, -ENOSPC);
		fw_render_close(&render);
		fclose(opt.out);
		err = 0;
	}
	fw_fork_free(fork);
}

static void formats_are_found(void **state)
{
	(void)state;
	assert_ptr_equal(fw_render_find("text"), &fw_render_text);
	assert_ptr_equal(fw_render_find("json"), &fw_render_json);
	assert_null(fw_render_find("xml"));
	assert_null(fw_render_find(""));
}

static void durations_have_three_digits(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "0 ns" }, { 7, "7 ns" }, { 999, "999 ns" }, { 1000, "1.00 us" },
		{ 9994, "9.99 us" }, { 9996, "10.0 us" }, { 12345, "12.3 us" },
		{ 99960, "100 us" }, { 999499, "999 us" }, { 999500, "1.00 ms" },
		{ 1840000, "1.84 ms" }, { 999999999, "1.00 s" }, { 61234000000, "61.2 s" },
		{ 3600000000000, "3600 s" },
	};
	char buf[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(fw_name_duration(5, 5 + cases[i].ns, buf, sizeof(buf)),
				    cases[i].text);
	assert_string_equal(fw_name_duration(1500, 0, buf, sizeof(buf)), "-1.50 us");
}

/*
 * JSON.
 */
static json_t *load_schema(void)
{
	json_error_t error;
	json_t *schema = json_load_file(SCHEMA, JSON_REJECT_DUPLICATES, &error);

	if (!schema)
		fail_msg("%s:%d: %s", SCHEMA, error.line, error.text);
	return schema;
}

static json_t *definition(json_t *schema, const char *name)
{
	json_t *found = json_object_get(json_object_get(schema, "$defs"), name);

	if (!found)
		fail_msg("the schema does not define %s", name);
	return found;
}

static json_t *parse_line(const char *line)
{
	json_error_t error;
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);

	if (!object)
		fail_msg("%s in %s", error.text, line);
	assert_non_null(strchr(line, '\n'));
	assert_int_equal(strchr(line, '\n')[1], '\0');
	return object;
}

static void assert_described(json_t *schema, const char *name, json_t *object)
{
	char why[512] = "";

	if (!schema_accepts(schema, definition(schema, name), object, true, why, sizeof(why)))
		fail_msg("%s: %s", name, why);
	/* It is one of the two, and not also the other. */
	if (!schema_accepts(schema, schema, object, false, why, sizeof(why)))
		fail_msg("%s: %s", name, why);
}

static json_t *fork_object(const struct fw_fork *fork)
{
	char *line = rendered(fork, "json", false);
	json_t *object = parse_line(line);

	free(line);
	return object;
}

static void json_is_as_described(void **state)
{
	json_t *schema = load_schema(), *object;
	struct fw_fork *fork;
	unsigned int kind;

	(void)state;
	for (kind = 0; kind < FIXTURE_NR_KINDS; kind++) {
		fork = make_fork(kind);
		give(fork, "A1", FW_FAIL, "why");
		object = fork_object(fork);
		assert_described(schema, "fork", object);
		json_decref(object);
		LOSE(fork, enter);
		LOSE(fork, ret);
		LOSE(fork, copy_thread);
		LOSE(fork, first_run);
		object = fork_object(fork);
		assert_described(schema, "fork", object);
		json_decref(object);
		fw_fork_free(fork);
	}
	json_decref(schema);
}

static void the_schema_is_strict(void **state)
{
	json_t *schema = load_schema(), *object;
	struct fw_fork *fork = make_fork(FIXTURE_FORK);
	char why[512];

	(void)state;
	object = fork_object(fork);
	json_object_set_new(object, "more", json_null());
	assert_false(schema_accepts(schema, definition(schema, "fork"), object, true, why,
				    sizeof(why)));
	assert_string_equal(why, "$.more: is not described");
	json_object_del(object, "more");
	json_object_set_new(object, "version", json_integer(2));
	assert_false(schema_accepts(schema, definition(schema, "fork"), object, true, why,
				    sizeof(why)));
	json_object_set_new(object, "version", json_integer(1));
	json_object_set_new(json_object_get(object, "parent"), "task", json_string("1234"));
	assert_false(schema_accepts(schema, definition(schema, "fork"), object, true, why,
				    sizeof(why)));
	assert_non_null(strstr(why, "$.parent.task: '1234' does not fit"));
	json_decref(object);
	json_decref(schema);
	fw_fork_free(fork);
}

/* Every field of every event has its place in the schema, and nothing else has. */
static void the_schema_knows_all_events(void **state)
{
	static const char * const not_of_a_fork[] = { "exec", "exit", "cow" };
	const struct fw_event_type *type;
	json_t *schema = load_schema();
	size_t i;

	(void)state;
	for (type = fw_event_types; type->name; type++) {
		const struct fw_field *field;
		json_t *properties;
		size_t nr = 0;

		for (i = 0; i < ARRAY_SIZE(not_of_a_fork); i++)
			if (!strcmp(type->name, not_of_a_fork[i]))
				break;
		if (i < ARRAY_SIZE(not_of_a_fork))
			continue;
		properties = json_object_get(definition(schema, type->name), "properties");
		for (field = fw_header_fields; field->name; field++, nr++)
			if (strcmp(field->name, "size"))
				assert_non_null(json_object_get(properties, field->name));
		nr--;
		assert_non_null(json_object_get(properties, "source"));
		assert_non_null(json_object_get(properties, "witness"));
		nr += 2;
		for (field = type->fields; field->name; field++) {
			if (!strcmp(field->name, "reserved"))
				continue;
			if (!json_object_get(properties, field->name))
				fail_msg("the schema lacks %s.%s", type->name, field->name);
			nr++;
		}
		assert_int_equal(json_object_size(properties), nr);
	}
	json_decref(schema);
}

static const char *text_at(json_t *object, const char *a, const char *b, const char *c)
{
	object = json_object_get(object, a);
	if (b)
		object = json_object_get(object, b);
	if (c)
		object = json_object_get(object, c);
	return json_string_value(object);
}

static void assert_values(json_t *array, const __u64 *values, size_t nr)
{
	size_t i;

	assert_int_equal(json_array_size(array), nr);
	for (i = 0; i < nr; i++)
		assert_int_equal(strtoull(json_string_value(json_array_get(array, i)), NULL, 16),
				 values[i]);
}

static void json_holds_the_values(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);
	json_t *object, *events, *regs, *saved;

	(void)state;
	enrich(fork);
	give(fork, "A2", FW_FAIL, "x1: \"child\"");
	object = fork_object(fork);
	assert_int_equal(json_integer_value(json_object_get(object, "id")), fork->id);
	assert_string_equal(text_at(object, "kind", NULL, NULL), "fork");
	assert_string_equal(text_at(object, "parent", "comm", NULL), "sh");
	assert_string_equal(text_at(object, "syscall", "name", NULL), "clone");
	assert_string_equal(text_at(object, "syscall", "exit_signal", NULL), "SIGCHLD");
	assert_string_equal(text_at(object, "result", "child_x0", NULL), "0x0");
	assert_string_equal(text_at(object, "verdicts", "A2", "verdict"), "FAIL");
	assert_string_equal(text_at(object, "verdicts", "A2", "why"), "x1: \"child\"");
	assert_string_equal(text_at(object, "verdicts", "A1", "verdict"), "PASS");
	assert_string_equal(text_at(object, "symbols", "0xffff8000080153d0", NULL),
			    "ret_from_fork");
	events = json_object_get(object, "events");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(events, "fork_enter"),
							    "time")), fork->enter->hdr.time);
	regs = json_object_get(json_object_get(events, "copy_thread"), "regs_after");
	assert_values(json_object_get(regs, "x"), fork->copy_thread->regs_after.x,
		      FORKWATCH_NR_X);
	saved = json_object_get(json_object_get(json_object_get(events, "copy_thread"),
						"context_before"), "saved");
	assert_values(saved, fork->copy_thread->context_before.saved, FORKWATCH_NR_SAVED);
	json_decref(object);
	fw_fork_free(fork);
}

static void json_counts_are_numbers(void **state)
{
	static const char * const places[][2] = {
		{ "fork_enter", "start_time" }, { "fork_enter", "switches" },
		{ "fork_enter", "seq" }, { "fork_enter", "stack_size" },
		{ "copy_thread", "enter_time" }, { "copy_thread", "parent_switches" },
		{ "fork_exit", "start_time" }, { "fork_exit", "user_processes" },
		{ "fork_exit", "rlimit_nproc" }, { "fork_exit", "child_pgtables" },
		{ "fork_return", "enter_time" }, { "first_run", "start_time" },
	};
	struct fw_fork *fork = make_fork(FIXTURE_FORK);
	json_t *object = fork_object(fork), *event;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		event = json_object_get(json_object_get(object, "events"), places[i][0]);
		assert_true(json_is_integer(json_object_get(event, places[i][1])));
	}
	json_decref(object);
	fw_fork_free(fork);
}

/* Fields behind the end of an older sender's event are not made up. */
static void json_leaves_out_what_was_not_sent(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_FORK);
	json_t *object, *exit;

	(void)state;
	fork->exit->hdr.size = offsetof(struct forkwatch_fork_exit, set_child_tid);
	object = fork_object(fork);
	exit = json_object_get(json_object_get(object, "events"), "fork_exit");
	assert_non_null(json_object_get(exit, "stack_end"));
	assert_null(json_object_get(exit, "set_child_tid"));
	assert_null(json_object_get(exit, "comm"));
	json_decref(object);
	fw_fork_free(fork);
}

static void json_sums_up(void **state)
{
	struct fw_fork *fork = make_fork(FIXTURE_VFORK);
	json_t *schema = load_schema(), *object;
	struct output output;
	struct totals totals;

	(void)state;
	make_totals(&totals, "make \xff -j", SIGTERM);
	totals.losses.ring_drops = 12;
	fw_tally_add(&totals.tally, fork);
	start(&output, "json", false, false);
	end(&output, &totals.summary);
	object = parse_line(output.data);
	free(output.data);
	assert_described(schema, "summary", object);
	assert_string_equal(text_at(object, "command", "signal", NULL), "SIGTERM");
	assert_string_equal(text_at(object, "command", "text", NULL), "make ? -j");
	assert_true(json_is_null(json_object_get(json_object_get(object, "command"), "exit")));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(object, "by_kind"),
							    "vfork")), 1);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(object, "lost"),
							    "total")), 12);
	json_decref(object);
	json_decref(schema);
	fw_tally_close(&totals.tally);
	fw_fork_free(fork);
}

/* What vforks waited for, and what children do later. */
static struct forkwatch_exec exec = {
	.hdr = {
		.size = sizeof(exec), .kind = FORKWATCH_EXEC, .cpu = 1, .time = 7000000,
		.tid = 413, .tgid = 413,
	},
	.task = 0xffff0000c1d08000, .start_time = 1, .mm = 2, .old_tid = 413,
	.comm = "true", .path = "/bin/true",
};

static struct forkwatch_exit child_exit = {
	.hdr = { .size = sizeof(child_exit), .kind = FORKWATCH_EXIT, .time = 9000000, .tid = 413 },
	.task = 0xffff0000c1d08000, .start_time = 1, .code = 3 << 8,
};

static struct fw_life make_life(void)
{
	return (struct fw_life){
		.fork = 7, .since = 5000000, .task = exec.task, .start_time = 1, .leader_start = 1,
		.mm = 1,
		.tid = 413, .tgid = 413, .comm = "sh", .exec = &exec,
	};
}

static void show_life(struct output *output, const struct fw_life *life)
{
	struct fw_judgement judgement;

	fw_check_life(life, &judgement);
	assert_int_equal(output->render.ops->life(&output->render, life, &judgement), 0);
}

static void lives_are_shown(void **state)
{
	struct fw_life life = make_life();
	struct output output;

	(void)state;
	start(&output, "text", false, false);
	show_life(&output, &life);
	life.mm = 2;
	show_life(&output, &life);
	life.exec = NULL;
	life.exit = &child_exit;
	show_life(&output, &life);
	child_exit.code = SIGKILL;
	show_life(&output, &life);
	child_exit.code = 3 << 8;
	end(&output, NULL);
	assert_golden("life", output.data);
}

static void lives_that_are_quiet(void **state)
{
	struct fw_life life = make_life();
	struct output output;

	(void)state;
	start(&output, "text", false, true);
	show_life(&output, &life);
	end(&output, NULL);
	assert_string_equal(output.data, "");
	free(output.data);
	life.mm = 2;
	start(&output, "json", false, true);
	show_life(&output, &life);
	end(&output, NULL);
	assert_non_null(strstr(output.data, "\"FAIL\""));
	free(output.data);
}

static void json_of_lives_is_as_described(void **state)
{
	struct fw_life life = make_life();
	json_t *schema = load_schema(), *object;
	struct output output;
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		start(&output, "json", false, false);
		show_life(&output, &life);
		end(&output, NULL);
		object = parse_line(output.data);
		free(output.data);
		assert_described(schema, "life", object);
		assert_string_equal(text_at(object, "type", NULL, NULL), i ? "exit" : "exec");
		json_decref(object);
		life.exec = NULL;
		life.exit = &child_exit;
	}
	json_decref(schema);
}

/* @change: what is different from a child that executed /bin/true. */
static void put_vfork(struct output *output, void (*change)(struct fw_fork *fork))
{
	struct fw_fork *fork = make_fork(FIXTURE_VFORK);

	change(fork);
	show(output, fork);
	fw_fork_free(fork);
}

static void no_change(struct fw_fork *fork)
{
	(void)fork;
}

static void ends(struct fw_fork *fork)
{
	free(fork->exec);
	fork->exec = NULL;
	fork->end = calloc(1, sizeof(*fork->end));
	assert_non_null(fork->end);
	fork->end->code = SIGSEGV;
	fork->release->reason = FORKWATCH_RELEASE_EXIT;
}

static void is_under_way(struct fw_fork *fork)
{
	free(fork->exec);
	fork->exec = NULL;
	free(fork->ret);
	fork->ret = NULL;
}

static void is_early(struct fw_fork *fork)
{
	fork->ret->hdr.time = fork->release->hdr.time - 100;
}

static void is_killed(struct fw_fork *fork)
{
	is_under_way(fork);
	free(fork->release);
	fork->release = NULL;
	fork->parent_killed = true;
}

static void is_not_seen(struct fw_fork *fork)
{
	is_killed(fork);
	fork->parent_killed = false;
}

/* The lines of @text that tell of the wait. */
static char *vfork_lines(const char *text)
{
	char *lines = NULL, *line, *copy = strdup(text), *rest = copy;
	size_t size;
	FILE *out = open_memstream(&lines, &size);

	while ((line = strsep(&rest, "\n")))
		if (!strncmp(line, "  vfork ", 8))
			fprintf(out, "%s\n", line);
	assert_int_equal(fclose(out), 0);
	free(copy);
	return lines;
}

static void waits_of_vforks(void **state)
{
	struct output output;

	(void)state;
	start(&output, "text", false, false);
	put_vfork(&output, no_change);
	put_vfork(&output, ends);
	put_vfork(&output, is_under_way);
	put_vfork(&output, is_early);
	put_vfork(&output, is_killed);
	put_vfork(&output, is_not_seen);
	end(&output, NULL);
	assert_golden("vfork-waits", vfork_lines(output.data));
	free(output.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_shown),
		cmocka_unit_test(lives_are_shown),
		cmocka_unit_test(lives_that_are_quiet),
		cmocka_unit_test(json_of_lives_is_as_described),
		cmocka_unit_test(waits_of_vforks),
		cmocka_unit_test(all_that_is_known_is_shown),
		cmocka_unit_test(what_changed_meanwhile_is_told),
		cmocka_unit_test(the_instruction_is_looked_at),
		cmocka_unit_test(names_are_verified),
		cmocka_unit_test(limits_are_told),
		cmocka_unit_test(own_calls_have_any_number),
		cmocka_unit_test(failures_stand_out),
		cmocka_unit_test(what_is_missing_is_said),
		cmocka_unit_test(any_event_may_be_missing),
		cmocka_unit_test(hostile_values_are_borne),
		cmocka_unit_test(notes_are_true),
		cmocka_unit_test(colors_only_color),
		cmocka_unit_test(a_calm_summary),
		cmocka_unit_test(a_loud_summary),
		cmocka_unit_test(quiet_shows_failures),
		cmocka_unit_test(endless_failures_are_counted),
		cmocka_unit_test(rows_are_wrapped),
		cmocka_unit_test(write_errors_are_told),
		cmocka_unit_test(formats_are_found),
		cmocka_unit_test(durations_have_three_digits),
		cmocka_unit_test(json_is_as_described),
		cmocka_unit_test(the_schema_is_strict),
		cmocka_unit_test(the_schema_knows_all_events),
		cmocka_unit_test(json_holds_the_values),
		cmocka_unit_test(json_counts_are_numbers),
		cmocka_unit_test(json_leaves_out_what_was_not_sent),
		cmocka_unit_test(json_sums_up),
	};

	return cmocka_run_group_tests(tests, open_env, close_env);
}
