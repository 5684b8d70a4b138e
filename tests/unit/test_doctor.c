// SPDX-License-Identifier: GPL-2.0-only
/* The doctor, in front of machines that are made up of files. */
#include <errno.h>
#include <ftw.h>
#include <linux/capability.h>
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

#include "../../bpf/stages.h"
#include "array.h"
#include "doctor.h"

#define COUNT_STEP(STAGE, name, level, returns, symbols)	+ 1
#define NR_STEPS	(0 FW_STAGE_PROBES(COUNT_STEP))

/* Everything is there: what a 6.1 has where the module is loaded. */
static const struct file {
	const char *path, *text;
} healthy[] = {
	{ "/proc/kallsyms",
	  "ffff800008010000 T register_kprobe\n"
	  "ffff800008010100 T copy_process\nffff800008010200 T copy_thread\n"
	  "ffff800008010300 T kernel_clone\nffff800008010400 T schedule_tail\n"
	  "ffff800008010500 T __switch_to\nffff800008010580 T __arm64_sys_clone3\n"
	  "ffff800008010600 t sched_fork.isra.0\n"
	  "ffff800008010700 t copy_mm.part.0\nffff800008010800 t dup_mmap\n"
	  "ffff800008010900 t dup_mmap.cold\nffff800008010a00 t copy_io.cold\n"
	  "ffff800001000000 t dup_fd\t[other]\n" },
	{ "/proc/modules", "forkwatch 65536 0 - Live 0x0000000000000000 (OE)\n" },
	{ "/proc/self/mounts", "proc /proc proc rw 0 0\ntracefs /t tracefs rw 0 0\n"
	  "debugfs /d debugfs rw 0 0\nsecurityfs /s securityfs rw 0 0\n" },
	{ "/proc/sys/kernel/kptr_restrict", "0\n" },
	{ "/proc/sys/kernel/modules_disabled", "0\n" },
	{ "/proc/sys/kernel/unprivileged_bpf_disabled", "2\n" },
	{ "/proc/sys/net/core/bpf_jit_enable", "1\n" },
	{ "/sys/kernel/btf/vmlinux", "" },
	{ "/sys/kernel/debug/kprobes/enabled", "1\n" },
	{ "/sys/kernel/debug/kprobes/blacklist",
	  "0xffff800008010500-0xffff800008010600\t__switch_to\nno tab\n" },
	{ "/sys/kernel/security/lockdown", "[none] integrity confidentiality\n" },
	{ "/sys/module/module/parameters/sig_enforce", "N\n" },
	{ "/sys/module/forkwatch/parameters/abi", "1\n" },
	{ "/sys/module/forkwatch/parameters/probes",
	  "# event symbol state missed error\nfork_enter copy_process idle 0 0\n"
	  "first_run schedule_tail armed 0 0\nclone_call sys_ni_syscall armed 0 0\n" },
	{ "/lib/modules/6.1.0/build/Makefile", "" },
};

#define INITIAL_PIDS	"pid:[4026531836]"
#define ROOT		(1ULL << CAP_SYS_ADMIN | 1ULL << CAP_SYSLOG)

static char root[64];

