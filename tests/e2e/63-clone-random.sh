#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# 10 000 random arguments of forkwatch_clone, the same each time, then others.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

load forkwatch.ko
relay ./e2e/clone_random 9000 20231
relay ./e2e/clone_random 1000
equal 'references on the module afterwards' "$(cat /sys/module/forkwatch/refcnt)" 0
unload
finish
