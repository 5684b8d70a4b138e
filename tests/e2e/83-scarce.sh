#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# Forks that find no memory, each a page further than the one before: the stage that refused it is
# the one that the kernel's own call trace of the refusal has.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

cgroup=/sys/fs/cgroup/forkwatch-scarce

# trace PID: the functions in which that task was when memory was refused to it
trace()
{
	dmesg | awk -v pid="$1" '
		/ scarce invoked oom-killer: / { on = 0 }
		$0 ~ "PID: " pid " Comm: scarce " { on = 1 }
		/ Memory cgroup stats for / { on = 0 }
		on' | sed -n 's/^\[.*\]  *\([a-z_0-9]*\)[.a-z_0-9]*+0x.*/\1/p'
}

if ! echo '+memory +pids' >/sys/fs/cgroup/cgroup.subtree_control; then
	skip 'forks without memory' 'the guest has no memory cgroups'
	finish
fi
if [ ! -e /sys/kernel/btf/vmlinux ]; then
	skip 'forks without memory' 'BPF programs time the stages, and this kernel has no BTF'
	finish
fi

load forkwatch.ko
fw run --stages all -f json -o "$tmp/forks" -- ./workload/scarce
equal 'exit status' "$status" 0
comment <"$tmp/err"
sed -n 's/^pages=.* parent=\(.*\) errno=\(.*\)/\1	-\2/p' "$tmp/out" >"$tmp/expected"
forks "$tmp/forks" parent.tid result.error.number result.error.reason.code \
	result.error.reason.text | grep -v '	-	-	-$' >"$tmp/found"
equal 'the forks that failed, by whom' "$(cut -f 1,2 "$tmp/found")" "$(cat "$tmp/expected")"
equal 'why' "$(cut -f 2,3 "$tmp/found" | sort -u)" '-11	cgroup-pids-max
-12	memory'

# What the kernel's log says of each. Its buffer may have lost the first.
n=0
wrong=
while IFS='	' read -r parent error code text; do
	trace "$parent" >"$tmp/trace"
	if [ "$error" != -12 ] || [ ! -s "$tmp/trace" ]; then continue; fi
	n=$((n + 1))
	case $text in
	*'; refused in '*)
		stage=${text##*; refused in }
		grep -qx "${stage%%(*}" "$tmp/trace" || wrong="$wrong $parent" ;;
	*'; refused after '*)
		stage=${text##*; refused after }
		! grep -qx "${stage%%(*}" "$tmp/trace" || wrong="$wrong $parent" ;;
	*'; refused before any stage that is watched') ;;
	*) wrong="$wrong $parent" ;;
	esac
	case $wrong in
	*" $parent")
		{
			echo "$code: $text"
			cat "$tmp/trace"
		} | comment ;;
	esac
done <"$tmp/found"
equal 'the stages are those of the call traces' "$wrong" ''
at_least 'call traces' "$n" 10
sed -n 's/.*; refused in \([a-z_]*\)() with ENOMEM$/\1/p' "$tmp/found" | sort | uniq -c | comment
# Which they are depends on how many pages the memory cgroup had charged in advance.
at_least 'stages that refused memory' \
	"$(sed -n 's/.*; refused in \([a-z_]*\)() with ENOMEM$/\1/p' "$tmp/found" | sort -u | lines)" 1
equal 'no child came, nothing is lost, no rule is broken' \
	"$(summary "$tmp/forks" incomplete lost.total verdicts.FAIL)" '0	0	0'
./e2e/stages "$tmp/forks" >"$tmp/stages" 2>"$tmp/wrong"
equal 'the times add up' "$(cat "$tmp/wrong")" ''

# Without stages one knows on which side of copy_thread() it was.
fw run -o "$tmp/text" -- ./workload/scarce 16
has 'without stages' "$tmp/text" '-ENOMEM' "reason  the kernel, or the parent's memory cgroup, had" \
	'before copy_thread()'
unload
rmdir $cgroup
finish
