// SPDX-License-Identifier: GPL-2.0-only
/*
 * One operation, again and again, and what it took.
 *
 *	fork		fork, _exit in the child, waitpid
 *	exec		fork, execve of this program, which ends at once, waitpid
 *	vfork		the same with vfork
 *	pthread		pthread_create of a thread that returns, pthread_join
 *
 * usage: ops OPERATION MILLISECONDS FILE
 *
 * FILE then holds one line: how many operations there were after a few to warm
 * up, and the ns of the clock and of CPU time that they took. The latter is that
 * of this process, its threads and its children: where there is one CPU, the
 * difference is what others did meanwhile.
 */
#include <sys/resource.h>
#include <time.h>

#include "one.h"

#define WARM_UP		50	/* operations */
#define BATCH		16	/* between two looks at the clock */

noreturn static void exec_nothing(void)
{
	char *const argv[] = { program_invocation_name, NULL }, *const envp[] = { NULL };

	execve("/proc/self/exe", argv, envp);
	_exit(127);
}

static void op_exec(void)
{
	pid_t pid = fork();

	if (!pid)
		exec_nothing();
	if (pid < 0)
		die("fork");
	reap(pid);
}

static void op_vfork(void)
{
	pid_t pid = vfork();

	if (!pid)
		exec_nothing();
	if (pid < 0)
		die("vfork");
	reap(pid);
}

static const struct operation {
	const char *name;
	void (*once)(void);
} operations[] = {
	{ "fork", one_fork },
	{ "exec", op_exec },
	{ "vfork", op_vfork },
	{ "pthread", one_thread },
};

static const struct operation *find_operation(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		if (!strcmp(operations[i].name, name))
			return &operations[i];
	return NULL;
}

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static uint64_t cpu_ns(void)
{
	static const int whose[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
	uint64_t us = 0;
	struct rusage usage;
	size_t i;

	for (i = 0; i < sizeof(whose) / sizeof(*whose); i++) {
		getrusage(whose[i], &usage);
		us += (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000ULL +
		      usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
	}
	return us * 1000;
}

static void measure(const struct operation *operation, uint64_t length, FILE *out)
{
	uint64_t begin, end, cpu, count = 0;
	int i;

	for (i = 0; i < WARM_UP; i++)
		operation->once();
	cpu = cpu_ns();
	begin = clock_ns();
	do {
		for (i = 0; i < BATCH; i++)
			operation->once();
		count += BATCH;
		end = clock_ns();
	} while (end - begin < length);
	cpu = cpu_ns() - cpu;
	fprintf(out, "count=%llu clock_ns=%llu cpu_ns=%llu\n", (unsigned long long)count,
		(unsigned long long)(end - begin), (unsigned long long)cpu);
}

int main(int argc, char **argv)
{
	const struct operation *operation;
	FILE *out;

	if (argc == 1)
		return 0;	/* executed by ourselves */
	operation = argc == 4 ? find_operation(argv[1]) : NULL;
	if (!operation)
		usage("fork|exec|vfork|pthread MILLISECONDS FILE");
	out = fopen(argv[3], "we");
	if (!out)
		die("%s", argv[3]);
	measure(operation, parse_number(argv[2], 1, 1000000) * 1000000ULL, out);
	if (fclose(out))
		die("%s", argv[3]);
	return 0;
}
