// SPDX-License-Identifier: GPL-2.0-only
/* What report, show and check say of recorded traces, and of such that were changed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

#include "ctf.h"
#include "edit.h"
#include "replay.h"
#include "schema.h"
#include "scratch.h"
#include "tree.h"
#include "verdicts.h"

#define DATA(name)	TEST_DATA_DIR "/6.1/" name
#define COPY	scratch_path("trace")

static struct fw_replay *open_replay(const char *dir)
{
	struct fw_replay *replay;

	if (fw_replay_open(&replay, dir))
		fail_msg("%s", fw_trace_error());
	return replay;
}

static int take_verdicts(void *ctx, struct fw_fork *fork)
{
	fw_verdicts_add(ctx, fork);
	fw_fork_free(fork);
	return 0;
}

static struct fw_replay *judged;
static struct fw_replay_result result;

static void check(const char *dir, const char *rules, struct fw_verdicts *verdicts)
{
	const struct fw_replay_sink sink = { .fork = take_verdicts };
	char word[16];

	judged = open_replay(dir);
	assert_int_equal(fw_verdicts_open(verdicts), 0);
	if (rules)
		assert_int_equal(fw_verdicts_choose(verdicts, rules, word, sizeof(word)), 0);
	verdicts->trace = "TRACE";
	verdicts->info = fw_replay_info(judged);
	assert_int_equal(fw_replay_run(judged, &sink, verdicts, &result), 0);
	fw_verdicts_settle(verdicts, &result);
}

static void end_check(struct fw_verdicts *verdicts)
{
	fw_verdicts_close(verdicts);
	fw_replay_close(judged);
}

/* What the verdicts are in @format. From malloc. */
static char *say(const struct fw_verdicts *verdicts, const char *format)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(fw_verdict_format_find(format)->put(verdicts, out, false), 0);
	fclose(out);
	return text;
}

/* The verdicts in JSON, which the schema describes to the last key. */
static json_t *say_json(const struct fw_verdicts *verdicts)
{
	json_t *schema = json_load_file(TEST_DATA_DIR "/../../docs/check.schema.json", 0, NULL);
	char *text = say(verdicts, "json"), why[256];
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(schema);
	assert_non_null(object);
	if (!schema_accepts(schema, schema, object, true, why, sizeof(why)))
		fail_msg("%s: %s", why, text);
	json_decref(schema);
	free(text);
	return object;
}

static void assert_says(const struct fw_verdicts *verdicts, const char *format, const char *words)
{
	char *text = say(verdicts, format);

	if (!strstr(text, words))
		fail_msg("`%s' is not in %s:\n%s", words, format, text);
	free(text);
}

/* Every trace that was recorded is whole, and keeps every rule. */
static void test_recorded(void **state)
{
	FILE *list = popen("find " TEST_DATA_DIR " -name metadata -printf '%h\\n'", "r");
	unsigned int n = 0;
	char dir[512];

	(void)state;
	assert_non_null(list);
	for (; fgets(dir, sizeof(dir), list); n++) {
		struct fw_verdicts verdicts;

		dir[strcspn(dir, "\n")] = '\0';
		check(dir, NULL, &verdicts);
		if (verdicts.answer != FW_HOLDS)
			fail_msg("%s: %s: %s", dir, fw_answer_name(verdicts.answer),
				 verdicts.reason);
		assert_true(result.complete);
		assert_true(verdicts.forks > 0);
		end_check(&verdicts);
	}
	pclose(list);
	assert_true(n > 0);
}

/* Written again, a trace is the same trace. */
static void test_written_again(void **state)
{
	const void *data, *data_again;
	struct fw_trace *trace, *again;
	size_t size, size_again;
	unsigned int n = 0;

	(void)state;
	edit_trace(DATA("tree"), COPY, edit_write_numbered, NULL);
	assert_int_equal(fw_trace_open(&trace, DATA("tree")), 0);
	assert_int_equal(fw_trace_open(&again, COPY), 0);
	for (; fw_trace_next(trace, &data, &size) > 0; n++) {
		assert_int_equal(fw_trace_next(again, &data_again, &size_again), 1);
		assert_int_equal(size_again, size);
		assert_memory_equal(data_again, data, size);
	}
	assert_int_equal(fw_trace_next(again, &data_again, &size_again), 0);
	assert_true(n > 0);
	fw_trace_close(trace);
	fw_trace_close(again);
}

