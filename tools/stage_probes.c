// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "array.h"
#include "recursion.h"
#include "source.h"
#include "stage_probes.h"
#include "words.h"

#define SYMBOL_MAX	64

static const struct probe {
	uint32_t bit;
	bool undo;
	const char *name;
	enum fw_stages_level level;
	const char *symbols;
} probes_table[] = {
#define PROBE(STAGE, name, level, returns, symbols) \
	{ 1U << FORKWATCH_STAGE_##STAGE, false, #name, FW_STAGES_##level, symbols },
	FW_STAGE_PROBES(PROBE)
#undef PROBE
#define PROBE(UNDO, name, of, symbols) \
	{ 1U << FORKWATCH_UNDO_##UNDO, true, #name, FW_STAGES_ALL, symbols },
	FW_UNDO_PROBES(PROBE)
#undef PROBE
};

#define NR_PROBES	ARRAY_SIZE(probes_table)

/* The programs of one stage. */
enum { ENTER, LEAVE, NR_ENDS };

static const char * const prefixes[FW_PROBE_PROGRAMS][NR_ENDS] = {
	[FW_PROBE_FENTRY] = { "fentry_", "fexit_" },
	[FW_PROBE_KPROBE] = { "kprobe_", "kretprobe_" },
};

/* What the module's probes are attached by: its tracepoints for each level. */
static const struct tracepoint {
	const char *program;
	enum fw_stages_level level;
} tracepoints[] = {
	{ "on_stage_core", FW_STAGES_CORE },
	{ "on_stage_more", FW_STAGES_ALL },
};

#define NR_TRACEPOINTS	ARRAY_SIZE(tracepoints)

struct fw_stage_probes {
	struct fw_stage_sets sets;
	enum fw_probe_way way;			/* the one that is tried first */
	bool direct_calls;			/* ftrace can call a trampoline */
	struct bpf_program *listeners[NR_TRACEPOINTS];
	struct bpf_link *listening[NR_TRACEPOINTS];
	struct {
		char symbol[SYMBOL_MAX];	/* "": none */
		unsigned int rank;		/* of symbol among the candidates */
		unsigned int times;		/* so many functions have that name */
		enum fw_probe_way way;
		struct bpf_program *programs[NR_ENDS];
		struct bpf_link *links[NR_ENDS];
	} stages[NR_PROBES];
};

int fw_parse_stages(const char *text, enum fw_stages_level *level)
{
	static const char * const names[] = {
		[FW_STAGES_OFF] = "off", [FW_STAGES_CORE] = "core", [FW_STAGES_ALL] = "all",
	};
	int place = fw_word_find(names, ARRAY_SIZE(names), text);

	if (place < 0)
		return place;
	*level = place;
	return 0;
}

/*
 * The kernel's functions.
 */

/* How many bytes of @name are the function's own name, as opposed to the compiler's suffix. */
static size_t base_length(const char *name)
{
	static const char * const kept[] = { ".isra.", ".constprop." };
	size_t len = strcspn(name, "."), i;

	if (!name[len])
		return len;
	/* Less arguments, but the whole function; ".part." and ".cold" are pieces of one. */
	if (strstr(name, ".part.") || strstr(name, ".cold"))
		return 0;
	for (i = 0; i < ARRAY_SIZE(kept); i++)
		if (!strncmp(name + len, kept[i], strlen(kept[i])))
			return len;
	return 0;
}

/* The place of the @len bytes at @name in the list @symbols, from 1; 0: not there. */
static unsigned int rank_of(const char *symbols, const char *name, size_t len)
{
	unsigned int rank;
	size_t each;

	for (rank = 1; *symbols; rank++, symbols += each + strspn(symbols + each, " ")) {
		each = strcspn(symbols, " ");
		if (each == len && !memcmp(symbols, name, len))
			return rank;
	}
	return 0;
}

static void take_function(struct fw_stage_probes *probes, const char *name)
{
	size_t i, len = base_length(name);

	probes->direct_calls |= !strcmp(name, "register_ftrace_direct");
	for (i = 0; len && i < NR_PROBES; i++) {
		unsigned int rank = rank_of(probes_table[i].symbols, name, len);

		if (!rank || (probes->stages[i].rank && probes->stages[i].rank < rank))
			continue;
		if (probes->stages[i].rank != rank)
			probes->stages[i].times = 0;
		probes->stages[i].rank = rank;
		probes->stages[i].times++;
		snprintf(probes->stages[i].symbol, SYMBOL_MAX, "%s", name);
	}
}

/*
 * "ffff800010000000 T name", with a tab and "[module]" behind those of modules. What
 * lies between _sinittext and _einittext was freed after boot, and is listed still.
 */
static void take_line(struct fw_stage_probes *probes, char *line, bool *in_init)
{
	char *type = strchr(line, ' '), *name;

	if (!type || (type[1] != 't' && type[1] != 'T') || type[2] != ' ')
		return;
	name = type + 3;
	name[strcspn(name, "\n")] = '\0';
	if (!strcmp(name, "_sinittext"))
		*in_init = true;
	else if (!strcmp(name, "_einittext"))
		*in_init = false;
	else if (!*in_init && !strchr(name, '\t'))
		take_function(probes, name);
}

/* The kernel's own symbols are listed by address. */
static int find_functions(struct fw_stage_probes *probes)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	bool in_init = false;
	char line[512];

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		take_line(probes, line, &in_init);
	fclose(file);
	return 0;
}

/*
 * The programs.
 */
static struct bpf_program *find_program(struct bpf_object *obj, enum fw_probe_way way, int end,
					size_t stage)
{
	char name[SYMBOL_MAX];

	snprintf(name, sizeof(name), "%s%s", prefixes[way][end], probes_table[stage].name);
	return bpf_object__find_program_by_name(obj, name);
}

static void leave_out(struct bpf_program *prog)
{
	bpf_program__set_autoload(prog, false);
	bpf_program__set_autoattach(prog, false);
}

static void load_none(struct bpf_object *obj)
{
	unsigned int way, end;
	size_t i;

	for (i = 0; i < NR_PROBES; i++) {
		for (way = 0; way < FW_PROBE_PROGRAMS; way++) {
			for (end = 0; end < NR_ENDS; end++)
				leave_out(find_program(obj, way, end, i));
		}
	}
	for (i = 0; i < NR_TRACEPOINTS; i++)
		leave_out(bpf_object__find_program_by_name(obj, tracepoints[i].program));
}

static void choose_listeners(struct fw_stage_probes *probes, struct bpf_object *obj,
			     enum fw_stages_level level)
{
	size_t i;

	for (i = 0; i < NR_TRACEPOINTS; i++) {
		if (tracepoints[i].level > level)
			continue;
		probes->listeners[i] = bpf_object__find_program_by_name(obj,
									tracepoints[i].program);
		bpf_program__set_autoload(probes->listeners[i], true);
	}
}

/* 1 << its number: see module/stage_list.h. */
static uint64_t number_bit(size_t stage)
{
	return (uint64_t)probes_table[stage].bit <<
	       (probes_table[stage].undo ? FW_STAGE_UNDO : 0);
}

static bool is_the_modules(size_t stage)
{
	return !(FW_STAGES_OF_BPF & number_bit(stage));
}

/* The types do not describe every function, and a trampoline needs that. */
static int choose_fentry(struct fw_stage_probes *probes, struct bpf_object *obj, size_t stage)
{
	int end, err;

	for (end = 0; end < NR_ENDS; end++) {
		err = bpf_program__set_attach_target(find_program(obj, FW_PROBE_FENTRY, end, stage),
						     0, probes->stages[stage].symbol);
		if (err)
			return err;
	}
	return 0;
}

static void choose(struct fw_stage_probes *probes, struct bpf_object *obj, size_t stage,
		   enum fw_probe_way way)
{
	int end;

	if (way == FW_PROBE_FENTRY && choose_fentry(probes, obj, stage))
		way = FW_PROBE_KPROBE;
	if (way == FW_PROBE_MODULE && !is_the_modules(stage))
		way = FW_PROBE_KPROBE;
	probes->stages[stage].way = way;
	if (way == FW_PROBE_MODULE)
		return;
	for (end = 0; end < NR_ENDS; end++) {
		probes->stages[stage].programs[end] = find_program(obj, way, end, stage);
		bpf_program__set_autoload(probes->stages[stage].programs[end], true);
	}
}

static struct fw_probe_set *set_of(struct fw_stage_probes *probes, size_t stage)
{
	return probes_table[stage].undo ? &probes->sets.undos : &probes->sets.stages;
}

int fw_stage_probes_open(struct fw_stage_probes **out, struct bpf_object *obj,
			 enum fw_stages_level level, enum fw_probe_way way,
			 enum fw_probe_way otherwise)
{
	struct fw_stage_probes *probes = calloc(1, sizeof(*probes));
	size_t i;
	int err;

	if (!probes)
		return -ENOMEM;
	load_none(obj);
	err = level == FW_STAGES_OFF ? 0 : find_functions(probes);
	if (err) {
		free(probes);
		return err;
	}
	if (way == FW_PROBE_FENTRY && !probes->direct_calls)
		way = otherwise;
	probes->way = way;
	if (way == FW_PROBE_MODULE)
		choose_listeners(probes, obj, level);
	for (i = 0; i < NR_PROBES; i++) {
		struct fw_probe_set *set = set_of(probes, i);

		if (probes_table[i].level > level)
			continue;
		if (!probes->stages[i].times)
			set->absent |= probes_table[i].bit;
		else if (probes->stages[i].times > 1 || way == FW_PROBE_NONE)
			set->refused |= probes_table[i].bit;
		else
			choose(probes, obj, i, way);
	}
	*out = probes;
	return 0;
}

uint64_t fw_stage_probes_of_module(const struct fw_stage_probes *probes)
{
	uint64_t stages = 0;
	size_t i;

	for (i = 0; i < NR_PROBES; i++)
		if (probes->stages[i].way == FW_PROBE_MODULE)
			stages |= number_bit(i);
	return stages;
}

/* Since v6.12 sched_cgroup_fork() may fail, which is when sched_cancel_fork() came. */
uint32_t fw_stage_probes_void(const struct fw_stage_probes *probes)
{
	const uint64_t cancel = 1ULL << (FW_STAGE_UNDO + FORKWATCH_UNDO_SCHED);
	size_t i;

	for (i = 0; i < NR_PROBES; i++)
		if (number_bit(i) == cancel && probes->stages[i].times)
			return 0;
	return 1U << FORKWATCH_STAGE_SCHED_CGROUP_FORK;
}

static struct bpf_link *attach(const struct fw_stage_probes *probes, size_t stage, int end)
{
	struct bpf_program *prog = probes->stages[stage].programs[end];

	if (probes->stages[stage].way == FW_PROBE_FENTRY)
		return bpf_program__attach_trace(prog);
	return bpf_program__attach_kprobe(prog, end == LEAVE, probes->stages[stage].symbol);
}

/* The return first: an entry without a return would be taken for a missed one. */
static int attach_stage(struct fw_stage_probes *probes, size_t stage)
{
	int end;

	for (end = LEAVE; end >= ENTER; end--) {
		struct bpf_link *link = attach(probes, stage, end);

		if (!link)
			break;
		probes->stages[stage].links[end] = link;
	}
	if (end < ENTER)
		return 0;
	bpf_link__destroy(probes->stages[stage].links[LEAVE]);
	probes->stages[stage].links[LEAVE] = NULL;
	return -errno;
}

/* The module says in a file which of its probes it could arm. */
static void take_state(struct fw_stage_probes *probes, const char *name, bool armed)
{
	size_t i;

	for (i = 0; i < NR_PROBES; i++) {
		struct fw_probe_set *set = set_of(probes, i);

		if (probes->stages[i].way == FW_PROBE_MODULE &&
		    !strcmp(probes_table[i].name, name))
			*(armed ? &set->armed : &set->refused) |= probes_table[i].bit;
	}
}

static int read_states(struct fw_stage_probes *probes)
{
	FILE *file = fopen(FW_STAGES_FILE, "re");
	char line[256], name[SYMBOL_MAX], state[16];

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		if (line[0] != '#' && sscanf(line, "%63s %15s", name, state) == 2)
			take_state(probes, name, !strcmp(state, "armed"));
	fclose(file);
	return 0;
}

/* An older module has no such tracepoints. */
static int attach_listeners(struct fw_stage_probes *probes)
{
	size_t i;

	for (i = 0; i < NR_TRACEPOINTS; i++) {
		if (!probes->listeners[i])
			continue;
		probes->listening[i] = bpf_program__attach(probes->listeners[i]);
		if (!probes->listening[i])
			return -ENOTSUP;
	}
	return read_states(probes) ? -ENOTSUP : 0;
}

int fw_stage_probes_attach(struct fw_stage_probes *probes, struct fw_stage_sets *sets)
{
	size_t i;

	if (probes->listeners[0] && attach_listeners(probes))
		return -ENOTSUP;
	for (i = 0; i < NR_PROBES; i++) {
		struct fw_probe_set *set = set_of(probes, i);

		if (!probes->stages[i].programs[ENTER])
			continue;
		if (attach_stage(probes, i))
			set->refused |= probes_table[i].bit;
		else
			set->armed |= probes_table[i].bit;
	}
	*sets = probes->sets;
	return probes->way == FW_PROBE_FENTRY && !sets->stages.armed && sets->stages.refused ?
	       -ENOTSUP : 0;
}

/*
 * The kernel waits, twice for each probe, until no CPU can be in it any more. In
 * half of that time it does not mind others that wait as well.
 */
struct closing {
	pthread_t thread;
	bool begun;
	struct bpf_link **links;
};

static void *close_links(void *arg)
{
	const struct closing *closing = arg;
	int end;

	for (end = ENTER; end < NR_ENDS; end++)
		bpf_link__destroy(closing->links[end]);
	return NULL;
}

bool fw_stage_probes_has(const struct fw_stage_probes *probes, const struct bpf_program *prog)
{
	size_t i;
	int end;

	for (i = 0; i < NR_PROBES; i++)
		for (end = 0; end < NR_ENDS; end++)
			if (probes->stages[i].programs[end] == prog)
				return true;
	return false;
}

/*
 * An undo of which fentry or fexit was skipped is torn, if it was a fork's: bpf/undone.bpf.h.
 * So only those are lost that were skipped at both ends.
 */
static uint64_t lost_of(const struct fw_stage_probes *probes, size_t stage,
			const uint64_t misses[NR_ENDS])
{
	if (!probes_table[stage].undo || probes->stages[stage].way != FW_PROBE_FENTRY)
		return misses[ENTER] + misses[LEAVE];
	return misses[ENTER] < misses[LEAVE] ? misses[ENTER] : misses[LEAVE];
}

int fw_stage_probes_skipped(const struct fw_stage_probes *probes, uint64_t *calls)
{
	size_t i;
	int end;

	*calls = 0;
	for (i = 0; i < NR_PROBES; i++) {
		uint64_t misses[NR_ENDS] = { 0 };

		for (end = 0; end < NR_ENDS; end++) {
			const struct bpf_program *prog = probes->stages[i].programs[end];
			int err = prog ? fw_recursion_misses(prog, &misses[end]) : 0;

			if (err)
				return err;
		}
		*calls += lost_of(probes, i, misses);
	}
	return 0;
}

void fw_stage_probes_close(struct fw_stage_probes *probes)
{
	struct closing closing[NR_PROBES] = { 0 };
	size_t i;

	if (!probes)
		return;
	for (i = 0; i < NR_PROBES; i++) {
		closing[i].links = probes->stages[i].links;
		if (!closing[i].links[ENTER])
			continue;
		closing[i].begun = !pthread_create(&closing[i].thread, NULL, close_links,
						   &closing[i]);
		if (!closing[i].begun)
			close_links(&closing[i]);
	}
	for (i = 0; i < NR_TRACEPOINTS; i++)
		bpf_link__destroy(probes->listening[i]);
	for (i = 0; i < NR_PROBES; i++)
		if (closing[i].begun)
			pthread_join(closing[i].thread, NULL);
	free(probes);
}
