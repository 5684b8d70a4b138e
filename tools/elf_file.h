/* SPDX-License-Identifier: GPL-2.0-only */
/* The functions in an ELF file, and where its segments lie. Only for what names user addresses. */
#ifndef FW_ELF_FILE_H
#define FW_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <gelf.h>

#include "elf_place.h"

struct fw_elf_symbol {
	uint64_t start, end;
	const char *name;	/* in the file's string table */
	bool sized;		/* else end is that of its section */
	unsigned char rank;	/* of several at one address the lowest is shown */
};

struct fw_elf_segment {
	uint64_t offset, size, vaddr;
	bool exec;
};

/*
 * One ELF file. Its descriptor stays open: that keeps the inode number from
 * being used again, and lets the symbols wait until somebody asks for them.
 */
struct fw_elf_file {
	struct fw_elf_file *next;
	dev_t dev;
	ino_t ino;
	struct timespec mtime;
	char *name;		/* without its directory */
	int fd;			/* -1: could not be read */
	bool parsed;
	Elf *elf;
	void *image;		/* what elf reads, if that is no file */
	unsigned int type;	/* ET_EXEC, ET_DYN */
	struct fw_elf_segment *segments;
	size_t nr_segments;
	struct fw_elf_symbol *symbols;	/* by start */
	size_t nr_symbols;
	struct fw_elf_place *places;	/* of elf_place.c, NULL: none */
};

void fw_elf_file_free(struct fw_elf_file *file);

/* Reads its symbols and segments, once; what cannot be read is not there. */
void fw_elf_file_parse(struct fw_elf_file *file);

/* The smallest that says it contains @vaddr, else the last that begins before it. */
const struct fw_elf_symbol *fw_elf_file_symbol(const struct fw_elf_file *file, uint64_t vaddr);

/* Between offsets in its executable segments and addresses; false: there is none. */
bool fw_elf_file_vaddr(const struct fw_elf_file *file, uint64_t offset, uint64_t *vaddr);
bool fw_elf_file_offset(const struct fw_elf_file *file, uint64_t vaddr, uint64_t *offset);

#endif
