#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# overhead.sh KERNEL…: what tracing costs, ours and others', measured in one boot of each kernel.
# Writes docs/bench.md, docs/bench.json and docs/bench.svg. FORKWATCH_BENCH_MS is how long each
# case takes, in ms of the guest's time; FORKWATCH_BENCH_CASES names some cases only.
set -eu
# shellcheck source=tests/qemu/lib.sh
. "$(dirname "$0")/../qemu/lib.sh"

here=$ROOT/tests/bench
results=$BUILD/bench/results
storms=$BUILD/bench/storms

# boot KERNEL CPUS COMMAND: every instruction takes one ns of the guest's time, so that results do
# not depend on this machine; addresses are not randomised, since that changes paths.
boot()
{
	name=bench-$1
	"$QEMU_DIR/run" "$1" --name "$name" --cpus "$2" --timeout 7200 --append nokaslr \
		--qemu "-icount shift=0,sleep=off -virtfs local,path=$PEERS,mount_tag=peers,security_model=none,readonly=on" \
		-- sh -c "FORKWATCH_BENCH_MS=${FORKWATCH_BENCH_MS:-400} \
			FORKWATCH_BENCH_CASES='${FORKWATCH_BENCH_CASES:-}' sh ./bench/guest.sh $3" >&2 ||
		die "the guest's output is in $BUILD/guest/$name/console"
}

measure()
{
	say BENCH "kernel $1"
	boot "$1" 1 ''
	awk -v kernel="$1" '{ print kernel, $0 }' "$BUILD/guest/bench-$1/out/results" >>"$results"
	for cpus in 1 2 4 8; do
		say BENCH "kernel $1, storm on $cpus CPUs"
		boot "$1" "$cpus" storm
		awk -v kernel="$1" -v cpus="$cpus" '{ print kernel, cpus, $0 }' \
			"$BUILD/guest/bench-$1/out/results" >>"$storms"
	done
}

report()
{
	{
		awk -f "$here/overhead.awk" "$results"
		[ ! -s "$storms" ] || awk -f "$here/storms.awk" "$storms"
		echo
		cat "$here/notes.md"
	} >"$ROOT/docs/bench.md"
	jq -Rn '{"$comment": "SPDX-License-Identifier: GPL-2.0-only", results: [inputs / " " | {kernel: .[0], case: .[1], operation: .[2]} +
		if .[3] == "-" then {skipped: .[8:] | join(" ")}
		else {count: .[3], clock_ns: .[4], cpu_ns: .[5], bytes: .[6], lost: .[7]} |
			map_values(if . == "-" then null else tonumber end)
		end]}' "$results" >"$ROOT/docs/bench.json"
	awk -v plot=1 -f "$here/overhead.awk" "$results" >"$BUILD/bench/plot"
	(cd "$BUILD/bench" && gnuplot "$here/overhead.gp") |
		sed '1a <!-- SPDX-License-Identifier: GPL-2.0-only -->' >"$ROOT/docs/bench.svg"
	say WROTE "docs/bench.md, docs/bench.json, docs/bench.svg"
}

[ $# -gt 0 ] || die "overhead.sh: of which kernels? see tests/qemu/kernels"
if [ "$1" != --report ]; then
	"$QEMU_DIR/deps" guest bench
	found=$("$QEMU_DIR/fetch" peers) || exit
	eval "$found"
	mkdir -p "$BUILD/bench"
	: >"$results"
	: >"$storms"
	for kernel; do
		measure "$kernel"
	done
fi
report
