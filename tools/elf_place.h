/* SPDX-License-Identifier: GPL-2.0-only */
/* What lies at an offset of an ELF file. Only for what names user addresses. */
#ifndef FW_ELF_PLACE_H
#define FW_ELF_PLACE_H

#include <stdbool.h>
#include <stdint.h>

struct fw_elf_file;

struct fw_elf_place {
	char *name;		/* "libc.so.6:_Fork+0x3c", "libc.so.6+0x1234" */
	uint64_t offset;
	uint32_t word;		/* in the byte order of AArch64 */
	bool has_word;
};

/*
 * What is at @offset of @file, which was parsed. It is kept there, since programs fork at few
 * places, again and again. Valid until the next call; NULL without memory.
 */
const struct fw_elf_place *fw_elf_place(struct fw_elf_file *file, uint64_t offset);

/* All that were kept; may be NULL. */
void fw_elf_places_free(struct fw_elf_place *places);

#endif