static void make_parents(char *path)
{
	char *slash;

	for (slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
}

/* Makes @path have @text; removes it if that is NULL. */
static void put(const char *path, const char *text)
{
	char full[FW_PATIENT_PATH_LEN];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	if (!text) {
		assert_int_equal(remove(full), 0);
		return;
	}
	make_parents(full);
	file = fopen(full, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void put_pids(const char *name)
{
	char full[FW_PATIENT_PATH_LEN];

	snprintf(full, sizeof(full), "%s/proc/self/ns/pid", root);
	make_parents(full);
	unlink(full);
	if (name)
		assert_int_equal(symlink(name, full), 0);
}

static int put_all(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(healthy); i++)
		put(healthy[i].path, healthy[i].text);
	put_pids(INITIAL_PIDS);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	return ftw->level ? remove(path) : 0;
}

static int remove_all(void **state)
{
	(void)state;
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* What the kernel answers when something is tried. */
static int fentry_answer, source_answer;

static int try_fentry(void)
{
	return fentry_answer;
}

static int try_source(const char *name, char *why, size_t size)
{
	if (source_answer)
		snprintf(why, size, "the kernel does not like %s", name);
	return source_answer;
}

static const struct fw_patient arm64 = {
	.root = root, .release = "6.1.0", .machine = "aarch64", .capabilities = ROOT,
	.try_fentry = try_fentry, .try_source = try_source,
};

static const struct fw_finding *finding(const struct fw_diagnosis *diagnosis, const char *id)
{
	int i;

	for (i = 0; fw_doctor_checks[i].id; i++)
		if (!strcmp(fw_doctor_checks[i].id, id))
			return &diagnosis->findings[i];
	fail_msg("no check %s", id);
	return NULL;
}

static void assert_finding(const struct fw_diagnosis *diagnosis, const char *id,
			   enum fw_health health, const char *state)
{
	const struct fw_finding *found = finding(diagnosis, id);

	if (found->health != health || !strstr(found->state, state))
		fail_msg("%s: %s, \"%s\", expected %s, \"%s\"", id, fw_health_name(found->health),
			 found->state, fw_health_name(health), state);
}

static void nothing_is_missing_on_a_healthy_machine(void **state)
{
	struct fw_diagnosis diagnosis;
	int i;

	(void)state;
	fw_doctor_examine(&arm64, &diagnosis);
	for (i = 0; fw_doctor_checks[i].id; i++)
		assert_finding(&diagnosis, fw_doctor_checks[i].id,
			       strcmp(fw_doctor_checks[i].id, "steps") ? FW_HEALTH_OK :
			       FW_HEALTH_NOTE, "");
	assert_string_equal(diagnosis.source->name, "module-bpf");
	assert_true(diagnosis.tried);
	assert_int_equal(fw_doctor_status(&diagnosis), 0);
}

#define KALLSYMS_LESS	"ffff800008010000 T register_kprobe\nffff800008010100 T copy_process\n"

/* One file that is not as it should be (NULL: not there), and what is found. */
static const struct {
	const char *path, *text, *id;
	enum fw_health health;
	const char *state;
	int status;
} edits[] = {
	{ "/proc/kallsyms", NULL, "symbols", FW_HEALTH_LESS, "No such file", 1 },
	{ "/proc/kallsyms", NULL, "steps", FW_HEALTH_LESS, "No such file", 1 },
	{ "/proc/kallsyms", NULL, "kallsyms", FW_HEALTH_LESS, "No such file", 1 },
	{ "/proc/kallsyms", KALLSYMS_LESS, "symbols", FW_HEALTH_LESS,
	  "copy_thread is not there (copy_thread), kernel_clone is not there", 1 },
	{ "/proc/kallsyms", KALLSYMS_LESS "ffff800008010200 t copy_thread.isra.0\n", "symbols",
	  FW_HEALTH_LESS, "copy_thread was renamed (copy_thread)", 1 },
	{ "/sys/kernel/debug/kprobes/blacklist", "0x1-0x2\tcopy_thread\n", "symbols",
	  FW_HEALTH_LESS, "copy_thread is on the kprobe blacklist (copy_thread)", 1 },
	{ "/proc/kallsyms", "0000000000000000 T copy_process\n", "kallsyms", FW_HEALTH_LESS,
	  "all addresses read as 0, kernel.kptr_restrict is 0", 1 },
	{ "/sys/kernel/debug/kprobes/enabled", "0\n", "kprobes", FW_HEALTH_MISSING,
	  "switched off", 2 },
	{ "/sys/kernel/debug/kprobes/enabled", NULL, "kprobes", FW_HEALTH_OK, "there", 0 },
	{ "/proc/sys/kernel/unprivileged_bpf_disabled", NULL, "bpf", FW_HEALTH_MISSING,
	  "has none", 1 },
	{ "/proc/sys/net/core/bpf_jit_enable", "0\n", "jit", FW_HEALTH_LESS, "switched off", 1 },
	{ "/proc/sys/net/core/bpf_jit_enable", NULL, "jit", FW_HEALTH_LESS, "has none", 1 },
	{ "/sys/kernel/btf/vmlinux", NULL, "btf", FW_HEALTH_MISSING, "No such file", 1 },
	{ "/sys/kernel/security/lockdown", NULL, "lockdown", FW_HEALTH_OK, "has none", 0 },
	{ "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n", "lockdown",
	  FW_HEALTH_NOTE, "only signed modules", 0 },
	{ "/sys/kernel/security/lockdown", "none integrity [confidentiality]\n", "lockdown",
	  FW_HEALTH_MISSING, "confidentiality: BPF may not read", 2 },
	{ "/sys/kernel/security/lockdown", "strange\n", "lockdown", FW_HEALTH_UNKNOWN,
	  "strange", 0 },
	{ "/proc/self/mounts", "proc /proc proc rw 0 0\n", "tracefs", FW_HEALTH_LESS,
	  "not mounted", 1 },
	{ "/proc/self/mounts", "proc /proc proc rw 0 0\n", "debugfs", FW_HEALTH_LESS,
	  "not mounted", 1 },
	{ "/proc/self/mounts", NULL, "debugfs", FW_HEALTH_LESS, "not mounted", 1 },
	{ "/proc/sys/kernel/modules_disabled", "1\n", "loading", FW_HEALTH_NOTE,
	  "no more until", 0 },
	{ "/sys/module/module/parameters/sig_enforce", "Y\n", "loading", FW_HEALTH_NOTE,
	  "only signed", 0 },
	{ "/proc/modules", NULL, "loading", FW_HEALTH_NOTE, "has no modules", 0 },
	{ "/lib/modules/6.1.0/build/Makefile", NULL, "headers", FW_HEALTH_NOTE,
	  "no /lib/modules/6.1.0/build", 0 },
	{ "/sys/module/forkwatch/parameters/abi", "9999\n", "abi", FW_HEALTH_MISSING,
	  "the module's is 9999, this tool's 1", 2 },
	{ "/sys/module/forkwatch/parameters/abi", "1x\n", "abi", FW_HEALTH_MISSING,
	  "does not tell", 2 },
	{ "/sys/module/forkwatch/parameters/abi", NULL, "abi", FW_HEALTH_MISSING,
	  "does not tell", 2 },
	{ "/sys/module/forkwatch/parameters/probes",
	  "cpu_switch_to __switch_to refused 0 -2\nclone_call sys_ni_syscall armed 0 0\n",
	  "probes", FW_HEALTH_LESS, "refused: cpu_switch_to on __switch_to (error 2)", 1 },
	{ "/sys/module/forkwatch/parameters/probes",
	  "fork_exit copy_process idle 7 0\nclone_call sys_ni_syscall armed 0 0\n",
	  "probes", FW_HEALTH_NOTE, "2, none refused; 7 hits missed", 0 },
	{ "/sys/module/forkwatch/parameters/probes", "what is this\n", "probes",
	  FW_HEALTH_UNKNOWN, "does not tell", 1 },
	{ "/sys/module/forkwatch/parameters/probes", NULL, "probes", FW_HEALTH_UNKNOWN,
	  "does not tell", 0 },
	{ "/sys/module/forkwatch/parameters/probes", "clone_call sys_ni_syscall idle 0 0\n",
	  "clone", FW_HEALTH_LESS, "clone_path=0", 1 },
	{ "/sys/module/forkwatch/parameters/probes", NULL, "clone", FW_HEALTH_UNKNOWN,
	  "does not tell", 0 },
};

static const char *original(const char *path)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(healthy); i++)
		if (!strcmp(healthy[i].path, path))
			return healthy[i].text;
	return NULL;
}

static void every_file_that_is_wrong_is_found(void **state)
{
	struct fw_diagnosis diagnosis;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(edits); i++) {
		put(edits[i].path, edits[i].text);
		fw_doctor_examine(&arm64, &diagnosis);
		assert_finding(&diagnosis, edits[i].id, edits[i].health, edits[i].state);
		if (fw_doctor_status(&diagnosis) != edits[i].status)
			fail_msg("%s, %s: status %d", edits[i].id, edits[i].state,
				 fw_doctor_status(&diagnosis));
		put(edits[i].path, original(edits[i].path));
	}
}

