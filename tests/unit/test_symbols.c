// SPDX-License-Identifier: GPL-2.0-only
/* Names for addresses: of a kernel that is written down here, and of live and dead processes. */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "array.h"
#include "symbols.h"

static char directory[64];

static int make_directory(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/forkwatch-symbols-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

/* Writes @size bytes to a new file of that name in the directory. Returns its path. */
static const char *make_file(const char *name, const void *data, size_t size)
{
	static char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	return path;
}

/*
 * The kernel's.
 */
static struct fw_ksyms *open_text(const char *text, int expected)
{
	const char *path = make_file("kallsyms", text, strlen(text));
	struct fw_ksyms *ksyms = NULL;

	assert_int_equal(fw_ksyms_open(&ksyms, path), expected);
	unlink(path);
	return ksyms;
}

static const char kallsyms[] =
	"ffff800008000000 T _text\n"
	"ffff800008010000 T _stext\n"
	"ffff800008010000 T __do_softirq_begin\n"
	"ffff800008010000 t gic_handle_irq\n"
	"ffff8000080153d0 T ret_from_fork\n"
	"ffff8000080153e8 t $x\n"
	"ffff8000080153f0 t interrupt\n"
	"ffff800008a60000 T __pi_memcpy\n"
	"ffff800008a60000 W memcpy\n"
	"ffff800008a60000 T __memcpy\n"
	"ffff800008a60100 t local_alias\n"
	"ffff800008a60100 T global_alias\n"
	"ffff800008a60100 d data_alias\n"
	"ffff800008a60fc0 T __switch_to\n"
	"ffff800009000000 D init_task\n"
	"ffff80000a000000 B _end\n"
	"ffff80000a000000 B init_pg_end\n"
	"not a line\n"
	"ffff800001000000 t fw_probe\t[forkwatch]\n"
	"ffff800000f00000 t duplicate\t[other]\n"
	"ffff800008a70000 t duplicate\n"
	"ffff800001234000 t bpf_prog_6deef7357e7b4530\t[bpf]\n";

static void assert_kernel(const struct fw_ksyms *ksyms, uint64_t addr, const char *expected)
{
	char buf[128];

	assert_string_equal(fw_ksyms_name(ksyms, addr, buf, sizeof(buf)), expected);
}

static void kernel_addresses_are_named(void **state)
{
	struct fw_ksyms *ksyms = open_text(kallsyms, 0);
	uint64_t offset = 1;

	(void)state;
	assert_kernel(ksyms, 0xffff8000080153d0, "ret_from_fork");
	assert_kernel(ksyms, 0xffff8000080153d4, "ret_from_fork+0x4");
	assert_kernel(ksyms, 0xffff8000080153ec, "ret_from_fork+0x1c");
	assert_kernel(ksyms, 0xffff800008a610a8, "__switch_to+0xe8");
	assert_kernel(ksyms, 0xffff800009000000, "init_task");
	assert_kernel(ksyms, 0xffff800001000010, "fw_probe+0x10 [forkwatch]");
	assert_string_equal(fw_ksyms_find(ksyms, 0xffff800001000010, &offset), "fw_probe");
	assert_int_equal(offset, 0x10);
	assert_non_null(fw_ksyms_find(ksyms, 0xffff800001000010, NULL));
	fw_ksyms_close(ksyms);
}

static void aliases_are_chosen_by_rank(void **state)
{
	struct fw_ksyms *ksyms = open_text(kallsyms, 0);

	(void)state;
	assert_kernel(ksyms, 0xffff800008010000, "gic_handle_irq");
	assert_kernel(ksyms, 0xffff800008a60004, "__memcpy+0x4");
	assert_kernel(ksyms, 0xffff800008a60100, "global_alias");
	assert_int_equal(fw_ksyms_addr(ksyms, "local_alias"), 0xffff800008a60100);
	fw_ksyms_close(ksyms);
}

static void far_addresses_are_no_symbols(void **state)
{
	static const uint64_t nowhere[] = {
		0, 5, 0xffff800000000000, 0xffff800009800000, 0xffff80000a000000,
		0xffff80000a000010, 0xffff800001234000 + 0x4000, UINT64_MAX,
	};
	struct fw_ksyms *ksyms = open_text(kallsyms, 0);
	char buf[32], number[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		assert_null(fw_ksyms_find(ksyms, nowhere[i], NULL));
		snprintf(number, sizeof(number), "0x%llx", (unsigned long long)nowhere[i]);
		assert_string_equal(fw_ksyms_name(ksyms, nowhere[i], buf, sizeof(buf)), number);
	}
	assert_kernel(ksyms, 0xffff800001234100, "bpf_prog_6deef7357e7b4530+0x100 [bpf]");
	fw_ksyms_close(ksyms);
}

static void names_have_addresses(void **state)
{
	struct fw_ksyms *ksyms = open_text(kallsyms, 0);
	int again;

	(void)state;
	for (again = 0; again < 2; again++) {
		assert_int_equal(fw_ksyms_addr(ksyms, "ret_from_fork"), 0xffff8000080153d0);
		assert_int_equal(fw_ksyms_addr(ksyms, "fw_probe"), 0xffff800001000000);
		assert_int_equal(fw_ksyms_addr(ksyms, "duplicate"), 0xffff800008a70000);
		assert_int_equal(fw_ksyms_addr(ksyms, "nothing"), 0);
		assert_int_equal(fw_ksyms_addr(ksyms, ""), 0);
	}
	fw_ksyms_close(ksyms);
}

static void bad_tables_are_refused(void **state)
{
	struct fw_ksyms *ksyms;

	(void)state;
	open_text("0000000000000000 T _text\n0000000000000000 t a\n", -EPERM);
	open_text("", -ENODATA);
	open_text("nonsense\n\n12\nffffffffffffffffff T x\n1 T\n1 T  x\n\xff\xfe", -ENODATA);
	assert_int_equal(fw_ksyms_open(&ksyms, "/nonexistent"), -ENOENT);
	assert_int_equal(fw_ksyms_open(&ksyms, "/"), -EISDIR);
	fw_ksyms_close(NULL);
}

static void a_last_line_may_lack_its_end(void **state)
{
	struct fw_ksyms *ksyms = open_text("ffff800008000000 T a\nffff800008000100 T last", 0);

	(void)state;
	assert_kernel(ksyms, 0xffff800008000104, "last+0x4");
	fw_ksyms_close(ksyms);
}

static void symbols_can_be_added(void **state)
{
	struct fw_ksyms *ksyms;
	char name[32];
	int i;

	(void)state;
	assert_int_equal(fw_ksyms_new(&ksyms), 0);
	assert_null(fw_ksyms_find(ksyms, 0xffff800008000000, NULL));
	assert_int_equal(fw_ksyms_addr(ksyms, "f7"), 0);
	assert_int_equal(fw_ksyms_add(ksyms, 0xffff800007000000, "g"), 0);
	assert_int_equal(fw_ksyms_addr(ksyms, "f7"), 0);
	for (i = 5000; i > 0; i--) {
		snprintf(name, sizeof(name), "f%d", i);
		assert_int_equal(fw_ksyms_add(ksyms, 0xffff800008000000 + i * 16, name), 0);
	}
	assert_kernel(ksyms, 0xffff800008000078, "f7+0x8");
	assert_int_equal(fw_ksyms_addr(ksyms, "f7"), 0xffff800008000070);
	assert_int_equal(fw_ksyms_add(ksyms, 0xffff800001000000, "probe [module]"), 0);
	assert_kernel(ksyms, 0xffff800001000004, "probe+0x4 [module]");
	assert_int_equal(fw_ksyms_add(ksyms, 0, "zero"), -EINVAL);
	assert_int_equal(fw_ksyms_add(ksyms, 1, ""), -EINVAL);
	fw_ksyms_close(ksyms);
}

/*
 * A process'.
 */
__attribute__((noinline)) static void a_place(void)
{
	__asm__ volatile("nop; nop; nop; nop");
}

static void assert_user(struct fw_usyms *usyms, pid_t tgid, uint64_t addr, const char *expected)
{
	char buf[128];
	int known = -1;

	fw_usyms_name(usyms, tgid, addr, buf, sizeof(buf), &known);
	assert_string_equal(buf, expected);
	assert_int_equal(known, strncmp(expected, "0x", 2) != 0);
}

static void assert_unknown(struct fw_usyms *usyms, pid_t tgid, uint64_t addr)
{
	char number[32];

	snprintf(number, sizeof(number), "0x%llx", (unsigned long long)addr);
	assert_user(usyms, tgid, addr, number);
}

/* What this program's file is called. */
static const char *own_name(const char *what)
{
	static char name[128];

	snprintf(name, sizeof(name), "%s:%s", program_invocation_short_name, what);
	return name;
}

static void own_addresses_are_named(void **state)
{
	struct fw_usyms *usyms;
	uint32_t word, expected;
	char buf[64];

	(void)state;
	assert_int_equal(fw_usyms_open(&usyms), 0);
	assert_user(usyms, getpid(), (uintptr_t)a_place, own_name("a_place"));
	assert_user(usyms, getpid(), (uintptr_t)a_place + 1, own_name("a_place+0x1"));
	assert_user(usyms, getpid(), 0x10, "0x10");
	/* By its file, and not by an address that the sanitizers took over. */
	fw_usyms_name(usyms, getpid(), (uintptr_t)dlsym(RTLD_NEXT, "getpriority"), buf,
		      sizeof(buf), NULL);
	assert_string_equal(buf, "libc.so.6:getpriority");

	memcpy(&expected, (const void *)(uintptr_t)a_place, sizeof(expected));
	assert_int_equal(fw_usyms_word(usyms, getpid(), (uintptr_t)a_place, &word), 0);
	assert_int_equal(word, expected);
	assert_int_equal(fw_usyms_word(usyms, getpid(), 0x10, &word), -ENOENT);
	fw_usyms_close(usyms);
}

/* A child that waits until it is killed. */
static pid_t start_child(void)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	assert_true(pid > 0);
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void the_dead_are_remembered(void **state)
{
	struct fw_usyms *usyms;
	pid_t pid = start_child();

	(void)state;
	assert_int_equal(fw_usyms_open(&usyms), 0);
	assert_int_equal(fw_usyms_learn(usyms, pid), 0);
	end_child(pid);
	assert_user(usyms, pid, (uintptr_t)a_place, own_name("a_place"));
	fw_usyms_exit(usyms, pid);
	assert_user(usyms, pid, (uintptr_t)a_place, own_name("a_place"));
	assert_int_equal(fw_usyms_learn(usyms, pid), -ENOENT);
	assert_unknown(usyms, pid, (uintptr_t)a_place);
	fw_usyms_close(usyms);
}

static void children_inherit(void **state)
{
	struct fw_usyms *usyms;
	const pid_t child = 1 << 29, grandchild = child + 1;	/* above any pid_max */

	(void)state;
	assert_int_equal(fw_usyms_open(&usyms), 0);
	assert_unknown(usyms, child, (uintptr_t)a_place);
	fw_usyms_fork(usyms, getpid(), child);
	fw_usyms_fork(usyms, child, grandchild);
	assert_user(usyms, child, (uintptr_t)a_place, own_name("a_place"));
	assert_user(usyms, grandchild, (uintptr_t)a_place, own_name("a_place"));
	/* A thread is no process of its own. */
	fw_usyms_fork(usyms, child, child);
	assert_user(usyms, child, (uintptr_t)a_place, own_name("a_place"));
	/* An exec ends what was inherited; so does a new child with that pid. */
	fw_usyms_exec(usyms, child, "/nonexistent");
	assert_unknown(usyms, child, (uintptr_t)a_place);
	assert_user(usyms, grandchild, (uintptr_t)a_place, own_name("a_place"));
	fw_usyms_fork(usyms, child, grandchild);
	assert_unknown(usyms, grandchild, (uintptr_t)a_place);
	fw_usyms_close(usyms);
}

static void only_so_many_dead_are_remembered(void **state)
{
	struct fw_usyms *usyms;
	const pid_t first = 1 << 29;
	pid_t pid;

	(void)state;
	assert_int_equal(fw_usyms_open(&usyms), 0);
	for (pid = first; pid < first + 2000; pid++) {
		fw_usyms_fork(usyms, getpid(), pid);
		fw_usyms_exit(usyms, pid);
		fw_usyms_exit(usyms, pid);
	}
	assert_unknown(usyms, first, (uintptr_t)a_place);
	assert_user(usyms, pid - 1, (uintptr_t)a_place, own_name("a_place"));
	fw_usyms_close(usyms);
}

static void another_program_is_not_asked(void **state)
{
	struct fw_usyms *usyms;
	int go[2], i;
	char c;
	pid_t pid;

	(void)state;
	assert_int_equal(fw_usyms_open(&usyms), 0);
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		if (read(go[0], &c, 1) == 1)
			execlp("sleep", "sleep", "60", NULL);
		_exit(1);
	}
	assert_int_equal(fw_usyms_learn(usyms, pid), 0);
	assert_int_equal(write(go[1], "x", 1), 1);
	for (i = 0; i < 1000; i++) {
		char path[32], exe[64] = "";

		snprintf(path, sizeof(path), "/proc/%d/exe", pid);
		if (readlink(path, exe, sizeof(exe) - 1) > 0 && strstr(exe, "/sleep"))
			break;
		usleep(10000);
	}
	assert_true(i < 1000);
	/* Its exec was not told: what is asked about is still the program before it. */
	assert_user(usyms, pid, (uintptr_t)a_place, own_name("a_place"));
	assert_unknown(usyms, pid, 0x1234);
	assert_user(usyms, pid, (uintptr_t)a_place, own_name("a_place"));
	fw_usyms_exec(usyms, pid, "/bin/sleep");
	assert_unknown(usyms, pid, (uintptr_t)a_place);
	end_child(pid);
	close(go[0]);
	close(go[1]);
	fw_usyms_close(usyms);
}

