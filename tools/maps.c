// SPDX-License-Identifier: GPL-2.0-only
/* See maps.h. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maps.h"

/* One line of /proc/TGID/maps. */
struct line {
	uint64_t start, end, offset, ino;
	char mode[5];
	const char *path;
	size_t len;
};

#define DELETED	" (deleted)"

static bool parse_line(const char *text, struct line *line)
{
	unsigned long long start, end, offset, ino;
	unsigned int major, minor;
	int at = 0;

	if (sscanf(text, "%llx-%llx %4s %llx %x:%x %llu %n", &start, &end, line->mode, &offset,
		   &major, &minor, &ino, &at) != 7 || !at || start >= end)
		return false;
	line->start = start;
	line->end = end;
	line->offset = offset;
	line->ino = ino;
	line->path = text + at;
	line->len = strcspn(line->path, "\n");
	return line->len && strlen(line->mode) == 4 && line->mode[2] == 'x';
}

static bool is_deleted(const struct line *line)
{
	size_t len = strlen(DELETED);

	return line->len > len && !memcmp(line->path + line->len - len, DELETED, len);
}

/*
 * The file behind a mapping: by the mapping itself, which is exact but wants
 * privileges, else by its name, which must still be that of the same inode.
 */
static struct fw_elf_file *file_of(struct fw_elf_files *files, pid_t tgid, const struct line *line)
{
	size_t len = line->len - (is_deleted(line) ? strlen(DELETED) : 0);
	struct stat st = { .st_ino = line->ino };
	char *path;
	int fd;

	if (asprintf(&path, "/proc/%d/map_files/%llx-%llx", tgid, (unsigned long long)line->start,
		     (unsigned long long)line->end) < 0)
		return NULL;
	fd = fw_elf_files_open(path, &st);
	free(path);
	if (fd < 0) {
		if (asprintf(&path, "/proc/%d/root%.*s", tgid, (int)len, line->path) < 0)
			return NULL;
		fd = fw_elf_files_open(path, &st);
		free(path);
		if (fd >= 0 && st.st_ino != line->ino) {
			close(fd);
			fd = -1;
		}
	}
	if (fd < 0)
		st = (struct stat){ .st_ino = line->ino };
	return fw_elf_files_get(files, line->path, len, fd, &st);
}

/* FNV-1a. */
static uint32_t checksum(const unsigned char *data, size_t size)
{
	uint32_t sum = 2166136261U;

	while (size--)
		sum = (sum ^ *data++) * 16777619U;
	return sum;
}

#define MAX_VDSO	(64U << 10)

/*
 * The vdso is no file; the process' memory has it. It is the same in all
 * processes of one architecture: once read, told by its size and contents.
 */
static struct fw_elf_file *vdso_of(struct fw_elf_files *files, pid_t tgid, const struct line *line)
{
	size_t size = line->end - line->start;
	struct stat st = { .st_ino = size };
	struct fw_elf_file *file = NULL;
	void *image = size <= MAX_VDSO ? malloc(size) : NULL;
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", tgid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (!image || fd < 0 || pread(fd, image, size, line->start) != (ssize_t)size)
		goto out;
	/* Not a file's inode, and none of its attributes: a checksum of what was read. */
	st.st_mtim.tv_sec = checksum(image, size);
	file = fw_elf_files_get(files, line->path, line->len, -1, &st);
	if (file && !file->image) {
		file->image = image;
		file->elf = elf_memory(image, size);
		image = NULL;
	}
out:
	if (fd >= 0)
		close(fd);
	free(image);
	return file ? file : fw_elf_files_get(files, line->path, line->len, -1, &st);
}

struct fw_maps *fw_maps_read(struct fw_elf_files *files, pid_t tgid, FILE *in)
{
	struct fw_maps *maps = calloc(1, sizeof(*maps)), *more;
	char *text = NULL;
	size_t size = 0;

	while (maps && getline(&text, &size, in) > 0) {
		struct fw_elf_file *file;
		struct line line;

		if (!parse_line(text, &line))
			continue;
		if (line.path[0] == '/')
			file = file_of(files, tgid, &line);
		else if (!strncmp(line.path, "[vdso]", 6))
			file = vdso_of(files, tgid, &line);
		else
			continue;
		more = realloc(maps, sizeof(*maps) + (maps->nr + 1) * sizeof(maps->map[0]));
		if (!file || !more) {
			free(more ? more : maps);
			maps = NULL;
			break;
		}
		maps = more;
		maps->map[maps->nr++] = (struct fw_map){ line.start, line.end, line.offset, file };
	}
	free(text);
	if (maps)
		maps->users = 1;
	return maps;
}

const struct fw_map *fw_maps_find(const struct fw_maps *maps, uint64_t addr)
{
	size_t i;

	for (i = 0; maps && i < maps->nr; i++)
		if (addr >= maps->map[i].start && addr < maps->map[i].end)
			return &maps->map[i];
	return NULL;
}

void fw_maps_put(struct fw_maps *maps)
{
	if (maps && !--maps->users)
		free(maps);
}
