# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# What all scripts of the guest harness share: where things are, and how they speak.

here=$(cd "$(dirname "$0")" && pwd)
while [ ! -e "$here/Makefile" ] || [ ! -e "$here/COPYING" ]; do
	[ "$here" != / ] || { echo "error: $0 is not inside a forkwatch tree" >&2; exit 2; }
	here=$(dirname "$here")
done
ROOT=$here
QEMU_DIR=$ROOT/tests/qemu
# shellcheck disable=SC2034  # for the scripts that read this file
BUILD=$ROOT/build
CACHE=${FORKWATCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/forkwatch}

# depmod, chroot and bpftool live in sbin, which an ordinary user's PATH may lack.
PATH=$PATH:/usr/sbin:/sbin

# The exit status that stands for "skipped" here, as in the kernel's selftests.
SKIP=77

# One line for each step that takes longer than a moment, in the manner of the kernel's build.
say()
{
	printf '  %-7s %s\n' "$1" "$2" >&2
}

die()
{
	printf 'error: %s\n' "$*" >&2
	exit 2
}

skip()
{
	printf 'skip: %s\n' "$*" >&2
	exit "$SKIP"
}

may_be_root()
{
	[ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

# true when FILE is there and was touched within a day
fresh()
{
	[ -n "$(find "$1" -maxdepth 0 -mmin -1440 2>/dev/null)" ]
}

# One process at a time may change the cache; the lock goes when the caller ends.
lock_cache()
{
	mkdir -p "$CACHE"
	exec 9>"$CACHE/lock"
	flock -n 9 || { say WAIT "for another run that uses $CACHE"; flock 9; }
	# Only the holder of the lock has anything in tmp; the rest was left by a run that was killed.
	rm -rf "$CACHE/tmp" || as_root rm -rf "$CACHE/tmp"
	mkdir -p "$CACHE/tmp" "$CACHE/found"
}

kernel_names()
{
	sed 's/#.*//' "$QEMU_DIR/kernels" | awk 'NF { print $1 }'
}

# kernel_line NAME: sets k_suites, k_flavour, k_gcc
# shellcheck disable=SC2034  # for the scripts that read this file
kernel_line()
{
	line=$(sed 's/#.*//' "$QEMU_DIR/kernels" | awk -v n="$1" '$1 == n')
	# shellcheck disable=SC2046  # the names are one word each, wanted on one line
	[ -n "$line" ] ||
		die "no kernel is called '$1'; tests/qemu/kernels has:" $(kernel_names)
	# shellcheck disable=SC2086  # the fields of the line become $1..$4
	set -- $line
	k_suites=$(echo "$2" | tr , ' ')
	k_flavour=$3
	k_gcc=$4
}