/* Who is told of a lack is told what to do about it; a probe's reason is in dmesg alone. */
static void every_lack_can_be_mended(void **state)
{
	struct fw_diagnosis diagnosis;
	const struct fw_finding *found;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(edits); i++) {
		put(edits[i].path, edits[i].text);
		fw_doctor_examine(&arm64, &diagnosis);
		found = finding(&diagnosis, edits[i].id);
		if (found->health >= FW_HEALTH_LESS && strcmp(edits[i].id, "symbols"))
			assert_true(*found->mend);
		put(edits[i].path, original(edits[i].path));
	}
}

static void what_is_renamed_or_inlined_is_named(void **state)
{
	struct fw_diagnosis diagnosis;
	const char *inlined;
	char count[40];

	(void)state;
	snprintf(count, sizeof(count), "1 of %d are there; renamed: ", NR_STEPS);
	fw_doctor_examine(&arm64, &diagnosis);
	/* dup_mmap alone: a part, a .cold half and a module's function do not count. */
	assert_finding(&diagnosis, "steps", FW_HEALTH_NOTE, count);
	assert_finding(&diagnosis, "steps", FW_HEALTH_NOTE, "sched_fork.isra.0; inlined");
	inlined = strstr(finding(&diagnosis, "steps")->state, "inlined");
	assert_non_null(strstr(inlined, "copy_mm"));
	assert_null(strstr(inlined, "dup_mmap"));
}

