#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# Who calls by the module's numbers may be moved to another CPU at any time, where the kernel
# preempts itself: each event still counts for the CPU that sent it, and none seems to be lost.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

load forkwatch.ko
fw record --ring 64M -o "$tmp/trace" -- ./e2e/clone_moved 245 5000
equal 'record: exit status' "$status" 0
calls=$(value calls "$tmp/out")
fw report -f json "$tmp/trace"
equal 'nothing is lost' "$(summary "$tmp/out" lost.total)" 0
# The last one may have been on its way when the caller was killed.
at_least 'calls on the record' "$(summary "$tmp/out" failed)" "${calls:-none}"
at_least 'calls' "${calls:-none}" 1000
unload
finish