static void return_7(struct edit *edit, struct forkwatch_header *event)
{
	struct forkwatch_copy_thread *copied = (void *)event;
	static unsigned int n;

	if (event->kind == FORKWATCH_COPY_THREAD && ++n == 2)
		copied->regs_after.x[0] = 7;
	edit_write_numbered(edit, event);
}

/* One wrong register in one fork: found, named, and an answer of its own. */
static void test_broken(void **state)
{
	struct fw_verdicts verdicts;
	json_t *object;

	(void)state;
	edit_trace(DATA("tree"), COPY, return_7, NULL);
	check(COPY, NULL, &verdicts);
	assert_int_equal(verdicts.answer, FW_BROKEN);
	assert_non_null(strstr(verdicts.reason, "A1"));
	assert_int_equal(verdicts.rules[0].nr_failures, 1);
	assert_int_equal(verdicts.rules[0].failures[0].fork, 2);
	assert_says(&verdicts, "text", "1 FAIL  5 pass");
	assert_says(&verdicts, "text", "fork 2 tree[");
	assert_says(&verdicts, "text", "child 0x7, expected 0");
	assert_says(&verdicts, "ktap", "\nnot ok 1 A1 ");
	assert_says(&verdicts, "ktap", "\nok 2 A2 ");
	assert_says(&verdicts, "ktap", "# fork 2 tree[");
	assert_says(&verdicts, "junit", "failures=\"2\"");
	assert_says(&verdicts, "junit", " -&gt; tree[");
	object = say_json(&verdicts);
	assert_string_equal(json_string_value(json_object_get(object, "answer")), "broken");
	assert_int_equal(json_integer_value(json_object_get(object, "exit")), 1);
	json_decref(object);
	end_check(&verdicts);
	/* Who does not ask for A1 is not told. */
	check(COPY, "A2,B", &verdicts);
	assert_int_equal(verdicts.answer, FW_HOLDS);
	end_check(&verdicts);
}

static void lose_one(struct edit *edit, struct forkwatch_header *event)
{
	static unsigned int n;

	if (event->kind != FORKWATCH_COPY_THREAD || ++n != 2)
		edit_write_numbered(edit, event);
}

static void test_incomplete(void **state)
{
	struct fw_verdicts verdicts;
	char last[64];

	(void)state;
	edit_trace(DATA("tree"), COPY, lose_one, NULL);
	check(COPY, NULL, &verdicts);
	assert_int_equal(verdicts.answer, FW_INCOMPLETE);
	assert_int_equal(result.losses.seq_gaps, 1);
	assert_says(&verdicts, "text", "LOST");
	snprintf(last, sizeof(last), "\nnot ok %zu complete", fw_nr_rules + 1);
	assert_says(&verdicts, "ktap", last);
	assert_says(&verdicts, "junit", "the trace is incomplete");
	json_decref(say_json(&verdicts));
	end_check(&verdicts);
}

static void only_exec(struct edit *edit, struct forkwatch_header *event)
{
	if (event->kind == FORKWATCH_EXEC)
		edit_write_numbered(edit, event);
}

/* Makes events of a kind that nobody knows of the exits of the trace COPY. Returns how many. */
static unsigned int estrange_exits(const char *stream)
{
	const uint16_t exit[] = { FORKWATCH_EXIT, sizeof(struct forkwatch_exit) };
	const uint16_t id = 4000;
	struct fw_ctf_header header;
	unsigned int n = 0;
	char path[128];
	long at;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", COPY, stream);
	file = fopen(path, "r+");
	assert_non_null(file);
	for (at = 0; fread(&header, sizeof(header), 1, file); fseek(file, at += 8, SEEK_SET)) {
		if (memcmp(&header.id, exit, sizeof(exit)))
			continue;
		fseek(file, at + offsetof(struct fw_ctf_header, id), SEEK_SET);
		fwrite(&id, sizeof(id), 1, file);
		n++;
	}
	fclose(file);
	return n;
}

