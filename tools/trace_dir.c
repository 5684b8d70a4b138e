// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "ctf.h"
#include "packed.h"
#include "trace_dir.h"

/* Is the metadata, if there is any, that of a trace of ours? */
static bool is_our_trace(int dir)
{
	struct fw_ctf *ctf = malloc(sizeof(*ctf));
	char why[256];
	int ret = ctf ? fw_ctf_load(dir, ctf, why, sizeof(why)) : -ENOMEM;

	free(ctf);
	return !ret || ret == -ENOENT || ret == -ENODATA || ret == -ENOTSUP;
}

static bool is_trace_file(const char *name)
{
	size_t length = strlen(name);
	unsigned int cpu, nth;
	char stream[32];
	int end = 0;

	if (!strcmp(name, FW_CTF_METADATA))
		return true;
	if (length > strlen(FW_PACKED_SUFFIX) &&
	    !strcmp(name + length - strlen(FW_PACKED_SUFFIX), FW_PACKED_SUFFIX))
		length -= strlen(FW_PACKED_SUFFIX);
	if (length >= sizeof(stream))
		return false;
	memcpy(stream, name, length);
	stream[length] = '\0';
	if (!strcmp(stream, "session"))
		return true;
	if (sscanf(stream, "cpu%4u%n", &cpu, &end) == 1 && end && !stream[end])
		return true;
	end = 0;
	return sscanf(stream, "cpu%4u_late%1u%n", &cpu, &nth, &end) == 2 && end && !stream[end];
}

/* May what is in the directory go? */
static int check_entries(const char *name, int fd, DIR *dir, bool force)
{
	const struct dirent *entry;

	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (!force)
			return fw_trace_fail(-EEXIST,
				"%s is not empty: name another directory, or use --force to replace the trace in it",
				name);
		if (!is_trace_file(entry->d_name) || !is_our_trace(fd))
			return fw_trace_fail(-EEXIST,
				"%s holds more than a trace of forkwatch (%s), and is left as it is: name another directory",
				name, entry->d_name);
	}
	return 0;
}

/* The entries of the directory, from the first one on. */
static DIR *list_entries(int fd)
{
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = again < 0 ? NULL : fdopendir(again);

	if (!dir && again >= 0)
		close(again);
	return dir;
}

static int check_directory(const char *name, int fd, bool force)
{
	DIR *dir = list_entries(fd);
	int ret;

	if (!dir)
		return fw_trace_fail(-errno, "cannot open the directory %s: %s", name,
				     strerror(errno));
	ret = check_entries(name, fd, dir, force);
	closedir(dir);
	return ret;
}

int fw_trace_dir_open(const char *name, bool force, bool *made)
{
	int fd, ret;

	*made = !mkdir(name, 0700);
	if (!*made && errno != EEXIST)
		return fw_trace_fail(-errno, "cannot make the directory %s: %s", name,
				     strerror(errno));
	fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return fw_trace_fail(-errno,
			"%s is no directory (symbolic links are not followed): name another one",
			name);
	if (fd < 0)
		return fw_trace_fail(-errno, "cannot open the directory %s: %s", name,
				     strerror(errno));
	ret = check_directory(name, fd, force);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

int fw_trace_dir_clear(int fd)
{
	const struct dirent *entry;
	DIR *dir = list_entries(fd);
	int ret = 0;

	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir)))
		if (is_trace_file(entry->d_name) && unlinkat(fd, entry->d_name, 0))
			ret = -errno;
	closedir(dir);
	return ret;
}
