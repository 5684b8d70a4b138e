// SPDX-License-Identifier: GPL-2.0-only
/*
 * This is where bytes from files become events, whoever wrote them: a packet is read
 * into memory, checked to its last event, and only then looked at. (Mapped files could
 * change after the check, or end with SIGBUS.)
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "read_at.h"
#include "trace_stream.h"

void fw_damage_note(struct fw_damage *damage, const char *format, ...)
{
	char line[512], *s;
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* File names are in it, and it goes to a terminal. */
	for (s = line; *s; s++)
		if (iscntrl((unsigned char)*s))
			*s = '?';
	if (damage->length + strlen(line) < sizeof(damage->text) - 16)
		damage->length += sprintf(damage->text + damage->length, "%s\n", line);
	else
		strcpy(damage->text + damage->length, "and more\n");
}

/* What @fault is at byte @offset of @stream's file. */
static int damaged(const struct fw_stream *stream, uint64_t offset,
		   const char *fault)
{
	fw_damage_note(stream->damage, "%s: byte %" PRIu64 ": %s", stream->name, offset, fault);
	return -EBADMSG;
}

/* What is wrong with @packet, whatever it contains; NULL if nothing is. */
static const char *packet_fault(const struct fw_ctf *ctf, const struct fw_ctf_packet *packet)
{
	if (packet->magic != FW_CTF_MAGIC)
		return "no packet begins here";
	if (memcmp(packet->uuid, ctf->uuid, sizeof(packet->uuid)))
		return "a packet of another trace";
	if (packet->stream_id >= FW_CTF_NR_STREAMS)
		return "a packet of an unknown stream";
	if (packet->packet_size % 64 || packet->content_size % 8 ||
	    packet->packet_size > FW_CTF_PACKET_MAX * 8ULL ||
	    packet->content_size > packet->packet_size ||
	    packet->content_size < sizeof(*packet) * 8)
		return "a packet of an impossible size";
	if (packet->timestamp_begin > packet->timestamp_end)
		return "a packet that ends before it begins";
	return NULL;
}

/* What is wrong between @packet and the one before it in this file. */
static const char *sequel_fault(const struct fw_stream *stream, const struct fw_ctf_packet *packet)
{
	if (!stream->begun)
		return NULL;
	if (packet->stream_id != stream->packet.stream_id ||
	    packet->cpu_id != stream->packet.cpu_id)
		return "a packet of another stream";
	if (packet->packet_seq_num <= stream->packet.packet_seq_num)
		return "a packet that is here a second time";
	if (packet->timestamp_begin < stream->packet.timestamp_end)
		return "a packet that is older than the one before";
	return NULL;
}

static const struct fw_ctf_record *find_record(uint16_t kind)
{
	const struct fw_ctf_record *record;

	for (record = fw_ctf_records; record->type.name; record++)
		if (record->type.kind == kind)
			return record;
	return NULL;
}

/* Is @record, of which @left bytes are there, whole? */
static bool record_fits(const struct fw_ctf_record *record, const struct forkwatch_header *hdr,
			size_t left)
{
	if (hdr->size > left)
		return false;
	if (!record->named)
		return hdr->size == record->type.size;
	return hdr->size > record->type.size &&
	       hdr->size - record->type.size <= FW_CTF_NAME_MAX &&
	       strnlen((const char *)hdr + record->type.size, hdr->size - record->type.size) ==
			hdr->size - record->type.size - 1;
}

/* Names go to terminals and into JSON: nothing but plain characters. */
static void make_plain(char *name)
{
	for (; *name; name++)
		if (!isascii(*name) || !isprint(*name))
			*name = '?';
}

/* The bytes that @hdr's event takes of the @left ones, 0 if it cannot be one. */
static size_t event_bytes(const struct fw_ctf *ctf, const struct fw_ctf_packet *packet,
			  const struct forkwatch_header *hdr, size_t left)
{
	const struct fw_ctf_record *record;
	size_t bytes;

	if (hdr->kind >= FW_CTF_KIND_OURS) {
		record = find_record(hdr->kind);
		if (!record || record->stream != packet->stream_id ||
		    !record_fits(record, hdr, left))
			return 0;
		return hdr->size;
	}
	bytes = packet->stream_id == FW_CTF_CPU ? ctf->kind_bytes[hdr->kind] : 0;
	return hdr->size >= sizeof(*hdr) && hdr->size <= bytes && bytes <= left ? bytes : 0;
}