/* What a newer forkwatch adds is told of, and is not taken for events that were lost. */
static void test_newer_kinds(void **state)
{
	struct fw_verdicts verdicts;
	char command[512];
	unsigned int n;

	(void)state;
	edit_trace(DATA("tree"), COPY, edit_write, NULL);
	n = estrange_exits("cpu0") + estrange_exits("cpu1");
	assert_int_equal(n, 7);
	snprintf(command, sizeof(command), "sed -i s/kind_%d_bytes/kind_4000_bytes/ %s/metadata",
		 FORKWATCH_EXIT, COPY);
	assert_int_equal(system(command), 0);
	check(COPY, NULL, &verdicts);
	assert_int_equal(result.unknown, n);
	assert_int_equal(result.losses.seq_gaps, 0);
	assert_false(result.complete);
	assert_non_null(strstr(result.missing, "7 events are of kinds that only a newer"));
	end_check(&verdicts);
}

static void test_unsupported(void **state)
{
	struct fw_verdicts verdicts;

	(void)state;
	check(DATA("fork"), "B4", &verdicts);
	assert_int_equal(verdicts.answer, FW_UNSUPPORTED);
	end_check(&verdicts);
	check(DATA("fork"), "B4,A1", &verdicts);
	assert_int_equal(verdicts.answer, FW_HOLDS);
	end_check(&verdicts);
	/* One event of those that a CPU numbered: the trace can have no gap. */
	edit_trace(DATA("fork"), COPY, only_exec, NULL);
	check(COPY, NULL, &verdicts);
	assert_int_equal(verdicts.answer, FW_UNSUPPORTED);
	assert_non_null(strstr(verdicts.reason, "no fork"));
	end_check(&verdicts);
}

static void test_choose(void **state)
{
	struct fw_verdicts verdicts;
	char word[16];

	(void)state;
	assert_int_equal(fw_verdicts_open(&verdicts), 0);
	assert_int_equal(fw_verdicts_choose(&verdicts, "a1,E", word, sizeof(word)), 0);
	assert_true(verdicts.rules[0].chosen);
	assert_true(verdicts.rules[0].named);
	assert_false(verdicts.rules[1].chosen);
	assert_true(verdicts.rules[fw_rule_index("E8")].chosen);
	assert_false(verdicts.rules[fw_rule_index("E8")].named);
	assert_false(verdicts.rules[fw_rule_index("F1")].chosen);
	assert_int_equal(fw_verdicts_choose(&verdicts, "A1,Z9", word, sizeof(word)), -EINVAL);
	assert_string_equal(word, "Z9");
	assert_int_equal(fw_verdicts_choose(&verdicts, "", word, sizeof(word)), -EINVAL);
	assert_int_equal(fw_verdicts_choose(&verdicts, "A1,", word, sizeof(word)), -EINVAL);
	fw_verdicts_close(&verdicts);
}

static int grow_event(void *ctx, const struct forkwatch_header *event)
{
	return fw_tree_event(ctx, event);
}

static int grow_fork(void *ctx, struct fw_fork *fork)
{
	int ret = fw_tree_fork(ctx, fork);

	fw_fork_free(fork);
	return ret;
}

static struct fw_tree *grow(const char *dir)
{
	const struct fw_replay_sink sink = { .event = grow_event, .fork = grow_fork };
	struct fw_replay *replay = open_replay(dir);
	struct fw_tree *tree;

	assert_int_equal(fw_tree_open(&tree), 0);
	assert_int_equal(fw_replay_run(replay, &sink, tree, &result), 0);
	fw_replay_close(replay);
	return tree;
}

