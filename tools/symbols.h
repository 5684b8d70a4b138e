/* SPDX-License-Identifier: GPL-2.0-only */
/* Names for addresses: the kernel's from kallsyms, a process' from ELF files. */
#ifndef FW_SYMBOLS_H
#define FW_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct fw_addresses;
struct fw_ksyms;
struct fw_usyms;

/*
 * Kernel symbols. fw_ksyms_open() reads @path, NULL for /proc/kallsyms; a
 * table whose addresses are all zero (kptr_restrict) gives -EPERM. Names come
 * with "+0x%x" where the offset is not zero, and " [module]".
 */
int fw_ksyms_open(struct fw_ksyms **out, const char *path);
/*
 * A table with no symbol, for fw_ksyms_add(): what a recorded trace brings along. A name with
 * an offset, "name+0x10 [module]", is that of a piece: what lies there in the symbol.
 */
int fw_ksyms_new(struct fw_ksyms **out);
int fw_ksyms_add(struct fw_ksyms *ksyms, uint64_t addr, const char *name);
/*
 * From here on all addresses, but those that are added, are what @addresses shows for them:
 * see addresses.h.
 */
void fw_ksyms_hide(struct fw_ksyms *ksyms, const struct fw_addresses *addresses);
void fw_ksyms_close(struct fw_ksyms *ksyms);

/*
 * The symbol at or before @addr, without its module, and the distance to it in
 * @offset (may be NULL); NULL if there is none near enough to be meant. Where
 * several names share an address a function's goes first, then a global one,
 * then the plainest. Valid until the next fw_ksyms_add().
 */
const char *fw_ksyms_find(const struct fw_ksyms *ksyms, uint64_t addr, uint64_t *offset);
/*
 * How far @addr is from where its symbol begins, or the part of it that can be told from
 * @addr; what fw_ksyms_name() has for that place is to be added for it. -ENOENT: no symbol.
 */
int fw_ksyms_piece(const struct fw_ksyms *ksyms, uint64_t addr, uint64_t *distance);
/* The @span bytes from @low on: what lies elsewhere is in no symbol. */
void fw_ksyms_span(const struct fw_ksyms *ksyms, uint64_t *low, uint64_t *span);
/* The address of the symbol @name, the kernel's own before a module's; 0 if unknown. */
uint64_t fw_ksyms_addr(const struct fw_ksyms *ksyms, const char *name);
/* Writes "name+0x10", or "0x..." where there is no symbol. Returns @buf. */
const char *fw_ksyms_name(const struct fw_ksyms *ksyms, uint64_t addr, char *buf, size_t size);

/*
 * User symbols: from /proc/TGID/maps, read once for each process and program,
 * and the ELF files in it (.symtab, else .dynsym). A process that is gone is
 * still known by what was learnt of it or of the one it was forked from.
 * Everything here may be called with a NULL @usyms, which knows nothing.
 */
int fw_usyms_open(struct fw_usyms **out);
/*
 * One that knows only what fw_usyms_add() tells it, and looks at no process or
 * file of this machine: what a recorded trace brings along.
 */
int fw_usyms_new(struct fw_usyms **out);
int fw_usyms_add(struct fw_usyms *usyms, pid_t tgid, uint64_t addr, const char *name);
void fw_usyms_close(struct fw_usyms *usyms);
/*
 * To be called when it forks: reads the maps while the process still lives,
 * unless that was done since its exec. Returns 0 or -errno.
 */
int fw_usyms_learn(struct fw_usyms *usyms, pid_t tgid);
/* Would that do nothing? */
bool fw_usyms_learnt(struct fw_usyms *usyms, pid_t tgid);
/* The child begins with what is known of its parent: call it before the child's exec. */
void fw_usyms_fork(struct fw_usyms *usyms, pid_t parent_tgid, pid_t child_tgid);
/* @path: the program that was executed, known even when the process is gone. */
void fw_usyms_exec(struct fw_usyms *usyms, pid_t tgid, const char *path);
/* The last thread ended: what is known stays for forks that are still to be shown. */
void fw_usyms_exit(struct fw_usyms *usyms, pid_t tgid);
/*
 * Writes "libc.so.6:_Fork+0x3c", "libc.so.6+0x1234" (an offset into the file)
 * or "0x..." and returns @buf. @known, if not NULL, is set to whether more than
 * the number was known.
 */
const char *fw_usyms_name(struct fw_usyms *usyms, pid_t tgid, uint64_t addr,
			  char *buf, size_t size, int *known);
/*
 * The 32-bit word that the file mapped at @addr holds there, in the byte order
 * of AArch64: what tells that a name is that of the right file. Returns 0, or
 * -ENOENT if no file is known to be mapped there.
 */
int fw_usyms_word(struct fw_usyms *usyms, pid_t tgid, uint64_t addr, uint32_t *word);

#endif
