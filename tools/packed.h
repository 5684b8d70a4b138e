/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets of a compressed trace: each is a zstd frame of its own, with its size and a
 * checksum, so that one can be written and read without the others. `zstd -d' makes a
 * plain stream of the file.
 */
#ifndef FW_PACKED_H
#define FW_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FW_PACKED_SUFFIX	".zst"

struct fw_packer;

/* For packets of at most @max bytes. Returns 0 or -ENOMEM. */
int fw_packer_open(struct fw_packer **out, size_t max);
void fw_packer_close(struct fw_packer *packer);

/*
 * Packs the @size bytes at @data; @frame is valid until the next call. Returns its
 * size or -EMSGSIZE, -ENOMEM.
 */
ssize_t fw_pack(struct fw_packer *packer, const void *data, size_t size, const void **frame);

struct fw_unpacker;

/* Does the file @fd begin with a packed packet? */
bool fw_is_packed(int fd);

/* For the file @fd of @file_size bytes, with packets of at most @max bytes. 0 or -ENOMEM. */
int fw_unpacker_open(struct fw_unpacker **out, int fd, uint64_t file_size, size_t max);
void fw_unpacker_close(struct fw_unpacker *unpacker);

/*
 * Unpacks the packet at @offset; @data and @size are valid until the next call.
 * Returns how many bytes of the file it takes, -ENODATA if the file ends before the
 * packet does, -EBADMSG if none begins there, -EMSGSIZE if it is too long, -EILSEQ if
 * what is in it is damaged, or -errno.
 */
ssize_t fw_unpack(struct fw_unpacker *unpacker, uint64_t offset, const void **data, size_t *size);

#endif
