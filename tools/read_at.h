/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading from a file at an offset, whatever interrupts it. */
#ifndef FW_READ_AT_H
#define FW_READ_AT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads @size bytes; fewer where the file ends before. Returns how many, or -errno. */
ssize_t fw_read_at(int fd, void *data, size_t size, uint64_t offset);

#endif
