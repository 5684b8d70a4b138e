#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# reader.sh FORKWATCH REPEAT [FORKS [DIR]]: how fast traces are read, and in how much memory. Repeats
# a recording until it has FORKS forks (a million), and a tenth of them, in DIR (a new one in
# ${TMPDIR:-/tmp}, removed afterwards), and reads both with forkwatch and with babeltrace2. Fails
# where forkwatch is slower than it promises, or needs memory by the fork.
set -euo pipefail

forkwatch=$(realpath "${1:?reader.sh: which forkwatch?}")
repeat=$(realpath "${2:?reader.sh: which repeat?}")
forks=${3-1000000}
data=$(realpath "$(dirname "$0")/../data/6.1/tree")

# What is promised.
TIMES_FASTER=20		# than babeltrace2, in events a second
EVENTS_A_SECOND=3000000	# of processor time: report --summary
MEMORY_KIB=16384	# report --summary and check, however long the trace is
DIFF_TIMES_FASTER=20	# diff likewise, which makes forks comparable first
DIFF_BYTES=256		# diff: for each fork of both traces, at most

babeltrace=$(command -v babeltrace2) || { echo 'SKIP: there is no babeltrace2 here'; exit 77; }
[ -x /usr/bin/time ] || { echo 'SKIP: there is no /usr/bin/time here'; exit 77; }

if [ $# -gt 3 ]; then
	dir=$4
	mkdir -p "$dir"
else
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
fi
failed=0

# How many events the trace $1 has.
events()
{
	"$forkwatch" report --summary "$1" | sed -n 's/.* \([0-9]*\) events came.*/\1/p'
}

# measure WHAT EVENTS COMMAND…: prints a row, and sets seconds, rate and kib
measure()
{
	local what=$1 count=$2 status=0
	shift 2
	/usr/bin/time -o "$dir/time" -f '%U %S %M' "$@" >/dev/null || status=$?
	[ $status -eq 0 ] || { echo "error: $* ended with status $status" >&2; exit 1; }
	read -r user system kib <"$dir/time"
	seconds=$(echo "$user + $system" | bc)
	rate=$(echo "scale=0; $count / ($seconds + 0.001)" | bc)
	printf '%-44s %10s %9s %12s %11s\n' "$what" "$count" "$seconds" "$rate" "$kib"
}

# promise TEXT CONDITION: CONDITION holds, in the arithmetic of bc
promise()
{
	if [ "$(echo "$2" | bc)" = 1 ]; then
		echo "ok: $1"
	else
		echo "not ok: $1 ($2)"
		failed=1
	fi
}

small=$((forks / 10))
few=$((forks / 100))
"$repeat" "$data" "$dir/large" "$forks" >/dev/null
"$repeat" "$data" "$dir/small" "$small" >/dev/null
"$repeat" "$data" "$dir/few" "$few" >/dev/null
large_events=$(events "$dir/large")
small_events=$(events "$dir/small")
few_events=$(events "$dir/few")

printf '%-44s %10s %9s %12s %11s\n' 'one core, warm files' events 'CPU s' 'events/s' 'memory KiB'
measure "babeltrace2, text" "$small_events" "$babeltrace" "$dir/small"
text_rate=$rate
measure "babeltrace2, decoding only" "$small_events" "$babeltrace" -c sink.utils.dummy "$dir/small"
measure "forkwatch report --summary, $small forks" "$small_events" \
	"$forkwatch" report --summary "$dir/small"
measure "forkwatch report --summary, $forks forks" "$large_events" \
	"$forkwatch" report --summary "$dir/large"
report_rate=$rate report_kib=$kib
measure "forkwatch check, $small forks" "$small_events" "$forkwatch" check "$dir/small"
measure "forkwatch check, $forks forks" "$large_events" "$forkwatch" check "$dir/large"
check_rate=$rate check_kib=$kib
measure "forkwatch diff, 2 x $few forks" $((2 * few_events)) \
	"$forkwatch" diff "$dir/few" "$dir/few"
measure "forkwatch diff, 2 x $small forks" $((2 * small_events)) \
	"$forkwatch" diff "$dir/small" "$dir/small"
diff_rate=$rate diff_kib=$kib

promise "report takes $EVENTS_A_SECOND events a second" "$report_rate >= $EVENTS_A_SECOND"
promise "report is $TIMES_FASTER times as fast as babeltrace2" \
	"$report_rate >= $TIMES_FASTER * $text_rate"
promise "check is $TIMES_FASTER times as fast as babeltrace2" \
	"$check_rate >= $TIMES_FASTER * $text_rate"
promise "report's memory does not grow" "$report_kib <= $MEMORY_KIB"
promise "check's memory does not grow" "$check_kib <= $MEMORY_KIB"
promise "diff keeps $DIFF_BYTES bytes of a fork at most" \
	"$diff_kib * 1024 <= 8388608 + $DIFF_BYTES * 2 * $small"
promise "diff is $DIFF_TIMES_FASTER times as fast as babeltrace2" \
	"$diff_rate >= $DIFF_TIMES_FASTER * $text_rate"
exit $failed
