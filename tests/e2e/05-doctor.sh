#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# The doctor says what is missing and what mends it; where one does that, it is satisfied.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

ids='machine kernel privileges pids kprobes symbols steps kallsyms bpf jit btf fentry lockdown
tracefs debugfs loading headers module abi probes clone'

# examine: asks in JSON; health ID and state ID then tell of a check
examine()
{
	fw doctor -f json
	cp "$tmp/out" "$tmp/json"
}

check_place()
{
	i=0
	for id in $ids; do
		[ "$id" != "$1" ] || break
		i=$((i + 1))
	done
	./e2e/json "$tmp/json" "checks.$i.$2"
}

health()
{
	check_place "$1" health
}

examine
equal 'no module: exit status' "$status" 1
equal 'no module: is found' "$(health module)" missing
equal 'no module: says what to do' "$(check_place module mend)" 'sudo insmod forkwatch.ko'
equal 'no module: BPF does without' "$(./e2e/json "$tmp/json" source tried)" 'bpf	true'
n=0
for id in $ids; do
	[ "$(check_place "$id" id)" = "$id" ] || break
	n=$((n + 1))
done
equal 'the checks are those known here' "$n $(./e2e/json "$tmp/json" "checks.$n")" '21 -'
fw doctor
has 'no module: the text says so too' "$tmp/out" 'missing the module' 'lost   the system registers' \
	'mend   sudo insmod forkwatch.ko' 'missing: ' 'the module'

load forkwatch.ko
examine
equal 'with it: exit status' "$status" 0
for id in machine kernel privileges pids kprobes symbols kallsyms bpf jit btf tracefs debugfs \
	loading module abi probes clone; do
	equal "$id is ok" "$(health $id)" ok
done
equal 'the source was opened' "$(./e2e/json "$tmp/json" source tried)" 'module-bpf	true'
check 'nothing watches any more' within 5 nothing_armed
case $(uname -r) in
5.* | 6.1.*) equal 'fentry is refused here' "$(health fentry)" note ;;
*) equal 'fentry works here' "$(health fentry)" ok ;;
esac
fw doctor
has 'the text says so too' "$tmp/out" 'it was opened: it works' 'nothing is missing'

# What is taken away is missed, and what the doctor says brings it back. Not on a machine that
# others use.
take_away()
{
	umount $tracing
	examine
	equal 'no tracefs: exit status, health' "$status $(health tracefs)" '1 less'
	sh -c "sudo() { \"\$@\"; }; $(check_place tracefs mend)"
	examine
	equal 'tracefs, mended: exit status, health' "$status $(health tracefs)" '0 ok'

	echo 0 >/sys/kernel/debug/kprobes/enabled
	examine
	equal 'kprobes off: exit status, health' "$status $(health kprobes)" '2 missing'
	sh -c "sudo() { \"\$@\"; }; $(check_place kprobes mend)" >/dev/null
	examine
	equal 'kprobes, mended: exit status, health' "$status $(health kprobes)" '0 ok'

	restrict=$(cat /proc/sys/kernel/kptr_restrict)
	echo 2 >/proc/sys/kernel/kptr_restrict
	examine
	equal 'kptr_restrict=2: exit status, health' "$status $(health kallsyms)" '1 less'
	sh -c "sudo() { \"\$@\"; }; $(check_place kallsyms mend)" >/dev/null
	examine
	equal 'kptr_restrict, mended: exit status, health' "$status $(health kallsyms)" '0 ok'
	echo "$restrict" >/proc/sys/kernel/kptr_restrict
}

if [ "${FORKWATCH_KERNEL-}" = native ]; then
	skip 'what is taken away is missed' 'this machine is not ours'
else
	take_away
fi

if id user >/dev/null 2>&1; then
	su user -c './forkwatch doctor -f json' >"$tmp/json" 2>"$tmp/err"
	equal 'an ordinary user: exit status' "$?" 2
	equal 'an ordinary user: nothing is said besides' "$(cat "$tmp/err")" ''
	equal 'an ordinary user: may not trace' "$(health privileges)" missing
	equal 'an ordinary user: how it is mended' "$(check_place privileges mend)" \
		'run it with sudo'
else
	skip 'an ordinary user' 'there is none'
fi

if unshare -p -f true 2>/dev/null; then
	unshare -p -f --mount-proc ./forkwatch doctor -f json >"$tmp/json" 2>/dev/null
	equal 'a pid namespace: exit status, health' "$? $(health pids)" '2 missing'
else
	skip 'a pid namespace' 'this kernel, or busybox, makes none'
fi
unload

insmod ./forkwatch.ko clone_path=0 || bail 'insmod forkwatch.ko clone_path=0'
examine
equal 'clone_path=0: exit status, health' "$status $(health clone)" '1 less'
unload

if [ -f forkwatch-abi.ko ]; then
	load forkwatch-abi.ko
	examine
	equal 'another ABI: exit status, health' "$status $(health abi)" '2 missing'
	unload
else
	skip 'another ABI' 'no such module was built'
fi

fw doctor --wrong
equal 'a wrong option: exit status' "$status" 2
has 'a wrong option: is named' "$tmp/err" "unknown option '--wrong'"
fw doctor more
equal 'an argument: exit status' "$status" 2
finish
