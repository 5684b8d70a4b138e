// SPDX-License-Identifier: GPL-2.0-only
/* forkwatch doctor: what this machine offers, what is missing, and what mends it. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "array.h"
#include "capability.h"
#include "cmd_options.h"
#include "doctor.h"
#include "message.h"
#include "source_choice.h"

struct doctor {
	struct fw_output output;
	bool json;
};

/* Called at each fork only, and traceable in all kernels that were looked at. */
#define FENTRY_FUNCTION	"wake_up_new_task"

/*
 * A program that returns 0 on the entry of a function. Loading says nothing:
 * 5.10 and 6.1 load it, and refuse to attach it.
 */
static int try_fentry(void)
{
	static const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FENTRY);
	int id, fd, link, err = 0;

	libbpf_set_print(NULL);
	id = libbpf_find_vmlinux_btf_id(FENTRY_FUNCTION, BPF_TRACE_FENTRY);
	if (id < 0)
		return id;
	opts.attach_btf_id = id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, NULL, "GPL", program, ARRAY_SIZE(program),
			   &opts);
	if (fd < 0)
		return fd;
	link = bpf_raw_tracepoint_open(NULL, fd);
	if (link < 0)
		err = link;
	else
		close(link);
	close(fd);
	return err;
}

static int try_source(const char *name, char *why, size_t size)
{
	const struct fw_source_options opt = { 0 };
	const struct fw_source_ops *ops = fw_source_find(name);
	struct fw_source *source;
	int err;

	err = ops->open(&source, &opt);
	if (err)
		snprintf(why, size, "%s", fw_source_error());
	else
		ops->close(source);
	return err;
}

static int write_text(struct fw_output *output, const struct fw_patient *patient,
		      const struct fw_diagnosis *diagnosis)
{
	struct fw_text text;
	int err;

	err = fw_text_open(&text, fw_output_colored(output));
	if (err)
		return err;
	fw_doctor_text(&text, patient, diagnosis);
	err = fw_text_finish(&text);
	if (!err && fwrite(text.data, text.size, 1, output->file) != 1)
		err = fw_output_flush(output);
	fw_text_close(&text);
	return err;
}

static int examine(struct doctor *doctor)
{
	struct fw_patient patient = {
		.root = "",
		.try_fentry = try_fentry,
		.try_source = try_source,
	};
	struct fw_diagnosis diagnosis;
	struct utsname name;
	int err;

	uname(&name);
	patient.release = name.release;
	patient.machine = name.machine;
	err = fw_capabilities(&patient.capabilities);
	if (err)
		fw_message("capget: %s", strerror(-err));
	fw_doctor_examine(&patient, &diagnosis);

	if (fw_output_open(&doctor->output))
		return FW_STATUS_TROUBLE;
	err = doctor->json ? fw_output_json(&doctor->output,
					    fw_doctor_json(&patient, &diagnosis)) :
			     write_text(&doctor->output, &patient, &diagnosis);
	if (fw_output_close(&doctor->output, err))
		return FW_STATUS_TROUBLE;
	return fw_doctor_status(&diagnosis);
}

static const struct option long_options[] = {
	FW_OUTPUT_OPTIONS,
	{ NULL }
};

static int parse_option(const struct fw_cmd *cmd, void *ctx, int c)
{
	struct doctor *doctor = ctx;

	return c == 'f' ? fw_json_option(cmd, &doctor->json) :
			  fw_output_option(cmd, &doctor->output, c);
}

static const struct fw_options options = { .rows = long_options, .take = parse_option };

static int doctor_main(const struct fw_cmd *cmd, int argc, char **argv)
{
	struct doctor doctor = { .json = false };
	int status = fw_options_parse(&options, cmd, &doctor, argc, argv);

	if (status >= 0)
		return status;
	if (optind < argc)
		return fw_cmd_misuse(cmd, "what is '%s'? doctor takes options only", argv[optind]);
	return examine(&doctor);
}

const struct fw_cmd fw_cmd_doctor = {
	.name = "doctor",
	.summary = "what this machine offers, what is missing, and the command that mends it",
	.usage =
"doctor [OPTION…]\n"
"\n"
"Looks at what forkwatch needs of this machine: kernel, privileges, file systems,\n"
"BPF, the module and its probes; says which source of events will be used, and of\n"
"what is missing what is lost by it and what mends it. Changes nothing; a source\n"
"that has all it needs is opened for a moment.\n"
"\n"
"  -f, --format FORMAT   text (default) or json\n"
"  -o, --output FILE     write there, not to standard output\n"
"      --color WHEN      auto (default), always or never; NO_COLOR is honoured\n"
"  -h, --help            this text\n"
"\n"
"exit status: 0 if all is there, 1 if something is missing, 2 if nothing can be traced\n",
	.trouble = FW_STATUS_TROUBLE,
	.main = doctor_main,
};
