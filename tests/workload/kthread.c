// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the kernel start threads of its own, COUNT of each kind asked for:
 *
 *	kthread		khugepaged, stopped and started again: a child of kthreadd
 *	helper		a user mode helper, for a protocol that no one has loaded
 *	io		io_uring's submission thread, a child of this process
 *	worker		io_uring's worker for what may block, a child of a child
 *	vhost		the worker of a virtual device: a child of this process or of kthreadd
 *
 * usage: kthread KIND [COUNT]		as root
 */
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/vhost.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
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

static void *map(int fd, size_t size, off_t offset)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);

	if (at == MAP_FAILED)
		die("mmap of io_uring");
	return at;
}

/* One read, which io_uring is told to leave to a worker. */
static void read_by_worker(void)
{
	struct io_uring_params params = { .flags = 0 };
	int fd = syscall(SYS_io_uring_setup, 1, &params), zero = open("/dev/zero", O_RDONLY);
	struct io_uring_sqe *sqe;
	static char byte;
	char *ring;

	if (fd < 0 || zero < 0)
		die("io_uring_setup");
	ring = map(fd, params.sq_off.array + params.sq_entries * sizeof(uint32_t),
		   IORING_OFF_SQ_RING);
	sqe = map(fd, params.sq_entries * sizeof(*sqe), IORING_OFF_SQES);
	*sqe = (struct io_uring_sqe) {
		.opcode = IORING_OP_READ,
		.flags = IOSQE_ASYNC,
		.fd = zero,
		.addr = (uintptr_t)&byte,
		.len = 1,
	};
	*(uint32_t *)(ring + params.sq_off.array) = 0;
	__atomic_store_n((uint32_t *)(ring + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		die("io_uring_enter");
	close(zero);
	close(fd);
}

/* A process keeps its worker for more of the kind, so that each is one of its own. */
static void one_worker(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		read_by_worker();
		_exit(0);
	}
	reap(pid);
}

static void one_vhost(void)
{
	int fd = open("/dev/vhost-net", O_RDWR);

	if (fd < 0 || ioctl(fd, VHOST_SET_OWNER))
		die("/dev/vhost-net");
	close(fd);
}

static const struct kind {
	const char *name;
	void (*one)(void);
} kinds[] = {
	{ "kthread", one_kthread },
	{ "helper", one_helper },
	{ "io", one_io },
	{ "worker", one_worker },
	{ "vhost", one_vhost },
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
		usage("kthread|helper|io|worker|vhost [COUNT]");
	for (done = 0; done < count; done++)
		kinds[i].one();
	printf("%s=%ld\n", name, count);
	return 0;
}
