// SPDX-License-Identifier: GPL-2.0-only
/* What this machine offers: the checks, and what follows from them. */
#include <errno.h>
#include <linux/capability.h>
#include <mntent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "doctor.h"
#include "source.h"

#define KPROBES		"/sys/kernel/debug/kprobes"

void fw_finding_set(struct fw_finding *finding, enum fw_health health, const char *format, ...)
{
	va_list args;

	finding->health = health;
	va_start(args, format);
	vsnprintf(finding->state, sizeof(finding->state), format, args);
	va_end(args);
}

void fw_finding_mend(struct fw_finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding->mend, sizeof(finding->mend), format, args);
	va_end(args);
}

char *fw_patient_path(const struct fw_patient *patient, const char *path,
		      char buf[FW_PATIENT_PATH_LEN])
{
	snprintf(buf, FW_PATIENT_PATH_LEN, "%s%s", patient->root, path);
	return buf;
}

int fw_patient_read(const struct fw_patient *patient, const char *path, char *buf, size_t size)
{
	char full[FW_PATIENT_PATH_LEN];
	FILE *file = fopen(fw_patient_path(patient, path, full), "re");
	int err = 0;

	if (!file)
		return -errno;
	errno = 0;
	if (fgets(buf, size, file))
		buf[strcspn(buf, "\n")] = '\0';
	else
		err = errno ? -errno : -ENODATA;
	fclose(file);
	return err;
}

bool fw_patient_has(const struct fw_patient *patient, const char *path)
{
	char full[FW_PATIENT_PATH_LEN];

	return !access(fw_patient_path(patient, path, full), F_OK) || errno == EACCES;
}

static bool has_capability(const struct fw_patient *patient, unsigned int cap)
{
	return patient->capabilities & 1ULL << cap;
}

/* Is a file system of that type mounted anywhere? Where that cannot be told: no. */
static bool is_mounted(const struct fw_patient *patient, const char *type)
{
	char path[FW_PATIENT_PATH_LEN];
	FILE *file = setmntent(fw_patient_path(patient, "/proc/self/mounts", path), "re");
	struct mntent *entry;
	bool found = false;

	if (!file)
		return false;
	while (!found && (entry = getmntent(file)))
		found = !strcmp(entry->mnt_type, type);
	endmntent(file);
	return found;
}

int fw_doctor_kprobes(const struct fw_patient *patient)
{
	struct fw_symbol_search search = { .name = "register_kprobe" };
	bool hidden;
	int err;

	if (fw_patient_has(patient, KPROBES "/enabled"))
		return 1;
	err = fw_doctor_search(patient, &search, 1, &hidden);
	return err ? err : search.state == FW_SYMBOL_PRESENT;
}

/*
 * The machine and who asks.
 */
static void look_machine(const struct fw_patient *patient, struct fw_finding *finding)
{
	if (!strcmp(patient->machine, "aarch64")) {
		fw_finding_set(finding, FW_HEALTH_OK, "aarch64");
		return;
	}
	fw_finding_set(finding, FW_HEALTH_MISSING, "this kernel is %s, not aarch64",
		       patient->machine);
	fw_finding_mend(finding, "make demo boots an arm64 kernel; recorded traces can be read "
			"here");
}

static void look_kernel(const struct fw_patient *patient, struct fw_finding *finding)
{
	unsigned int major, minor;

	if (sscanf(patient->release, "%u.%u", &major, &minor) != 2)
		fw_finding_set(finding, FW_HEALTH_UNKNOWN, "\"%s\" is no version",
			       patient->release);
	else if (major > 5 || (major == 5 && minor >= 10))
		fw_finding_set(finding, FW_HEALTH_OK, "%s", patient->release);
	else
		fw_finding_set(finding, FW_HEALTH_LESS, "%s; the oldest that was tested is 5.10",
			       patient->release);
}

static void look_privileges(const struct fw_patient *patient, struct fw_finding *finding)
{
	bool admin = has_capability(patient, CAP_SYS_ADMIN);
	bool bpf = has_capability(patient, CAP_BPF), perfmon = has_capability(patient, CAP_PERFMON);

	if (admin || (bpf && perfmon)) {
		fw_finding_set(finding, FW_HEALTH_OK, "%s",
			       admin ? "CAP_SYS_ADMIN" : "CAP_BPF and CAP_PERFMON");
		return;
	}
	fw_finding_set(finding, FW_HEALTH_MISSING, "neither CAP_SYS_ADMIN nor both of CAP_BPF and "
		       "CAP_PERFMON");
	fw_finding_mend(finding, "run it with sudo");
}

