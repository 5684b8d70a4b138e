#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh [--only-configurations | --only-kernels] KERNEL…: everything that `make test` runs, then a
# table of the results. CONFIGURATIONS names the rows of tests/qemu/configurations to run, alone; by default
# all run whose kernel, or the kernel that it is a flavour of, is among KERNEL…. With
# --only-kernels it is these kernels' guest tests alone, and TESTS says which of them (parts of
# names, with commas between them). FORKWATCH_STORM_SECONDS: how long storms of forks are to last.
# (run.sh --guest NAME is one of its own jobs: the tests of one kernel, or of one row.)
set -u
cd "$(dirname "$0")/.." || exit 2
qemu=tests/qemu
logs=build/test
make=${MAKE:-make}
full_kernel=6.1
# Seconds for one guest: twice what the longest takes on two CPUs that others use as well. A
# kernel that watches itself takes many times as long for everything, and more memory.
limit=2700
debug_limit=10800
debug_memory=2048

say()
{
	printf '  %-7s %s\n' "$1" "$2" >&2
}

# settle LOG STATUS WHAT: a run that failed says so in a line of its own, even if it broke off
settle()
{
	[ "$2" -ne 0 ] || return 0
	grep -qE '^not ok |^\[  FAILED  \]' "$1" || echo "not ok 1 - $3 ended with status $2" | tee -a "$1"
}

# skipped LOG NAME WHY
skipped()
{
	echo "ok 1 - $2 # SKIP $3" | tee "$1"
}

# table FILE NAME: the row of that name
row()
{
	sed 's/#.*//' "$qemu/$1" | awk -v name="$2" '$1 == name'
}

names()
{
	sed 's/#.*//' "$qemu/$1" | awk 'NF { print $1 }'
}

# known FILE WHAT NAME…: a name that nobody knows must not cost the whole run first
known()
{
	local file=$1 what=$2 name
	shift 2
	for name; do
		[ -z "$(row "$file" "$name")" ] || continue
		echo "error: $what: nothing is called '$name'; $qemu/$file has:" "$(names "$file" | xargs)" >&2
		return 2
	done
}

is_built_here()
{
	row kernels "$1" | awk '{ exit $3 !~ /^source\// }'
}

# among NAME LIST…
among()
{
	local name=$1
	shift
	case " $* " in *" $name "*) return 0 ;; esac
	return 1
}

### on this machine

# host_part NAME: a target of the Makefile that prints results
host_part()
{
	say TEST "$1"
	$make --no-print-directory "$1" 2>&1 | tee "$logs/$1.log"
	settle "$logs/$1.log" "${PIPESTATUS[0]}" "$1"
}

# Those on which all scripts run, and not the ones for all kernels alone.
has_full_set()
{
	case $1 in
	"$full_kernel" | *-debug) return 0 ;;
	esac
	return 1
}

# build_for KERNEL: its modules; for the full set also those that must make tests fail. What it
# says stays in module-KERNEL.log; $why is the reason when it cannot be had.
build_for()
{
	local log=$logs/module-$1.log status
	why=
	say MODULE "for kernel $1"
	if is_built_here "$1" && ! among "$1" "${kernels[@]}" &&
		! $qemu/kbuild --cached "$1" >/dev/null 2>"$log"; then
		why=$(sed -n 's/^skip: //p' "$log")
		return 1
	fi
	$make --no-print-directory module KDIR= KERNEL="$1" >"$log" 2>&1
	status=$?
	if [ $status -eq 0 ] && has_full_set "$1"; then
		$make --no-print-directory variants KERNEL="$1" >>"$log" 2>&1
		status=$?
	fi
	# Without kprobes there is no module, as its sources say; the guest has to do without.
	! grep -q '#error "forkwatch needs CONFIG_KPROBES' "$log" || return 0
	grep -E '^  (INSTALL|FETCH|CHROOT|DEPMOD|KERNEL)|warning:|error:|^skip:' "$log" >&2
	[ $status -ne 0 ] || return 0
	why=$(sed -n 's/^skip: //p' "$log" | head -n1)
	[ -n "$why" ] || tail -n 30 "$log"
	return 1
}

### in guests

# emulator_of CPU: the suite whose qemu a row asks for, nothing for the system's
emulator_of()
{
	case $1 in *@*) echo "${1#*@}" ;; esac
}

