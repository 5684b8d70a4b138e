// SPDX-License-Identifier: GPL-2.0-only
/* What must be so before it is worth to try a source, each with what to do next. */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "array.h"
#include "doctor.h"
#include "forkwatch.h"
#include "precondition.h"
#include "source.h"

#define MODULE_DIR	"/sys/module/forkwatch"
#define BTF_FILE	"/sys/kernel/btf/vmlinux"
#define LOCKDOWN_FILE	"/sys/kernel/security/lockdown"

static int check_machine(void)
{
	struct utsname name;

	if (uname(&name))
		return fw_source_fail(-errno, "uname: %s", strerror(errno));
	if (strcmp(name.machine, "aarch64"))
		return fw_source_fail(-ENOTSUP,
			"forkwatch traces arm64 kernels, and this one is %s. "
			"Run it on an arm64 machine; `make demo` boots one.",
			name.machine);
	return 0;
}

static bool have_capability(const struct __user_cap_data_struct *data, unsigned int cap)
{
	return data[CAP_TO_INDEX(cap)].effective & CAP_TO_MASK(cap);
}

static int check_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return fw_source_fail(-errno, "capget: %s", strerror(errno));
	if (have_capability(data, CAP_SYS_ADMIN) ||
	    (have_capability(data, CAP_BPF) && have_capability(data, CAP_PERFMON)))
		return 0;
	return fw_source_fail(-EPERM,
		"tracing the kernel needs root, or the capabilities CAP_BPF and CAP_PERFMON. "
		"Run it with sudo.");
}

/* BPF programs see the pids of the initial namespace. */
static int check_pid_namespace(void)
{
	static const char initial[] = "pid:[4026531836]";	/* PROC_PID_INIT_INO */
	char name[64];
	ssize_t len = readlink("/proc/self/ns/pid", name, sizeof(name) - 1);

	if (len < 0)
		return fw_source_fail(-errno,
			"/proc/self/ns/pid: %s. Is procfs mounted on /proc?",
			strerror(errno));
	name[len] = 0;
	if (strcmp(name, initial))
		return fw_source_fail(-ENOTSUP,
			"this is a pid namespace of its own, in which the kernel's pids are not "
			"known. Run forkwatch on the host, or the container with the host's pids "
			"(--pid=host).");
	return 0;
}

/* The module and the BPF programs alike. */
static int check_kprobes(void)
{
	const struct fw_patient patient = { .root = "" };

	if (fw_doctor_kprobes(&patient))
		return 0;
	return fw_source_fail(-ENOTSUP,
		"this kernel has no kprobes (CONFIG_KPROBES), by which the module and the BPF "
		"programs watch a fork: nothing can be traced here. Boot a kernel that has them; "
		"`forkwatch doctor` says what else there is.");
}

static int check_module(void)
{
	struct utsname name;

	if (!access(MODULE_DIR, F_OK))
		return 0;
	uname(&name);
	return fw_source_fail(-ENOENT,
		"the module forkwatch is not loaded. Load it: sudo insmod forkwatch.ko "
		"(where there is none for %s yet: make bundle KDIR=/lib/modules/%s/build), or "
		"do without it: --source bpf",
		name.release, name.release);
}

static int check_abi(void)
{
	static const char path[] = MODULE_DIR "/parameters/abi";
	FILE *file = fopen(path, "re");
	unsigned int abi;
	int found;

	if (!file)
		return fw_source_fail(-EPROTO,
			"%s: %s. The loaded module is no forkwatch that this tool knows: "
			"rebuild tool and module from the same tree, rmmod forkwatch, insmod.",
			path, strerror(errno));
	found = fscanf(file, "%u", &abi);
	fclose(file);
	if (found != 1)
		return fw_source_fail(-EPROTO, "%s holds no number", path);
	if (abi != FORKWATCH_ABI_VERSION)
		return fw_source_fail(-EPROTO,
			"the loaded module speaks version %u of the events, this tool version %u. "
			"Rebuild both from the same tree, rmmod forkwatch, insmod the new one.",
			abi, FORKWATCH_ABI_VERSION);
	return 0;
}

static int check_btf(void)
{
	if (!access(BTF_FILE, R_OK))
		return 0;
	return fw_source_fail(-ENOENT,
		BTF_FILE ": %s. This kernel does not describe its types (CONFIG_DEBUG_INFO_BTF), "
		"and the BPF programs cannot be fitted to it. With the module, --source module does "
		"without them.", strerror(errno));
}

/* The other level, integrity, keeps BPF programs from writing only. */
static int check_lockdown(void)
{
	FILE *file = fopen(LOCKDOWN_FILE, "re");
	char line[128] = "";

	if (!file)
		return 0;
	if (!fgets(line, sizeof(line), file))
		line[0] = 0;
	fclose(file);
	if (!strstr(line, "[confidentiality]"))
		return 0;
	return fw_source_fail(-EPERM,
		"the kernel is locked down (" LOCKDOWN_FILE ": confidentiality), so that BPF "
		"programs cannot read its memory. Boot without lockdown=confidentiality.");
}

static int check_root(void)
{
	if (!geteuid())
		return 0;
	return fw_source_fail(-EPERM,
		"reading the module's events from tracefs needs root. Run it with sudo.");
}

int fw_preconditions(unsigned int needs)
{
	static const struct {
		unsigned int need;
		int (*check)(void);
	} all[] = {
		{ FW_NEED_MACHINE, check_machine },
		{ FW_NEED_CAPABILITIES, check_capabilities },
		{ FW_NEED_ROOT, check_root },
		{ FW_NEED_PIDS, check_pid_namespace },
		{ FW_NEED_MODULE | FW_NEED_BPF, check_kprobes },
		{ FW_NEED_MODULE, check_module },
		{ FW_NEED_MODULE, check_abi },
		{ FW_NEED_BPF, check_btf },
		{ FW_NEED_BPF, check_lockdown },
	};
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		err = needs & all[i].need ? all[i].check() : 0;
		if (err)
			return err;
	}
	return 0;
}
