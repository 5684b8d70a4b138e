// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds N connections to a PostgreSQL server at the same time, and prints the
 * pid of the process that the server made for each.
 *
 * usage: pgclients SOCKET USER N
 */
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "workload.h"

#define MAX		1000
#define PROTOCOL	(3 << 16)

/* Messages begin with a letter and their length, which counts itself. */
struct message {
	char type;
	uint32_t length;
	char body[4096];
};

static void put_be32(char *to, uint32_t value)
{
	value = htobe32(value);
	memcpy(to, &value, sizeof(value));
}

static uint32_t get_be32(const char *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return be32toh(value);
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		die("%s", path);
	return fd;
}

/* The first message has no letter. */
static void greet(int fd, const char *user)
{
	char text[256];
	int length = 8 + snprintf(text + 8, sizeof(text) - 8, "user%c%s%cdatabase%cpostgres%c", 0,
				  user, 0, 0, 0) + 1;

	if (length >= (int)sizeof(text))
		die("the user's name is too long");
	text[length - 1] = '\0';
	put_be32(text, length);
	put_be32(text + 4, PROTOCOL);
	if (write(fd, text, length) != length)
		die("write");
}

static void read_all(int fd, void *to, size_t size)
{
	errno = 0;
	if (size && recv(fd, to, size, MSG_WAITALL) != (ssize_t)size)
		die("the server hung up");
}

static void read_message(int fd, struct message *message)
{
	char length[4];

	read_all(fd, &message->type, 1);
	read_all(fd, length, sizeof(length));
	message->length = get_be32(length) - sizeof(length);
	if (message->length >= sizeof(message->body))
		die("a message of %u bytes", message->length);
	read_all(fd, message->body, message->length);
	message->body[message->length] = '\0';
}

/* An error is a list of fields, each a letter and a text: M is the message. */
noreturn static void refused(const struct message *message)
{
	const char *field = message->body;

	while (*field && *field != 'M')
		field += strlen(field) + 1;
	errno = 0;
	die("the server says: %s", *field ? field + 1 : "?");
}

/* Until the server is ready for a query. Returns the pid of who will answer it. */
static uint32_t be_welcome(int fd)
{
	struct message message;
	uint32_t pid = 0;

	do {
		read_message(fd, &message);
		if (message.type == 'E')
			refused(&message);
		if (message.type == 'R' && get_be32(message.body))
			die("the server wants a password");
		if (message.type == 'K')
			pid = get_be32(message.body);
	} while (message.type != 'Z');
	if (!pid)
		die("the server did not say who it is");
	return pid;
}

int main(int argc, char **argv)
{
	int fds[MAX], i, nr;

	if (argc != 4)
		usage("SOCKET USER N");
	nr = parse_number(argv[3], 1, MAX);
	for (i = 0; i < nr; i++) {
		fds[i] = connect_to(argv[1]);
		greet(fds[i], argv[2]);
	}
	for (i = 0; i < nr; i++)
		printf("%u\n", be_welcome(fds[i]));
	return 0;
}
