// SPDX-License-Identifier: GPL-2.0-only
/* What doctor says of the module: whether it is there, and what it has to say. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "forkwatch.h"
#include "source.h"

#define MODULE	"/sys/module/forkwatch"

bool fw_patient_has_module(const struct fw_patient *patient)
{
	return fw_patient_has(patient, MODULE);
}

void fw_doctor_look_module(const struct fw_patient *patient, struct fw_finding *finding)
{
	if (fw_patient_has_module(patient)) {
		fw_finding_set(finding, FW_HEALTH_OK, "loaded");
		return;
	}
	/* None can be built for such a kernel, nor loaded: the kernel is what is to be mended. */
	if (!fw_doctor_kprobes(patient)) {
		fw_finding_set(finding, FW_HEALTH_MISSING, "cannot be there without kprobes");
		fw_finding_mend(finding, "boot a kernel with CONFIG_KPROBES=y");
		return;
	}
	fw_finding_set(finding, FW_HEALTH_MISSING, "not loaded");
	fw_finding_mend(finding, "sudo insmod forkwatch.ko");
}

void fw_doctor_look_loading(const struct fw_patient *patient, struct fw_finding *finding)
{
	enum fw_health health = fw_patient_has_module(patient) ? FW_HEALTH_NOTE : FW_HEALTH_LESS;
	char flag[8];

	if (!fw_patient_read(patient, "/proc/sys/kernel/modules_disabled", flag, sizeof(flag)) &&
	    flag[0] == '1') {
		fw_finding_set(finding, health, "no more until the next boot");
		fw_finding_mend(finding, "reboot; kernel.modules_disabled cannot be taken back");
	} else if (!fw_patient_read(patient, "/sys/module/module/parameters/sig_enforce", flag,
				    sizeof(flag)) && flag[0] == 'Y') {
		fw_finding_set(finding, health, "only signed ones");
		fw_finding_mend(finding, "sign forkwatch.ko, or boot without module.sig_enforce");
	} else if (!fw_patient_has(patient, "/proc/modules")) {
		fw_finding_set(finding, health, "this kernel has no modules");
		fw_finding_mend(finding, "boot a kernel with CONFIG_MODULES=y");
	} else {
		fw_finding_set(finding, FW_HEALTH_OK, "allowed");
	}
}

void fw_doctor_look_headers(const struct fw_patient *patient, struct fw_finding *finding)
{
	char build[128], path[256];

	snprintf(build, sizeof(build), "/lib/modules/%s/build", patient->release);
	snprintf(path, sizeof(path), "%s/Makefile", build);
	if (fw_patient_has(patient, path)) {
		fw_finding_set(finding, FW_HEALTH_OK, "%s", build);
		return;
	}
	fw_finding_set(finding, fw_patient_has_module(patient) ? FW_HEALTH_NOTE : FW_HEALTH_LESS,
		       "no %s", build);
	fw_finding_mend(finding, "sudo apt install linux-headers-%s, or make bundle KDIR=… "
			"elsewhere", patient->release);
}

static void needs_module(struct fw_finding *finding)
{
	fw_finding_set(finding, FW_HEALTH_UNKNOWN, "the module is not loaded");
}

void fw_doctor_look_abi(const struct fw_patient *patient, struct fw_finding *finding)
{
	char line[32], *end = line;
	unsigned long abi = 0;
	int err;

	if (!fw_patient_has_module(patient)) {
		needs_module(finding);
		return;
	}
	err = fw_patient_read(patient, MODULE "/parameters/abi", line, sizeof(line));
	if (!err)
		abi = strtoul(line, &end, 10);
	if (!err && end != line && !*end && abi == FORKWATCH_ABI_VERSION) {
		fw_finding_set(finding, FW_HEALTH_OK, "version %lu", abi);
		return;
	}
	if (!err && end != line && !*end)
		fw_finding_set(finding, FW_HEALTH_MISSING, "the module's is %lu, this tool's %d",
			       abi, FORKWATCH_ABI_VERSION);
	else
		fw_finding_set(finding, FW_HEALTH_MISSING, "the module does not tell it");
	fw_finding_mend(finding, "build both from one tree; sudo rmmod forkwatch; sudo insmod "
			"forkwatch.ko");
}

/* What the module's table of probes comes to. */
struct probes {
	unsigned int nr, serving;
	unsigned long long missed;
	char refused[200];
};

static void add_probe(struct probes *probes, const char *line)
{
	char event[40], symbol[48], state[16];
	unsigned long long missed;
	size_t len = strlen(probes->refused);
	int error;

	if (sscanf(line, "%39s %47s %15s %llu %d", event, symbol, state, &missed, &error) != 5)
		return;
	probes->nr++;
	probes->missed += missed;
	if (!strcmp(event, "clone_call"))
		probes->serving += !strcmp(state, "armed");
	if (strcmp(state, "refused"))
		return;
	snprintf(probes->refused + len, sizeof(probes->refused) - len,
		 "%s%s on %s (error %d)", len ? ", " : "", event, symbol, -error);
}

static int read_probes(const struct fw_patient *patient, struct probes *probes)
{
	char path[FW_PATIENT_PATH_LEN], line[256];
	FILE *file = fopen(fw_patient_path(patient, FW_PROBES_FILE, path), "re");

	memset(probes, 0, sizeof(*probes));
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		if (line[0] != '#')
			add_probe(probes, line);
	fclose(file);
	return 0;
}

void fw_doctor_look_probes(const struct fw_patient *patient, struct fw_finding *finding)
{
	struct probes probes;

	if (!fw_patient_has_module(patient)) {
		needs_module(finding);
	} else if (read_probes(patient, &probes) || !probes.nr) {
		fw_finding_set(finding, FW_HEALTH_UNKNOWN, "the module does not tell");
	} else if (*probes.refused) {
		fw_finding_set(finding, FW_HEALTH_LESS, "refused: %s", probes.refused);
		fw_finding_mend(finding, "see dmesg for why");
	} else if (probes.missed) {
		fw_finding_set(finding, FW_HEALTH_NOTE, "%u, none refused; %llu hits missed since "
			       "it was loaded (maxactive=8192 lets more forks sleep at once)",
			       probes.nr, probes.missed);
	} else {
		fw_finding_set(finding, FW_HEALTH_OK, "%u, none refused, no hit missed",
			       probes.nr);
	}
}

void fw_doctor_look_clone(const struct fw_patient *patient, struct fw_finding *finding)
{
	struct probes probes;

	if (!fw_patient_has_module(patient)) {
		needs_module(finding);
	} else if (read_probes(patient, &probes)) {
		fw_finding_set(finding, FW_HEALTH_UNKNOWN, "the module does not tell");
	} else if (probes.serving) {
		fw_finding_set(finding, FW_HEALTH_OK, "served");
	} else {
		fw_finding_set(finding, FW_HEALTH_LESS, "not served: loaded with clone_path=0");
		fw_finding_mend(finding, "sudo rmmod forkwatch; sudo insmod forkwatch.ko");
	}
}
