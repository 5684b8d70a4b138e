// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "edit.h"
#include "event.h"

void edit_write_numbered(struct edit *edit, struct forkwatch_header *event)
{
	assert_int_equal(fw_trace_write(edit->writer, event, event->size), 0);
}

void edit_write(struct edit *edit, struct forkwatch_header *event)
{
	event->seq = edit->seq[event->cpu]++;
	edit_write_numbered(edit, event);
}

void edit_stage_too_long(struct edit *edit, struct forkwatch_header *event)
{
	struct forkwatch_stages *stages = (void *)event;

	if (event->kind == FORKWATCH_STAGES)
		stages->total[FORKWATCH_STAGE_DUP_MMAP] += 1000000000;
	edit_write(edit, event);
}

void edit_trace_with(const char *from, const char *to, const struct fw_ksyms *ksyms, edit_fn fn,
		     void *ctx)
{
	struct edit edit = { .ctx = ctx };
	struct fw_trace_end end = { 0 };
	struct forkwatch_header *event;
	struct fw_trace_info info;
	struct fw_trace *trace;
	const void *data;
	size_t size;

	if (fw_trace_open(&trace, from))
		fail_msg("%s", fw_trace_error());
	info = *fw_trace_info(trace);
	if (ksyms)
		info.env.ksyms = ksyms;
	assert_int_equal(fw_trace_create(&edit.writer, to, true), 0);
	assert_int_equal(fw_trace_begin(edit.writer, &info), 0);
	while (fw_trace_next(trace, &data, &size) > 0) {
		assert_int_equal(fw_event_decode(data, size, &event), 0);
		fn(&edit, event);
		free(event);
	}
	assert_int_equal(fw_trace_finish(edit.writer, &end), 0);
	fw_trace_close(trace);
}

void edit_trace(const char *from, const char *to, edit_fn fn, void *ctx)
{
	edit_trace_with(from, to, NULL, fn, ctx);
}
