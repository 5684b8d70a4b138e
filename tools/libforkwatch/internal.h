/* SPDX-License-Identifier: GPL-2.0-only */
/* What the assembler has to know of the C side; clone.c makes sure that it is so. */
#ifndef FW_LIBFORKWATCH_INTERNAL_H
#define FW_LIBFORKWATCH_INTERNAL_H

/* struct fw_numbers */
#define NUMBER_FORK	0
#define NUMBER_VFORK	4
#define NUMBER_CLONE	8

/* struct forkwatch_clone_args */
#define ARGS_FLAGS	0
#define ARGS_STACK	40

#define CLONE_VM_BIT	8
#define CLONE_VFORK_BIT	14

#ifndef __ASSEMBLER__

struct fw_numbers {
	int fork;
	int vfork;
	int clone;
};

extern struct fw_numbers fw_numbers __attribute__((visibility("hidden")));

/* errno from a call's result. Returns -1. */
long fw_clone_fail(long result) __attribute__((visibility("hidden")));

#endif

#endif
