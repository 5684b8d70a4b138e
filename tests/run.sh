#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh KERNEL…: everything that `make test` runs, then a table of the results.
# (run.sh --guest KERNEL is one of its own jobs: the tests of one kernel.)
set -u
cd "$(dirname "$0")/.." || exit 2
qemu=tests/qemu
logs=build/test
make=${MAKE:-make}
full_kernel=6.1

say()
{
	printf '  %-7s %s\n' "$1" "$2" >&2
}

# counts LOG: "passed failed skipped" of all lines of TAP and all summaries of cmocka
counts()
{
	awk '
		/^ok .*# SKIP/ { skipped++; next }
		/^ok / { passed++ }
		/^not ok / { failed++ }
		/^\[  PASSED  \] [0-9]+ test/ { passed += $4 }
		/^\[  FAILED  \] [0-9]+ test/ { failed += $4 }
		/^\[  SKIPPED \] [0-9]+ test/ { skipped += $4 }
		END { print passed + 0, failed + 0, skipped + 0 }' "$1"
}

# settle LOG STATUS WHAT: a run that failed says so in a line of its own, even if it broke off
settle()
{
	[ "$2" -ne 0 ] || return 0
	grep -qE '^not ok |^\[  FAILED  \]' "$1" || echo "not ok 1 - $3 ended with status $2" | tee -a "$1"
}

# host_part NAME: a target of the Makefile that prints results
host_part()
{
	say TEST "$1"
	$make --no-print-directory "$1" 2>&1 | tee "$logs/$1.log"
	settle "$logs/$1.log" "${PIPESTATUS[0]}" "$1"
}

# build_for KERNEL: its modules; for the full set also those that must make tests fail
build_for()
{
	local log=$logs/$1.log status
	: >"$log"
	$make --no-print-directory module KDIR= KERNEL="$1" >"$log.build" 2>&1
	status=$?
	if [ $status -eq 0 ] && [ "$1" = $full_kernel ]; then
		$make --no-print-directory variants KERNEL="$1" >>"$log.build" 2>&1
		status=$?
	fi
	grep -E '^  (INSTALL|FETCH|CHROOT|DEPMOD)|warning:|error:|^skip:' "$log.build" >&2
	if [ $status -ne 0 ] && grep -q '^skip: ' "$log.build"; then
		echo "ok 1 - kernel $1 # SKIP $(sed -n 's/^skip: //p' "$log.build" | head -n1)" | tee "$log"
		return 1
	fi
	[ $status -eq 0 ] || tail -n 30 "$log.build"
	settle "$log" $status "building the module for kernel $1"
	return $status
}

guest()
{
	local log=$logs/$1.log
	say BOOT "kernel $1: the tests of tests/e2e"
	$qemu/run "$1" --name "test-$1" --timeout 1200 --tests >"$log" 2>&1
	settle "$log" $? "the guest with kernel $1" >/dev/null
	# Two guests at a time must not mix what they print.
	# shellcheck disable=SC2016  # expanded by the inner shell
	flock "$logs" sh -c 'printf "\n--- kernel %s\n" "$1"; cat "$2"' sh "$1" "$log"
}

table()
{
	local part passed failed skipped all_passed=0 all_failed=0 all_skipped=0 release
	echo
	for part in "${parts[@]}"; do
		grep -E '^not ok |^\[  FAILED  \] [^0-9]' "$logs/$part" | sort -u | sed "s/^/${part%.log}: /"
	done
	printf '\n%-14s %-24s %7s %7s %8s\n' kernel release passed failed skipped
	for part in "${parts[@]}"; do
		read -r passed failed skipped < <(counts "$logs/$part")
		part=${part%.log}
		release=$(sed -n 's/^KREL=//p' "$logs/$part.found" 2>/dev/null)
		printf '%-14s %-24s %7d %7d %8d\n' "$part" "${release:--}" "$passed" "$failed" "$skipped"
		all_passed=$((all_passed + passed))
		all_failed=$((all_failed + failed))
		all_skipped=$((all_skipped + skipped))
	done
	printf '\n%d passed, %d failed, %d skipped\n' $all_passed $all_failed $all_skipped
	[ $all_failed -eq 0 ]
}

if [ "${1-}" = --guest ]; then
	guest "$2"
	exit
fi

for kernel; do
	# A name that nobody knows must not cost the whole run first.
	sed 's/#.*//' $qemu/kernels | awk -v n="$kernel" '$1 == n { found = 1 } END { exit !found }' || {
		echo "error: KERNELS: no kernel is called '$kernel'; tests/qemu/kernels has:" \
			"$(sed 's/#.*//' $qemu/kernels | awk 'NF { print $1 }' | xargs)" >&2
		exit 2
	}
done

# All at once, so that there is one command where the user has to install them.
$qemu/deps module cross bpf tools unit style fetch guest chroot || exit
# One test wants it, and is skipped without.
$qemu/deps arm32 2>/dev/null || say SKIP 'the AArch32 test: it wants gcc-arm-linux-gnueabihf'
rm -rf $logs
mkdir -p $logs
parts=(style.log unit.log)
host_part style
host_part unit
host_part guest-programs
bootable=()
for kernel; do
	parts+=("$kernel.log")
	say MODULE "for kernel $kernel"
	build_for "$kernel" || continue
	$qemu/fetch kernel "$kernel" >"$logs/$kernel.found"
	# The longest run goes first.
	if [ "$kernel" = $full_kernel ]; then
		bootable=("$kernel" "${bootable[@]}")
	else
		bootable+=("$kernel")
	fi
done
grep -q '^not ok ' $logs/guest-programs.log && parts+=(guest-programs.log)
[ ${#bootable[@]} -eq 0 ] ||
	printf '%s\n' "${bootable[@]}" | xargs -P 2 -I '{}' "$0" --guest '{}'
table
