// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compares what workload/regs, also that of AArch32, found in EL0, on both sides
 * of its svc, with what forkwatch recorded of the same fork in EL1. Prints each
 * value that differs, then how many were compared. Exits with 1 if any differs or
 * is not there.
 *
 * usage: truth TRUTH FORKS CASE	TRUTH: the output of regs, FORKS: of
 *					forkwatch run -f json
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>

#include "workload.h"

#define MODE_MASK	0x3fU		/* with AArch32's T */

/*
 * What an instruction set has for registers, and where its truth is. sp is NULL
 * where it is one of the numbered ones: AArch32's r13.
 */
static const struct machine {
	const char *name;		/* "aarch32" of the truth */
	int nr_x;
	const char *sp;
	const char *flags;
	uint64_t flags_mask;
	uint64_t mode;
	const char *tls;		/* what is tpidr_el0 */
	const char *read_only_tls;	/* what is tpidrro_el0 */
} machines[] = {
	{ NULL, 31, "sp", "nzcv", 0xf0000000, 0, "tpidr", NULL },
	{ "A32", 15, NULL, "apsr", 0xf80f0000, 0x10, "tpidrurw", "tpidruro" },
	{ "T32", 15, NULL, "apsr", 0xf80f0000, 0x30, "tpidrurw", "tpidruro" },
};

static const struct machine *machine = &machines[0];

/* Where the kernel's registers of one moment are, and which truth they must equal. */
static const struct moment {
	const char *event;
	const char *regs;
	const char *truth;
	const char *x0;			/* likewise for x0, which gets its result later */
} moments[] = {
	{ "fork_enter", "regs", "set", "set" },
	{ "copy_thread", "regs_after", "child", "child" },
	{ "first_run", "regs", "child", "child" },
	{ "fork_return", "regs", "parent", "set" },
};

/* Thread pointers: a field of an event, of AArch32 another one, and its truth. */
static const struct single {
	const char *event;
	const char *field;
	const char *field32;
	const char *truth;
	bool read_only;			/* it is tpidrro_el0 */
} singles[] = {
	{ "copy_thread", "parent_tpidr", "parent_tpidr", "set", false },
	{ "copy_thread", "tp_after", "tp2_after", "child", false },
	{ "first_run", "tpidr_el0", "tpidr_el0", "child", false },
	{ "copy_thread", NULL, "parent_tp", "set", true },
	{ "copy_thread", NULL, "tp_after", "child", true },
};

static unsigned int compared;
static unsigned int differing;

/* A number, which may be written as a string such as "0x10". */
static bool number(const json_t *value, uint64_t *out)
{
	const char *text = json_string_value(value);
	char *end;

	if (json_is_integer(value)) {
		*out = json_integer_value(value);
		return true;
	}
	if (!text)
		return false;
	*out = strtoull(text, &end, 0);
	return end != text && !*end;
}

static void compare(const char *place, const char *field, int index, const json_t *recorded,
		    const json_t *truth, uint64_t mask)
{
	uint64_t seen, expected;
	char name[64];

	snprintf(name, sizeof(name), index < 0 ? "%s" : "%s%d", field, index);
	compared++;
	if (!number(truth, &expected)) {
		printf("%s: the truth has no %s\n", place, name);
	} else if (!number(recorded, &seen)) {
		printf("%s: %s was not recorded\n", place, name);
	} else if ((seen & mask) != expected) {
		printf("%s: %s recorded %#" PRIx64 ", in truth %#" PRIx64 "\n", place, name,
		       seen & mask, expected);
	} else {
		return;
	}
	differing++;
}

static void compare_moment(const struct moment *moment, const json_t *truth, const json_t *events)
{
	const json_t *regs = json_object_get(json_object_get(events, moment->event), moment->regs);
	const json_t *frame = json_object_get(truth, moment->truth);
	const json_t *x0_frame = json_object_get(truth, moment->x0);
	json_t *user = json_integer(machine->mode);
	const json_t *from;
	int i;

	for (i = 0; i < machine->nr_x; i++) {
		from = json_object_get(i ? frame : x0_frame, "x");
		compare(moment->event, "x", i, json_array_get(json_object_get(regs, "x"), i),
			json_array_get(from, i), ~0ULL);
	}
	if (machine->sp)
		compare(moment->event, machine->sp, -1, json_object_get(regs, machine->sp),
			json_object_get(frame, machine->sp), ~0ULL);
	compare(moment->event, "pc", -1, json_object_get(regs, "pc"),
		json_object_get(truth, "svc_return"), ~0ULL);
	compare(moment->event, machine->flags, -1, json_object_get(regs, "pstate"),
		json_object_get(frame, machine->flags), machine->flags_mask);
	compare(moment->event, "mode", -1, json_object_get(regs, "pstate"), user, MODE_MASK);
	json_decref(user);
}

