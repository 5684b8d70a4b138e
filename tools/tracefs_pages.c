// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <traceevent/event-parse.h>
#include <traceevent/kbuffer.h>
#include <tracefs/tracefs.h>

#include "tracefs_pages.h"

struct cpu {
	struct tracefs_cpu *file;	/* NULL: not open, for the CPU was not there yet */
	struct kbuffer *records;	/* those of @page */
	void *page;
	size_t left;			/* so many pages more, and what was there has come */
	bool any;			/* there is a record, of @time */
	unsigned long long time;
};

struct fw_tracefs_pages {
	struct tracefs_instance *instance;
	size_t bytes;
	unsigned int nr;
	struct cpu cpus[];
};

struct fw_tracefs_pages *fw_tracefs_pages_new(struct tracefs_instance *instance,
					      unsigned int cpus, size_t bytes)
{
	struct fw_tracefs_pages *pages = calloc(1, sizeof(*pages) + cpus * sizeof(*pages->cpus));

	if (!pages)
		return NULL;
	pages->instance = instance;
	pages->bytes = bytes;
	pages->nr = cpus;
	return pages;
}

static void close_cpu(struct cpu *cpu)
{
	if (cpu->file)
		tracefs_cpu_close(cpu->file);
	kbuffer_free(cpu->records);
	free(cpu->page);
	*cpu = (struct cpu) { .file = NULL };
}

void fw_tracefs_pages_free(struct fw_tracefs_pages *pages)
{
	unsigned int i;

	for (i = 0; pages && i < pages->nr; i++)
		close_cpu(&pages->cpus[i]);
	free(pages);
}

/* Returns 0, without a file where the CPU was never there, or -errno. */
static int open_cpu(struct fw_tracefs_pages *pages, unsigned int nr)
{
	struct cpu *cpu = &pages->cpus[nr];

	errno = EIO;
	cpu->file = tracefs_cpu_open(pages->instance, nr, true);
	if (!cpu->file)
		return errno == ENOENT ? 0 : -errno;
	cpu->records = kbuffer_alloc(KBUFFER_LSIZE_SAME_AS_HOST, KBUFFER_ENDIAN_SAME_AS_HOST);
	cpu->page = malloc(tracefs_cpu_read_size(cpu->file));
	if (cpu->records && cpu->page)
		return 0;
	close_cpu(cpu);
	return -ENOMEM;
}

/*
 * Each read takes a whole page, but for that which is being written: then all from before
 * have come.
 */
static void next_page(struct cpu *cpu)
{
	cpu->any = false;
	while (!cpu->any && cpu->left) {
		cpu->left--;
		if (tracefs_cpu_read(cpu->file, cpu->page, true) <= 0)
			return;
		kbuffer_load_subbuffer(cpu->records, cpu->page);
		cpu->any = kbuffer_read_event(cpu->records, &cpu->time);
	}
}

static struct cpu *oldest(struct fw_tracefs_pages *pages)
{
	struct cpu *cpu, *oldest = NULL;
	unsigned int i;

	for (i = 0; i < pages->nr; i++) {
		cpu = &pages->cpus[i];
		if (cpu->any && (!oldest || cpu->time < oldest->time))
			oldest = cpu;
	}
	return oldest;
}

static int begin(struct fw_tracefs_pages *pages)
{
	unsigned int i, open = 0;
	int err;

	for (i = 0; i < pages->nr; i++) {
		struct cpu *cpu = &pages->cpus[i];

		err = cpu->file ? 0 : open_cpu(pages, i);
		if (err)
			return err;
		if (!cpu->file)
			continue;
		open++;
		/* One of them is being written, and one is the reader's. */
		cpu->left = pages->bytes / tracefs_cpu_read_size(cpu->file) + 2;
		next_page(cpu);
	}
	return open ? 0 : -EIO;
}

int fw_tracefs_pages_read(struct fw_tracefs_pages *pages, fw_record_fn fn, void *ctx)
{
	int err = begin(pages);
	struct cpu *cpu;

	while (!err && (cpu = oldest(pages))) {
		struct tep_record record = {
			.ts = cpu->time,
			.cpu = cpu - pages->cpus,
			.data = kbuffer_read_event(cpu->records, NULL),
			.size = kbuffer_event_size(cpu->records),
		};

		err = fn(ctx, &record);
		cpu->any = kbuffer_next_event(cpu->records, &cpu->time);
		if (!cpu->any)
			next_page(cpu);
	}
	return err;
}
