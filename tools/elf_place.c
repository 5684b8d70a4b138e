// SPDX-License-Identifier: GPL-2.0-only
/* See elf_place.h. */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "elf_file.h"
#include "mix.h"

#define NR_PLACES	64

/* NULL without memory. */
static char *name_of(const struct fw_elf_file *file, uint64_t offset)
{
	const struct fw_elf_symbol *symbol = NULL;
	uint64_t vaddr;
	char *name;
	int len;

	if (fw_elf_file_vaddr(file, offset, &vaddr))
		symbol = fw_elf_file_symbol(file, vaddr);
	if (!symbol)
		len = asprintf(&name, "%s+0x%llx", file->name, (unsigned long long)offset);
	else if (vaddr == symbol->start)
		len = asprintf(&name, "%s:%s", file->name, symbol->name);
	else
		len = asprintf(&name, "%s:%s+0x%llx", file->name, symbol->name,
			       (unsigned long long)(vaddr - symbol->start));
	return len < 0 ? NULL : name;
}

static void look_at(const struct fw_elf_file *file, uint64_t offset, struct fw_elf_place *place)
{
	uint32_t little;

	free(place->name);
	place->name = name_of(file, offset);
	place->offset = offset;
	place->has_word = file->fd >= 0 &&
			  pread(file->fd, &little, sizeof(little), offset) == sizeof(little);
	place->word = place->has_word ? le32toh(little) : 0;
}

const struct fw_elf_place *fw_elf_place(struct fw_elf_file *file, uint64_t offset)
{
	struct fw_elf_place *place;

	if (!file->places)
		file->places = calloc(NR_PLACES, sizeof(*file->places));
	if (!file->places)
		return NULL;
	place = &file->places[fw_mix(offset) % NR_PLACES];
	if (!place->name || place->offset != offset)
		look_at(file, offset, place);
	return place->name ? place : NULL;
}

void fw_elf_places_free(struct fw_elf_place *places)
{
	size_t i;

	for (i = 0; places && i < NR_PLACES; i++)
		free(places[i].name);
	free(places);
}
