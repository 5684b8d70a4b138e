#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# 10 000 random arguments of forkwatch_clone, the same each time, then others; then from many tasks at
# a time, each of which has its own pid namespace, so that none takes the pids that others ask for.
# FORKWATCH_SEED: that of the latter, for one that was printed.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

tasks=6
case ${FORKWATCH_KERNEL-} in
*-debug) calls=4000 ;;
*) calls=400 ;;
esac
seed=${FORKWATCH_SEED:-$(date +%s)}

load forkwatch.ko
relay ./e2e/clone_random 9000 20231
relay ./e2e/clone_random 1000
before=$(awk '$1 == "processes" { print $2 }' /proc/stat)
i=0
while [ $i -lt $tasks ]; do
	unshare -p -f ./e2e/clone_random $calls $((seed + i)) >"$tmp/random.$i" 2>&1 &
	background="$background $!"
	i=$((i + 1))
done
wait
after=$(awk '$1 == "processes" { print $2 }' /proc/stat)
i=0
while [ $i -lt $tasks ]; do
	relay cat "$tmp/random.$i"
	i=$((i + 1))
done
echo "# sums random_calls=$((tasks * calls)) forks=$((after - before))"
background=
equal 'references on the module afterwards' "$(cat /sys/module/forkwatch/refcnt)" 0
unload
finish