static void look_pids(const struct fw_patient *patient, struct fw_finding *finding)
{
	static const char initial[] = "pid:[4026531836]";	/* PROC_PID_INIT_INO */
	char path[FW_PATIENT_PATH_LEN], name[64];
	ssize_t len = readlink(fw_patient_path(patient, "/proc/self/ns/pid", path), name,
			       sizeof(name) - 1);

	if (len < 0) {
		fw_finding_set(finding, FW_HEALTH_MISSING, "/proc/self/ns/pid: %s",
			       strerror(errno));
		fw_finding_mend(finding, "sudo mount -t proc nodev /proc");
		return;
	}
	name[len] = '\0';
	if (!strcmp(name, initial)) {
		fw_finding_set(finding, FW_HEALTH_OK, "the initial one");
		return;
	}
	fw_finding_set(finding, FW_HEALTH_MISSING, "one of its own, as in a container");
	fw_finding_mend(finding, "run it on the host, or the container with --pid=host");
}

/*
 * The kernel.
 */
static void look_kprobes(const struct fw_patient *patient, struct fw_finding *finding)
{
	char enabled[8] = "";
	int there;

	if (!fw_patient_read(patient, KPROBES "/enabled", enabled, sizeof(enabled)) &&
	    enabled[0] == '0') {
		fw_finding_set(finding, FW_HEALTH_MISSING, "switched off");
		fw_finding_mend(finding, "echo 1 | sudo tee " KPROBES "/enabled");
		return;
	}
	there = fw_doctor_kprobes(patient);
	if (there < 0) {
		fw_finding_set(finding, FW_HEALTH_UNKNOWN, "neither debugfs nor kallsyms can tell");
	} else if (there) {
		fw_finding_set(finding, FW_HEALTH_OK, "there");
	} else {
		fw_finding_set(finding, FW_HEALTH_MISSING, "this kernel has none");
		fw_finding_mend(finding, "boot a kernel with CONFIG_KPROBES=y");
	}
}

static void look_bpf(const struct fw_patient *patient, struct fw_finding *finding)
{
	if (fw_patient_has(patient, "/proc/sys/kernel/unprivileged_bpf_disabled")) {
		fw_finding_set(finding, FW_HEALTH_OK, "there");
		return;
	}
	fw_finding_set(finding, FW_HEALTH_MISSING, "this kernel has none");
	fw_finding_mend(finding, "boot a kernel with CONFIG_BPF_SYSCALL=y");
}

static void look_jit(const struct fw_patient *patient, struct fw_finding *finding)
{
	char enabled[8] = "";
	int err;

	err = fw_patient_read(patient, "/proc/sys/net/core/bpf_jit_enable", enabled,
			      sizeof(enabled));
	if (err == -ENOENT) {
		fw_finding_set(finding, FW_HEALTH_LESS, "this kernel has none");
		fw_finding_mend(finding, "boot a kernel with CONFIG_BPF_JIT=y");
	} else if (err) {
		fw_finding_set(finding, FW_HEALTH_UNKNOWN, "bpf_jit_enable: %s", strerror(-err));
	} else if (enabled[0] == '0') {
		fw_finding_set(finding, FW_HEALTH_LESS, "switched off");
		fw_finding_mend(finding, "sudo sysctl net.core.bpf_jit_enable=1");
	} else {
		fw_finding_set(finding, FW_HEALTH_OK, "on");
	}
}

static void look_btf(const struct fw_patient *patient, struct fw_finding *finding)
{
	char path[FW_PATIENT_PATH_LEN];

	fw_patient_path(patient, "/sys/kernel/btf/vmlinux", path);
	if (!access(path, R_OK)) {
		fw_finding_set(finding, FW_HEALTH_OK, "/sys/kernel/btf/vmlinux");
		return;
	}
	fw_finding_set(finding, FW_HEALTH_MISSING, "/sys/kernel/btf/vmlinux: %s", strerror(errno));
	fw_finding_mend(finding, "boot a kernel with CONFIG_DEBUG_INFO_BTF=y");
}

static void look_fentry(const struct fw_patient *patient, struct fw_finding *finding)
{
	int err;

	if (!patient->try_fentry) {
		fw_finding_set(finding, FW_HEALTH_UNKNOWN, "not tried");
		return;
	}
	err = patient->try_fentry();
	if (!err)
		fw_finding_set(finding, FW_HEALTH_OK, "work");
	else if (err == -EPERM || err == -EACCES)
		fw_finding_set(finding, FW_HEALTH_UNKNOWN, "%s", strerror(-err));
	else
		fw_finding_set(finding, FW_HEALTH_NOTE, "refused (error %d)%s", -err,
			       fw_doctor_kprobes(patient) ? ": kprobes do instead" : "");
}

