#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: all
# Stages that were seen by half: such forks are counted, and no time of theirs is told as whole.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

# Forks in flight when tracing begins: nothing of them is known, and others are whole.
load forkwatch.ko
./e2e/nested 20 12 >"$tmp/nested" &
nested=$!
background="$background $nested"
check 'there are forks in flight' within 30 grep -q nested "$tmp/nested"
fw run -a --stages all -f json -o "$tmp/forks" -- sh -c 'sleep 15; /bin/true'
wait $nested
equal 'tracing began in the midst of forks: they end well' $? 0
./e2e/stages "$tmp/forks" >"$tmp/stages" 2>"$tmp/wrong"
equal 'tracing began in the midst of forks: no stage of others is wrong' "$(cat "$tmp/wrong")" ''
equal 'tracing began in the midst of forks: none is lost, none is told by half' \
	"$(summary "$tmp/forks" lost.total incomplete)" '0	0'
at_least 'tracing began in the midst of forks: others are told' \
	"$(grep -c ' copy_process ' "$tmp/stages")" 1

# The same, of one task that is asked for.
./e2e/nested 1 25 >"$tmp/nested" &
nested=$!
background="$background $nested"
check 'there is one in flight' within 30 grep -q nested "$tmp/nested"
watch_process $nested --stages all -f json -o "$tmp/forks"
wait $nested
kill $tool
wait $tool
equal 'a task was asked for in the midst of its fork: the tool ends when it is told to' $? 0
equal 'a task was asked for in the midst of its fork: no stage is made up' \
	"$(forks "$tmp/forks" stages.rows.0.name events.stages.kind | grep -v '^-	-$')" ''

# Many threads wait for each other within dup_mmap(), and a kretprobe has few instances.
unload
load forkwatch.ko stage_calls=4
fw run --stages all -f json -o "$tmp/forks" -- ./e2e/crowd 40
equal 'a crowd: exit status' "$status" 0
./e2e/stages "$tmp/forks" >"$tmp/stages" 2>"$tmp/wrong"
torn=$(sed -n 's/^fork \([0-9]*\): .* is torn$/\1/p' "$tmp/wrong" | sort -u | lines)
comment <<-END
	of 40 forks at a time $torn missed a stage's return
END
equal 'a crowd: all forks are there' "$(summary "$tmp/forks" by_kind.thread by_kind.fork)" \
	'40	40'
equal 'a crowd: each fork of which a return was missed is a loss' \
	"$(summary "$tmp/forks" lost.probe_misses lost.total)" "$torn	$torn"
equal 'a crowd: all other times add up' "$(grep -v ' is torn$' "$tmp/wrong")" ''
# Kernels that have fentry on arm64 need no instances.
case $(uname -r) in
5.* | 6.1.*) at_least 'a crowd: returns were missed' "$torn" 1 ;;
esac
unload

# More forks in flight than the map has room for, which would be 4096.
load forkwatch.ko
export FORKWATCH_STAGE_FORKS=16
fw run --stages core -f json -o "$tmp/forks" -- ./e2e/nested 40 1
unset FORKWATCH_STAGE_FORKS
equal 'a full map: exit status' "$status" 0
forks "$tmp/forks" id stages.rows.0.name >"$tmp/each"
without=$(grep -c '	-$' "$tmp/each")
equal 'a full map: all forks are there, and those that found no room have no stages' \
	"$(lines <"$tmp/each") $without" '40 24'
equal 'a full map: each of them is a loss' \
	"$(summary "$tmp/forks" lost.probe_misses lost.total)" "$without	$without"
./e2e/stages "$tmp/forks" >"$tmp/stages" 2>"$tmp/wrong"
equal 'a full map: no stage of the others is wrong' "$(cat "$tmp/wrong")" ''
equal 'a full map: no rule is broken' "$(summary "$tmp/forks" verdicts.FAIL)" 0
unload
check 'no probe is left' nothing_probed
finish
