// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "packed.h"
#include "read_at.h"

/* Fast enough to keep up with any recording; higher ones gain little on 64 KiB. */
#define LEVEL	3

struct fw_packer {
	ZSTD_CCtx *zstd;
	size_t room;
	uint8_t frame[];
};

int fw_packer_open(struct fw_packer **out, size_t max)
{
	size_t room = ZSTD_compressBound(max);
	struct fw_packer *packer = malloc(sizeof(*packer) + room);

	if (!packer)
		return -ENOMEM;
	packer->room = room;
	packer->zstd = ZSTD_createCCtx();
	if (!packer->zstd ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_compressionLevel, LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_checksumFlag, 1))) {
		fw_packer_close(packer);
		return -ENOMEM;
	}
	*out = packer;
	return 0;
}

void fw_packer_close(struct fw_packer *packer)
{
	if (!packer)
		return;
	ZSTD_freeCCtx(packer->zstd);
	free(packer);
}

ssize_t fw_pack(struct fw_packer *packer, const void *data, size_t size, const void **frame)
{
	size_t n = ZSTD_compress2(packer->zstd, packer->frame, packer->room, data, size);

	if (ZSTD_isError(n))
		return ZSTD_getErrorCode(n) == ZSTD_error_memory_allocation ? -ENOMEM : -EMSGSIZE;
	*frame = packer->frame;
	return n;
}

/*
 * How long a frame is shows only when all of it is there. So the file is read in
 * pieces that hold at least one, and mostly many.
 */
struct fw_unpacker {
	int fd;
	uint64_t file_size;
	size_t max;
	ZSTD_DCtx *zstd;
	uint64_t start;			/* of what is in memory */
	size_t used, room;
	uint8_t *piece, *data;
	size_t allocated;		/* of data */
};

bool fw_is_packed(int fd)
{
	uint32_t magic;

	return pread(fd, &magic, sizeof(magic), 0) == sizeof(magic) && magic == ZSTD_MAGICNUMBER;
}

int fw_unpacker_open(struct fw_unpacker **out, int fd, uint64_t file_size, size_t max)
{
	struct fw_unpacker *unpacker = calloc(1, sizeof(*unpacker));

	if (!unpacker)
		return -ENOMEM;
	unpacker->fd = fd;
	unpacker->file_size = file_size;
	unpacker->max = max;
	unpacker->room = ZSTD_compressBound(max);
	if (unpacker->room > file_size)
		unpacker->room = file_size;
	unpacker->piece = malloc(unpacker->room + 1);
	unpacker->zstd = ZSTD_createDCtx();
	if (!unpacker->piece || !unpacker->zstd) {
		fw_unpacker_close(unpacker);
		return -ENOMEM;
	}
	*out = unpacker;
	return 0;
}

void fw_unpacker_close(struct fw_unpacker *unpacker)
{
	if (!unpacker)
		return;
	ZSTD_freeDCtx(unpacker->zstd);
	free(unpacker->piece);
	free(unpacker->data);
	free(unpacker);
}

static int read_piece(struct fw_unpacker *unpacker, uint64_t offset)
{
	ssize_t n = fw_read_at(unpacker->fd, unpacker->piece, unpacker->room, offset);

	unpacker->start = offset;
	unpacker->used = n < 0 ? 0 : n;
	return n < 0 ? n : 0;
}

/* Says where the frame at @offset lies in memory, and how long it is. */
static ssize_t find_frame(struct fw_unpacker *unpacker, uint64_t offset, const uint8_t **frame)
{
	bool fresh = false;
	size_t left, size;
	int ret;

	for (;;) {
		if (offset >= unpacker->start && offset - unpacker->start < unpacker->used) {
			*frame = unpacker->piece + (offset - unpacker->start);
			left = unpacker->used - (offset - unpacker->start);
			size = ZSTD_findFrameCompressedSize(*frame, left);
			if (!ZSTD_isError(size))
				return size;
			if (fresh && ZSTD_getErrorCode(size) != ZSTD_error_srcSize_wrong)
				return -EBADMSG;
			/* The longest frame would have been there, but for the file's end. */
			if (fresh)
				return left < unpacker->room ||
				       unpacker->room == unpacker->file_size ? -ENODATA : -EMSGSIZE;
		} else if (fresh) {
			return -ENODATA;
		}
		ret = read_piece(unpacker, offset);
		if (ret)
			return ret;
		fresh = true;
	}
}

ssize_t fw_unpack(struct fw_unpacker *unpacker, uint64_t offset, const void **data, size_t *size)
{
	const uint8_t *frame = NULL;
	unsigned long long content;
	ssize_t bytes;
	size_t n;

	bytes = find_frame(unpacker, offset, &frame);
	if (bytes < 0)
		return bytes;
	content = ZSTD_getFrameContentSize(frame, bytes);
	if (content == ZSTD_CONTENTSIZE_UNKNOWN || content == ZSTD_CONTENTSIZE_ERROR)
		return -EBADMSG;
	if (content > unpacker->max)
		return -EMSGSIZE;
	if (content > unpacker->allocated) {
		uint8_t *room = realloc(unpacker->data, content);

		if (!room)
			return -ENOMEM;
		unpacker->data = room;
		unpacker->allocated = content;
	}
	n = ZSTD_decompressDCtx(unpacker->zstd, unpacker->data, content, frame, bytes);
	if (ZSTD_isError(n) || n != content)
		return -EILSEQ;
	*data = unpacker->data;
	*size = n;
	return bytes;
}
