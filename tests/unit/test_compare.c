// SPDX-License-Identifier: GPL-2.0-only
/* What diff and convert say of recorded traces, and of such that were changed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <cmocka.h>
#include <jansson.h>

#include "compare.h"
#include "convert.h"
#include "edit.h"
#include "event.h"
#include "forms.h"
#include "normal.h"
#include "replay.h"
#include "schema.h"
#include "scratch.h"

#define DATA(name)	TEST_DATA_DIR "/6.1/" name
#define DOCS(name)	TEST_DATA_DIR "/../../docs/" name
#define COPY	scratch_path("trace")
#define GOLDEN	scratch_path("golden.json")

/*
 * Comparisons.
 */
static struct fw_golden sides[2];
static struct fw_comparison comparison;

/*
 * What diff saves itself: the forks of a trace that say the same share one value, and
 * two values are compared once. Here each fork has its own, which is all that it said.
 */
struct slow {
	struct fw_replay *replay;
	struct fw_forms *forms;
	struct fw_draft draft;
	size_t nr;
};

static int check_form(void *ctx, struct fw_fork *fork)
{
	struct slow *slow = ctx;
	json_t *shared, *own;

	fw_normal_fork(fork, &fw_replay_info(slow->replay)->env, &slow->draft);
	shared = fw_forms_get(slow->forms, &slow->draft);
	own = fw_draft_json(&slow->draft);
	assert_ptr_not_equal(shared, own);
	if (!json_equal(shared, own))
		fail_msg("fork %lu shares the value of another one", (unsigned long)fork->id);
	json_decref(shared);
	json_decref(own);
	slow->nr++;
	fw_fork_free(fork);
	return 0;
}

static void check_forms(const struct fw_golden *side)
{
	const struct fw_replay_sink sink = { .fork = check_form };
	struct fw_replay_result result;
	struct slow slow = { .nr = 0 };
	struct stat st;

	if (stat(side->path, &st) || !S_ISDIR(st.st_mode))
		return;
	assert_int_equal(fw_replay_open(&slow.replay, side->path), 0);
	assert_int_equal(fw_forms_open(&slow.forms), 0);
	assert_int_equal(fw_replay_run(slow.replay, &sink, &slow, &result), 0);
	assert_true(slow.nr >= side->nr);
	fw_forms_close(slow.forms);
	fw_draft_free(&slow.draft);
	fw_replay_close(slow.replay);
}

static struct fw_golden unshare(const struct fw_golden *side)
{
	struct fw_golden own = *side;
	size_t i;

	own.forks = calloc(side->nr + 1, sizeof(*own.forks));
	assert_non_null(own.forks);
	for (i = 0; i < side->nr; i++) {
		own.forks[i] = side->forks[i];
		own.forks[i].fork = json_deep_copy(side->forks[i].fork);
	}
	return own;
}

static void end_unshare(struct fw_golden *own)
{
	size_t i;

	for (i = 0; i < own->nr; i++)
		json_decref(own->forks[i].fork);
	free(own->forks);
}

static void assert_slow_agrees(void)
{
	struct fw_golden a = unshare(&sides[0]), b = unshare(&sides[1]);
	struct fw_comparison slow;
	size_t i;

	assert_int_equal(fw_compare(&slow, &a, &b), 0);
	assert_int_equal(slow.answer, comparison.answer);
	assert_string_equal(slow.reason, comparison.reason);
	assert_int_equal(slow.matched, comparison.matched);
	assert_int_equal(slow.different, comparison.different);
	assert_int_equal(slow.nr, comparison.nr);
	for (i = 0; i < slow.nr; i++) {
		assert_string_equal(slow.list[i].what, comparison.list[i].what);
		assert_string_equal(slow.list[i].a, comparison.list[i].a);
		assert_string_equal(slow.list[i].b, comparison.list[i].b);
		assert_int_equal(slow.list[i].count, comparison.list[i].count);
	}
	fw_comparison_close(&slow);
	end_unshare(&a);
	end_unshare(&b);
}

static void compare(const char *a, const char *b)
{
	if (fw_golden_open(&sides[0], a) || fw_golden_open(&sides[1], b))
		fail_msg("%s", fw_trace_error());
	assert_int_equal(fw_compare(&comparison, &sides[0], &sides[1]), 0);
	check_forms(&sides[0]);
	check_forms(&sides[1]);
	assert_slow_agrees();
}

