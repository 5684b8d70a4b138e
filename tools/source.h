/* SPDX-License-Identifier: GPL-2.0-only */
/* Where events come from: one struct of callbacks for each backend. */
#ifndef FW_SOURCE_H
#define FW_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fork.h"
#include "../bpf/stages.h"
#include "../bpf/transport.h"

struct fw_source_options {
	bool all;		/* every task, not only the watched ones */
	bool switches;		/* cpu_switch_to for each switch of a watched task */
	enum fw_stages_level stages;	/* of each fork, how long what took */
	bool cow;		/* and what its two sides wrote to afterwards */
	size_t ring_bytes;	/* 0: the default; else rounded up to a power of two pages */
	enum fw_witness witness;	/* set by the source that is opened */
};

/* Gets the bytes of one event, valid during the call. A negative return ends the poll with it. */
typedef int (*fw_bytes_fn)(void *ctx, const void *data, size_t size);

struct fw_source;

/* In bytes, since open. */
struct fw_progress {
	uint64_t sent;		/* by the kernel side */
	uint64_t taken;		/* of that, by the polls */
};

struct fw_source_ops {
	const char *name;	/* "module-bpf", as in --source and in traces */
	const char *what;	/* in words */
	bool no_stages;		/* it cannot time them */
	int (*open)(struct fw_source **out, const struct fw_source_options *opt);
	/* Watches the task @tid and all it will fork from now on; -EEXIST: it is watched. */
	int (*watch)(struct fw_source *source, pid_t tid);
	/* Waits up to @timeout_ms for events; returns how many there were, or -errno. */
	int (*poll)(struct fw_source *source, int timeout_ms, fw_bytes_fn fn, void *ctx);
	/* How far both sides are. NULL: a poll takes all that was sent before it. */
	void (*progress)(const struct fw_source *source, struct fw_progress *progress);
	/* Tracing ends: the next poll gets what is counted or held. NULL: there is nothing. */
	void (*finish)(struct fw_source *source);
	/* Losses since open, as far as this backend can know them. */
	int (*losses)(struct fw_source *source, struct fw_losses *losses);
	void (*close)(struct fw_source *source);
};

extern const struct fw_source_ops fw_source_carried;	/* the module's, by BPF programs */
extern const struct fw_source_ops fw_source_both;	/* the same, and a copy of BPF's own */
extern const struct fw_source_ops fw_source_bpf;	/* BPF programs without the module */
extern const struct fw_source_ops fw_source_module;	/* the module's, from tracefs */

/*
 * After a failed open: what is wrong and what to do next, in sentences fit
 * for a terminal. Never NULL.
 */
const char *fw_source_error(void);

/* For backends: sets that text and returns @err. */
int fw_source_fail(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What the backend's library had to say meanwhile, for -v. Never NULL. */
const char *fw_source_bpf_log(void);

/* The module's table of probes: a header line, then "event symbol state missed error" each. */
#define FW_PROBES_FILE	"/sys/module/forkwatch/parameters/probes"
#define FW_STAGES_FILE	"/sys/module/forkwatch/parameters/stages"
#define FW_PROBE_LINE	256

/* The sum of the hits that its probes missed. Returns 0 or -errno. */
int fw_missed_probes(uint64_t *missed);
/* Its line on @event, "" if there is none. */
void fw_probe_line(const char *event, char line[FW_PROBE_LINE]);

#endif
