#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Whose rights there are: the tool gives up what it needs no more, its command has exactly its
# caller's or those of the user that -u names; and what is written is for its owner alone.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# status PID NAME: a line of /proc/PID/status
status_of()
{
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | tr '\t' ' '
}

# bpf, perfmon, sys_ptrace, dac_override, dac_read_search, kill
needed=$(printf '%016x' $((1 << 39 | 1 << 38 | 1 << 19 | 1 << 1 | 1 << 2 | 1 << 5)))

# dropped ARG…: what the tool and its command may do while it traces
dropped()
{
	start -o /dev/null "$@"
	for set in CapEff CapPrm; do
		equal "$set of the tool $*" "$(status_of $tool $set)" "$needed"
		equal "$set of its command is its caller's $*" "$(status_of "$sleeper" $set)" \
			"$(status_of $$ $set)"
	done
	equal "no program can bring it more $*" "$(status_of $tool NoNewPrivs)" 1
	equal "programs can bring its command more $*" "$(status_of "$sleeper" NoNewPrivs)" 0
	kill "$sleeper"
	wait "$tool"
	equal "it ends with its command $*" $? 143
	check "nothing stays armed $*" within 30 nothing_armed
}

load forkwatch.ko
dropped
cow=
! copies_are_counted || cow=--cow
# shellcheck disable=SC2086  # one word or none
dropped --source both $cow --stages core
dropped --source module

# As user: 1000, of group 1000 alone (see tests/qemu/rootfs).
adduser=
if ! grep -q ^user: /etc/passwd; then
	echo user:x:1000:1000:user:/home/user:/bin/sh >>/etc/passwd
	adduser=1
fi
# shellcheck disable=SC2016  # expanded by the inner shell
fw run -u user -f json -o "$tmp/forks" -- sh -c '
	cat /proc/self/status; echo "env=$HOME $SHELL $USER $LOGNAME"; ./workload/forks 2; exit 7'
equal '-u: the exit status is the command'"'"'s' "$status" 7
equal '-u: its ids' "$(sed -n 's/^[UG]id:[[:space:]]*//p' "$tmp/out" | tr '\t\n' '  ')" \
	'1000 1000 1000 1000 1000 1000 1000 1000 '
equal '-u: its groups' "$(sed -n 's/^Groups:[[:space:]]*//p' "$tmp/out" | xargs)" 1000
for set in CapInh CapPrm CapEff CapAmb; do
	equal "-u: its $set" "$(sed -n "s/^$set:[[:space:]]*//p" "$tmp/out")" 0000000000000000
done
equal '-u: its environment' "$(value env "$tmp/out")" '/home/user /bin/sh user user'
equal '-u: its forks are seen' "$(forks "$tmp/forks" parent.comm | grep -c '^forks$')" 2
fw record -u user -o "$tmp/trace" -- ./workload/forks 3
equal 'record -u' "$status" 0
fw stat -u user -o /dev/null -- ./workload/forks 3
equal 'stat -u' "$status" 0
fw run -u nobody-of-that-name -- true
equal '-u: no such user' "$status $(head -n 1 "$tmp/err")" \
	"125 forkwatch: there is no user 'nobody-of-that-name' here; see forkwatch run --help"
fw run -u user -a
equal '-u without a command' "$status" 125
fw run -u user -- /root/not-for-you
at_least '-u: what that user may not execute' "$status" 126
[ -z "$adduser" ] || sed -i '/^user:/d' /etc/passwd

# Kernel addresses. Where the kernel's text lies is known; of stacks and tasks one learns likewise.
kptr=$(cat /proc/sys/kernel/kptr_restrict)
echo 1 >/proc/sys/kernel/kptr_restrict
lowest=$(awk '$3 == "_stext" { print $1 }' /proc/kallsyms)
highest=$(awk '$3 == "_etext" { print $1 }' /proc/kallsyms)
ret_from_fork=$(awk '$3 == "ret_from_fork" { print $1 }' /proc/kallsyms)

# in_kernel: how many of the 64-bit numbers on standard input lie in it
in_kernel()
{
	grep -aoE '[0-9a-f]{16}' | awk -v low="$lowest" -v high="$highest" \
		'"x" $1 >= "x" low && "x" $1 < "x" high' | wc -l
}

# words FILE: what is in there, eight bytes a line
words()
{
	hexdump -v -e '1/4 "%08x " 1/4 "%08x\n"' "$1" | awk '{ print $2 $1 }'
}

# The tests below rest on these.
equal 'an address in the kernel is found' "$(echo "0x$ret_from_fork" | in_kernel)" 1
printf '\001\002\003\004\005\006\007\370' >"$tmp/word"
equal 'a word of a file is read' "$(words "$tmp/word")" f807060504030201

