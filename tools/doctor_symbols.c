// SPDX-License-Identifier: GPL-2.0-only
/* The functions that probes sit on, as kallsyms has them. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bpf/stages.h"
#include "array.h"
#include "doctor.h"

#define BLACKLIST	"/sys/kernel/debug/kprobes/blacklist"

/* What a compiler puts behind the name of a function that it made another of. */
static enum fw_symbol_state suffix_state(const char *suffix)
{
	if (!*suffix)
		return FW_SYMBOL_PRESENT;
	/* The unlikely half of a function that has its own symbol. */
	if (strstr(suffix, ".cold"))
		return FW_SYMBOL_ABSENT;
	return strstr(suffix, ".part.") ? FW_SYMBOL_PART : FW_SYMBOL_RENAMED;
}

static void match_word(struct fw_symbol_search *search, const char *word, size_t len,
		       const char *name)
{
	enum fw_symbol_state state;

	if (strncmp(name, word, len) || (name[len] && name[len] != '.'))
		return;
	state = suffix_state(name + len);
	if (state <= search->state)
		return;
	search->state = state;
	snprintf(search->as, sizeof(search->as), "%s", name);
}

static void match(struct fw_symbol_search *search, const char *name)
{
	const char *word = search->name;
	size_t len;

	for (; *word; word += len + strspn(word + len, " ")) {
		len = strcspn(word, " ");
		match_word(search, word, len, name);
	}
}

/* "ffff800008010000 T name": returns the name, NULL for a module's or what is no such line. */
static char *parse_line(char *line, bool *hidden)
{
	char *end, *name;
	unsigned long long addr = strtoull(line, &end, 16);

	if (end == line || end[0] != ' ' || !isalpha((unsigned char)end[1]) || end[2] != ' ')
		return NULL;
	if (addr)
		*hidden = false;
	name = end + 3;
	end = name + strcspn(name, " \t\n");
	if (*end && *end != '\n')
		return NULL;
	*end = '\0';
	return name;
}

int fw_doctor_search(const struct fw_patient *patient, struct fw_symbol_search *search, size_t nr,
		     bool *hidden)
{
	char path[FW_PATIENT_PATH_LEN], *line = NULL, *name;
	size_t size = 0, i;
	FILE *file;

	*hidden = true;
	file = fopen(fw_patient_path(patient, "/proc/kallsyms", path), "re");
	if (!file)
		return -errno;
	while (getline(&line, &size, file) > 0) {
		name = parse_line(line, hidden);
		for (i = 0; name && i < nr; i++)
			match(&search[i], name);
	}
	free(line);
	fclose(file);
	return 0;
}

/* The functions whose probes the module cannot do without, and the events behind them. */
static const struct {
	const char *name, *event;
} required[] = {
	{ "copy_process", "fork_enter, fork_exit" },
	{ "copy_thread", "copy_thread" },
	{ "kernel_clone", "fork_return" },
	{ "__arm64_sys_clone3", "clone3_return" },
	{ "schedule_tail", "first_run" },
	{ "__switch_to", "cpu_switch_to" },
};

/* The steps of a fork: whatever of them this kernel has is watched. */
static const struct {
	const char *name, *symbols;
} steps[] = {
#define STEP(STAGE, name, level, returns, symbols) { #name, symbols },
	FW_STAGE_PROBES(STEP)
#undef STEP
};

static void no_kallsyms(struct fw_finding *finding, int err)
{
	fw_finding_set(finding, err == -EACCES ? FW_HEALTH_UNKNOWN : FW_HEALTH_LESS,
		       "/proc/kallsyms: %s", strerror(-err));
	if (err == -ENOENT)
		fw_finding_mend(finding, "boot a kernel with CONFIG_KALLSYMS=y");
}

/* Is @name on the list of what kprobes may not sit on? Unreadable: not known to be. */
static bool is_blacklisted(const struct fw_patient *patient, const char *name)
{
	char path[FW_PATIENT_PATH_LEN], line[256], *tab;
	bool found = false;
	FILE *file;

	file = fopen(fw_patient_path(patient, BLACKLIST, path), "re");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		tab = strchr(line, '\t');
		if (!tab)
			continue;
		tab[1 + strcspn(tab + 1, "\n")] = '\0';
		found = !strcmp(tab + 1, name);
	}
	fclose(file);
	return found;
}