static void end_compare(void)
{
	fw_comparison_close(&comparison);
	fw_golden_close(&sides[0]);
	fw_golden_close(&sides[1]);
}

/* The comparison in @format. From malloc. */
static char *say(const char *format)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(fw_comparison_format_find(format)->put(&comparison, out, false), 0);
	fclose(out);
	return text;
}

static void assert_says(const char *format, const char *words)
{
	char *text = say(format);

	if (!strstr(text, words))
		fail_msg("`%s' is not in %s:\n%s", words, format, text);
	free(text);
}

static void assert_schema(const char *path, json_t *object)
{
	json_t *schema = json_load_file(path, 0, NULL);
	char why[256];

	assert_non_null(schema);
	assert_non_null(object);
	if (!schema_accepts(schema, schema, object, false, why, sizeof(why)))
		fail_msg("%s: %s", path, why);
	json_decref(schema);
}

/* Is there this difference, and in @count forks? */
static void assert_difference(enum fw_aspect aspect, const char *what, const char *a,
			      const char *b, unsigned int count)
{
	size_t i;

	for (i = 0; i < comparison.nr; i++) {
		const struct fw_difference *found = &comparison.list[i];

		if (found->aspect == aspect && !strcmp(found->what, what) &&
		    !strcmp(found->a, a) && !strcmp(found->b, b)) {
			assert_int_equal(found->count, count);
			return;
		}
	}
	fail_msg("no difference of %s: %s -> %s:\n%s", what, a, b, say("text"));
}

static void assert_same(const char *a, const char *b)
{
	compare(a, b);
	if (comparison.answer != FW_SAME)
		fail_msg("%s", say("text"));
	end_compare();
}

static void make_golden(const char *dir, const char *path)
{
	FILE *out = fopen(path, "w");
	struct fw_golden golden;

	assert_non_null(out);
	assert_int_equal(fw_golden_open(&golden, dir), 0);
	assert_int_equal(fw_golden_write(&golden, out), 0);
	fclose(out);
	fw_golden_close(&golden);
}

/* Each trace is what the golden file beside it says. */
static void test_golden(void **state)
{
	FILE *list = popen("cd " TEST_DATA_DIR " && find . -name metadata -printf '%h\\n'", "r");
	char name[128], dir[512], golden[512];
	json_t *object;
	unsigned int n;

	(void)state;
	assert_non_null(list);
	for (n = 0; fgets(name, sizeof(name), list); n++) {
		name[strcspn(name, "\n")] = '\0';
		snprintf(dir, sizeof(dir), TEST_DATA_DIR "/%s", name + 2);
		snprintf(golden, sizeof(golden), TEST_DATA_DIR "/golden/%s.json", name + 2);
		if (access(golden, R_OK))
			fail_msg("%s is not there: tests/data/golden/update makes it", golden);
		compare(golden, dir);
		if (comparison.answer != FW_SAME)
			fail_msg("If this is meant, run tests/data/golden/update\n%s", say("text"));
		end_compare();
		/* Written and read again, it is still the same. */
		make_golden(dir, GOLDEN);
		assert_same(GOLDEN, dir);
		object = json_load_file(GOLDEN, 0, NULL);
		assert_schema(DOCS("golden.schema.json"), object);
		json_decref(object);
	}
	pclose(list);
	assert_true(n > 0);
}

/*
 * Another boot of the same kernel: other ids, times, CPUs and addresses.
 */
#define PID_SHIFT	1000
#define KASLR_SHIFT	0x1a000000ULL
#define USER_SHIFT	0x7000ULL

static void shift(__u64 *value)
{
	if (*value >> 48 == 0xffff)
		*value += KASLR_SHIFT;
	else if (*value >= 0x10000000 && *value >> 48 == 0)
		*value += USER_SHIFT;
}

