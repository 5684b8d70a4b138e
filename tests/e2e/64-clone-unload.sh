#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module cannot go while a call is in flight, and goes whenever none is.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

load forkwatch.ko
relay ./e2e/clone_hold 1000
unload

./e2e/clone_storm 5 >"$tmp/storm" 2>&1
equal 'a storm without a module' $? 0
equal 'a storm without a module makes no child' \
	"$(for kind in fork vfork clone; do value $kind "$tmp/storm"; done | xargs)" '0 0 0'

load forkwatch.ko
./e2e/clone_storm 10 >"$tmp/storm" 2>&1
equal 'a storm with the module' $? 0
equal 'a storm with the module: nothing is refused' \
	"$(for kind in fork vfork clone; do value ${kind}_refused "$tmp/storm"; done | xargs)" '0 0 0'
comment <"$tmp/storm"
equal 'references on the module afterwards' "$(cat /sys/module/forkwatch/refcnt)" 0
unload

./e2e/clone_storm 60 ./forkwatch.ko >"$tmp/storm" 2>&1
equal 'a storm while the module comes and goes' $? 0
comment <"$tmp/storm"
at_least 'rounds of insmod and rmmod' "$(value rounds "$tmp/storm")" 5
at_least 'rmmod refused in that storm' "$(value busy "$tmp/storm")" 1
for kind in fork vfork clone; do
	at_least "children by $kind in that storm" "$(value $kind "$tmp/storm")" 5
	at_least "refused calls of $kind in that storm" "$(value ${kind}_refused "$tmp/storm")" 5
done
# Until the storm was over calls may have kept it there.
! loaded || unload
equal 'no probe is left' "$(probed)" ''
finish
