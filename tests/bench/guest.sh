#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# guest.sh: in the guest, runs every case of bench/cases with every operation, and writes one line
# each to /out/results: case, operation, count, ns of the clock, ns of the workload's own CPU time,
# bytes written, events lost, and why it was skipped; "-" where there is nothing to say.
# FORKWATCH_BENCH_MS says how long each takes; FORKWATCH_BENCH_CASES and _OPERATIONS name some only.

ms=${FORKWATCH_BENCH_MS:-400}
operations=${FORKWATCH_BENCH_OPERATIONS:-fork exec vfork pthread}
out=/tmp/written
help=$(./forkwatch record --help; ./forkwatch run --help)

mount_peers()
{
	mkdir -p /peers
	mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144,cache=loose peers /peers || return
	ln -s /peers/usr /peers/lib /
	PATH=$PATH:/usr/bin:/usr/sbin
}

# lacks WORD…: prints the first that is not there
lacks()
{
	for word; do
		case $word in
		module) [ -d /sys/module/forkwatch ] || insmod forkwatch.ko || echo "no module" ;;
		--*) case $help in *" $word"*) ;; *) echo "this tool has no $word" ;; esac ;;
		*) [ -x "$word" ] || echo "no $word" ;;
		esac
	done | head -n 1
}

written()
{
	find $out* -type f -exec stat -c %s {} + 2>/dev/null | awk '{ n += $1 } END { print n + 0 }'
}

# What the tool itself says that it lost; "-" for one that would not know.
lost()
{
	case $1 in
	untraced | idle | strace | bpftrace-counts) echo - ;;
	printed) sed -n 's/^ *lost *\([0-9]*\) .*/\1/p' $out | tail -n 1 ;;
	bpftrace*) grep -ho 'Lost [0-9]*' /tmp/said $out | awk '{ n += $2 } END { print n + 0 }' ;;
	perf*) grep -hoi 'lost [0-9]* ' /tmp/said $out | awk '{ n += $2 } END { print n + 0 }' ;;
	function-graph) awk '/^(overrun|commit overrun|dropped events):/ { n += $NF } END { print n + 0 }' \
		/tmp/said ;;
	*) ./forkwatch report --summary $out | sed -n 's/^ *lost *\([0-9]*\) .*/\1/p' ;;
	esac
}

# fill_in COMMAND WORKLOAD
fill_in()
{
	echo "$1" | sed "s,WORKLOAD,$2,g; s,OUTPUT,$out,g"
}

# measure CASE OPERATION COMMAND
measure()
{
	command=$(fill_in "$3" "./bench/ops $2 $ms /tmp/result")
	rm -rf $out* /tmp/result
	sh -c "$command" >/tmp/said 2>&1 </dev/null
	status=$?
	if [ ! -s /tmp/result ]; then
		echo "$1 $2 - - - - - ended with status $status: $(tail -n 1 /tmp/said | tr -s ' \t' '  ')"
		return
	fi
	lost=$(lost "$1")
	echo "$1 $2 $(sed 's/[a-z_]*=//g' /tmp/result) $(written) ${lost:--} -"
}

one_case()
{
	case ${FORKWATCH_BENCH_CASES:-$1} in *"$1"*) ;; *) return ;; esac
	# shellcheck disable=SC2086  # words
	why=$(lacks $2)
	for operation in $operations; do
		if [ -n "$why" ]; then
			echo "$1 $operation - - - - - $why"
		else
			measure "$1" "$operation" "$3"
		fi
	done
	[ ! -d /sys/module/forkwatch ] || rmmod forkwatch
}

# Of storms on more CPUs, only a few cases.
storm_case()
{
	case $1 in untraced | registers | core-stages) ;; *) return ;; esac
	# shellcheck disable=SC2086  # words
	why=$(lacks $2)
	[ -z "$why" ] || { echo "$1 storm - - - - - $why"; return; }
	command=$(fill_in "$3" "./workload/storm -s 1")
	rm -rf $out*
	sh -c "$command" >/tmp/said 2>&1 </dev/null
	forks=$(sed -n 's/^total=//p' /tmp/said)
	lost=$(lost "$1")
	echo "$1 storm ${forks:--} 1000000000 - $(written) ${lost:--} -"
	[ ! -d /sys/module/forkwatch ] || rmmod forkwatch
}

mount_peers || exit
# A stack or a mapping that lies across 2 MiB takes a page table more, and a fork 4 % longer.
echo 0 >/proc/sys/kernel/randomize_va_space
# Work that the kernel put off while it booted is done in the meantime.
sleep 30
sed -e '/^#/d' -e 's/ *| */|/g' bench/cases | while IFS='|' read -r name wants command; do
	if [ "${1-}" = storm ]; then
		storm_case "$name" "$wants" "$command"
	else
		one_case "$name" "$wants" "$command"
	fi
done | tee /out/results