/* Flags and sizes are no addresses, large as they may be. */
static bool is_address(const char *name)
{
	static const char *const names[] = {
		"task", "child", "prev", "next", "pt_regs", "stack", "stackframe", "stack_low",
		"stack_top", "prev_stack_low", "prev_stack_top", "switch_return", "lr", "sp_el0",
		"parent_ptr", "child_ptr", "fn", "fn_arg", "tls", "parent_tpidr", "parent_tp",
		"tp_before", "tp_after", "tpidr_el0", "child_tid", "parent_tid", "set_child_tid",
		"clear_child_tid", "pidfd", "mm",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static bool is_id(const char *name)
{
	static const char *const names[] = {
		"child_tid", "child_tgid", "child_vpid", "leader_tid", "real_parent_tid",
		"real_parent_tgid", "parent_leader_tid", "grand_parent_tid", "grand_parent_tgid",
		"prev_tid", "next_tid", "old_tid", "vpid", "tid_there",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static void move_words(void *at, size_t nr)
{
	__u64 *words = at;

	while (nr--)
		shift(words++);
}

static void move_regs(struct forkwatch_regs *regs)
{
	/* x0 may hold flags, and so may what it was. */
	move_words(regs->x + 1, FORKWATCH_NR_X - 1);
	move_words(&regs->sp, 2);
}

static void move_field(struct forkwatch_header *event, const struct fw_field *field)
{
	void *at = (char *)event + field->offset;
	uint32_t *id = at;

	if (field->type == FW_REGS)
		move_regs(at);
	else if (field->type == FW_CONTEXT)
		move_words(at, sizeof(struct forkwatch_context) / sizeof(uint64_t));
	else if (field->type == FW_U64 && is_address(field->name))
		move_words(at, field->count);
	else if ((field->type == FW_U32 || field->type == FW_S32) && is_id(field->name) && *id)
		*id += PID_SHIFT;
	else if (field->type == FW_U64 && strstr(field->name, "_time"))
		*(uint64_t *)at += 12345;
}

static void reboot(struct edit *edit, struct forkwatch_header *event)
{
	const struct fw_field *field = fw_event_type(event->kind)->fields;
	struct forkwatch_fork_return *ret = (void *)event;

	for (; field->name; field++)
		if (fw_event_has(event, field))
			move_field(event, field);
	if (event->kind == FORKWATCH_FORK_RETURN && ret->result > 0)
		ret->result += PID_SHIFT;
	event->tid += PID_SHIFT;
	event->tgid += PID_SHIFT;
	event->cpu ^= 1;
	event->time += 12345;
	edit_write(edit, event);
}

static struct fw_ksyms *moved_symbols(const char *dir)
{
	static const char *const names[] = {
		"ret_from_fork", "schedule_tail", "__switch_to", "cpu_switch_to", "kthread",
	};
	struct fw_ksyms *ksyms;
	struct fw_trace *trace;
	uint64_t addr;
	size_t i;

	assert_int_equal(fw_trace_open(&trace, dir), 0);
	assert_int_equal(fw_ksyms_new(&ksyms), 0);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		addr = fw_ksyms_addr(fw_trace_info(trace)->env.ksyms, names[i]);
		if (addr)
			fw_ksyms_add(ksyms, addr + KASLR_SHIFT, names[i]);
	}
	fw_trace_close(trace);
	return ksyms;
}

static void test_noise(void **state)
{
	static const char *const names[] = { "fork", "thread", "spawn", "tree", "clone3", "fail" };
	char dir[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct fw_ksyms *ksyms;

		snprintf(dir, sizeof(dir), DATA("%s"), names[i]);
		ksyms = moved_symbols(dir);
		edit_trace_with(dir, COPY, ksyms, reboot, NULL);
		assert_same(dir, COPY);
		fw_ksyms_close(ksyms);
	}
}

static void return_7(struct edit *edit, struct forkwatch_header *event)
{
	struct forkwatch_copy_thread *copied = (void *)event;
	struct forkwatch_first_run *run = (void *)event;
	static uint64_t child;

	if (event->kind == FORKWATCH_COPY_THREAD && !child) {
		copied->regs_after.x[0] = 7;
		child = copied->child;
	}
	if (event->kind == FORKWATCH_FIRST_RUN && run->child == child)
		run->regs.x[0] = 7;
	edit_write(edit, event);
}

static void test_x0(void **state)
{
	json_t *object;
	char *text;

	(void)state;
	edit_trace(DATA("tree"), COPY, return_7, NULL);
	compare(DATA("tree"), COPY);
	assert_int_equal(comparison.answer, FW_DIFFERENT);
	assert_int_equal(comparison.different, 1);
	assert_difference(FW_ASPECT_REGISTERS, "x0", "0", "0x7", 1);
	assert_difference(FW_ASPECT_RULES, "A1", "PASS", "FAIL", 1);
	assert_int_equal(comparison.nr, 2);
	assert_says("text", "0 -> 0x7");
	assert_says("text", "in 1 of 6 forks: tree/fork#1\n");
	assert_says("text", "\ndifferent   2 differences; 1 of 6 matched forks differ");
	assert_says("ktap", "\nok 1 forks:");
	assert_says("ktap", "# x0: 0 -> 0x7 in 1 of 6 forks: tree/fork#1\nnot ok 7 registers:");
	assert_says("junit", "failures=\"2\"");
	assert_says("junit", "x0: 0 -&gt; 0x7 in 1 of 6 forks");
	text = say("json");
	object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_schema(DOCS("diff.schema.json"), object);
	assert_int_equal(json_integer_value(json_object_get(object, "exit")), 1);
	json_decref(object);
	free(text);
	end_compare();
}

static void lose_wakeup(struct edit *edit, struct forkwatch_header *event)
{
	static bool lost;

	if (event->kind == FORKWATCH_WAKEUP_NEW && !lost)
		lost = true;
	else
		edit_write(edit, event);
}

static void test_missing_event(void **state)
{
	(void)state;
	edit_trace(DATA("tree"), COPY, lose_wakeup, NULL);
	compare(DATA("tree"), COPY);
	assert_int_equal(comparison.answer, FW_DIFFERENT);
	assert_difference(FW_ASPECT_EVENTS, "wakeup_new", "seen", "missing", 1);
	assert_says("text", "seen -> missing");
	end_compare();
	/* The other way round, it is one too many. */
	compare(COPY, DATA("tree"));
	assert_difference(FW_ASPECT_EVENTS, "wakeup_new", "missing", "seen", 1);
	end_compare();
}

static void lose_with_gap(struct edit *edit, struct forkwatch_header *event)
{
	static bool lost;

	edit_write(edit, event);
	if (!lost)
		edit->seq[event->cpu]++;
	lost = true;
}

static void test_incomplete(void **state)
{
	(void)state;
	edit_trace(DATA("tree"), COPY, edit_write, NULL);
	assert_same(DATA("tree"), COPY);
	edit_trace(DATA("tree"), COPY, lose_with_gap, NULL);
	compare(DATA("tree"), COPY);
	assert_int_equal(comparison.answer, FW_CANNOT_TELL);
	assert_says("text", "incomplete   B is incomplete");
	assert_says("ktap", "\nnot ok 11 complete");
	assert_says("junit", "a trace is incomplete");
	end_compare();
}

static void only_exec(struct edit *edit, struct forkwatch_header *event)
{
	if (event->kind == FORKWATCH_EXEC)
		edit_write(edit, event);
}

static void test_nothing(void **state)
{
	char other[256];

	(void)state;
	edit_trace(DATA("fork"), COPY, only_exec, NULL);
	compare(COPY, COPY);
	assert_int_equal(comparison.answer, FW_NOTHING_TO_COMPARE);
	end_compare();
	compare(COPY, DATA("fork"));
	assert_int_equal(comparison.answer, FW_DIFFERENT);
	assert_difference(FW_ASPECT_FORKS, "a fork more", "not there", "fork", 2);
	end_compare();
	snprintf(other, sizeof(other), "%s/nothing", scratch);
	assert_true(fw_golden_open(&sides[0], other) < 0);
	assert_true(strlen(fw_trace_error()) > 0);
}

/*
 * Golden files, changed by hand.
 */
static json_t *golden_json(const char *dir)
{
	json_t *object;

	make_golden(dir, GOLDEN);
	object = json_load_file(GOLDEN, 0, NULL);
	assert_non_null(object);
	return object;
}

static json_t *fork_of(json_t *golden, size_t nr)
{
	return json_array_get(json_object_get(golden, "forks"), nr);
}

static void save(json_t *golden)
{
	assert_int_equal(json_dump_file(golden, GOLDEN, JSON_INDENT(1)), 0);
	json_decref(golden);
}

static void test_one_more(void **state)
{
	json_t *golden = golden_json(DATA("tree"));

	(void)state;
	/* The second of the first child's: then the trace has one fork more. */
	json_array_remove(json_object_get(golden, "forks"), 2);
	save(golden);
	compare(GOLDEN, DATA("tree"));
	assert_int_equal(comparison.answer, FW_DIFFERENT);
	assert_int_equal(comparison.nr, 1);
	assert_difference(FW_ASPECT_FORKS, "a fork more", "not there", "fork", 1);
	assert_says("text", "tree/fork#1/fork#2");
	end_compare();
	compare(DATA("tree"), GOLDEN);
	assert_difference(FW_ASPECT_FORKS, "a fork less", "fork", "not there", 1);
	end_compare();
}

static void test_order(void **state)
{
	json_t *golden = golden_json(DATA("clone3")), *forks, *events;

	(void)state;
	forks = json_object_get(golden, "forks");
	json_array_insert(forks, 0, json_array_get(forks, 1));
	json_array_remove(forks, 2);
	events = json_object_get(fork_of(golden, 0), "parent events");
	json_array_append(events, json_array_get(events, 0));
	json_array_remove(events, 0);
	save(golden);
	compare(DATA("clone3"), GOLDEN);
	assert_int_equal(comparison.answer, FW_DIFFERENT);
	assert_int_equal(comparison.nr, 2);
	assert_says("text", "order: number 1 is");
	assert_int_equal(fw_comparison_count(&comparison, FW_ASPECT_EVENTS), 1);
	end_compare();
}

static void set_stages(json_t *golden, const char *watched, const char *stages)
{
	size_t i;

	json_object_set_new(golden, "watched", json_loads(watched, 0, NULL));
	for (i = 0; i < json_array_size(json_object_get(golden, "forks")); i++)
		json_object_set_new(fork_of(golden, i), "stages", json_loads(stages, 0, NULL));
}

static void test_stages(void **state)
{
	json_t *a = golden_json(DATA("fork")), *b = golden_json(DATA("fork"));
	char other[256];

	(void)state;
	snprintf(other, sizeof(other), "%s/other.json", scratch);
	set_stages(a, "[\"copy_creds\", \"dup_fd\", \"alloc_pid\", \"copy_io\"]",
		   "[\"copy_creds\", \"dup_fd\", \"alloc_pid\", \"copy_io\"]");
	set_stages(b, "[\"copy_creds\", \"dup_fd\", \"alloc_pid\"]",
		   "[\"dup_fd\", \"copy_creds = -EAGAIN\"]");
	assert_int_equal(json_dump_file(a, other, 0), 0);
	json_decref(a);
	save(b);
	compare(other, GOLDEN);
	assert_difference(FW_ASPECT_STAGES, "alloc_pid", "called", "not called", 2);
	assert_difference(FW_ASPECT_STAGES, "copy_creds", "0", "-EAGAIN", 2);
	assert_difference(FW_ASPECT_STAGES, "order", "copy_creds, dup_fd", "dup_fd, copy_creds",
			  2);
	assert_difference(FW_ASPECT_STAGES, "copy_io", "watched", "not watched", 1);
	assert_int_equal(comparison.nr, 4);
	assert_says("text", "in every fork");
	end_compare();
}

/* What one side does not say is not compared; nor is a rule that it did not know. */
static void test_left_out(void **state)
{
	json_t *golden = golden_json(DATA("fork")), *rules = json_pack("[s]", "A1");

	(void)state;
	json_object_del(fork_of(golden, 0), "registers");
	json_object_set_new(json_object_get(fork_of(golden, 0), "rules"), "B2",
			    json_string("FAIL"));
	json_object_set_new(golden, "rules", rules);
	/* That nobody saw whether it holds is luck. */
	json_object_set_new(json_object_get(fork_of(golden, 1), "rules"), "A1",
			    json_string("NOT OBSERVED"));
	save(golden);
	assert_same(GOLDEN, DATA("fork"));
}

static void assert_bad(const char *text, const char *words)
{
	FILE *out = fopen(GOLDEN, "w");

	fputs(text, out);
	fclose(out);
	assert_int_equal(fw_golden_open(&sides[0], GOLDEN), -EBADMSG);
	if (!strstr(fw_trace_error(), words))
		fail_msg("`%s' is not in %s", words, fw_trace_error());
}

#define HEAD	"{\"type\":\"golden\",\"version\":1,\"kernel\":\"\",\"complete\":true," \
		"\"watched\":[],\"rules\":[],\"forks\":"

static void test_bad_golden(void **state)
{
	(void)state;
	assert_bad("", "line 1");
	assert_bad("[]", "type is not golden");
	assert_bad("{\"type\":\"golden\",\"version\":2}", "another version");
	assert_bad("{\"type\":\"golden\",\"version\":1}", "it lacks");
	assert_bad(HEAD "{}}", "it lacks");
	assert_bad(HEAD "[1]}", "has no place");
	assert_bad(HEAD "[{}]}", "has no place");
	assert_bad(HEAD "[{\"place\":\"a\",\"b\":1}]}", "neither text");
	assert_bad(HEAD "[{\"place\":\"a\",\"b\":[1]}]}", "neither text");
	assert_bad(HEAD "[{\"place\":\"a\",\"b\":{\"c\":[]}}]}", "neither text");
	assert_bad(HEAD "[{\"place\":\"a\"},{\"place\":\"a\"}]}", "the same place");
}

/*
 * Conversions.
 */
static json_t *convert(const char *dir, const char *to)
{
	struct fw_replay *replay;
	char *text = NULL;
	json_t *object;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(fw_replay_open(&replay, dir), 0);
	assert_int_equal(fw_conversion_find(to)->write(replay, out), 0);
	fclose(out);
	fw_replay_close(replay);
	object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (!object)
		fail_msg("no JSON: %s", text);
	free(text);
	return object;
}

static void test_json(void **state)
{
	json_t *object = convert(DATA("tree"), "json"), *fork;
	json_t *forks = json_object_get(object, "forks");
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(forks), 6);
	json_array_foreach(forks, i, fork)
		assert_schema(DOCS("fork.schema.json"), fork);
	assert_schema(DOCS("fork.schema.json"), json_object_get(object, "summary"));
	assert_non_null(json_object_get(json_object_get(object, "trace"), "release"));
	json_decref(object);
	/* A trace without a fork is JSON, too. */
	edit_trace(DATA("fork"), COPY, only_exec, NULL);
	json_decref(convert(COPY, "json"));
	json_decref(convert(COPY, "chrome"));
	json_decref(convert(COPY, "golden"));
}

static const char *phase(const json_t *event)
{
	return json_string_value(json_object_get(event, "ph"));
}

static double number(const json_t *event, const char *key)
{
	const json_t *value = json_object_get(event, key);

	assert_true(json_is_number(value));
	return json_number_value(value);
}

static unsigned int count_phase(const json_t *events, const char *ph)
{
	const json_t *event;
	unsigned int n = 0;
	size_t i;

	json_array_foreach(events, i, event)
		n += !strcmp(phase(event), ph);
	return n;
}

/* Slices of one thread lie within each other, or apart: else no viewer shows them. */
static void assert_nested(const json_t *a, const json_t *b)
{
	double start = number(a, "ts"), end = start + number(a, "dur");
	double other = number(b, "ts"), other_end = other + number(b, "dur");

	if (number(a, "tid") != number(b, "tid"))
		return;
	assert_true(end <= other || other_end <= start ||
		    (start <= other && other_end <= end) ||
		    (other <= start && end <= other_end));
}

/* A stage that was called several times is no slice, but a sum. */
static void assert_sum(const json_t *events, const char *stage)
{
	const json_t *event, *sum = NULL;
	size_t i;

	json_array_foreach(events, i, event) {
		const char *name = json_string_value(json_object_get(event, "name"));

		assert_string_not_equal(name, stage);
		if (!strcmp(name, "copy_process"))
			sum = json_object_get(json_object_get(event, "args"), stage);
	}
	assert_true(number(sum, "calls") > 1);
	assert_true(number(sum, "us") > 0);
}

static void test_chrome(void **state)
{
	static const char *const names[] = { "tree", "spawn", "thread", "fail", "stages" };
	const json_t *events, *event, *other;
	json_t *object;
	char dir[512];
	size_t i, j, n;

	(void)state;
	for (n = 0; n < sizeof(names) / sizeof(*names); n++) {
		snprintf(dir, sizeof(dir), DATA("%s"), names[n]);
		object = convert(dir, "chrome");
		events = json_object_get(object, "traceEvents");
		assert_int_equal(count_phase(events, "s"), count_phase(events, "f"));
		if (!n)
			assert_int_equal(count_phase(events, "s"), 6);
		assert_true(count_phase(events, "X") > 0);
		if (!strcmp(names[n], "stages"))
			assert_sum(events, "vm_area_dup");
		assert_true(count_phase(events, "M") > 0);
		json_array_foreach(events, i, event)
			json_array_foreach(events, j, other)
				if (i != j && !strcmp(phase(event), "X") &&
				    !strcmp(phase(other), "X"))
					assert_nested(event, other);
		json_decref(object);
	}
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_golden),
		TEST(test_noise),
		TEST(test_x0),
		TEST(test_missing_event),
		TEST(test_incomplete),
		TEST(test_nothing),
		TEST(test_one_more),
		TEST(test_order),
		TEST(test_stages),
		TEST(test_left_out),
		TEST(test_bad_golden),
		TEST(test_json),
		TEST(test_chrome),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