static void nothing_is_known_without_any(void **state)
{
	char buf[32];
	uint32_t word;

	(void)state;
	fw_usyms_learn(NULL, 1);
	fw_usyms_fork(NULL, 1, 2);
	fw_usyms_exec(NULL, 1, "/bin/sh");
	fw_usyms_exit(NULL, 1);
	assert_string_equal(fw_usyms_name(NULL, 1, 0xabc, buf, sizeof(buf), NULL), "0xabc");
	assert_int_equal(fw_usyms_word(NULL, 1, 0xabc, &word), -ENOENT);
	fw_usyms_close(NULL);
}

/*
 * A program that is not linked to be moved, small enough to be written down.
 */
#define TEXT_AT		0x400000ULL
#define TEXT_SIZE	0x100

struct program {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	unsigned char text[TEXT_SIZE];
	Elf64_Sym symbols[8];
	char strings[64];
	Elf64_Shdr sections[5];
};

#define NAMES		"\0outer\0label\0sized\0weak_name\0$x\0data\0bad\033name\0"
#define NAME(name)	((int)(strstr_bytes(name) - names))

static const char names[] = NAMES;

static const char *strstr_bytes(const char *name)
{
	return memmem(names, sizeof(names), name, strlen(name) + 1);
}

static Elf64_Sym symbol(const char *name, int bind, int type, int section, uint64_t offset,
			uint64_t size)
{
	return (Elf64_Sym){
		.st_name = NAME(name), .st_info = ELF64_ST_INFO(bind, type),
		.st_shndx = section, .st_value = TEXT_AT + offset, .st_size = size,
	};
}