static void look_lockdown(const struct fw_patient *patient, struct fw_finding *finding)
{
	char line[128] = "", *level;
	int err;

	err = fw_patient_read(patient, "/sys/kernel/security/lockdown", line, sizeof(line));
	level = strchr(line, '[');
	if (err == -ENOENT && !is_mounted(patient, "securityfs")) {
		fw_finding_set(finding, FW_HEALTH_UNKNOWN, "securityfs is not mounted");
		fw_finding_mend(finding, "sudo mount -t securityfs nodev /sys/kernel/security");
	} else if (err == -ENOENT) {
		fw_finding_set(finding, FW_HEALTH_OK, "this kernel has none");
	} else if (err || !level) {
		fw_finding_set(finding, FW_HEALTH_UNKNOWN, "%s", err ? strerror(-err) : line);
	} else if (!strncmp(level, "[none]", 6)) {
		fw_finding_set(finding, FW_HEALTH_OK, "none");
	} else if (!strncmp(level, "[integrity]", 11)) {
		fw_finding_set(finding,
			       fw_patient_has_module(patient) ? FW_HEALTH_NOTE : FW_HEALTH_LESS,
			       "integrity: only signed modules are loaded");
		fw_finding_mend(finding, "sign forkwatch.ko with a key of this kernel's, or switch "
				"Secure Boot off");
	} else {
		fw_finding_set(finding, FW_HEALTH_MISSING, "%.*s: BPF may not read the kernel",
			       (int)strcspn(level + 1, "]"), level + 1);
		fw_finding_mend(finding, "boot without lockdown=confidentiality");
	}
}

/*
 * File systems.
 */
static void look_tracefs(const struct fw_patient *patient, struct fw_finding *finding)
{
	if (is_mounted(patient, "tracefs")) {
		fw_finding_set(finding, FW_HEALTH_OK, "mounted");
		return;
	}
	fw_finding_set(finding, FW_HEALTH_LESS, "not mounted");
	fw_finding_mend(finding, "sudo mount -t tracefs nodev /sys/kernel/tracing");
}

static void look_debugfs(const struct fw_patient *patient, struct fw_finding *finding)
{
	if (is_mounted(patient, "debugfs")) {
		fw_finding_set(finding, FW_HEALTH_OK, "mounted");
		return;
	}
	fw_finding_set(finding, FW_HEALTH_LESS, "not mounted");
	fw_finding_mend(finding, "sudo mount -t debugfs nodev /sys/kernel/debug");
}

const struct fw_doctor_check fw_doctor_checks[] = {
	{ "machine", "an arm64 kernel",
	  "nothing can be traced: registers and switch are arm64's",
	  look_machine },
	{ "kernel", "a tested version",
	  "what is said of older kernels is not known to be true",
	  look_kernel },
	{ "privileges", "the right to trace",
	  "neither probes nor BPF programs can be attached",
	  look_privileges },
	{ "pids", "the initial pid namespace",
	  "pids of the kernel cannot be told from those seen here",
	  look_pids },
	{ "kprobes", "kprobes",
	  "the module does not load, no event is there",
	  look_kprobes },
	{ "symbols", "functions to be probed",
	  "the events of those that are not there",
	  fw_doctor_look_symbols },
	{ "steps", "steps of a fork as functions",
	  "a step that was inlined has no time of its own: it falls to the one around it",
	  fw_doctor_look_steps },
	{ "kallsyms", "addresses of its symbols",
	  "kernel addresses have no names; rules that need ret_from_fork are not judged",
	  fw_doctor_look_kallsyms },
	{ "bpf", "BPF",
	  "events cannot be carried by BPF programs",
	  look_bpf },
	{ "jit", "the BPF compiler",
	  "BPF programs are interpreted: each event costs more",
	  look_jit },
	{ "btf", "the kernel's types, BTF",
	  "BPF programs cannot be fitted to this kernel",
	  look_btf },
	{ "fentry", "BPF at the entry of functions",
	  "nothing but time: a kprobe costs more than an fentry",
	  look_fentry },
	{ "lockdown", "lockdown",
	  "modules or BPF programs are refused",
	  look_lockdown },
	{ "tracefs", "tracefs",
	  "the module's events cannot be read without BPF, nor by perf or trace-cmd",
	  look_tracefs },
	{ "debugfs", "debugfs",
	  "kprobes/list does not show which probes are armed",
	  look_debugfs },
	{ "loading", "loading of modules",
	  "the module cannot be loaded as it is",
	  fw_doctor_look_loading },
	{ "headers", "headers to build modules",
	  "the module cannot be built here",
	  fw_doctor_look_headers },
	{ "module", "the module",
	  "the system registers, every switch and the clone path: only the module sees them",
	  fw_doctor_look_module },
	{ "abi", "version of its events",
	  "the tool does not read the module's events",
	  fw_doctor_look_abi },
	{ "probes", "its probes",
	  "the events of those refused",
	  fw_doctor_look_probes },
	{ "clone", "its clone path",
	  "forkwatch clone, and fork and vfork by their own numbers",
	  fw_doctor_look_clone },
	{ NULL }
};

