// SPDX-License-Identifier: GPL-2.0-only
/* What sources share: what went wrong, in words; the module's table of probes. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "source.h"

static char source_error[1024];

const char *fw_source_error(void)
{
	return source_error;
}

int fw_source_fail(int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(source_error, sizeof(source_error), format, args);
	va_end(args);
	return err;
}

/*
 * The table of probes.
 */
typedef void (*line_fn)(void *ctx, const char *line);

/* Reads the module's table of probes: calls @fn with each line but the first. */
static int each_probe(line_fn fn, void *ctx)
{
	FILE *file = fopen(FW_PROBES_FILE, "re");
	char line[FW_PROBE_LINE];

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		if (line[0] != '#')
			fn(ctx, line);
	}
	fclose(file);
	return 0;
}

static void add_missed(void *ctx, const char *line)
{
	uint64_t missed, *sum = ctx;

	if (sscanf(line, "%*s %*s %*s %" SCNu64, &missed) == 1)
		*sum += missed;
}

struct probe_line {
	const char *event;
	char *line;
};

static void find_line(void *ctx, const char *line)
{
	struct probe_line *wanted = ctx;
	size_t len = strlen(wanted->event);

	if (!strncmp(line, wanted->event, len) && line[len] == ' ')
		snprintf(wanted->line, FW_PROBE_LINE, "%s", line);
}

int fw_missed_probes(uint64_t *missed)
{
	*missed = 0;
	return each_probe(add_missed, missed);
}

void fw_probe_line(const char *event, char line[FW_PROBE_LINE])
{
	struct probe_line wanted = { event, line };

	line[0] = '\0';
	each_probe(find_line, &wanted);
}