static Elf64_Shdr section(int type, uint64_t flags, uint64_t addr, uint64_t offset, uint64_t size)
{
	return (Elf64_Shdr){
		.sh_type = type, .sh_flags = flags, .sh_addr = addr, .sh_offset = offset,
		.sh_size = size,
	};
}

static void make_program(struct program *program, int type, int machine)
{
	memset(program, 0, sizeof(*program));
	memcpy(program->header.e_ident, ELFMAG, SELFMAG);
	program->header.e_ident[EI_CLASS] = ELFCLASS64;
	program->header.e_ident[EI_DATA] = ELFDATA2LSB;
	program->header.e_ident[EI_VERSION] = EV_CURRENT;
	program->header.e_type = type;
	program->header.e_machine = machine;
	program->header.e_version = EV_CURRENT;
	program->header.e_phoff = offsetof(struct program, segment);
	program->header.e_shoff = offsetof(struct program, sections);
	program->header.e_ehsize = sizeof(Elf64_Ehdr);
	program->header.e_phentsize = sizeof(Elf64_Phdr);
	program->header.e_phnum = 1;
	program->header.e_shentsize = sizeof(Elf64_Shdr);
	program->header.e_shnum = ARRAY_SIZE(program->sections);
	program->header.e_shstrndx = 3;
	program->segment = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = TEXT_AT,
		.p_offset = offsetof(struct program, text), .p_filesz = TEXT_SIZE,
		.p_memsz = TEXT_SIZE, .p_align = 1,
	};
	memcpy(program->text, "\x01\x00\x00\xd4", 4);
	memcpy(program->strings, names, sizeof(names));
	program->symbols[1] = symbol("outer", STB_GLOBAL, STT_FUNC, 1, 0, 0x40);
	program->symbols[2] = symbol("label", STB_LOCAL, STT_NOTYPE, 1, 0x20, 0);
	program->symbols[3] = symbol("sized", STB_GLOBAL, STT_FUNC, 1, 0x40, 0x10);
	program->symbols[4] = symbol("weak_name", STB_WEAK, STT_FUNC, 1, 0x40, 0x10);
	program->symbols[5] = symbol("$x", STB_LOCAL, STT_NOTYPE, 1, 0x80, 0);
	program->symbols[6] = symbol("data", STB_GLOBAL, STT_OBJECT, 1, 0x90, 8);
	program->symbols[7] = symbol("bad\033name", STB_GLOBAL, STT_FUNC, 1, 0xa0, 8);
	program->sections[1] = section(SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, TEXT_AT,
				       offsetof(struct program, text), TEXT_SIZE);
	program->sections[2] = section(SHT_SYMTAB, 0, 0, offsetof(struct program, symbols),
				       sizeof(program->symbols));
	program->sections[2].sh_link = 3;
	program->sections[2].sh_entsize = sizeof(Elf64_Sym);
	program->sections[3] = section(SHT_STRTAB, 0, 0, offsetof(struct program, strings),
				       sizeof(program->strings));
}

