// SPDX-License-Identifier: GPL-2.0-only
/* Processes: what is mapped in each, and what was told of it, names its addresses. */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf_files.h"
#include "maps.h"
#include "symbols.h"

/* A name that was told, not found. */
struct told {
	uint64_t addr;
	char *name;
};

#define NR_TOLD		256	/* per process */

struct process {
	struct process *next;
	pid_t tgid;
	struct told *told;	/* the oldest is the next to go */
	unsigned int nr_told, next_told;
	struct fw_maps *maps;	/* NULL: not learnt yet */
	char *path;		/* what it executed, NULL: not known */
	struct stat exe;	/* what the maps belong to */
	bool settled;		/* its maps were read since it began to run, libraries and all */
	bool gone;		/* /proc/TGID is no longer this program's */
};

#define NR_BUCKETS	256
#define NR_GONE		256	/* dead processes that stay known */

struct fw_usyms {
	bool only_told;
	struct process *buckets[NR_BUCKETS];
	pid_t gone[NR_GONE];	/* the oldest is the next to go */
	unsigned int next_gone;
	struct fw_elf_files files;
};

int fw_usyms_open(struct fw_usyms **out)
{
	struct fw_usyms *usyms;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return -ENOTSUP;
	usyms = calloc(1, sizeof(*usyms));
	if (!usyms)
		return -ENOMEM;
	*out = usyms;
	return 0;
}

int fw_usyms_new(struct fw_usyms **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->only_told = true;
	return 0;
}

static void told_forget(struct process *process)
{
	unsigned int i;

	for (i = 0; i < process->nr_told; i++)
		free(process->told[i].name);
	free(process->told);
	process->told = NULL;
	process->nr_told = 0;
	process->next_told = 0;
}

static void process_forget(struct process *process)
{
	told_forget(process);
	fw_maps_put(process->maps);
	free(process->path);
	process->maps = NULL;
	process->path = NULL;
	process->settled = false;
	process->gone = false;
	memset(&process->exe, 0, sizeof(process->exe));
}

void fw_usyms_close(struct fw_usyms *usyms)
{
	struct process *process;
	size_t i;

	if (!usyms)
		return;
	for (i = 0; i < NR_BUCKETS; i++) {
		while ((process = usyms->buckets[i])) {
			usyms->buckets[i] = process->next;
			process_forget(process);
			free(process);
		}
	}
	fw_elf_files_free(&usyms->files);
	free(usyms);
}

static struct process **slot(struct fw_usyms *usyms, pid_t tgid)
{
	struct process **process = &usyms->buckets[(unsigned int)tgid % NR_BUCKETS];

	while (*process && (*process)->tgid != tgid)
		process = &(*process)->next;
	return process;
}

/* What is known of @tgid, if need be nothing; NULL without memory. */
static struct process *process_get(struct fw_usyms *usyms, pid_t tgid)
{
	struct process **at = slot(usyms, tgid);

	if (!*at) {
		*at = calloc(1, sizeof(**at));
		if (*at)
			(*at)->tgid = tgid;
	}
	return *at;
}

static struct told *told_find(const struct process *process, uint64_t addr)
{
	unsigned int i;

	for (i = 0; process && i < process->nr_told; i++)
		if (process->told[i].addr == addr)
			return &process->told[i];
	return NULL;
}

/* A place for the name of @addr: its own, a new one, or the oldest; NULL without memory. */
static struct told *told_get(struct process *process, uint64_t addr)
{
	struct told *told = told_find(process, addr);

	if (told)
		return told;
	if (process->nr_told == NR_TOLD)
		return &process->told[process->next_told++ % NR_TOLD];
	told = reallocarray(process->told, process->nr_told + 1, sizeof(*told));
	if (!told)
		return NULL;
	process->told = told;
	told += process->nr_told++;
	told->name = NULL;
	return told;
}

int fw_usyms_add(struct fw_usyms *usyms, pid_t tgid, uint64_t addr, const char *name)
{
	struct process *process = process_get(usyms, tgid);
	struct told *told;
	char *plain, *c;

	if (!process)
		return -ENOMEM;
	if (process->gone)
		process_forget(process);
	plain = strdup(name);
	told = plain ? told_get(process, addr) : NULL;
	if (!told) {
		free(plain);
		return -ENOMEM;
	}
	for (c = plain; *c; c++)
		if (!isgraph((unsigned char)*c))
			*c = '?';
	free(told->name);
	*told = (struct told){ .addr = addr, .name = plain };
	return 0;
}

static int read_process(struct fw_usyms *usyms, struct process *process)
{
	struct stat before, after;
	struct fw_maps *maps;
	char path[32];
	FILE *in;

	if (usyms->only_told)
		return -ENOENT;
	snprintf(path, sizeof(path), "/proc/%d/maps", process->tgid);
	in = fopen(path, "re");
	if (!in)
		return -errno;
	snprintf(path, sizeof(path), "/proc/%d/exe", process->tgid);
	if (stat(path, &before))
		memset(&before, 0, sizeof(before));
	/* Another program than last time, and no exec was heard of: not what is asked about. */
	if (process->maps && (process->exe.st_ino != before.st_ino ||
			      process->exe.st_dev != before.st_dev)) {
		fclose(in);
		return -ESTALE;
	}
	maps = fw_maps_read(&usyms->files, process->tgid, in);
	fclose(in);
	if (!maps)
		return -ENOMEM;
	/* A process that ends meanwhile has empty maps; one that execs has others. */
	if (!maps->nr || stat(path, &after) || after.st_ino != before.st_ino ||
	    after.st_dev != before.st_dev) {
		fw_maps_put(maps);
		return -ESRCH;
	}
	fw_maps_put(process->maps);
	process->maps = maps;
	process->exe = before;
	return 0;
}

