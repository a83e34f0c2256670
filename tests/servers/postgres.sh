#!/usr/bin/env bash
# A throw-away PostgreSQL on 127.0.0.1.
#
#   postgres.sh check                          whether it is installed
#   postgres.sh start DIR PORT [fast|durable]  makes the database folder at the first start; fast (the default) survives a crash of the
#                                              server but not one of the machine
#   postgres.sh stop DIR PORT
#   postgres.sh kill DIR PORT                  a crash; the next start recovers
#
# User app, password app-secret, may create databases; postgres, password admin-secret, may do everything.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

programs=$(find /usr/lib/postgresql/*/bin /usr/pgsql-*/bin -maxdepth 1 -name initdb -printf '%h\n' 2> /dev/null | sort -V | tail -n 1) || true
[[ -n $programs ]] || programs=$(dirname "$(command -v initdb)" 2> /dev/null) || fail "PostgreSQL is missing: run tests/servers/install.sh"
[[ $1 == check ]] && exit 0
(($# >= 3)) || fail "usage: postgres.sh start|stop|kill DIR PORT [fast|durable]"

user=postgres
folder=$(realpath -m "$2")
port=$3
mode=${4:-fast}
service_user $user
run() {
    (cd "$folder" && exec "${service[@]}" env -i PATH="$programs:/usr/bin:/bin" LANG=C.UTF-8 HOME="$folder" "$@")
}

create() {
    printf 'admin-secret\n' > "$folder/password"
    own_folder "$folder"
    rm -rf "$folder/new"
    run initdb -D "$folder/new" -U postgres --pwfile="$folder/password" -A scram-sha-256 -E UTF8 --locale=C.UTF-8 --no-sync > "$folder/initdb.log" \
        || fail "initdb failed, see $folder/initdb.log"
    run postgres --single -D "$folder/new" postgres > "$folder/create.log" 2>&1 <<< "create role app login createdb password 'app-secret'" \
        || fail "the user app could not be made, see $folder/create.log"
    rm "$folder/password"
    mv "$folder/new" "$folder/data"
}

case $1 in
start)
    is_running "$folder" && fail "a server runs in $folder already"
    own_folder "$folder"
    [[ -d $folder/data ]] || create
    # Left by a crash. Its process id may be another process's by now, or a dead one's that nobody has buried, and would keep the server from starting.
    rm -f "$folder/data/postmaster.pid"
    # Without fsync what was committed is with the system, so only a crash of the machine loses it. Shared memory is in files of the
    # folder, so that a killed server leaves none behind.
    settings="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= -c max_connections=200 -c shared_buffers=64MB"
    settings+=" -c dynamic_shared_memory_type=mmap -c log_min_messages=warning"
    [[ $mode == durable ]] || settings+=" -c fsync=off -c full_page_writes=off"
    run setsid pg_ctl -D "$folder/data" -l "$folder/server.log" -w -t 60 -o "$settings" start > "$folder/start.log" 2>&1 < /dev/null \
        || { tail -n 20 "$folder/server.log" "$folder/start.log" >&2; fail "PostgreSQL did not start"; }
    ;;
stop)
    is_running "$folder" && run pg_ctl -D "$folder/data" -m fast -t 30 -w stop > /dev/null
    kill_all "$folder"
    ;;
kill)
    kill_all "$folder"
    ;;
*)
    fail "there is no command $1"
    ;;
esac
