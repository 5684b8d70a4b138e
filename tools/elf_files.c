// SPDX-License-Identifier: GPL-2.0-only
/* See elf_files.h. */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf_files.h"

#define MAX_FILES	512	/* open files: half of the usual limit */

/* Terminals read this: nothing but plain characters. */
static char *plain_name(const char *path, size_t len)
{
	const char *slash = memrchr(path, '/', len);
	char *name, *c;

	if (slash) {
		len -= slash + 1 - path;
		path = slash + 1;
	}
	name = strndup(path, len);
	for (c = name; c && *c; c++)
		if (!isgraph((unsigned char)*c))
			*c = '?';
	return name;
}

int fw_elf_files_open(const char *path, struct stat *st)
{
	int fd;

	if (stat(path, st) || !S_ISREG(st->st_mode))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0 && !fstat(fd, st) && S_ISREG(st->st_mode))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool same_file(const struct fw_elf_file *file, const char *name, const struct stat *st)
{
	return file->ino == st->st_ino && file->dev == st->st_dev &&
	       file->mtime.tv_sec == st->st_mtim.tv_sec &&
	       file->mtime.tv_nsec == st->st_mtim.tv_nsec && !strcmp(file->name, name);
}

struct fw_elf_file *fw_elf_files_get(struct fw_elf_files *files, const char *path, size_t len,
				     int fd, const struct stat *st)
{
	char *name = plain_name(path, len);
	struct fw_elf_file *file;

	for (file = name ? files->list : NULL; file; file = file->next)
		if (same_file(file, name, st))
			goto out;
	file = name ? calloc(1, sizeof(*file)) : NULL;
	if (!file)
		goto out;
	if (fd >= 0 && files->nr_open < MAX_FILES) {
		files->nr_open++;
		file->fd = fd;
		fd = -1;
	} else {
		file->fd = -1;
	}
	file->dev = st->st_dev;
	file->ino = st->st_ino;
	file->mtime = st->st_mtim;
	file->name = name;
	name = NULL;
	file->next = files->list;
	files->list = file;
out:
	if (fd >= 0)
		close(fd);
	free(name);
	return file;
}

void fw_elf_files_free(struct fw_elf_files *files)
{
	struct fw_elf_file *file;

	while ((file = files->list)) {
		files->list = file->next;
		fw_elf_file_free(file);
	}
}
