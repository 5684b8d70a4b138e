// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the kernel start threads of its own, COUNT of each kind asked for:
 *
 *	kthread		khugepaged, stopped and started again: a child of kthreadd
 *	helper		a user mode helper, for a protocol that no one has loaded
 *	io		io_uring's submission thread, a child of this process
 *
 * usage: kthread KIND [COUNT]		as root
 */
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/socket.h>

#include "workload.h"

#define THP_CONTROL	"/sys/kernel/mm/transparent_hugepage/enabled"

/* Protocols that only modules have, if that. */
#define UNLIKELY_FAMILY	AF_ASH

/* The word in brackets of THP_CONTROL: what is set now. */
static void thp_setting(char *word, size_t size)
{
	FILE *file = fopen(THP_CONTROL, "r");
	char line[64];
	char *end;

	if (!file || !fgets(line, sizeof(line), file))
		die(THP_CONTROL);
	fclose(file);
	errno = 0;
	end = strchr(line, ']');
	if (!end || !strchr(line, '['))
		die(THP_CONTROL " says %s", line);
	*end = '\0';
	snprintf(word, size, "%s", strchr(line, '[') + 1);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die("%s to %s", text, path);
	close(fd);
}

static void one_kthread(void)
{
	char before[64];

	thp_setting(before, sizeof(before));
	write_file(THP_CONTROL, "never");
	write_file(THP_CONTROL, "always");
	write_file(THP_CONTROL, before);
}

static void one_helper(void)
{
	int fd = socket(UNLIKELY_FAMILY, SOCK_RAW, 0);

	if (fd >= 0) {
		errno = 0;
		die("there is a protocol family %d", UNLIKELY_FAMILY);
	}
}

static void one_io(void)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQPOLL, .sq_thread_idle = 1000 };
	int fd = syscall(SYS_io_uring_setup, 1, &params);

	if (fd < 0)
		die("io_uring_setup");
	close(fd);
}

static const struct kind {
	const char *name;
	void (*one)(void);
} kinds[] = {
	{ "kthread", one_kthread },
	{ "helper", one_helper },
	{ "io", one_io },
};

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	long count = argc > 2 ? parse_number(argv[2], 1, 1000) : 1;
	unsigned int i;
	long done;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			break;
	if (i == ARRAY_SIZE(kinds) || argc > 3)
		usage("kthread|helper|io [COUNT]");
	for (done = 0; done < count; done++)
		kinds[i].one();
	printf("%s=%ld\n", name, count);
	return 0;
}
