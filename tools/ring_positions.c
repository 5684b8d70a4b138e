// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "ring_positions.h"

/* Documentation/bpf/ringbuf.rst: the reader's position is in the first page, then the writers'. */
enum page { READ_PAGE, WRITTEN_PAGE, NR_PAGES };

int fw_ring_positions_open(struct fw_ring_positions *positions, const struct bpf_map *ring)
{
	size_t page_size = sysconf(_SC_PAGESIZE);
	void *pages = mmap(NULL, NR_PAGES * page_size, PROT_READ, MAP_SHARED, bpf_map__fd(ring), 0);

	if (pages == MAP_FAILED)
		return -errno;
	positions->pages = pages;
	positions->page_size = page_size;
	return 0;
}

static uint64_t position(const struct fw_ring_positions *positions, enum page page)
{
	const void *at = positions->pages + page * positions->page_size;

	return __atomic_load_n((const unsigned long *)at, __ATOMIC_ACQUIRE);
}

uint64_t fw_ring_written(const struct fw_ring_positions *positions)
{
	return position(positions, WRITTEN_PAGE);
}

uint64_t fw_ring_read(const struct fw_ring_positions *positions)
{
	return position(positions, READ_PAGE);
}

void fw_ring_positions_close(struct fw_ring_positions *positions)
{
	if (positions->pages)
		munmap(positions->pages, NR_PAGES * positions->page_size);
	positions->pages = NULL;
}