# boot NAME: the tests of a kernel, or of a row
boot()
{
	local name kernel cpu cpus machine expects tests append emulator
	read -r name kernel cpu cpus machine expects tests append < <(row configurations "$1")
	if [ -z "$name" ]; then
		say BOOT "kernel $1: the tests of tests/e2e" 2>&3
		set -- "$1" --name "test-$1" --timeout $limit
		[ "${1%-debug}" = "$1" ] || set -- "$@" --timeout $debug_limit --memory $debug_memory \
			--env FORKWATCH_SCRIPT_TIMEOUT=3600
		[ -z "${FORKWATCH_STORM_SECONDS-}" ] ||
			set -- "$@" --env "FORKWATCH_STORM_SECONDS=$FORKWATCH_STORM_SECONDS"
		$qemu/run "$@" --tests ${TESTS:+"$TESTS"}
		return
	fi
	say BOOT "$name: kernel $kernel on $cpus $cpu" 2>&3
	emulator=$(emulator_of "$cpu")
	cpu=${cpu%@*}
	[ "$cpu" != max ] || cpu=max,pauth-impdef=on
	machine=${machine#-}
	$qemu/run "$kernel" --name "test-$name" --timeout $limit --cpu "$cpu" --cpus "$cpus" \
		${emulator:+--emulator "$emulator"} \
		--qemu "${machine:+-machine $machine}" --append "${append#-}" \
		--env "FORKWATCH_EXPECT=${expects#-}" --tests "$tests"
}

guest()
{
	local log=$logs/$1.log begin=$SECONDS
	boot "$1" 3>&2 >"$log" 2>&1
	settle "$log" $? "the guest $1" >/dev/null
	echo "# sums seconds=$((SECONDS - begin))" >>"$log"
	# Two guests at a time must not mix what they print.
	# shellcheck disable=SC2016  # expanded by the inner shell
	flock "$logs" sh -c 'printf "\n--- %s\n" "$1"; cat "$2"' sh "$1" "$log"
}

# rows: the configurations to run: those that were asked for, or those of these kernels
rows()
{
	local name kernel
	if [ ${#configurations[@]} -gt 0 ]; then
		printf '%s\n' "${configurations[@]}"
		return
	fi
	names configurations | while read -r name; do
		kernel=$(row configurations "$name" | awk '{ print $2 }')
		if among "$kernel" "${kernels[@]}" || among "${kernel%%-*}" "${kernels[@]}"; then
			echo "$name"
		fi
	done
}

# emulator_for NAME: the qemu that a row asks for is there; $why is the reason when it cannot be had
emulator_for()
{
	local log=$logs/emulator-$1.log suite
	suite=$(emulator_of "$(row configurations "$1" | awk '{ print $3 }')")
	[ -n "$suite" ] || return 0
	$qemu/fetch emulator "$suite" >"$log" 2>&1 && return
	why=$(sed -n 's/^skip: //p' "$log" | head -n1)
	return 1
}

# plan NAME KERNEL: a guest, or the reason why there is none
plan()
{
	parts+=("$1")
	if [ -n "${built[$2]-}" ]; then
		if emulator_for "$1"; then
			bootable+=("$1")
		elif [ -n "$why" ]; then
			skipped "$logs/$1.log" "$1" "$why"
		else
			echo "not ok 1 - fetching the qemu for $1" | tee "$logs/$1.log"
		fi
	elif [ -n "${reason[$2]}" ]; then
		skipped "$logs/$1.log" "$1" "${reason[$2]}"
	else
		echo "not ok 1 - building the module for kernel $2" | tee "$logs/$1.log"
	fi
}

if [ "${1-}" = --guest ]; then
	guest "$2"
	exit
fi

CONFIGURATIONS=${CONFIGURATIONS-}
alone=
only_kernels=
[ "${1-}" != --only-kernels ] || { alone=1 only_kernels=1 CONFIGURATIONS=none; shift; }
[ -z "$CONFIGURATIONS" ] || [ "$CONFIGURATIONS" = none ] || alone=1
[ "${1-}" != --only-configurations ] || { alone=1; shift; }
read -r -d '' -a kernels <<<"${*//,/ }"
read -r -d '' -a configurations <<<"${CONFIGURATIONS//,/ }"
known kernels KERNELS "${kernels[@]}" || exit
[ "$CONFIGURATIONS" != none ] || configurations=()
known configurations CONFIGURATIONS "${configurations[@]}" || exit

# All at once, so that there is one command where the user has to install them.
$qemu/deps module cross bpf tools unit style man fetch guest chroot || exit
# What runs AArch32 programs wants it, and is skipped without.
$qemu/deps arm32 2>/dev/null ||
	say SKIP 'AArch32: it wants gcc-arm-linux-gnueabihf and libc6-dev-armhf-cross'
rm -rf $logs
mkdir -p $logs
parts=()
if [ -z "$alone" ]; then
	parts=(style unit test-install)
	host_part style
	host_part unit
	host_part test-install
fi
host_part guest-programs

# Which guests there are to be, and the modules for them.
guests=()
if [ -z "$alone" ]; then
	# The longest run goes first.
	among $full_kernel "${kernels[@]}" && guests=("$full_kernel")
	for kernel in "${kernels[@]}"; do
		[ "$kernel" = $full_kernel ] || is_built_here "$kernel" || guests+=("$kernel")
	done
fi
[ -z "$only_kernels" ] || guests=("${kernels[@]}")
if [ "$CONFIGURATIONS" != none ]; then
	mapfile -t -O ${#guests[@]} guests < <(rows)
fi
declare -A built=() reason=()
bootable=()
for name in "${guests[@]}"; do
	kernel=$(row configurations "$name" | awk '{ print $2 }')
	kernel=${kernel:-$name}
	if [ -z "${built[$kernel]-}${reason[$kernel]+tried}" ]; then
		if build_for "$kernel"; then
			built[$kernel]=1
		else
			reason[$kernel]=$why
		fi
	fi
	plan "$name" "$kernel"
done
grep -q '^not ok ' $logs/guest-programs.log && parts+=(guest-programs)
[ ${#bootable[@]} -eq 0 ] ||
	printf '%s\n' "${bootable[@]}" | xargs -P 2 -I '{}' "$0" --guest '{}'
tests/table.sh $logs "${parts[@]}"
