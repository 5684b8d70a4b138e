// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transport: copies the module's events, and some of the scheduler's own, into
 * one ring buffer, for the tasks that are watched.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "core_compat.h"
#include "forkwatch.h"
#include "transport.h"

char LICENSE[] SEC("license") = "GPL";

#include "watch.bpf.h"
#include "ring.bpf.h"
#include "calls.bpf.h"
#include "stages.bpf.h"
#include "stages_count.bpf.h"
#include "forward.bpf.h"
#include "cow.bpf.h"
#include "undone.bpf.h"
#include "stage_calls.bpf.h"
#include "life.bpf.h"
#include "sched.bpf.h"
#include "module.bpf.h"
#include "witness.bpf.h"

/* Every event of the ABI has its program: this does not compile where one is missing. */
#define HAS_PROGRAM(KIND, value, name)	extern typeof(on_##name) on_##name;
FORKWATCH_EVENTS(HAS_PROGRAM)
