#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# What a child shares, has a copy of, or has new, is what its flags ask for, and what kcmp() says.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

objects='mm pgd files fs sighand signal io sysvsem cred nsproxy'

# shown SOURCE: of each child of the workload, what it is said to have
shown()
{
	fw run --source "$1" -f json -o "$tmp/forks" -- ./workload/objects
	if [ "$status" -eq 125 ]; then
		skip "$1" "$(head -n 1 "$tmp/err")"
		return
	fi
	equal "$1: kcmp() says that the workload is right" "$status" 0
	comment <"$tmp/err"
	places=
	for object in $objects; do
		places="$places objects.$object"
	done
	# shellcheck disable=SC2086  # a list
	forks "$tmp/forks" $places | tr '\t' ' ' >"$tmp/shown"
	cut -d : -f 1 "$tmp/out" | paste -d ':' - "$tmp/shown" | sed 's/:/: /' >"$tmp/named"
	equal "$1: each object of each child" "$(cat "$tmp/named")" "$(cat "$tmp/out")"
	equal "$1: nothing is lost, no rule is broken" \
		"$(summary "$tmp/forks" lost.total incomplete verdicts.FAIL)" '0	0	0'
}

load forkwatch.ko
if ./workload/objects 2>&1 | grep -q 'kcmp: Function not implemented'; then
	skip 'objects' 'this kernel has no kcmp()'
	unload
	finish
fi
shown auto
shown bpf
shown module
fw run -- ./workload/objects
has 'as text' "$tmp/out" \
	'objects shared nsproxy   copied mm files fs sighand cred   new pgd signal   none io sysvsem' \
	'objects shared mm pgd files fs sighand signal nsproxy io sysvsem cred' \
	'objects shared mm pgd sighand nsproxy   copied files fs cred   new signal io   none sysvsem' \
	'objects copied mm files fs sighand cred   new pgd signal nsproxy io   none sysvsem'
unload
finish
