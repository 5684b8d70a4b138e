// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <string.h>

#include "cmd_options.h"

int fw_output_option(const struct fw_cmd *cmd, struct fw_output *output, int c, char **argv)
{
	switch (c) {
	case 'h':
		return fw_cmd_help(cmd);
	case 'o':
		output->path = optarg;
		return -1;
	case FW_OPT_COLOR:
		if (fw_output_parse_color(optarg, &output->color))
			return fw_cmd_misuse(cmd, "color '%s' is none of auto, always, never",
					     optarg);
		return -1;
	}
	return fw_cmd_bad_option(cmd, c, argv);
}

int fw_json_option(const struct fw_cmd *cmd, bool *json)
{
	*json = !strcmp(optarg, "json");
	if (!*json && strcmp(optarg, "text"))
		return fw_cmd_misuse(cmd, "format '%s' is neither text nor json", optarg);
	return -1;
}
