// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf_file.h"

void fw_elf_file_free(struct fw_elf_file *file)
{
	if (file->elf)
		elf_end(file->elf);
	if (file->fd >= 0)
		close(file->fd);
	fw_elf_places_free(file->places);
	free(file->image);
	free(file->segments);
	free(file->symbols);
	free(file->name);
	free(file);
}

static void read_segments(struct fw_elf_file *file)
{
	size_t i, nr = 0;
	GElf_Phdr header;

	if (elf_getphdrnum(file->elf, &nr))
		return;
	file->segments = calloc(nr, sizeof(*file->segments));
	for (i = 0; file->segments && i < nr; i++) {
		if (!gelf_getphdr(file->elf, i, &header) || header.p_type != PT_LOAD)
			continue;
		file->segments[file->nr_segments++] = (struct fw_elf_segment){
			header.p_offset, header.p_filesz, header.p_vaddr, header.p_flags & PF_X
		};
	}
}

/* .symtab if there is one, else .dynsym. */
static Elf_Scn *symbol_section(Elf *elf, GElf_Shdr *header)
{
	Elf_Scn *section = NULL, *found = NULL;
	GElf_Shdr each;

	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &each))
			continue;
		if (each.sh_type != SHT_SYMTAB && (each.sh_type != SHT_DYNSYM || found))
			continue;
		found = section;
		*header = each;
		if (each.sh_type == SHT_SYMTAB)
			break;
	}
	return found;
}

static bool is_function(Elf *elf, const GElf_Sym *sym, GElf_Shdr *section)
{
	unsigned int type = GELF_ST_TYPE(sym->st_info);

	if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE)
		return false;
	if (sym->st_shndx == SHN_UNDEF || sym->st_shndx >= SHN_LORESERVE)
		return false;
	return gelf_getshdr(elf_getscn(elf, sym->st_shndx), section) &&
	       section->sh_flags & SHF_EXECINSTR;
}

static bool is_plain(const char *name)
{
	const char *c = name;

	while (isgraph((unsigned char)*c))
		c++;
	return c > name && !*c;
}

/* The lower, the better: global ones, then plain names, then short ones. */
static unsigned char rank_of(const GElf_Sym *sym, const char *name)
{
	size_t underscores = strspn(name, "_"), len = strlen(name);

	return (GELF_ST_BIND(sym->st_info) == STB_LOCAL) << 7 |
	       (underscores < 3 ? underscores : 3) << 5 | (len < 31 ? len : 31);
}

static int by_start(const void *a, const void *b)
{
	const struct fw_elf_symbol *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->sized != y->sized)
		return x->sized ? 1 : -1;
	/* The best comes last: that is where a search ends. */
	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	return strcmp(y->name, x->name);
}

static void read_symbols(struct fw_elf_file *file)
{
	GElf_Shdr header, section;
	Elf_Scn *table = symbol_section(file->elf, &header);
	Elf_Data *data = table ? elf_getdata(table, NULL) : NULL;
	GElf_Ehdr elf_header;
	uint64_t thumb = 0;
	size_t i, nr;
	GElf_Sym sym;

	if (!data || !header.sh_entsize)
		return;
	/* A Thumb function's address has its lowest bit set. */
	if (gelf_getehdr(file->elf, &elf_header) && elf_header.e_machine == EM_ARM)
		thumb = 1;
	nr = header.sh_size / header.sh_entsize;
	file->symbols = calloc(nr ? nr : 1, sizeof(*file->symbols));
	for (i = 0; file->symbols && i < nr; i++) {
		struct fw_elf_symbol *symbol = &file->symbols[file->nr_symbols];
		const char *name;

		if (!gelf_getsym(data, i, &sym) || !is_function(file->elf, &sym, &section))
			continue;
		name = elf_strptr(file->elf, header.sh_link, sym.st_name);
		if (!name || !is_plain(name) || *name == '$')
			continue;
		symbol->start = sym.st_value & ~thumb;
		symbol->sized = sym.st_size > 0;
		symbol->end = symbol->sized ? symbol->start + sym.st_size :
					      section.sh_addr + section.sh_size;
		symbol->name = name;
		symbol->rank = rank_of(&sym, name);
		file->nr_symbols++;
	}
	if (file->symbols)
		qsort(file->symbols, file->nr_symbols, sizeof(*file->symbols), by_start);
}

void fw_elf_file_parse(struct fw_elf_file *file)
{
	GElf_Ehdr header;

	if (file->parsed)
		return;
	file->parsed = true;
	/* Read, not mapped: whoever truncates the file must not kill us. */
	if (!file->elf && file->fd >= 0)
		file->elf = elf_begin(file->fd, ELF_C_READ, NULL);
	if (!file->elf || !gelf_getehdr(file->elf, &header))
		return;
	file->type = header.e_type;
	read_segments(file);
	read_symbols(file);
}

#define MAX_BACK	64	/* labels inside of one function */

const struct fw_elf_symbol *fw_elf_file_symbol(const struct fw_elf_file *file, uint64_t vaddr)
{
	const struct fw_elf_symbol *unsized = NULL, *symbol;
	size_t low = 0, high = file->nr_symbols, back;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (file->symbols[mid].start <= vaddr)
			low = mid + 1;
		else
			high = mid;
	}
	for (back = 0; back < MAX_BACK && back < low; back++) {
		symbol = &file->symbols[low - 1 - back];
		if (vaddr >= symbol->end)
			continue;
		if (symbol->sized)
			return symbol;
		if (!unsized)
			unsized = symbol;
	}
	return unsized;
}

bool fw_elf_file_vaddr(const struct fw_elf_file *file, uint64_t offset, uint64_t *vaddr)
{
	const struct fw_elf_segment *segment;

	for (segment = file->segments; segment < file->segments + file->nr_segments; segment++) {
		if (!segment->exec || offset < segment->offset ||
		    offset - segment->offset >= segment->size)
			continue;
		*vaddr = offset - segment->offset + segment->vaddr;
		return true;
	}
	return false;
}

bool fw_elf_file_offset(const struct fw_elf_file *file, uint64_t vaddr, uint64_t *offset)
{
	const struct fw_elf_segment *segment;

	for (segment = file->segments; segment < file->segments + file->nr_segments; segment++) {
		if (!segment->exec || vaddr < segment->vaddr ||
		    vaddr - segment->vaddr >= segment->size)
			continue;
		*offset = vaddr - segment->vaddr + segment->offset;
		return true;
	}
	return false;
}
