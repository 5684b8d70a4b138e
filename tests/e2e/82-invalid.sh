#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# Forks that break a rule of this kernel: each is shown with the errno, and with that rule.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

load forkwatch.ko
fw run -f json -o "$tmp/forks" -- ./workload/invalid
equal 'exit status' "$status" 0
comment <"$tmp/err"
grep ' skip$' "$tmp/out" | comment
sed -n 's/^case=\([^ ]*\) errno=\([^ ]*\) code=\([^ ]*\) text=\(.*\)/\1	-\2	\3	\4/p' "$tmp/out" \
	>"$tmp/expected"
expected=$(lines <"$tmp/expected")
at_least 'cases' "$expected" 45
forks "$tmp/forks" result.error.number result.error.reason.code result.error.reason.text |
	grep -v '^-	' >"$tmp/found"
equal 'as many forks failed' "$(lines <"$tmp/found")" "$expected"

# Both are in the order in which they were tried.
n=0
while IFS='	' read -r name error code text; do
	n=$((n + 1))
	IFS='	' read -r found_error found_code found_text <<-END
		$(sed -n "${n}p" "$tmp/found")
	END
	case $found_text in
	*"$text"*) ;;
	*) found_code="$found_code, and says: $found_text" ;;
	esac
	equal "$name: $text" "$found_error $found_code" "$error $code"
done <"$tmp/expected"

equal 'none of them has a child' "$(forks "$tmp/forks" result.error.number child.tid |
	grep -v '^-	' | cut -f 2 | sort -u)" -
equal 'the summary: failed, incomplete, lost, FAIL' \
	"$(summary "$tmp/forks" failed incomplete lost.total verdicts.FAIL)" "$expected	0	0	0"
equal 'no reason is left out' "$(summary "$tmp/forks" reasons.not-observed)" 0

# What never comes to copy_process() is told by clone3() itself: of which call, and what it asked for.
forks "$tmp/forks" events.clone3_return.kind syscall.name syscall.flags.0 complete >"$tmp/refused"
sed -i '/^-	/d' "$tmp/refused"
at_least 'refused by clone3() itself' "$(lines <"$tmp/refused")" 18
equal 'each is a whole fork by clone3' "$(cut -f 2,4 "$tmp/refused" | sort -u)" 'clone3	true'
has 'with its flags' "$tmp/refused" CLONE_INTO_CGROUP CLONE_DETACHED CLONE_PARENT

# failures FILE: errno, code and sentence of each, less addresses and names of namespaces
failures()
{
	forks "$1" result.error.number result.error.reason.code result.error.reason.text |
		sed '/^-	/d; s/0x[0-9a-f]*$//'
}

failures "$tmp/forks" >"$tmp/found"
fw record -o "$tmp/trace" -- ./workload/invalid
fw report -f json "$tmp/trace"
equal 'a recording tells the same' "$(failures "$tmp/out")" "$(cat "$tmp/found")"
fw show "$tmp/trace" last
has 'in words' "$tmp/out" 'fork by clone3' -EINVAL 'call    clone3(SIGCHLD)' \
	'reason  the stack of 0x1000 bytes at 0xffff000000000000 is not in user memory'
unload

fw run --source bpf -f json -o "$tmp/forks" -- ./workload/invalid
if [ "$status" -eq 125 ]; then
	skip 'BPF programs alone tell the same' "$(head -n 1 "$tmp/err")"
else
	equal 'BPF programs alone tell the same' "$(failures "$tmp/forks")" "$(cat "$tmp/found")"
fi
finish
