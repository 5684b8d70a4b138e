// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the metadata of a trace. Of TSDL, this understands what it takes to
 * find the assignments in the blocks trace, env and clock: the layout of our
 * events is known, and how much of it a trace has is in its env.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <linux/version.h>

#include "ctf.h"

enum token_type {
	END,
	NAME,
	NUMBER,
	STRING,
	MARK,			/* any other character */
	BROKEN,
};

struct token {
	enum token_type type;
	char text[FW_CTF_NAME_MAX];	/* NAME, STRING (unescaped); cut where it does not fit */
	char mark;
	long long number;
};

struct parser {
	const char *at, *end;
	struct token token;
	struct fw_ctf *ctf;
	char tracer[64];
	bool has_uuid;
};

static void cut(char *to, size_t size, const char *from)
{
	size_t length = strnlen(from, size - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}

static void skip_to(struct parser *p, const char *mark)
{
	const char *found = memmem(p->at, p->end - p->at, mark, strlen(mark));

	p->at = found ? found + strlen(mark) : p->end;
}

static void skip_blank(struct parser *p)
{
	while (p->at < p->end) {
		size_t left = p->end - p->at;

		if (isspace((unsigned char)*p->at))
			p->at++;
		else if (left >= 2 && !memcmp(p->at, "/*", 2))
			skip_to(p, "*/");
		else if (left >= 2 && !memcmp(p->at, "//", 2))
			skip_to(p, "\n");
		else
			break;
	}
}

static int is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.';
}

static void take_word(struct parser *p)
{
	struct token *token = &p->token;
	size_t n = 0;

	for (; p->at < p->end && is_word(*p->at); p->at++)
		if (n < sizeof(token->text) - 1)
			token->text[n++] = *p->at;
	token->text[n] = '\0';
}

static void take_number(struct parser *p)
{
	bool negative = *p->at == '-';
	char *end;

	if (negative)
		p->at++;
	take_word(p);
	errno = 0;
	p->token.number = strtoll(p->token.text, &end, 0);
	if (negative)
		p->token.number = -p->token.number;
	p->token.type = errno || end == p->token.text || *end ? BROKEN : NUMBER;
}

/* The character that an escape stands for, -1 for one that put_string() does not make. */
static int take_escape(struct parser *p)
{
	int c = 0, digits;

	if (p->at == p->end)
		return -1;
	if (*p->at == '"' || *p->at == '\\')
		return *p->at++;
	for (digits = 0; digits < 3 && p->at < p->end && *p->at >= '0' && *p->at <= '7'; digits++)
		c = c * 8 + *p->at++ - '0';
	return digits == 3 && c > 0 && c < 256 ? c : -1;
}

static void take_string(struct parser *p)
{
	struct token *token = &p->token;
	size_t n = 0;

	token->type = BROKEN;
	for (p->at++; p->at < p->end && *p->at != '"'; ) {
		int c = (unsigned char)*p->at++;

		if (c == '\n' || !c)
			return;
		if (c == '\\')
			c = take_escape(p);
		if (c < 0)
			return;
		if (n < sizeof(token->text) - 1)
			token->text[n++] = c;
	}
	token->text[n] = '\0';
	if (p->at == p->end)
		return;
	p->at++;
	token->type = STRING;
}

static const struct token *next(struct parser *p)
{
	skip_blank(p);
	if (p->at == p->end) {
		p->token.type = END;
	} else if (isdigit((unsigned char)*p->at) || *p->at == '-') {
		take_number(p);
	} else if (is_word(*p->at)) {
		p->token.type = NAME;
		take_word(p);
	} else if (*p->at == '"') {
		take_string(p);
	} else {
		p->token.type = MARK;
		p->token.mark = *p->at++;
	}
	return &p->token;
}

static bool is_mark(const struct token *token, char mark)
{
	return token->type == MARK && token->mark == mark;
}

enum value_type {
	TEXT,
	COUNT,			/* unsigned int */
	SIGNED,			/* int64_t */
};