int fw_usyms_learn(struct fw_usyms *usyms, pid_t tgid)
{
	struct process *process = usyms ? process_get(usyms, tgid) : NULL;
	int err;

	if (!process)
		return usyms ? -ENOMEM : -EINVAL;
	if (process->gone)
		process_forget(process);
	if (process->settled)
		return 0;
	err = read_process(usyms, process);
	process->settled = !err;
	return err;
}

bool fw_usyms_learnt(struct fw_usyms *usyms, pid_t tgid)
{
	const struct process *process = usyms ? *slot(usyms, tgid) : NULL;

	return process && process->settled && !process->gone;
}

void fw_usyms_fork(struct fw_usyms *usyms, pid_t parent_tgid, pid_t child_tgid)
{
	struct process *parent, *child;

	if (!usyms || parent_tgid == child_tgid)
		return;
	parent = process_get(usyms, parent_tgid);
	child = process_get(usyms, child_tgid);
	if (!parent || !child)
		return;
	process_forget(child);
	if (!parent->maps && !parent->gone)
		read_process(usyms, parent);
	child->maps = parent->maps;
	if (child->maps)
		child->maps->users++;
	child->settled = parent->settled;
	child->exe = parent->exe;
	child->path = parent->path ? strdup(parent->path) : NULL;
}

void fw_usyms_exec(struct fw_usyms *usyms, pid_t tgid, const char *path)
{
	struct process *process = usyms ? process_get(usyms, tgid) : NULL;

	if (!process)
		return;
	process_forget(process);
	process->path = path && *path == '/' ? strdup(path) : NULL;
	read_process(usyms, process);
}

void fw_usyms_exit(struct fw_usyms *usyms, pid_t tgid)
{
	struct process **at, *process;
	pid_t *oldest;

	if (!usyms || !*slot(usyms, tgid) || (*slot(usyms, tgid))->gone)
		return;
	oldest = &usyms->gone[usyms->next_gone++ % NR_GONE];
	at = slot(usyms, *oldest);
	process = *at;
	if (process && process->gone) {
		*at = process->next;
		process_forget(process);
		free(process);
	}
	*oldest = tgid;
	(*slot(usyms, tgid))->gone = true;
}

/* A program that was not linked to be moved is where its file says. */
static struct fw_elf_file *fixed_program(struct fw_usyms *usyms, const char *path, uint64_t addr,
					 uint64_t *offset)
{
	struct fw_elf_file *file;
	struct stat st;
	int fd;

	fd = path ? fw_elf_files_open(path, &st) : -1;
	if (fd < 0)
		return NULL;
	file = fw_elf_files_get(&usyms->files, path, strlen(path), fd, &st);
	if (!file)
		return NULL;
	fw_elf_file_parse(file);
	return file->type == ET_EXEC && fw_elf_file_offset(file, addr, offset) ? file : NULL;
}

/* What is mapped at @addr; NULL if that is not known. */
static const struct fw_elf_place *locate(struct fw_usyms *usyms, pid_t tgid, uint64_t addr)
{
	struct process *process = usyms ? process_get(usyms, tgid) : NULL;
	struct fw_elf_file *file;
	const struct fw_map *map;
	uint64_t offset;

	if (!process || usyms->only_told)
		return NULL;
	map = fw_maps_find(process->maps, addr);
	/* Libraries come after exec: look again, as long as it is the same program. */
	if (!map && !process->gone && !read_process(usyms, process))
		map = fw_maps_find(process->maps, addr);
	if (map) {
		fw_elf_file_parse(map->file);
		return fw_elf_place(map->file, addr - map->start + map->offset);
	}
	file = process->maps ? NULL : fixed_program(usyms, process->path, addr, &offset);
	return file ? fw_elf_place(file, offset) : NULL;
}

/* The name of @addr, if anything is known; NULL if not. */
static const char *known_name(struct fw_usyms *usyms, pid_t tgid, uint64_t addr)
{
	const struct told *told = usyms ? told_find(*slot(usyms, tgid), addr) : NULL;
	const struct fw_elf_place *place = told ? NULL : locate(usyms, tgid, addr);

	return told ? told->name : place ? place->name : NULL;
}

const char *fw_usyms_name(struct fw_usyms *usyms, pid_t tgid, uint64_t addr,
			  char *buf, size_t size, int *known)
{
	const char *name = known_name(usyms, tgid, addr);
	size_t length;

	if (known)
		*known = !!name;
	if (!name) {
		snprintf(buf, size, "0x%llx", (unsigned long long)addr);
		return buf;
	}
	length = strnlen(name, size - 1);
	memcpy(buf, name, length);
	buf[length] = '\0';
	return buf;
}

int fw_usyms_word(struct fw_usyms *usyms, pid_t tgid, uint64_t addr, uint32_t *word)
{
	const struct fw_elf_place *place = locate(usyms, tgid, addr);

	if (!place || !place->has_word)
		return -ENOENT;
	*word = place->word;
	return 0;
}