/* workload/tree 2 2: two children, each of which has two. */
static void test_tree(void **state)
{
	static const unsigned int depths[] = { 0, 1, 2, 2, 1, 2, 2 };
	struct fw_tree *tree = grow(DATA("tree"));
	const struct fw_node *node = fw_tree_first(tree);
	unsigned int depth = 0, i;

	(void)state;
	for (i = 0; i < sizeof(depths) / sizeof(*depths); i++) {
		assert_non_null(node);
		assert_int_equal(depth, depths[i]);
		assert_int_equal(node->id, i);
		assert_true(node->ended);
		assert_int_equal(node->code, 0);
		assert_true(!i || node->passed >= 18);
		assert_memory_equal(node->comm, "tree", 5);
		node = fw_tree_next(node, &depth);
	}
	assert_null(node);
	fw_tree_close(tree);
}

static void test_tree_kinds(void **state)
{
	struct fw_tree *tree = grow(DATA("thread"));
	const struct fw_node *node = fw_tree_first(tree)->first;

	(void)state;
	assert_int_equal(node->kind, FW_THREAD);
	assert_int_not_equal(node->tid, node->tgid);
	fw_tree_close(tree);

	tree = grow(DATA("spawn"));
	node = fw_tree_first(tree)->first;
	assert_int_equal(node->kind, FW_VFORK);
	assert_string_equal(node->path, "/proc/self/exe");
	fw_tree_close(tree);

	/* Nothing comes of those but the attempt. */
	tree = grow(DATA("fail"));
	for (node = fw_tree_first(tree)->first; node; node = node->next) {
		assert_int_equal(node->tid, 0);
		assert_true(node->error < 0);
	}
	fw_tree_close(tree);
}

/* A chain as long as a trace can be must not need as deep a stack. */
static void test_tree_deep(void **state)
{
	struct forkwatch_fork_exit exit = {
		.hdr = { .size = sizeof(exit), .kind = FORKWATCH_FORK_EXIT },
	};
	const struct fw_node *node;
	unsigned int depth = 0;
	struct fw_tree *tree;
	uint32_t tid;

	(void)state;
	assert_int_equal(fw_tree_open(&tree), 0);
	for (tid = 1; tid <= 300000; tid++) {
		exit.hdr.tid = tid;
		exit.hdr.tgid = tid;
		exit.child_tid = tid + 1;
		exit.child_tgid = tid + 1;
		assert_int_equal(fw_tree_event(tree, &exit.hdr), 0);
	}
	for (node = fw_tree_first(tree); node->first; node = fw_tree_next(node, &depth))
		;
	assert_int_equal(depth, 300000);
	assert_null(fw_tree_next(node, &depth));
	fw_tree_close(tree);
}

/* Names that the recording machine knew come along; /proc of this one is not asked. */
static void test_names(void **state)
{
	struct fw_usyms *usyms;
	char name[64];
	int known;

	(void)state;
	assert_int_equal(fw_usyms_new(&usyms), 0);
	assert_int_equal(fw_usyms_add(usyms, 1, 0x1000, "libc.so.6:_Fork+0x3c"), 0);
	assert_string_equal(fw_usyms_name(usyms, 1, 0x1000, name, sizeof(name), &known),
			    "libc.so.6:_Fork+0x3c");
	assert_true(known);
	assert_string_equal(fw_usyms_name(usyms, 1, 0x1004, name, sizeof(name), &known), "0x1004");
	assert_false(known);
	assert_int_equal(fw_usyms_add(usyms, 1, 0x1000, "b\x1b[2J"), 0);
	assert_string_equal(fw_usyms_name(usyms, 1, 0x1000, name, sizeof(name), &known), "b?[2J");
	fw_usyms_name(usyms, getpid(), (uintptr_t)&test_names, name, sizeof(name), &known);
	assert_false(known);
	fw_usyms_close(usyms);
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_recorded),
		TEST(test_written_again),
		TEST(test_broken),
		TEST(test_incomplete),
		TEST(test_newer_kinds),
		TEST(test_unsupported),
		TEST(test_choose),
		TEST(test_tree),
		TEST(test_tree_kinds),
		TEST(test_tree_deep),
		TEST(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