/* Appends "a word, " or "another" to what @list has. */
static void append(char *list, size_t size, const char *word)
{
	size_t len = strlen(list);

	snprintf(list + len, size - len, "%s%s", len ? ", " : "", word);
}

void fw_doctor_look_symbols(const struct fw_patient *patient, struct fw_finding *finding)
{
	struct fw_symbol_search search[ARRAY_SIZE(required)] = { 0 };
	char wrong[200] = "", word[160];
	bool hidden;
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(required); i++)
		search[i].name = required[i].name;
	err = fw_doctor_search(patient, search, ARRAY_SIZE(search), &hidden);
	if (err) {
		no_kallsyms(finding, err);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(required); i++) {
		const char *name = required[i].name;
		bool refused = is_blacklisted(patient, name);

		/* __switch_to() itself is; the probe sits on the call in it. */
		if (search[i].state == FW_SYMBOL_PRESENT &&
		    (!refused || !strcmp(name, "__switch_to")))
			continue;
		snprintf(word, sizeof(word), "%s %s (%s)", name,
			 refused ? "is on the kprobe blacklist" :
			 search[i].state == FW_SYMBOL_RENAMED ? "was renamed" : "is not there",
			 required[i].event);
		append(wrong, sizeof(wrong), word);
	}
	if (!*wrong)
		fw_finding_set(finding, FW_HEALTH_OK, "%zu of %zu are there", ARRAY_SIZE(required),
			       ARRAY_SIZE(required));
	else
		fw_finding_set(finding, FW_HEALTH_LESS, "%s", wrong);
}

void fw_doctor_look_steps(const struct fw_patient *patient, struct fw_finding *finding)
{
	struct fw_symbol_search search[ARRAY_SIZE(steps)] = { 0 };
	char renamed[120] = "", inlined[FW_FINDING_LEN] = "";
	size_t i, present = 0;
	bool hidden;
	int err;

	for (i = 0; i < ARRAY_SIZE(steps); i++)
		search[i].name = steps[i].symbols;
	err = fw_doctor_search(patient, search, ARRAY_SIZE(search), &hidden);
	if (err) {
		no_kallsyms(finding, err);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		present += search[i].state == FW_SYMBOL_PRESENT;
		if (search[i].state == FW_SYMBOL_RENAMED)
			append(renamed, sizeof(renamed), search[i].as);
		else if (search[i].state != FW_SYMBOL_PRESENT)
			append(inlined, sizeof(inlined), steps[i].name);
	}
	fw_finding_set(finding, *renamed || *inlined ? FW_HEALTH_NOTE : FW_HEALTH_OK,
		       "%zu of %zu are there%s%s%s%s", present, ARRAY_SIZE(steps),
		       *renamed ? "; renamed: " : "", renamed,
		       *inlined ? "; inlined, or not of this kernel: " : "", inlined);
}

void fw_doctor_look_kallsyms(const struct fw_patient *patient, struct fw_finding *finding)
{
	char restricted[16] = "?";
	bool hidden;
	int err;

	err = fw_doctor_search(patient, NULL, 0, &hidden);
	if (err) {
		no_kallsyms(finding, err);
		return;
	}
	if (!hidden) {
		fw_finding_set(finding, FW_HEALTH_OK, "visible");
		return;
	}
	fw_patient_read(patient, "/proc/sys/kernel/kptr_restrict", restricted, sizeof(restricted));
	fw_finding_set(finding, FW_HEALTH_LESS, "all addresses read as 0, kernel.kptr_restrict is "
		       "%s", restricted);
	if (!strcmp(restricted, "2"))
		fw_finding_mend(finding, "sudo sysctl kernel.kptr_restrict=1");
	else
		fw_finding_mend(finding, "run it with sudo, or with CAP_SYSLOG");
}
