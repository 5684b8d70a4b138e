// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "edit.h"
#include "event.h"

void edit_write(struct edit *edit, struct forkwatch_header *event)
{
	event->seq = edit->seq[event->cpu]++;
	assert_int_equal(fw_trace_write(edit->writer, event, event->size), 0);
}

void edit_trace(const char *from, const char *to, edit_fn fn, void *ctx)
{
	struct edit edit = { .ctx = ctx };
	struct fw_trace_end end = { 0 };
	struct forkwatch_header *event;
	struct fw_trace *trace;
	const void *data;
	size_t size;

	if (fw_trace_open(&trace, from))
		fail_msg("%s", fw_trace_error());
	assert_int_equal(fw_trace_create(&edit.writer, to, true), 0);
	assert_int_equal(fw_trace_begin(edit.writer, fw_trace_info(trace)), 0);
	while (fw_trace_next(trace, &data, &size) > 0) {
		assert_int_equal(fw_event_decode(data, size, &event), 0);
		fn(&edit, event);
		free(event);
	}
	assert_int_equal(fw_trace_finish(edit.writer, &end), 0);
	fw_trace_close(trace);
}
