#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# needs: servers
# Redis saves a few hundred MB in the background: the time of its forks, by both accounts.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

keys=30000
key_bytes=10000
saves=5

redis()
{
	serve redis-cli -s "$socket" "$@"
}

# info SECTION NAME: what Redis says of itself
info()
{
	redis info "$1" | tr -d '\r' | sed -n "s/^$2://p"
}

# shellcheck disable=SC2317  # called by within
saved()
{
	[ "$(info persistence rdb_bgsave_in_progress)" = 0 ]
}

# Prints what Redis took for the fork (us).
save()
{
	redis bgsave >/dev/null && within 60 saved && info stats latest_fork_usec
}

need_servers
socket=$tmp/redis
load forkwatch.ko
serve redis-server --port 0 --unixsocket "$socket" --dir "$tmp" --save '' \
	--enable-debug-command yes >"$tmp/log" &
background=$!
within 60 redis ping || bail "redis-server does not answer: $(cat "$tmp/log")"
server=$(info server process_id)
background="$background $server"
redis debug populate $keys key $key_bytes >/dev/null
at_least 'a few hundred MB' "$(info memory used_memory)" $((keys * key_bytes))

watch_process "$server" --stages core -f json -o "$tmp/forks"
n=0
while [ $n -lt $saves ]; do
	save
	n=$((n + 1))
done >"$tmp/usec"
equal 'BGSAVE succeeds' "$(info persistence rdb_last_bgsave_status)" ok
kill $tool
wait $tool
equal 'the tool ends when it is told to' $? 0
kill "$server"

equal 'each BGSAVE is a fork' "$(forks "$tmp/forks" kind child.comm | sort | uniq -c | xargs)" \
	"$saves fork redis-server"
equal 'nothing is lost' "$(summary "$tmp/forks" lost.total incomplete verdicts.FAIL)" '0	0	0'
forks "$tmp/forks" events.fork_return.enter_time events.fork_return.time |
	awk '{ printf "%d\n", ($2 - $1) / 1000 }' >"$tmp/ours"
comment <<-END
	us of fork() for Redis, us of kernel_clone for forkwatch:
	$(paste "$tmp/usec" "$tmp/ours")
END
equal 'the kernel had not more time than Redis saw' \
	"$(paste "$tmp/usec" "$tmp/ours" | awk '$2 <= $1' | lines)" $saves
# Redis loses the CPU between its own clocks and the system call now and then, which only adds to
# its figure: the save where it did so least is the one that compares the two.
at_least 'and most of it, where nothing else ran in between: in %' \
	"$(paste "$tmp/usec" "$tmp/ours" |
		awk '{ share = int(100 * $2 / $1); if (share > most) most = share } END { print most }')" 80
./e2e/stages "$tmp/forks" >"$tmp/stages"
equal 'the stages add up' $? 0
# Not counting those above it, nor what the child waits for after it; the child may take the CPU
# within wake_up_new_task.
above='kernel_clone|copy_process|copy_mm|dup_mm|dup_mmap|wake_up_new_task|wake-up|schedule_tail'
equal 'it is the page tables that take it' "$(awk -v above="^($above)\$" '
		$2 !~ above && $3 > most[$1] { most[$1] = $3; stage[$1] = $2 }
		END { for (n in stage) print stage[n] }' "$tmp/stages" | sort | uniq -c | xargs)" \
	"$saves copy_page_range"
forks "$tmp/forks" events.fork_exit.child_pages.1 >"$tmp/pages"
at_least 'for so many pages' "$(sort -n "$tmp/pages" | head -n 1)" $((keys * key_bytes / 4096))
unload
finish
