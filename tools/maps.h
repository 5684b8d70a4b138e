/* SPDX-License-Identifier: GPL-2.0-only */
/* What a process has mapped, as /proc/TGID/maps tells it. Only for symbols_user.c. */
#ifndef FW_MAPS_H
#define FW_MAPS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "elf_files.h"

/* Executable mappings of one program; processes share them until an exec. */
struct fw_maps {
	unsigned int users;
	size_t nr;
	struct fw_map {
		uint64_t start, end, offset;
		struct fw_elf_file *file;
	} map[];
};

/*
 * Reads @in, which is /proc/TGID/maps, and finds the @files that are mapped, the vdso among
 * them. One user holds the result; NULL without memory.
 */
struct fw_maps *fw_maps_read(struct fw_elf_files *files, pid_t tgid, FILE *in);
/* One user less; may be NULL. */
void fw_maps_put(struct fw_maps *maps);

/* Where @addr lies; NULL: in none of them. @maps may be NULL. */
const struct fw_map *fw_maps_find(const struct fw_maps *maps, uint64_t addr);

#endif