for restrict in 1 2; do
	echo $restrict >/proc/sys/kernel/kptr_restrict
	for how in auto raw symbols; do
		at="kptr_restrict=$restrict --addresses $how"
		fw run --addresses $how -f json -o "$tmp/forks" -- ./workload/forks 2
		equal "$at: run" "$status" 0
		equal "$at: no rule is broken" "$(grep -c '"verdict":"fail"' "$tmp/forks")" 0
		fw record --force --addresses $how -o "$tmp/trace" -- ./workload/forks 2
		equal "$at: record" "$status" 0
		for file in "$tmp"/trace/cpu* "$tmp/trace/session"; do
			words "$file"
		done >"$tmp/words"
		fw clone --addresses $how -f json -o "$tmp/clone" -- true
		equal "$at: clone, and both accounts agree" "$status" 0
		fw arch --addresses $how -f json -o "$tmp/arch"
		equal "$at: arch" "$status" 0
		case $how-$restrict in
		raw-* | auto-1)
			at_least "$at: addresses in what is shown" "$(in_kernel <"$tmp/forks")" 1
			at_least "$at: addresses in what is recorded" "$(in_kernel <"$tmp/words")" 1
			at_least "$at: addresses in arch" "$(in_kernel <"$tmp/arch")" 1 ;;
		*)
			equal "$at: no address in what is shown" "$(in_kernel <"$tmp/forks")" 0
			equal "$at: no address in what is recorded" "$(in_kernel <"$tmp/words")" 0
			equal "$at: no address in clone" "$(in_kernel <"$tmp/clone")" 0
			equal "$at: no address in arch" "$(in_kernel <"$tmp/arch")" 0
			fw show --addresses raw "$tmp/trace" last
			equal "$at: they cannot be had of it" "$status" 2 ;;
		esac
	done
done
echo 1 >/proc/sys/kernel/kptr_restrict
fw record --force --addresses symbols -o "$tmp/trace" -- ./workload/forks 3
fw check "$tmp/trace"
equal 'recorded without addresses: its rules hold' "$status" 0
fw show "$tmp/trace" last
has 'its symbols are there, and how far from the top of the stack' "$tmp/out" 'ret_from_fork+0x4' \
	'= stack top - 0x'
fw record --force -o "$tmp/trace" -- ./workload/forks 3
equal 'recorded with: its address' "$(./forkwatch convert --to json "$tmp/trace" |
	grep -cF "$ret_from_fork" | sed 's/^[1-9].*/found/')" found
for to in json ndjson chrome perfetto csv; do
	fw convert --to $to --addresses symbols "$tmp/trace"
	equal "convert --to $to --addresses symbols: none" "$(in_kernel <"$tmp/out")" 0
done

# Root that lacks CAP_SYSLOG traces as ever, and sees no address but where it asks for them.
fw_without_syslog()
{
	./e2e/without 34 ./forkwatch "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}
fw_without_syslog run -f json -o "$tmp/forks" -- ./workload/forks 2
equal 'without CAP_SYSLOG: run' "$status" 0
has 'without CAP_SYSLOG: it says what it takes' "$tmp/err" 'CAP_SYSLOG and sysctl kernel.kptr_restrict'
equal 'without CAP_SYSLOG: no address in what is shown' "$(in_kernel <"$tmp/forks")" 0
equal 'without CAP_SYSLOG: forks, and no rule is broken' \
	"$(summary "$tmp/forks" forks lost.total verdicts.FAIL)" '2	0	0'
fw_without_syslog arch
equal 'without CAP_SYSLOG: no address in arch' "$status $(in_kernel <"$tmp/out")" '0 0'
fw_without_syslog run --addresses raw -f json -o "$tmp/forks" -- ./workload/forks 2
at_least 'without CAP_SYSLOG: they are there if asked for' "$(in_kernel <"$tmp/forks")" 1
fw_without_syslog doctor
has 'without CAP_SYSLOG: doctor names it' "$tmp/out" 'all addresses read as 0' 'or with CAP_SYSLOG'
echo "$kptr" >/proc/sys/kernel/kptr_restrict

equal 'what -o writes is for its owner' "$(stat -c %a "$tmp/forks")" 600
equal 'a trace is for its owner' "$(stat -c %a "$tmp/trace" "$tmp"/trace/* | sort -u | xargs)" \
	'600 700'
echo untouched >"$tmp/victim"
ln -s "$tmp/victim" "$tmp/link"
fw run -o "$tmp/link" -- true
equal 'a link that was put in the place of -o: refused' "$status" 125
has 'and said' "$tmp/err" 'is a symbolic link, which -o does not follow'
equal 'where it leads nothing was written' "$(cat "$tmp/victim")" untouched
mkdir "$tmp/elsewhere"
ln -s "$tmp/elsewhere" "$tmp/planted"
fw record -o "$tmp/planted" -- true
equal 'a link in the place of a trace: refused' "$status" 125
fw record --force -o "$tmp/planted" -- true
equal 'with --force too' "$status" 125
equal 'where it leads nothing was made' "$(ls "$tmp/elsewhere")" ''
unload
finish