/* Checks every event of the packet in memory, and gives it the ABI's header. */
static int check_events(struct fw_stream *stream)
{
	const struct fw_ctf_packet *packet = &stream->packet;
	uint64_t time = packet->timestamp_begin;
	size_t position = 0, bytes;
	uint32_t events = 0;

	while (position < stream->content) {
		struct forkwatch_header *hdr = (void *)(stream->buffer + position);
		uint64_t offset = stream->start + sizeof(*packet) + position;

		if (stream->content - position < sizeof(*hdr))
			return damaged(stream, offset, "an event is cut");
		fw_ctf_from_disk(hdr);
		bytes = event_bytes(stream->ctf, packet, hdr, stream->content - position);
		if (!bytes)
			return damaged(stream, offset,
				       "an event of unknown kind or wrong size");
		if (hdr->time < time || hdr->time > packet->timestamp_end)
			return damaged(stream, offset, "an event is not in order of time");
		if (packet->stream_id == FW_CTF_CPU && hdr->cpu != packet->cpu_id)
			return damaged(stream, offset, "an event is of another CPU");
		if (hdr->kind >= FW_CTF_KIND_OURS && find_record(hdr->kind)->named)
			make_plain((char *)hdr + find_record(hdr->kind)->type.size);
		time = hdr->time;
		position += FW_CTF_ALIGN(bytes);
		events++;
	}
	if (events != packet->events)
		return damaged(stream, stream->start,
			       "a packet with another number of events than it says");
	return 0;
}

static int make_room(struct fw_stream *stream, size_t size)
{
	uint8_t *buffer;

	if (size <= stream->allocated)
		return 0;
	buffer = realloc(stream->buffer, size);
	if (!buffer)
		return -ENOMEM;
	stream->buffer = buffer;
	stream->allocated = size;
	return 0;
}

/* What of a compressed packet lies behind its header came with that. */
static int read_content(struct fw_stream *stream)
{
	size_t size = stream->packet.content_size / 8 - sizeof(stream->packet);
	ssize_t n;

	stream->content = 0;
	stream->position = 0;
	if (!stream->unpacker) {
		if (make_room(stream, size))
			return -ENOMEM;
		n = fw_read_at(stream->fd, stream->buffer, size,
			       stream->start + sizeof(stream->packet));
		if (n < 0)
			return damaged(stream, stream->start, strerror(-n));
		if ((size_t)n < size)
			return damaged(stream, stream->start,
				       "the file is cut within a packet");
	}
	stream->content = size;
	return check_events(stream);
}

/* Ends @stream: without a packet that says how long it is, nothing behind it can be found. */
static int give_up(struct fw_stream *stream)
{
	stream->offset = stream->size;
	return 0;
}

/* Why a frame could not be unpacked. */
static const char *unpack_fault(int error)
{
	switch (error) {
	case -ENODATA:
		return "the file is cut within a packet";
	case -EBADMSG:
		return "no packet begins here";
	case -EMSGSIZE:
		return "a packet of an impossible size";
	case -EILSEQ:
		return "a packet whose checksum is wrong";
	}
	return strerror(-error);
}

/*
 * Unpacks the next packet: its header to @packet, and what is behind it to the buffer.
 * Returns how many bytes of the file it takes, or -errno with @fault.
 */
static ssize_t unpack(struct fw_stream *stream, struct fw_ctf_packet *packet, const char **fault)
{
	const void *data;
	size_t size;
	ssize_t bytes = fw_unpack(stream->unpacker, stream->start, &data, &size);

	if (bytes < 0) {
		*fault = unpack_fault(bytes);
		return bytes;
	}
	*fault = "a packet of an impossible size";
	if (size < sizeof(*packet))
		return -EMSGSIZE;
	memcpy(packet, data, sizeof(*packet));
	if (packet->packet_size / 8 != size)
		return -EMSGSIZE;
	if (make_room(stream, size))
		return -ENOMEM;
	memcpy(stream->buffer, (const uint8_t *)data + sizeof(*packet), size - sizeof(*packet));
	return bytes;
}