/* What is read, and where in struct fw_ctf it goes. */
static const struct key {
	const char *block, *name;
	enum value_type type;
	size_t offset, size;
} keys[] = {
#define KEY(block, name, type, member) \
	{ block, name, type, offsetof(struct fw_ctf, member), \
	  sizeof(((struct fw_ctf *)NULL)->member) }
	KEY("env",	"trace_format",		COUNT,	format),
	KEY("env",	"abi_version",		COUNT,	abi),
	KEY("env",	"tool_version",		TEXT,	info.tool),
	KEY("env",	"module_version",	TEXT,	info.module),
	KEY("env",	"sources",		TEXT,	info.sources),
	KEY("env",	"kernel_release",	TEXT,	info.env.release),
	KEY("env",	"machine",		TEXT,	info.env.machine),
	KEY("env",	"cpus",			COUNT,	info.env.cpus),
	KEY("env",	"page_size",		COUNT,	info.env.page_size),
	KEY("env",	"cpu_features",		TEXT,	info.features),
	KEY("env",	"command",		TEXT,	info.command),
	KEY("env",	"addresses_hidden",	COUNT,	info.hidden),
	KEY("clock",	"offset",		SIGNED,	info.clock_offset),
#undef KEY
};

static int set_key(struct parser *p, const struct key *key, const struct token *value)
{
	void *to = (char *)p->ctf + key->offset;

	if (value->type != (key->type == TEXT ? STRING : NUMBER))
		return -EBADMSG;
	if (key->type == TEXT) {
		cut(to, key->size, value->text);
	} else if (key->type == COUNT) {
		if (value->number < 0 || value->number > UINT_MAX)
			return -EBADMSG;
		*(unsigned int *)to = value->number;
	} else {
		*(int64_t *)to = value->number;
	}
	return 0;
}

static int set_uuid(struct parser *p, const struct token *value)
{
	const char *s = value->text;
	unsigned int i;

	if (value->type != STRING || strlen(s) != 36)
		return -EBADMSG;
	for (i = 0; i < FW_CTF_UUID_BYTES; i++, s += 2) {
		char byte[3] = "";
		char *end;

		if (*s == '-')
			s++;
		memcpy(byte, s, 2);
		p->ctf->uuid[i] = strtoul(byte, &end, 16);
		if (end != byte + 2)
			return -EBADMSG;
	}
	p->has_uuid = true;
	return 0;
}

/* kind_17_bytes = 208 */
static int set_kind_bytes(struct parser *p, const char *name, const struct token *value)
{
	unsigned int kind;
	int end = 0;

	if (sscanf(name, "kind_%5u_bytes%n", &kind, &end) != 1 || !end || name[end])
		return 0;
	if (kind >= FW_CTF_KIND_OURS || value->type != NUMBER ||
	    value->number < (long long)sizeof(struct forkwatch_header) ||
	    value->number > UINT16_MAX || value->number != (long long)FW_CTF_ALIGN(value->number))
		return -EBADMSG;
	p->ctf->kind_bytes[kind] = value->number;
	return 0;
}

static int set(struct parser *p, const char *block, const char *name, const struct token *value)
{
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!strcmp(block, keys[i].block) && !strcmp(name, keys[i].name))
			return set_key(p, &keys[i], value);
	if (!strcmp(block, "trace") && !strcmp(name, "uuid"))
		return set_uuid(p, value);
	if (!strcmp(block, "env") && !strcmp(name, "tracer_name") && value->type == STRING)
		cut(p->tracer, sizeof(p->tracer), value->text);
	if (!strcmp(block, "env"))
		return set_kind_bytes(p, name, value);
	return 0;
}

/* From behind a '{' to behind its '}', taking `name = value` on the way. */
static int parse_block(struct parser *p, const char *block)
{
	char name[64] = "";
	int depth = 1;

	while (depth) {
		const struct token *token = next(p);
		int ret;

		if (token->type == END || token->type == BROKEN)
			return -EBADMSG;
		if (token->type == NAME) {
			cut(name, sizeof(name), token->text);
		} else if (is_mark(token, '{')) {
			depth++;
		} else if (is_mark(token, '}')) {
			depth--;
		} else if (is_mark(token, '=') && depth == 1 && *name) {
			ret = set(p, block, name, next(p));
			if (ret)
				return ret;
			*name = '\0';
		}
	}
	return 0;
}

