// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "message.h"
#include "output.h"
#include "words.h"

int fw_output_parse_color(const char *word, enum fw_color *color)
{
	static const char *const words[] = {
		[FW_COLOR_AUTO] = "auto",
		[FW_COLOR_ALWAYS] = "always",
		[FW_COLOR_NEVER] = "never",
	};
	int place = fw_word_find(words, ARRAY_SIZE(words), word);

	if (place < 0)
		return place;
	*color = place;
	return 0;
}

/*
 * Room for a whole fork: what is flushed goes out in one write, so that the
 * traced command's own output on the same terminal comes before or after it.
 */
#define BUFFER_BYTES	(64 << 10)

static void buffer_whole(FILE *file)
{
	setvbuf(file, NULL, _IOFBF, BUFFER_BYTES);
}

int fw_output_open(struct fw_output *output)
{
	int fd, err;

	if (!output->path) {
		output->file = stdout;
		buffer_whole(stdout);
		return 0;
	}
	/*
	 * The path may be anywhere: a link that somebody put there is not followed. Kernel
	 * addresses may go there, which are not for everyone.
	 */
	fd = open(output->path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	output->file = fd < 0 ? NULL : fdopen(fd, "w");
	if (output->file) {
		buffer_whole(output->file);
		return 0;
	}
	err = errno ? -errno : -EIO;
	if (fd >= 0)
		close(fd);
	fw_message("%s: %s; give -o a file in a directory that exists and may be written to",
		   output->path, err == -ELOOP ? "is a symbolic link, which -o does not follow" :
		   strerror(-err));
	return err;
}

bool fw_output_colored(const struct fw_output *output)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (output->color != FW_COLOR_AUTO)
		return output->color == FW_COLOR_ALWAYS;
	if ((no_color && *no_color) || !term || !strcmp(term, "dumb"))
		return false;
	return isatty(fileno(output->file));
}

int fw_output_flush(struct fw_output *output)
{
	if (!fflush(output->file) && !ferror(output->file))
		return 0;
	return errno ? -errno : -EIO;
}

int fw_output_json(struct fw_output *output, json_t *object)
{
	int err = 0;

	if (!object)
		return -ENOMEM;
	if (json_dumpf(object, output->file, JSON_INDENT(2)) || fputc('\n', output->file) == EOF)
		err = fw_output_flush(output);
	json_decref(object);
	return err;
}

int fw_output_close(struct fw_output *output, int err)
{
	if (!err)
		err = fw_output_flush(output);
	if (output->path && fclose(output->file) && !err)
		err = -errno;
	output->file = NULL;
	if (err == -EPIPE)
		return 0;
	if (err)
		fw_message("writing to %s: %s; the output is cut short: make room, or write "
			   "elsewhere with -o", output->path ? output->path : "standard output",
			   strerror(-err));
	return err;
}
