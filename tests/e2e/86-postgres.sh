#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# needs: servers
# PostgreSQL takes many connections, with a process for each: those, and no others, are seen.
# shellcheck source=tests/e2e/lib.sh
. ./e2e/lib.sh

clients=200

# As the user that the server wants to be run by.
postgres()
{
	serve su postgres -c "exec $*"
}

# shellcheck disable=SC2317  # called by within
answers()
{
	./e2e/pgclients "$data/.s.PGSQL.5432" postgres 1
}

need_servers
bin=$(cd /servers && ls -d usr/lib/postgresql/*/bin)
chmod 755 "$tmp"
data=$tmp/data
mkdir "$data"
chown 100:100 "$data"
load forkwatch.ko
check 'initdb' postgres "/$bin/initdb" -D "$data" -A trust -N --locale=C -E UTF8
cat >>"$data/postgresql.conf" <<-END
	max_connections = $((clients + 20))
	listen_addresses = ''
	unix_socket_directories = '$data'
	autovacuum = off
	fsync = off
END
postgres "/$bin/postgres" -D "$data" >"$tmp/log" 2>&1 &
background=$!
within 60 answers || bail "postgres does not answer: $(cat "$tmp/log")"
server=$(head -n 1 "$data/postmaster.pid")
background="$background $server"

watch_process "$server" -f json -o "$tmp/forks"
./e2e/pgclients "$data/.s.PGSQL.5432" postgres $clients >"$tmp/pids" 2>"$tmp/clients"
equal 'all clients are welcome' "$? $(cat "$tmp/clients")" '0 '
within 10 test "$(lines <"$tmp/forks")" -ge $clients
kill $tool
wait $tool
equal 'the tool ends when it is told to' $? 0
kill "$server"

equal 'so many backends' "$(sort -u "$tmp/pids" | lines)" $clients
forks "$tmp/forks" child.tid | sort >"$tmp/ours"
equal 'the forks are the backends, each of them' "$(sort "$tmp/pids" | diff - "$tmp/ours")" ''
equal 'all of the server' "$(forks "$tmp/forks" kind parent.tid | sort -u)" "fork	$server"
equal 'nothing is lost' "$(summary "$tmp/forks" forks failed lost.total incomplete verdicts.FAIL)" \
	"$clients	0	0	0	0"
unload
finish
