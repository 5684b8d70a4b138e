// SPDX-License-Identifier: GPL-2.0-only
/* forkwatch convert: a trace in the formats of other programs. */
#include <getopt.h>

#include "cmd_options.h"
#include "convert.h"
#include "message.h"
#include "output.h"

struct convert {
	const char *dir;
	struct fw_output output;
	enum fw_addresses_choice addresses;
	const struct fw_conversion *conversion;
};

static int convert_trace(struct convert *convert)
{
	int status = FW_STATUS_TROUBLE, err;
	struct fw_replay *replay;

	if (fw_replay_open_with(&replay, convert->dir, convert->addresses)) {
		fw_message("%s", fw_trace_error());
		return status;
	}
	if (!fw_output_open(&convert->output)) {
		err = convert->conversion->write(replay, convert->output.file);
		if (!fw_output_close(&convert->output, err))
			status = 0;
	}
	fw_replay_close(replay);
	return status;
}

enum {
	OPT_TO = FW_OPT_OWN,
};

static const struct option long_options[] = {
	FW_ADDRESSES_OPTION,
	{ "help",	no_argument,		NULL, 'h' },
	{ "output",	required_argument,	NULL, 'o' },
	{ "to",		required_argument,	NULL, OPT_TO },
	{ NULL }
};

/* Returns -1 to go on, else the exit status. */
static int parse_option(const struct fw_cmd *cmd, void *ctx, int c)
{
	struct convert *convert = ctx;

	switch (c) {
	case FW_OPT_ADDRESSES:
		return fw_addresses_option(cmd, &convert->addresses);
	case 'o':
		convert->output.path = optarg;
		return -1;
	case OPT_TO:
		convert->conversion = fw_conversion_find(optarg);
		if (!convert->conversion)
			return fw_cmd_misuse(cmd, "there is no format '%s', see --help", optarg);
		return -1;
	}
	return -1;
}

static const struct fw_options options = { .rows = long_options, .take = parse_option };

static int parse(const struct fw_cmd *cmd, struct convert *convert, int argc, char **argv)
{
	int status = fw_options_parse(&options, cmd, convert, argc, argv);

	if (status >= 0)
		return status;
	if (!convert->conversion)
		return fw_cmd_misuse(cmd, "convert to what? give --to FORMAT");
	if (argc - optind != 1)
		return fw_cmd_misuse(cmd, "convert what? give the directory of one trace");
	convert->dir = argv[optind];
	return -1;
}

static int convert_main(const struct fw_cmd *cmd, int argc, char **argv)
{
	struct convert convert = { .conversion = NULL };
	int status = parse(cmd, &convert, argc, argv);

	return status >= 0 ? status : convert_trace(&convert);
}

const struct fw_cmd fw_cmd_convert = {
	.name = "convert",
	.summary = "write a trace in another format: golden, json, chrome, perfetto, csv",
	.usage =
"convert --to FORMAT [OPTION…] DIR\n"
"\n"
"Writes the trace in DIR as\n"
"\n"
"  golden    JSON of what two recordings of the same have in common: no ids, addresses,\n"
"            CPUs or times; to be kept beside the source and given to forkwatch diff\n"
"  json      one JSON object with all forks, their events, and the summary\n"
"  ndjson    the same, an object a line, as forkwatch run --format json prints it\n"
"  chrome    Chrome's trace events, for ui.perfetto.dev and chrome://tracing: tasks,\n"
"            what they did as slices, an arrow from each fork to its child\n"
"  perfetto  the same in Perfetto's own format, for ui.perfetto.dev and trace_processor\n"
"  csv       a row for each fork, as RFC 4180 has it; empty is what was not observed\n"
"\n"
"      --to FORMAT       one of these\n"
"      --addresses WHICH the kernel's: auto (default), as they were recorded; raw; or\n"
"                        symbols, with a stand-in for what has none\n"
"  -o, --output FILE     write there, not to standard output\n"
"  -h, --help            this text\n"
"\n"
"exit status: 0; 2 if the trace cannot be read, or the output cannot be written\n",
	.trouble = FW_STATUS_TROUBLE,
	.main = convert_main,
};
