#!/bin/sh
# pg.sh start|stop DIR [PORT] - a private PostgreSQL for tests, in DIR, on a unix socket in DIR and on
# loopback PORT (default 21500). `start` prints its address for QIBING_TEST_PG. fsync stays on, so
# that figures and faults mean something; C.UTF-8 as recommended in docs/OPERATING.md.
set -eu
what=${1:?start or stop}; dir=${2:?folder}; port=${3:-21500}
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$bin" ] || { echo "pg.sh: no PostgreSQL server is installed" >&2; exit 1; }

as_owner() { # PostgreSQL refuses to run as root
    if [ "$(id -u)" = 0 ]; then
        (cd / && setpriv --reuid=postgres --regid=postgres --init-groups "$@")
    else
        "$@"
    fi
}

case $what in
start)
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    [ "$(id -u)" != 0 ] || chown postgres:postgres "$dir"
    if [ ! -d "$dir/data" ]; then
        as_owner "$bin/initdb" -D "$dir/data" -U qibing -E UTF8 --locale=C.UTF-8 --auth=trust \
            >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
        cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$dir'
max_connections = 60
shared_buffers = 128MB
logging_collector = off
CONF
    fi
    as_owner "$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/data/server.log" start \
        >"$dir/start.log" 2>&1 || { cat "$dir/start.log" "$dir/data/server.log" >&2; exit 1; }
    as_owner "$bin/createdb" -h "$dir" -p "$port" -U qibing test 2>/dev/null || true
    echo "postgres://qibing@127.0.0.1:$port/test"
    ;;
stop)
    [ -d "$dir/data" ] || exit 0
    as_owner "$bin/pg_ctl" -D "$dir/data" -w -m fast stop >/dev/null 2>&1 || true
    rm -rf "$dir"
    ;;
*) echo "pg.sh: start or stop" >&2; exit 2 ;;
esac
