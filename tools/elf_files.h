/* SPDX-License-Identifier: GPL-2.0-only */
/* ELF files, each of them once, however many processes map it. Only for symbols_user.c, maps.c. */
#ifndef FW_ELF_FILES_H
#define FW_ELF_FILES_H

#include <stddef.h>
#include <sys/stat.h>

#include "elf_file.h"

/* Zeroed: none. */
struct fw_elf_files {
	struct fw_elf_file *list;
	unsigned int nr_open;		/* of them have a descriptor */
};

void fw_elf_files_free(struct fw_elf_files *files);

/* Opens @path if it is a regular file, with its attributes in @st. Returns a descriptor or -1. */
int fw_elf_files_open(const char *path, struct stat *st);

/*
 * The file with the @len bytes at @path for its name and these attributes, known before or new.
 * Takes @fd, which may be -1. NULL without memory.
 */
struct fw_elf_file *fw_elf_files_get(struct fw_elf_files *files, const char *path, size_t len,
				     int fd, const struct stat *st);

#endif