/* A step that is done in one of several functions is there with any of them. */
static void any_function_of_a_step_will_do(void **state)
{
	struct fw_symbol_search search = { .name = "copy_io __copy_io" };
	bool hidden;

	(void)state;
	put("/proc/kallsyms", "ffff800008010000 t __copy_io\n");
	assert_int_equal(fw_doctor_search(&arm64, &search, 1, &hidden), 0);
	assert_int_equal(search.state, FW_SYMBOL_PRESENT);
	assert_string_equal(search.as, "__copy_io");
	search = (struct fw_symbol_search){ .name = "copy_io __copy_i" };
	assert_int_equal(fw_doctor_search(&arm64, &search, 1, &hidden), 0);
	assert_int_equal(search.state, FW_SYMBOL_ABSENT);
	put("/proc/kallsyms", original("/proc/kallsyms"));
}

static void capabilities_are_told_apart(void **state)
{
	static const struct {
		uint64_t set;
		int status;
		const char *state;
	} sets[] = {
		{ 0, 2, "neither" },
		{ 1ULL << CAP_BPF, 2, "neither" },
		{ 1ULL << CAP_PERFMON, 2, "neither" },
		{ 1ULL << CAP_BPF | 1ULL << CAP_PERFMON, 0, "CAP_BPF and CAP_PERFMON" },
		{ 1ULL << CAP_SYS_ADMIN, 0, "CAP_SYS_ADMIN" },
	};
	struct fw_patient patient = arm64;
	struct fw_diagnosis diagnosis;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		patient.capabilities = sets[i].set;
		fw_doctor_examine(&patient, &diagnosis);
		assert_finding(&diagnosis, "privileges",
			       sets[i].status ? FW_HEALTH_MISSING : FW_HEALTH_OK, sets[i].state);
		assert_int_equal(fw_doctor_status(&diagnosis), sets[i].status);
	}
}

static void other_machines_are_sent_away(void **state)
{
	struct fw_patient patient = arm64;
	struct fw_diagnosis diagnosis;

	(void)state;
	patient.machine = "x86_64";
	fw_doctor_examine(&patient, &diagnosis);
	assert_finding(&diagnosis, "machine", FW_HEALTH_MISSING, "x86_64");
	assert_null(diagnosis.source);
	assert_int_equal(fw_doctor_status(&diagnosis), 2);
}

static void old_kernels_are_not_promised(void **state)
{
	static const struct {
		const char *release;
		enum fw_health health;
	} releases[] = {
		{ "5.9.16", FW_HEALTH_LESS }, { "4.19.0", FW_HEALTH_LESS },
		{ "5.10.0", FW_HEALTH_OK }, { "6.0", FW_HEALTH_OK }, { "10.1", FW_HEALTH_OK },
		{ "next", FW_HEALTH_UNKNOWN }, { "", FW_HEALTH_UNKNOWN },
	};
	struct fw_patient patient = arm64;
	struct fw_diagnosis diagnosis;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(releases); i++) {
		patient.release = releases[i].release;
		fw_doctor_examine(&patient, &diagnosis);
		assert_finding(&diagnosis, "kernel", releases[i].health, releases[i].release);
	}
}

static void containers_are_seen(void **state)
{
	struct fw_diagnosis diagnosis;

	(void)state;
	put_pids("pid:[4026532000]");
	fw_doctor_examine(&arm64, &diagnosis);
	assert_finding(&diagnosis, "pids", FW_HEALTH_MISSING, "container");
	assert_int_equal(fw_doctor_status(&diagnosis), 2);
	put_pids(NULL);
	fw_doctor_examine(&arm64, &diagnosis);
	assert_finding(&diagnosis, "pids", FW_HEALTH_MISSING, "/proc/self/ns/pid");
	put_pids(INITIAL_PIDS);
}