/* The same of a packet that is not compressed, less what is behind its header. */
static ssize_t read_header(const struct fw_stream *stream, struct fw_ctf_packet *packet,
			   const char **fault)
{
	ssize_t n = fw_read_at(stream->fd, packet, sizeof(*packet), stream->start);

	*fault = "the file is cut within a packet";
	if (n < 0)
		*fault = strerror(-n);
	else if (n < (ssize_t)sizeof(*packet))
		n = -ENODATA;
	else
		n = packet->packet_size / 8;
	return n;
}

/*
 * Gets the header of the next packet into @stream. Returns 1, 0 at the end, -ENOMEM. A
 * packet that is cut or none is the end as well.
 */
static int next_header(struct fw_stream *stream)
{
	struct fw_ctf_packet packet = { .magic = 0 };
	const char *fault, *unread;
	ssize_t bytes;

	if (stream->offset == stream->size)
		return 0;
	stream->start = stream->offset;
	bytes = stream->unpacker ? unpack(stream, &packet, &unread) :
				   read_header(stream, &packet, &unread);
	if (bytes == -ENOMEM)
		return bytes;
	fault = bytes < 0 ? unread : packet_fault(stream->ctf, &packet);
	if (!fault)
		fault = sequel_fault(stream, &packet);
	if (!fault && (uint64_t)bytes > stream->size - stream->start)
		fault = "the file is cut within a packet";
	if (fault) {
		damaged(stream, stream->start, fault);
		return give_up(stream);
	}
	if (packet.packet_seq_num != (stream->begun ? stream->packet.packet_seq_num + 1 : 0))
		damaged(stream, stream->start, "packets are missing before this one");
	stream->packet = packet;
	stream->begun = true;
	stream->offset = stream->start + bytes;
	return 1;
}

/* Gets the next packet that has no fault. Returns 1, 0 at the end, -ENOMEM. */
static int next_packet(struct fw_stream *stream)
{
	int ret;

	for (;;) {
		ret = next_header(stream);
		if (ret <= 0)
			return ret;
		ret = read_content(stream);
		if (ret != -EBADMSG)
			return ret ? ret : 1;
		stream->content = 0;
		stream->position = 0;
	}
}

int fw_stream_advance(struct fw_stream *stream)
{
	size_t bytes;
	int ret;

	stream->event = NULL;
	while (stream->position >= stream->content) {
		ret = next_packet(stream);
		if (ret <= 0)
			return ret;
	}
	stream->event = (const void *)(stream->buffer + stream->position);
	bytes = event_bytes(stream->ctf, &stream->packet, stream->event,
			    stream->content - stream->position);
	stream->position += FW_CTF_ALIGN(bytes);
	return 0;
}

void fw_stream_free(struct fw_stream *stream)
{
	if (!stream)
		return;
	fw_unpacker_close(stream->unpacker);
	if (stream->fd >= 0)
		close(stream->fd);
	free(stream->buffer);
	free(stream->name);
	free(stream);
}

int fw_stream_open(const struct fw_ctf *ctf, struct fw_damage *damage, const char *path, int dir,
		   const char *name, struct fw_stream **out)
{
	struct fw_stream *stream = calloc(1, sizeof(*stream));
	struct stat st;
	int ret;

	if (!stream)
		return fw_trace_fail(-ENOMEM, "out of memory");
	stream->ctf = ctf;
	stream->damage = damage;
	stream->fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (stream->fd < 0 || fstat(stream->fd, &st)) {
		ret = fw_trace_fail(-errno, "cannot open %s/%s: %s", path, name,
				    errno == ELOOP ? "it is a symbolic link" : strerror(errno));
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		ret = fw_trace_fail(-EINVAL, "%s is no trace: %s in it is not a file",
				    path, name);
		goto fail;
	}
	stream->name = strdup(name);
	if (!stream->name) {
		ret = fw_trace_fail(-ENOMEM, "out of memory");
		goto fail;
	}
	stream->size = st.st_size;
	if (fw_is_packed(stream->fd) &&
	    fw_unpacker_open(&stream->unpacker, stream->fd, stream->size, FW_CTF_PACKET_MAX)) {
		ret = fw_trace_fail(-ENOMEM, "out of memory");
		goto fail;
	}
	*out = stream;
	return 0;

fail:
	fw_stream_free(stream);
	return ret;
}
