#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# Whom the clone path serves: not those under seccomp, not AArch32; forkwatch_clone needs a capability.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# call NAME EXPECTED ARG…
call()
{
	name=$1 expected=$2
	shift 2
	equal "$name" "$(./e2e/clone_call "$@" 2>&1)" "$expected"
}

load forkwatch.ko
call 'an ordinary user: fork' '1079: a child' -u 1000 fork 1079
call 'an ordinary user: vfork' '1071: a child' -u 1000 vfork 1071
call 'an ordinary user: forkwatch_clone' '245: EPERM' -u 1000 clone 245
call 'with CAP_PERFMON only' '245: a child' -u 1000 -c perfmon clone 245
call 'with CAP_SYS_ADMIN only' '245: a child' -u 1000 -c sys_admin clone 245
call 'with CAP_SYSLOG only' '245: EPERM' -u 1000 -c syslog clone 245
call 'with all capabilities of a user namespace' '245: EPERM' -u 1000 -n clone 245
call 'under seccomp: fork' '1079: ENOSYS' -s fork 1079
call 'under seccomp: vfork' '1071: ENOSYS' -s vfork 1071
call 'under seccomp: forkwatch_clone' '245: ENOSYS' -s clone 245

# (245 is a call of AArch32.)
if [ "$(./e2e/arm32 1 2>/dev/null; echo $?)" = 0 ]; then
	equal 'AArch32: fork and vfork' "$(./e2e/arm32 1079 1071)" '1079: ENOSYS
1071: ENOSYS'
	unload
	load forkwatch.ko nr_clone=1080
	equal 'AArch32: forkwatch_clone' "$(./e2e/arm32 1080)" '1080: ENOSYS'
	call 'that number is served' '1080: a child' clone 1080
else
	skip 'AArch32' 'the program was not built (gcc-arm-linux-gnueabihf), or this CPU cannot run it'
fi
unload
finish