static int parse_blocks(struct parser *p)
{
	char name[64] = "";
	int ret;

	for (;;) {
		const struct token *token = next(p);

		if (token->type == END)
			return 0;
		if (token->type == BROKEN)
			return -EBADMSG;
		if (token->type == NAME)
			cut(name, sizeof(name), token->text);
		if (is_mark(token, '{')) {
			ret = parse_block(p, name);
			if (ret)
				return ret;
		}
	}
}

static unsigned int kernel_version(const char *release)
{
	unsigned int major, minor;

	if (sscanf(release, "%3u.%3u", &major, &minor) != 2)
		return 0;
	return KERNEL_VERSION(major, minor, 0);
}

__attribute__((format(printf, 4, 5)))
static int refuse(int error, char *why, size_t why_size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, why_size, format, args);
	va_end(args);
	/* Some of it comes from the file, and all of it goes to a terminal. */
	for (; *why; why++)
		if (iscntrl((unsigned char)*why))
			*why = '?';
	return error;
}

int fw_ctf_parse(const char *text, size_t size, struct fw_ctf *ctf, char *why, size_t why_size)
{
	static const char signature[] = "/* CTF 1.8";
	struct parser p = { .at = text, .end = text + size, .ctf = ctf };
	int ret;

	memset(ctf, 0, sizeof(*ctf));
	if (size < sizeof(signature) - 1 || memcmp(text, signature, sizeof(signature) - 1))
		return refuse(-EBADMSG, why, why_size, "it is not a CTF 1.8 trace");
	ret = parse_blocks(&p);
	if (*p.tracer && strcmp(p.tracer, "forkwatch"))
		return refuse(-EBADMSG, why, why_size,
			      "it is a CTF trace of another tracer (%s); babeltrace2 reads it",
			      p.tracer);
	if (ctf->format > FW_CTF_FORMAT || ctf->abi > FORKWATCH_ABI_VERSION)
		return refuse(-ENOTSUP, why, why_size,
			      "it was recorded by forkwatch %s (format %u, ABI %u), which is newer than this one (format %u, ABI %u); read it with that version or a newer one",
			      ctf->info.tool, ctf->format, ctf->abi, FW_CTF_FORMAT,
			      FORKWATCH_ABI_VERSION);
	if (ret)
		return refuse(ret, why, why_size, "its metadata is damaged near byte %td",
			      p.at - text);
	if (!*p.tracer)
		return refuse(-EBADMSG, why, why_size,
			      "it is a CTF trace, but not one of forkwatch; babeltrace2 reads it");
	if (!p.has_uuid || ctf->format != FW_CTF_FORMAT || ctf->abi != FORKWATCH_ABI_VERSION)
		return refuse(-ENOTSUP, why, why_size,
			      "its metadata says format %u and ABI %u; this forkwatch reads format %u and ABI %u",
			      ctf->format, ctf->abi, FW_CTF_FORMAT, FORKWATCH_ABI_VERSION);
	ctf->info.env.kernel = kernel_version(ctf->info.env.release);
	return 0;
}

/* @text is to be freed in any case. */
static int read_text(int fd, char **text, size_t *size)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > FW_CTF_METADATA_MAX)
		return -EFBIG;
	*text = malloc(st.st_size + 1);
	if (!*text)
		return -ENOMEM;
	for (*size = 0; *size < (size_t)st.st_size; *size += n) {
		n = read(fd, *text + *size, st.st_size - *size);
		if (n < 0)
			return -errno;
		if (!n)
			break;
	}
	return 0;
}

int fw_ctf_load(int dir, struct fw_ctf *ctf, char *why, size_t why_size)
{
	char *text = NULL;
	size_t size = 0;
	int fd, ret;

	/* A fifo of that name must not hold us up, nor a link lead us elsewhere. */
	fd = openat(dir, FW_CTF_METADATA, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return refuse(-ENOENT, why, why_size, "it has no file `metadata'");
	ret = fd < 0 ? -errno : read_text(fd, &text, &size);
	if (fd >= 0)
		close(fd);
	if (ret)
		ret = refuse(ret, why, why_size, "its metadata cannot be read: %s",
			     strerror(-ret));
	else if (size)
		ret = fw_ctf_parse(text, size, ctf, why, why_size);
	else
		ret = refuse(-ENODATA, why, why_size, "its metadata is empty");
	free(text);
	return ret;
}
