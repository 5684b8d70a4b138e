#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# needs: servers
# make -j with many small commands: as many forks as the kernel counted, and whose they are.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

targets=150
jobs=8

# For each object a shell and what it starts.
makefile()
{
	cat <<-'END'
		.RECIPEPREFIX = >
		objects := $(foreach n,$(numbers),$(n).o)
		all: $(objects)
		> @cat $(objects) >$@.new && sed -n '$$=' $@.new >$@
		%.o:
		> @echo $* | sed 's/^/object /' >$@; true; /bin/busybox true
	END
}

need_servers
mkdir "$tmp/build"
makefile >"$tmp/build/Makefile"
load forkwatch.ko
fw run -a --stages core -f json -o "$tmp/forks" -- sh -c "
	./e2e/quiet >$tmp/before &&
	PATH=/bin:/usr/bin chroot /servers make -s -j $jobs -C $tmp/build \
		numbers='$(seq -s ' ' $targets)' &&
	./e2e/quiet >$tmp/after"
equal 'make -j: exit status' "$status $(cat "$tmp/err")" '0 '
equal 'everything is built' "$(cat "$tmp/build/all")" $targets
read -r from before <"$tmp/before"
read -r to after <"$tmp/after"
at_least 'that took many forks' $((after - before)) $((3 * targets))
equal 'forks seen = growth of processes in /proc/stat' "$(made "$tmp/forks" "$from" "$to")" \
	$((after - before))
equal 'nothing is lost' "$(summary "$tmp/forks" lost.total incomplete verdicts.FAIL)" '0	0	0'
equal 'a shell for each object, and one for all' \
	"$(forks "$tmp/forks" parent.comm | grep -cx make)" $((targets + 1))
./e2e/stages "$tmp/forks" >"$tmp/stages"
equal 'the stages of all forks add up' $? 0
unload
finish