_Static_assert(ARRAY_SIZE(fw_doctor_checks) <= FW_CHECKS_ROOM, "too many checks");

/*
 * What follows: the source that will be used.
 */
static const char *const carried_needs[] = {
	"machine", "privileges", "pids", "kprobes", "bpf", "btf", "lockdown", "module", "abi", NULL
};

static const char *const module_needs[] = {
	"machine", "privileges", "pids", "kprobes", "lockdown", "module", "abi", NULL
};

/* A module of another version is no reason to do without one: it is to be replaced. */
static const char *const bpf_needs[] = {
	"machine", "privileges", "pids", "kprobes", "bpf", "btf", "lockdown", "abi", NULL
};

const struct fw_doctor_source fw_doctor_sources[] = {
	{ "module-bpf", "the module's events, carried by BPF programs", carried_needs },
	{ "module", "the module's events, read from tracefs; no stages", module_needs },
	{ "bpf", "what BPF programs see without the module: no system registers", bpf_needs },
	{ NULL }
};

static int index_of(const char *id)
{
	int i;

	for (i = 0; strcmp(fw_doctor_checks[i].id, id); i++)
		;
	return i;
}

static void look(const struct fw_patient *patient, struct fw_diagnosis *diagnosis, int i)
{
	if (!diagnosis->looked[i])
		fw_doctor_checks[i].look(patient, &diagnosis->findings[i]);
	diagnosis->looked[i] = true;
}

static bool has_all(const struct fw_patient *patient, struct fw_diagnosis *diagnosis,
		    const struct fw_doctor_source *source)
{
	const char *const *id;

	for (id = source->needs; *id; id++) {
		look(patient, diagnosis, index_of(*id));
		if (diagnosis->findings[index_of(*id)].health == FW_HEALTH_MISSING)
			return false;
	}
	return true;
}

bool fw_doctor_why_not(const struct fw_diagnosis *diagnosis, const struct fw_doctor_source *source,
		       char *why, size_t size)
{
	const char *const *id;

	for (id = source->needs; *id; id++) {
		const struct fw_finding *finding = &diagnosis->findings[index_of(*id)];

		if (finding->health != FW_HEALTH_MISSING)
			continue;
		snprintf(why, size, "%s: %s", fw_doctor_checks[index_of(*id)].what,
			 finding->state);
		return true;
	}
	return false;
}

static void choose_source(const struct fw_patient *patient, struct fw_diagnosis *diagnosis)
{
	const struct fw_doctor_source *source;

	for (source = fw_doctor_sources; source->name; source++) {
		if (!has_all(patient, diagnosis, source))
			continue;
		if (!patient->try_source) {
			diagnosis->source = source;
			return;
		}
		if (!patient->try_source(source->name, diagnosis->refusal,
					 sizeof(diagnosis->refusal))) {
			diagnosis->source = source;
			diagnosis->tried = true;
			diagnosis->refusal[0] = '\0';
			return;
		}
	}
}

void fw_doctor_examine(const struct fw_patient *patient, struct fw_diagnosis *diagnosis)
{
	int i;

	memset(diagnosis, 0, sizeof(*diagnosis));
	for (i = 0; fw_doctor_checks[i].id; i++)
		look(patient, diagnosis, i);
	choose_source(patient, diagnosis);
}

void fw_doctor_choose(const struct fw_patient *patient, struct fw_diagnosis *diagnosis)
{
	memset(diagnosis, 0, sizeof(*diagnosis));
	choose_source(patient, diagnosis);
}

int fw_doctor_status(const struct fw_diagnosis *diagnosis)
{
	int i;

	if (!diagnosis->source)
		return 2;
	for (i = 0; fw_doctor_checks[i].id; i++)
		if (diagnosis->findings[i].health >= FW_HEALTH_LESS)
			return 1;
	return 0;
}

const char *fw_health_name(enum fw_health health)
{
	static const char *const names[] = {
		[FW_HEALTH_OK] = "ok",
		[FW_HEALTH_NOTE] = "note",
		[FW_HEALTH_UNKNOWN] = "unknown",
		[FW_HEALTH_LESS] = "less",
		[FW_HEALTH_MISSING] = "missing",
	};

	return names[health];
}
