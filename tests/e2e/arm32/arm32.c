// SPDX-License-Identifier: GPL-2.0-only
/*
 * An AArch32 program, which makes calls by the numbers it is given, without
 * libc: "1079: ENOSYS" for each, or its result. A child ends at once.
 *
 * usage: arm32 NR...
 */
#define NR_EXIT		1
#define NR_WRITE	4
#define ENOSYS		38

static long call(long nr, long a, const void *b, long c)
{
	register long r7 asm("r7") = nr;
	register long r0 asm("r0") = a;
	register const void *r1 asm("r1") = b;
	register long r2 asm("r2") = c;

	asm volatile("svc #0" : "+r" (r0) : "r" (r1), "r" (r2), "r" (r7) : "memory");
	return r0;
}

static void print(const char *text)
{
	long len = 0;

	while (text[len])
		len++;
	call(NR_WRITE, 1, text, len);
}

/* Without a division, for which AArch32 may need a library. */
static void print_number(long number)
{
	static const long tens[] = { 1000000000, 100000000, 10000000, 1000000, 100000, 10000,
				     1000, 100, 10, 1, 0 };
	char digit[2] = { '0', 0 };
	const long *ten;
	int any = 0;

	if (number < 0) {
		print("-");
		number = -number;
	}
	for (ten = tens; *ten; ten++) {
		for (digit[0] = '0'; number >= *ten; number -= *ten)
			digit[0]++;
		any |= digit[0] != '0';
		if (any || *ten == 1)
			print(digit);
	}
}

static long parse(const char *text)
{
	long number = 0;

	while (*text)
		number = number * 10 + *text++ - '0';
	return number;
}

static void try(const char *text)
{
	long result = call(parse(text), 0, (void *)0, 0);

	if (!result)
		call(NR_EXIT, 0, (void *)0, 0);
	print(text);
	print(": ");
	if (result == -ENOSYS)
		print("ENOSYS");
	else
		print_number(result);
	print("\n");
}

/* The stack as the kernel leaves it: argc, argv[]. */
void run(long *sp);

void run(long *sp)
{
	long i;

	for (i = 1; i < sp[0]; i++)
		try((const char *)sp[1 + i]);
	call(NR_EXIT, 0, (void *)0, 0);
}

asm("	.globl	_start\n"
	"_start:\n"
	"	mov	r0, sp\n"
	"	bl	run\n");