/* Asks for an address in a program that nobody runs any more. */
static void assert_in_program(const struct program *program, size_t size, uint64_t addr,
			      const char *expected)
{
	const char *path = make_file("prog", program, size);
	const pid_t gone = 1 << 29;
	struct fw_usyms *usyms;
	uint32_t word;

	assert_int_equal(fw_usyms_open(&usyms), 0);
	fw_usyms_exec(usyms, gone, path);
	assert_user(usyms, gone, addr, expected);
	if (addr == TEXT_AT && expected[0] != '0') {
		assert_int_equal(fw_usyms_word(usyms, gone, addr, &word), 0);
		assert_int_equal(word, 0xd4000001);
	}
	fw_usyms_close(usyms);
	unlink(path);
}

static void programs_that_stay_put_need_no_maps(void **state)
{
	struct program program;
	size_t size = sizeof(program);

	(void)state;
	make_program(&program, ET_EXEC, EM_AARCH64);
	assert_in_program(&program, size, TEXT_AT, "prog:outer");
	assert_in_program(&program, size, TEXT_AT + 0x3c, "prog:outer+0x3c");
	assert_in_program(&program, size, TEXT_AT + 0x24, "prog:outer+0x24");
	assert_in_program(&program, size, TEXT_AT + 0x44, "prog:sized+0x4");
	/* A label reaches until its section ends, if nothing else claims to. */
	assert_in_program(&program, size, TEXT_AT + 0x90, "prog:label+0x70");
	assert_in_program(&program, size, TEXT_AT + 0xa4, "prog:label+0x84");
	assert_in_program(&program, size, TEXT_AT + TEXT_SIZE, "0x400100");
	assert_in_program(&program, size, TEXT_AT - 1, "0x3fffff");

	program.sections[2].sh_type = SHT_NULL;
	assert_in_program(&program, size, TEXT_AT + 8, "prog+0x80");
	assert_int_equal(offsetof(struct program, text), 0x78);

	make_program(&program, ET_EXEC, EM_ARM);
	program.symbols[3].st_value |= 1;
	program.symbols[4].st_value |= 1;
	assert_in_program(&program, size, TEXT_AT + 0x40, "prog:sized");

	make_program(&program, ET_DYN, EM_AARCH64);
	assert_in_program(&program, size, TEXT_AT, "0x400000");
}

