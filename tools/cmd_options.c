// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "cmd_options.h"
#include "message.h"
#include "source_choice.h"
#include "stage_probes.h"
#include "target.h"

#define LETTERS_MAX	64

/* What getopt_long() is to know of letters, such as "+:af:ho:". */
static void list_letters(const struct fw_options *options, char *letters)
{
	const struct option *row;
	char *to = letters;

	if (options->command)
		*to++ = '+';
	*to++ = ':';
	for (row = options->rows; row->name; row++) {
		if (row->val > 'z')
			continue;
		assert(to + 2 < letters + LETTERS_MAX);
		*to++ = row->val;
		if (row->has_arg == required_argument)
			*to++ = ':';
	}
	*to = '\0';
}

int fw_options_parse(const struct fw_options *options, const struct fw_cmd *cmd, void *ctx,
		     int argc, char **argv)
{
	char letters[LETTERS_MAX];
	int c, status;

	list_letters(options, letters);
	opterr = 0;
	while ((c = getopt_long(argc, argv, letters, options->rows, NULL)) != -1) {
		if (c == 'h')
			return fw_cmd_help(cmd);
		if (c == '?' || c == ':')
			return fw_cmd_bad_option(cmd, c, argv);
		status = options->take(cmd, ctx, c);
		if (status >= 0)
			return status;
	}
	return -1;
}

int fw_addresses_option(const struct fw_cmd *cmd, enum fw_addresses_choice *choice)
{
	if (fw_addresses_parse(optarg, choice))
		return fw_cmd_misuse(cmd, "addresses '%s' is none of " FW_ADDRESSES_WORDS, optarg);
	return -1;
}

int fw_addresses_decide(struct fw_addresses *addresses)
{
	int err = fw_addresses_live(addresses);

	if (err)
		fw_message("no random number to hide addresses with: %s", strerror(-err));
	return err;
}

int fw_output_option(const struct fw_cmd *cmd, struct fw_output *output, int c)
{
	switch (c) {
	case 'o':
		output->path = optarg;
		return -1;
	case FW_OPT_COLOR:
		if (fw_output_parse_color(optarg, &output->color))
			return fw_cmd_misuse(cmd, "color '%s' is none of auto, always, never",
					     optarg);
		break;
	}
	return -1;
}

int fw_json_option(const struct fw_cmd *cmd, bool *json)
{
	*json = !strcmp(optarg, "json");
	if (!*json && strcmp(optarg, "text"))
		return fw_cmd_misuse(cmd, "format '%s' is neither text nor json", optarg);
	return -1;
}

/* It stays until the command has been started, and is never freed. */
static int find_user(const struct fw_cmd *cmd, struct fw_user *user)
{
	int err;

	fw_user_free(user);
	err = fw_user_find(optarg, user);
	if (err == -ENOENT)
		return fw_cmd_misuse(cmd, "there is no user '%s' here", optarg);
	if (err)
		return fw_cmd_misuse(cmd, "user '%s': %s", optarg, strerror(-err));
	return -1;
}

int fw_target_option(const struct fw_cmd *cmd, struct fw_session_options *session, int c)
{
	struct fw_source_options *source = &session->source;

	switch (c) {
	case 'a':
		source->all = true;
		return -1;
	case 'p':
		if (fw_parse_pid(optarg, &session->pid))
			return fw_cmd_misuse(cmd, "'%s' is no pid", optarg);
		return -1;
	case 'u':
		return find_user(cmd, &session->user);
	case FW_OPT_ADDRESSES:
		return fw_addresses_option(cmd, &session->addresses.choice);
	case FW_OPT_COW:
		source->cow = true;
		return -1;
	case FW_OPT_RING:
		if (fw_parse_bytes(optarg, &source->ring_bytes))
			return fw_cmd_misuse(cmd, "'%s' is no size such as 512K or 16M (1024M is "
					     "the most)", optarg);
		return -1;
	case FW_OPT_SOURCE:
		if (fw_source_parse(optarg, &session->ops))
			return fw_cmd_misuse(cmd, "source '%s' is none of " FW_SOURCE_WORDS,
					     optarg);
		return -1;
	case FW_OPT_STAGES:
		if (fw_parse_stages(optarg, &source->stages))
			return fw_cmd_misuse(cmd, "stages '%s' is none of off, core, all",
					     optarg);
		return -1;
	case FW_OPT_SWITCHES:
		source->switches = true;
		return -1;
	}
	return -1;
}

int fw_target_command_line(const struct fw_cmd *cmd, struct fw_session_options *session, int argc,
			   char **argv)
{
	const char *fault;

	if (optind < argc)
		session->argv = argv + optind;
	fault = fw_target_fault(session);
	return fault ? fw_cmd_misuse(cmd, "%s", fault) : -1;
}
