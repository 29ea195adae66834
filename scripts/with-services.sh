#!/usr/bin/env bash
# with-services.sh COMMAND...: run it with a private PostgreSQL and Redis on
# free loopback ports, in a temporary directory, and stop both afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."
pgbin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)

# In memory where there is room for it and programs may run from there: the tests
# make a database each and throw it away.
room=/tmp
if [ "$(df --output=avail -k /dev/shm 2>/dev/null | tail -1)" -gt 4194304 ] 2>/dev/null; then
  probe=$(mktemp /dev/shm/poolhouse-probe.XXXXXX)
  cp "$(type -P true)" "$probe"
  chmod 755 "$probe"
  "$probe" 2>/dev/null && room=/dev/shm
  rm -f "$probe"
fi
work=$(mktemp -d "$room/poolhouse-services.XXXXXX")
chmod 755 "$work"
mkdir -m 1777 "$work/tmp"

free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }
as_postgres() { if [ "$(id -u)" = 0 ]; then su postgres -s /bin/bash -c "$1"; else bash -c "$1"; fi; }

stop() {
  [ -f "$work/redis.pid" ] && kill "$(cat "$work/redis.pid")" 2>/dev/null || true
  as_postgres "$pgbin/pg_ctl -D $work/pg -m immediate stop" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap stop EXIT

pgport=$(free_port)
mkdir "$work/pg"
[ "$(id -u)" = 0 ] && chown postgres "$work" "$work/pg"
as_postgres "$pgbin/initdb -D $work/pg -A trust -U postgres --no-sync" >"$work/initdb.log"
as_postgres "$pgbin/pg_ctl -D $work/pg -w -l $work/pg.log -o '-p $pgport -k $work -c listen_addresses=127.0.0.1 -c max_connections=300 -c fsync=off -c synchronous_commit=off -c full_page_writes=off' start" >/dev/null

redisport=$(free_port)
redis-server --port "$redisport" --bind 127.0.0.1 --dir "$work" --pidfile "$work/redis.pid" \
  --daemonize yes --appendonly yes --save '' --logfile "$work/redis.log" >/dev/null
for _ in $(seq 50); do redis-cli -p "$redisport" ping >/dev/null 2>&1 && break; sleep 0.1; done

export TMPDIR="$work/tmp"
export TEST_POSTGRES_URL="postgres://postgres@127.0.0.1:$pgport/postgres?sslmode=disable"
export TEST_REDIS_URL="redis://127.0.0.1:$redisport/0"
export TEST_BACKENDS=all
export POOLHOUSE_TEST_PYTHON="$PWD/.run/venv/bin/python"
"$@"
