#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What the clone path does with its arguments, compared with libc and clone3, its report,
# and what the rest of the kernel makes of its calls.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

load forkwatch.ko
relay ./e2e/clone_view
relay ./e2e/clone_args
relay ./e2e/clone_report
relay ./e2e/clone_ordinary
equal 'references on the module afterwards' "$(cat /sys/module/forkwatch/refcnt)" 0
equal 'misses of the dispatch' \
	"$(awk '$1 == "clone_call" { print $4 }' /sys/module/forkwatch/parameters/probes | xargs)" '0 0'
unload
finish