static void compare_fork(const json_t *truth, const json_t *events)
{
	const json_t *frame, *event;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(moments); i++)
		compare_moment(&moments[i], truth, events);
	for (i = 0; i < ARRAY_SIZE(singles); i++) {
		const char *field = machine->name ? singles[i].field32 : singles[i].field;

		if (!field)
			continue;
		frame = json_object_get(truth, singles[i].truth);
		event = json_object_get(events, singles[i].event);
		compare(singles[i].event, field, -1, json_object_get(event, field),
			json_object_get(frame, singles[i].read_only ? machine->read_only_tls :
								      machine->tls), ~0ULL);
	}
	frame = json_object_get(json_object_get(truth, "parent"), "x");
	compare("fork_return", "result", -1,
		json_object_get(json_object_get(events, "fork_return"), "result"),
		json_array_get(frame, 0), ~0ULL);
}

/* Reads the next object of @file; NULL at its end. */
static json_t *next(FILE *file, const char *path)
{
	json_error_t error;
	json_t *object;
	int c;

	do {
		c = fgetc(file);
	} while (c == '\n' || c == ' ');
	if (c == EOF)
		return NULL;
	ungetc(c, file);
	object = json_loadf(file, JSON_DISABLE_EOF_CHECK, &error);
	if (!object) {
		fprintf(stderr, "truth: %s: %s\n", path, error.text);
		exit(2);
	}
	return object;
}

static FILE *open_file(const char *path)
{
	FILE *file = fopen(path, "r");

	if (!file)
		die("%s", path);
	return file;
}

static json_t *find_case(const char *path, const char *name)
{
	FILE *file = open_file(path);
	const char *found;
	json_t *truth;

	while ((truth = next(file, path))) {
		found = json_string_value(json_object_get(truth, "case"));
		if (found && !strcmp(found, name))
			break;
		json_decref(truth);
	}
	fclose(file);
	return truth;
}

static void find_machine(const json_t *truth)
{
	const char *name = json_string_value(json_object_get(truth, "aarch32"));

	while (!machine->name != !name || (name && strcmp(machine->name, name)))
		if (++machine == machines + ARRAY_SIZE(machines)) {
			fprintf(stderr, "truth: an instruction set %s?\n", name);
			exit(2);
		}
}

/* Is this the fork of which @truth speaks? */
static bool same_fork(const json_t *truth, const json_t *events)
{
	const json_t *exit_event = json_object_get(events, "fork_exit");
	uint64_t child, parent, child_seen, parent_seen;

	return number(json_object_get(truth, "child_tid"), &child) &&
	       number(json_object_get(truth, "parent_tid"), &parent) &&
	       number(json_object_get(exit_event, "child_tid"), &child_seen) &&
	       number(json_object_get(exit_event, "tid"), &parent_seen) &&
	       child == child_seen && parent == parent_seen;
}

int main(int argc, char **argv)
{
	const json_t *events;
	json_t *truth, *fork;
	int matches = 0;
	FILE *file;

	if (argc != 4)
		usage("TRUTH FORKS CASE");
	truth = find_case(argv[1], argv[3]);
	if (!truth) {
		fprintf(stderr, "truth: %s has no case %s\n", argv[1], argv[3]);
		return 2;
	}
	find_machine(truth);
	file = open_file(argv[2]);
	while ((fork = next(file, argv[2]))) {
		events = json_object_get(fork, "events");
		if (same_fork(truth, events)) {
			matches++;
			compare_fork(truth, events);
		}
		json_decref(fork);
	}
	fclose(file);
	json_decref(truth);
	if (matches != 1)
		printf("%d recorded forks are this one\n", matches);
	printf("%u values compared, %u differ\n", compared, differing);
	return matches == 1 && !differing ? 0 : 1;
}
