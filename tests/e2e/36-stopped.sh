#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# For seconds nobody reads what a storm of forks sends: the kernel side takes no more memory, every
# fork that is lost is counted, and tracing goes on when the reader does.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# A kernel that watches itself is slow, so that a smaller ring has to do, and KASAN keeps what is
# freed for a while: up to a 32nd of the memory.
ring=
case ${FORKWATCH_KERNEL-} in
*-debug) seconds=60 a_second=5 slack=65536 storm=200 ring=1M ;;
*) seconds=10 a_second=20 slack=4096 storm=9000 ;;
esac
seconds=${FORKWATCH_STOP_SECONDS:-$seconds}

# What the kernel holds for itself, in KiB.
kernel_memory()
{
	awk '/^(Slab|VmallocUsed|KernelStack|PageTables|Percpu):/ { sum += $2 } END { print sum }' \
		/proc/meminfo
}

# stopped SOURCE: in the midst of a storm that begins before, and ends after
stopped()
{
	rm -f "$tmp"/[a-z]*
	mkfifo "$tmp/ready"
	./forkwatch run -a --source "$1" ${ring:+--ring $ring} -f json -o "$tmp/forks" -- sh -c "
		./e2e/quiet >$tmp/before && echo >$tmp/ready && ./workload/storm -s $((seconds + 5)) >$tmp/storm &&
		sleep 5 && ./e2e/quiet 240 >$tmp/middle && ./workload/storm -n 20 >$tmp/second &&
		./e2e/quiet >$tmp/after" 2>"$tmp/err" &
	tool=$!
	background="$background $tool"
	# Whoever looks again and again forks for it, and there would be no silence.
	timeout 240 head -n 1 "$tmp/ready" >/dev/null || bail "forkwatch run --source $1: $(cat "$tmp/err")"
	sleep 2
	kill -STOP $tool
	sleep 2
	memory=$(kernel_memory)
	sleep $((seconds - 2))
	memory=$(($(kernel_memory) - memory))
	kill -CONT $tool
	wait $tool
	equal "$1: exit status" $? 0
	read -r from first <"$tmp/before"
	read -r between second <"$tmp/middle"
	read -r to last <"$tmp/after"
	recorded=$(made "$tmp/forks" "$from" "$to")
	lost=$(summary "$tmp/forks" lost.forks)
	echo "# sums source=$1 stopped=$seconds forks=$((last - first)) recorded=$recorded" \
		"lost_forks=$lost lost_events=$(summary "$tmp/forks" lost.total) memory_kib=$memory"
	at_least "$1: it was a storm" $((second - first)) $((seconds * a_second))
	at_least "$1: the ring was too small for it" "$lost" 1
	# The kernel's own few return probes may miss one: then that is said, and no more are missing.
	misses=$(summary "$tmp/forks" lost.probe_misses)
	missing=$((last - first - recorded - lost))
	if [ "$misses" -eq 0 ]; then
		equal "$1: forks that the kernel counted = those seen + those lost" $missing 0
	else
		echo "# probe_misses=$misses missing=$missing"
		at_least "$1: forks that are missing are misses" "$misses" $missing
		at_least "$1: no fork is counted twice" $missing 0
	fi
	equal "$1: after that none is missing" "$(made "$tmp/forks" "$between" "$to")" $((last - second))
	at_least "$1: the kernel side takes no more memory (KiB, with $slack for the storm's own)" \
		$slack "$memory"
	equal "$1: all else is well" \
		"$(summary "$tmp/forks" lost.watch_full lost.bad_events verdicts.FAIL)" '0	0	0'
	check "$1: nothing stays armed" within 30 nothing_armed
}

# Nobody reads until the command has ended, when the ring holds more than the tool takes at a time.
unread()
{
	each=$((storm / $(grep -c ^processor /proc/cpuinfo)))
	rm -f "$tmp"/[a-z]*
	fw run -a --source bpf --ring 64M -f json -o "$tmp/forks" -- sh -c "
		./e2e/quiet >$tmp/before && kill -STOP \$PPID && ./workload/storm -n $each >$tmp/storm &&
		./e2e/quiet 240 >$tmp/after; kill -CONT \$PPID"
	equal "unread: exit status" "$status" 0
	read -r from first <"$tmp/before"
	read -r to last <"$tmp/after"
	at_least "unread: it was a storm" $((last - first)) $each
	equal "unread: all that the kernel had sent is read" "$(made "$tmp/forks" "$from" "$to")" \
		$((last - first))
	equal "unread: and nothing is lost" "$(summary "$tmp/forks" lost.total verdicts.FAIL)" '0	0'
}

load forkwatch.ko
stopped both
stopped bpf
unload
unread
finish