/* Whatever a file holds, nothing breaks; what it says is then of no interest. */
static void broken_programs_are_borne(void **state)
{
	const pid_t gone = 1 << 29;
	struct program program;
	struct fw_usyms *usyms;
	const char *path;
	char buf[128];
	unsigned int seed;
	size_t size;

	(void)state;
	for (seed = 0; seed < 3000; seed++) {
		unsigned int random = seed * 2654435761U, i;

		make_program(&program, ET_EXEC, EM_AARCH64);
		for (i = 0; i <= seed % 4; i++) {
			random = random * 1664525 + 1013904223;
			((unsigned char *)&program)[(random >> 8) % sizeof(program)] = random;
		}
		size = seed % 3 ? sizeof(program) : random % sizeof(program);
		path = make_file("prog", &program, size);
		assert_int_equal(fw_usyms_open(&usyms), 0);
		fw_usyms_exec(usyms, gone, path);
		fw_usyms_name(usyms, gone, TEXT_AT + 0x44, buf, sizeof(buf), NULL);
		fw_usyms_close(usyms);
		unlink(path);
	}
}

/* What is mapped stays known by its own name when the file is gone. */
static void deleted_files_are_named(void **state)
{
	char name[] = "strange \033name", expected[64];
	struct program program;
	struct fw_usyms *usyms;
	const char *path;
	char buf[128];
	void *map;
	int fd;

	(void)state;
	make_program(&program, ET_EXEC, EM_AARCH64);
	path = make_file(name, &program, sizeof(program));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	map = mmap(NULL, sizeof(program), PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	close(fd);
	unlink(path);
	assert_int_equal(fw_usyms_open(&usyms), 0);
	fw_usyms_name(usyms, getpid(), (uintptr_t)map + offsetof(struct program, text) + 0x44,
		      buf, sizeof(buf), NULL);
	/* Only who may open the mapping itself can still read it. */
	snprintf(expected, sizeof(expected), "strange??name%s", strchr(buf, ':') ? ":sized+0x4" :
		 "+0xbc");
	assert_string_equal(buf, expected);
	fw_usyms_close(usyms);
	munmap(map, sizeof(program));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_addresses_are_named),
		cmocka_unit_test(aliases_are_chosen_by_rank),
		cmocka_unit_test(far_addresses_are_no_symbols),
		cmocka_unit_test(names_have_addresses),
		cmocka_unit_test(bad_tables_are_refused),
		cmocka_unit_test(a_last_line_may_lack_its_end),
		cmocka_unit_test(symbols_can_be_added),
		cmocka_unit_test(own_addresses_are_named),
		cmocka_unit_test(the_dead_are_remembered),
		cmocka_unit_test(children_inherit),
		cmocka_unit_test(only_so_many_dead_are_remembered),
		cmocka_unit_test(another_program_is_not_asked),
		cmocka_unit_test(nothing_is_known_without_any),
		cmocka_unit_test(programs_that_stay_put_need_no_maps),
		cmocka_unit_test(broken_programs_are_borne),
		cmocka_unit_test(deleted_files_are_named),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