static void without_the_module_more_is_lost(void **state)
{
	static const char *const needing[] = { "abi", "probes", "clone" };
	struct fw_diagnosis diagnosis;
	size_t i;

	(void)state;
	put("/sys/module/forkwatch/parameters/abi", NULL);
	put("/sys/module/forkwatch/parameters/probes", NULL);
	put("/sys/module/forkwatch/parameters", NULL);
	put("/sys/module/forkwatch", NULL);
	put("/lib/modules/6.1.0/build/Makefile", NULL);
	put("/sys/module/module/parameters/sig_enforce", "Y\n");
	put("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	fw_doctor_examine(&arm64, &diagnosis);
	assert_finding(&diagnosis, "module", FW_HEALTH_MISSING, "not loaded");
	assert_string_equal(finding(&diagnosis, "module")->mend, "sudo insmod forkwatch.ko");
	assert_finding(&diagnosis, "headers", FW_HEALTH_LESS, "no /lib");
	assert_finding(&diagnosis, "loading", FW_HEALTH_LESS, "only signed");
	assert_finding(&diagnosis, "lockdown", FW_HEALTH_LESS, "integrity");
	for (i = 0; i < ARRAY_SIZE(needing); i++)
		assert_finding(&diagnosis, needing[i], FW_HEALTH_UNKNOWN, "not loaded");
	assert_string_equal(diagnosis.source->name, "bpf");
	assert_int_equal(fw_doctor_status(&diagnosis), 1);
}

/* Nothing but another kernel helps: no module can be built for this one. */
static void without_kprobes_no_module_is_asked_for(void **state)
{
	struct fw_diagnosis diagnosis;

	(void)state;
	put("/sys/kernel/debug/kprobes/enabled", NULL);
	put("/proc/kallsyms", "ffff800008010100 T copy_process\n");
	put("/sys/module/forkwatch/parameters/abi", NULL);
	put("/sys/module/forkwatch/parameters/probes", NULL);
	put("/sys/module/forkwatch/parameters", NULL);
	put("/sys/module/forkwatch", NULL);
	fentry_answer = -524;
	assert_int_equal(fw_doctor_kprobes(&arm64), 0);
	fw_doctor_examine(&arm64, &diagnosis);
	fentry_answer = 0;
	assert_finding(&diagnosis, "kprobes", FW_HEALTH_MISSING, "this kernel has none");
	assert_finding(&diagnosis, "module", FW_HEALTH_MISSING, "without kprobes");
	assert_string_equal(finding(&diagnosis, "module")->mend,
			    "boot a kernel with CONFIG_KPROBES=y");
	assert_string_equal(finding(&diagnosis, "fentry")->state, "refused (error 524)");
	assert_null(diagnosis.source);
	assert_int_equal(fw_doctor_status(&diagnosis), 2);
	put("/proc/kallsyms", NULL);
	assert_int_equal(fw_doctor_kprobes(&arm64), -ENOENT);
}

static void what_is_tried_counts(void **state)
{
	struct fw_patient patient = arm64;
	struct fw_diagnosis diagnosis;
	struct fw_text text;

	(void)state;
	fentry_answer = -524;
	source_answer = -EPERM;
	fw_doctor_examine(&patient, &diagnosis);
	assert_finding(&diagnosis, "fentry", FW_HEALTH_NOTE, "error 524");
	assert_null(diagnosis.source);
	assert_int_equal(fw_doctor_status(&diagnosis), 2);
	assert_int_equal(fw_text_open(&text, false), 0);
	fw_doctor_text(&text, &patient, &diagnosis);
	assert_int_equal(fw_text_finish(&text), 0);
	assert_non_null(strstr(text.data, "the kernel does not like bpf"));
	fw_text_close(&text);

	fentry_answer = -EPERM;
	source_answer = 0;
	fw_doctor_examine(&patient, &diagnosis);
	assert_finding(&diagnosis, "fentry", FW_HEALTH_UNKNOWN, "not permitted");
	assert_int_equal(fw_doctor_status(&diagnosis), 0);
	fentry_answer = 0;

	patient.try_fentry = NULL;
	patient.try_source = NULL;
	fw_doctor_examine(&patient, &diagnosis);
	assert_finding(&diagnosis, "fentry", FW_HEALTH_UNKNOWN, "not tried");
	assert_non_null(diagnosis.source);
	assert_false(diagnosis.tried);
}

/* Nothing is there at all, or nothing but nonsense: that is said, and nothing else happens. */
static void strange_machines_do_no_harm(void **state)
{
	static const char *const nonsense[] = {
		"", "\n", "\xff\xfe\x80", "ffff 0 [", "a b c d e f\ta b", "[", "]", "%s%n",
	};
	struct fw_diagnosis diagnosis;
	size_t i, k;
	char *longest;

	(void)state;
	remove_all(NULL);
	fw_doctor_examine(&arm64, &diagnosis);
	assert_int_equal(fw_doctor_status(&diagnosis), 2);

	longest = malloc(100001);
	memset(longest, 'x', 100000);
	longest[100000] = '\0';
	for (k = 0; k <= ARRAY_SIZE(nonsense); k++) {
		for (i = 0; i < ARRAY_SIZE(healthy); i++)
			put(healthy[i].path, k < ARRAY_SIZE(nonsense) ? nonsense[k] : longest);
		fw_doctor_examine(&arm64, &diagnosis);
		assert_int_equal(fw_doctor_status(&diagnosis), 2);
	}
	free(longest);
}

static void text_fits_the_screen(void **state)
{
	struct fw_diagnosis diagnosis;
	const char *line, *next;
	struct fw_text text;
	int empty;

	(void)state;
	for (empty = 0; empty < 2; empty++) {
		fw_doctor_examine(&arm64, &diagnosis);
		assert_int_equal(fw_text_open(&text, false), 0);
		fw_doctor_text(&text, &arm64, &diagnosis);
		assert_int_equal(fw_text_finish(&text), 0);
		for (line = text.data; *line; line = next) {
			next = strchrnul(line, '\n');
			if (next - line > FW_TEXT_WIDTH)
				fail_msg("'%.*s'", (int)(next - line), line);
			next += !!*next;
		}
		assert_non_null(strstr(text.data, empty ? "none, nothing can be traced: " :
				       "nothing is missing"));
		fw_text_close(&text);
		remove_all(NULL);
	}
}

static void json_says_the_same(void **state)
{
	struct fw_diagnosis diagnosis;
	const char *id, *health, *mend;
	json_t *json, *checks;
	int i, status;

	(void)state;
	put("/sys/kernel/debug/kprobes/enabled", "0\n");
	fw_doctor_examine(&arm64, &diagnosis);
	json = fw_doctor_json(&arm64, &diagnosis);
	assert_int_equal(json_unpack(json, "{s:i, s:o, s:n}", "status", &status, "checks", &checks,
				     "source"), 0);
	assert_int_equal(status, 2);
	for (i = 0; fw_doctor_checks[i].id; i++) {
		assert_int_equal(json_unpack(json_array_get(checks, i), "{s:s, s:s}", "id", &id,
					     "health", &health), 0);
		assert_string_equal(id, fw_doctor_checks[i].id);
		assert_string_equal(health, fw_health_name(diagnosis.findings[i].health));
		if (!strcmp(id, "kprobes")) {
			assert_int_equal(json_unpack(json_array_get(checks, i), "{s:s}",
						     "mend", &mend), 0);
			assert_non_null(strstr(mend, "kprobes/enabled"));
		}
	}
	assert_int_equal(json_array_size(checks), i);
	json_decref(json);
}

/* A source whose need is no check would never be chosen, or crash. */
static void needs_are_checks(void **state)
{
	const struct fw_doctor_source *source;
	struct fw_diagnosis diagnosis;
	const char *const *id;

	(void)state;
	for (source = fw_doctor_sources; source->name; source++)
		for (id = source->needs; *id; id++)
			finding(&diagnosis, *id);
}

static int make_root(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/forkwatch-doctor-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	remove_all(state);
	return rmdir(root);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, put_all, remove_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_missing_on_a_healthy_machine),
		TEST(every_file_that_is_wrong_is_found),
		TEST(every_lack_can_be_mended),
		TEST(what_is_renamed_or_inlined_is_named),
		TEST(any_function_of_a_step_will_do),
		TEST(capabilities_are_told_apart),
		TEST(other_machines_are_sent_away),
		TEST(old_kernels_are_not_promised),
		TEST(containers_are_seen),
		TEST(without_the_module_more_is_lost),
		TEST(without_kprobes_no_module_is_asked_for),
		TEST(what_is_tried_counts),
		TEST(strange_machines_do_no_harm),
		TEST(text_fits_the_screen),
		TEST(json_says_the_same),
		TEST(needs_are_checks),
	};

	return cmocka_run_group_tests_name("doctor", tests, make_root, remove_root);
}
