/* SPDX-License-Identifier: GPL-2.0-only */
/* Names for addresses: the kernel's from kallsyms, a process' from ELF files. */
#ifndef FW_SYMBOLS_H
#define FW_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct fw_ksyms;
struct fw_usyms;

/*
 * Kernel symbols. fw_ksyms_open() reads @path, NULL for /proc/kallsyms; a
 * table whose addresses are all zero (kptr_restrict) gives -EPERM. Names come
 * with "+0x%x" where the offset is not zero, and " [module]".
 */
int fw_ksyms_open(struct fw_ksyms **out, const char *path);
/* A table with no symbol, for fw_ksyms_add(): what a recorded trace brings along. */
int fw_ksyms_new(struct fw_ksyms **out);
int fw_ksyms_add(struct fw_ksyms *ksyms, uint64_t addr, const char *name);
void fw_ksyms_close(struct fw_ksyms *ksyms);

/* The symbol at or before @addr and the distance to it in @offset; NULL if there is none. */
const char *fw_ksyms_find(const struct fw_ksyms *ksyms, uint64_t addr, uint64_t *offset);
/* The address of the symbol @name, 0 if unknown. */
uint64_t fw_ksyms_addr(const struct fw_ksyms *ksyms, const char *name);
/* Writes "name+0x10", or "0x..." where there is no symbol. Returns @buf. */
const char *fw_ksyms_name(const struct fw_ksyms *ksyms, uint64_t addr, char *buf, size_t size);

/*
 * User symbols: reads /proc/TGID/maps once per process and program (call
 * fw_usyms_exec() when it execs, fw_usyms_exit() when it ends) and the ELF
 * files in it (libelf; .symtab, else .dynsym).
 */
int fw_usyms_open(struct fw_usyms **out);
void fw_usyms_close(struct fw_usyms *usyms);
/* Reads the maps now, while the process still lives. Returns 0 or -errno. */
int fw_usyms_learn(struct fw_usyms *usyms, pid_t tgid);
void fw_usyms_fork(struct fw_usyms *usyms, pid_t parent_tgid, pid_t child_tgid);
/* @path: the program that was executed, known even when the process is gone. */
void fw_usyms_exec(struct fw_usyms *usyms, pid_t tgid, const char *path);
void fw_usyms_exit(struct fw_usyms *usyms, pid_t tgid);
/*
 * Writes "libc.so.6:_Fork+0x3c", "libc.so.6+0x1234" or "0x..." and returns
 * @buf. @known, if not NULL, is set to whether more than the number was known.
 */
const char *fw_usyms_name(struct fw_usyms *usyms, pid_t tgid, uint64_t addr,
			  char *buf, size_t size, int *known);

#endif
