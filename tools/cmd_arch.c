// SPDX-License-Identifier: GPL-2.0-only
/* forkwatch arch: the way from `svc #0` into this kernel. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "arch.h"
#include "cmd_options.h"
#include "message.h"

#define STATUS_BROKEN		1
#define STATUS_NOT_OBSERVED	3
#define STATUS_NOT_SUPPORTED	4

/* Any exception of the CPU overwrites ESR_EL1, so that a read may find another's. */
#define ESR_TRIES	16

/* Sysfs files end after a page, the largest of which has 64 KiB. */
#define FILE_BYTES	(65536 + 1)

struct options {
	struct fw_output output;
	bool json;
	bool explain;
	struct fw_addresses addresses;
};

/* The whole of @path in one read(2) into @buf, FILE_BYTES large. Returns 0 or -errno. */
static int read_file(const char *path, char *buf)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, buf, FILE_BYTES - 1);
	if (len < 0)
		len = -errno;
	else
		buf[len] = '\0';
	close(fd);
	return len < 0 ? len : 0;
}

static int explain_read(int err)
{
	if (err == -ENOENT)
		fw_message("the module is not loaded: sudo insmod forkwatch.ko");
	else if (err == -EACCES || err == -EPERM)
		fw_message(FW_ARCH_FILE " is for root alone: sudo forkwatch arch");
	else
		fw_message(FW_ARCH_FILE ": %s", strerror(-err));
	return err;
}

static int read_arch(struct fw_arch *arch, char *buf)
{
	struct fw_why why;
	int err, tries = ESR_TRIES;

	do {
		err = read_file(FW_ARCH_FILE, buf);
		if (err)
			return explain_read(err);
		err = fw_arch_parse(arch, buf, &why);
		if (err == -ENOMEM)
			fw_message("out of memory");
		else if (err)
			fw_message(FW_ARCH_FILE ", %s. Load the module of this tool's tree: "
				   "rmmod forkwatch, insmod forkwatch.ko", why.text);
		if (err)
			return err;
	} while (arch->esr_el1.seen && FW_ESR_EC(arch->esr_el1.value) != FW_EC_SVC64 && --tries);

	if (!read_file("/proc/self/stack", buf))
		fw_arch_parse_stack(arch, buf);
	return 0;
}

static int write_text(struct fw_output *output, const struct fw_arch_view *view)
{
	struct fw_text text;
	int err;

	err = fw_text_open(&text, fw_output_colored(output));
	if (err)
		return err;
	fw_arch_text(&text, view);
	err = fw_text_finish(&text);
	if (!err && fwrite(text.data, text.size, 1, output->file) != 1)
		err = fw_output_flush(output);
	fw_text_close(&text);
	return err;
}

static int verdict_status(const struct fw_judgement verdicts[FW_NR_ARCH_RULES])
{
	int i, status = 0;

	for (i = 0; i < FW_NR_ARCH_RULES; i++) {
		if (verdicts[i].verdict == FW_FAIL)
			return STATUS_BROKEN;
		if (verdicts[i].verdict == FW_NOT_OBSERVED)
			status = STATUS_NOT_OBSERVED;
	}
	return status;
}

static int show(struct options *opt, const struct fw_arch *arch, const struct utsname *name)
{
	struct fw_judgement verdicts[FW_NR_ARCH_RULES];
	struct fw_arch_view view = {
		.arch = arch,
		.verdicts = verdicts,
		.release = name->release,
		.machine = name->machine,
		.cpus = sysconf(_SC_NPROCESSORS_ONLN),
		.addresses = !opt->addresses.hidden,
		.explain = opt->explain,
	};
	int err;

	fw_arch_check(arch, verdicts);
	if (fw_output_open(&opt->output))
		return FW_STATUS_TROUBLE;
	err = opt->json ? fw_output_json(&opt->output, fw_arch_json(&view)) :
			  write_text(&opt->output, &view);
	if (fw_output_close(&opt->output, err))
		return FW_STATUS_TROUBLE;
	return verdict_status(verdicts);
}

static int read_and_show(struct options *opt)
{
	struct fw_arch *arch = malloc(sizeof(*arch));
	char *buf = malloc(FILE_BYTES);
	int status = FW_STATUS_TROUBLE;
	struct utsname name;

	if (!arch || !buf) {
		fw_message("out of memory");
		goto out;
	}
	uname(&name);
	if (strcmp(name.machine, "aarch64")) {
		fw_message("this kernel is %s, and there is only arm64's way in to be shown. "
			   "`make demo` boots an arm64 kernel.", name.machine);
		status = STATUS_NOT_SUPPORTED;
		goto out;
	}
	if (!read_arch(arch, buf))
		status = show(opt, arch, &name);
out:
	free(buf);
	free(arch);
	return status;
}

enum {
	OPT_EXPLAIN = FW_OPT_OWN,
};

static const struct option long_options[] = {
	FW_ADDRESSES_OPTION,
	FW_OUTPUT_OPTIONS,
	{ "explain",	no_argument,		NULL, OPT_EXPLAIN },
	{ NULL }
};

/* Returns -1 to go on, else the exit status. */
static int parse_option(const struct fw_cmd *cmd, void *ctx, int c)
{
	struct options *opt = ctx;

	switch (c) {
	case FW_OPT_ADDRESSES:
		return fw_addresses_option(cmd, &opt->addresses.choice);
	case OPT_EXPLAIN:
		opt->explain = true;
		return -1;
	case 'f':
		return fw_json_option(cmd, &opt->json);
	}
	return fw_output_option(cmd, &opt->output, c);
}

static const struct fw_options options = { .rows = long_options, .take = parse_option };

static int arch_main(const struct fw_cmd *cmd, int argc, char **argv)
{
	struct options opt = { 0 };
	int status;

	status = fw_options_parse(&options, cmd, &opt, argc, argv);
	if (status >= 0)
		return status;
	if (optind < argc)
		return fw_cmd_misuse(cmd, "what is '%s'? arch takes options only", argv[optind]);
	if (fw_addresses_decide(&opt.addresses))
		return FW_STATUS_TROUBLE;
	return read_and_show(&opt);
}

const struct fw_cmd fw_cmd_arch = {
	.name = "arch",
	.summary = "the way into this kernel: level, vectors, system call table, layouts",
	.usage =
"arch [--explain] [OPTION…]\n"
"\n"
"Shows the way of a system call into this arm64 kernel, as the loaded module read\n"
"it from the CPU and the kernel's memory: ESR_EL1, exception level, the vectors\n"
"with their handlers, sys_call_table and where task, stack and pt_regs lie. Then\n"
"judges it by rules H1 to H4. Needs root; without CAP_SYSLOG, or with\n"
"kernel.kptr_restrict=2, addresses are left out.\n"
"\n"
"      --explain         say of each line what it means, and how older kernels did it\n"
"      --addresses WHICH auto (default), as you may see them; raw; or symbols alone\n"
"  -f, --format FORMAT   text (default) or json\n"
"  -o, --output FILE     write there, not to standard output\n"
"      --color WHEN      auto (default), always or never; NO_COLOR is honoured\n"
"  -h, --help            this text\n"
"\n"
"exit status: 0 if all rules hold, 1 if one is broken, 3 if one could not be judged,\n"
"4 if this is no arm64 kernel, 2 for other trouble\n",
	.trouble = FW_STATUS_TROUBLE,
	.main = arch_main,
};
