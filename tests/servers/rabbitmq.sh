#!/usr/bin/env bash
# A throw-away RabbitMQ on 127.0.0.1.
#
#   rabbitmq.sh check                 whether it is installed
#   rabbitmq.sh start DIR PORT        PORT is AMQP, PORT+1 Erlang's distribution, PORT+2 the management API, PORT+3 a port mapper of its own
#   rabbitmq.sh stop DIR PORT
#   rabbitmq.sh kill DIR PORT         a crash; the next start recovers
#   rabbitmq.sh ctl DIR PORT ARGS...  rabbitmqctl
#
# User app, password app-secret, is administrator.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

programs=/usr/lib/rabbitmq/bin
[[ -x $programs/rabbitmq-server ]] || fail "RabbitMQ is missing: run tests/servers/install.sh"
command -v curl > /dev/null || fail "curl is missing: run tests/servers/install.sh"
[[ $1 == check ]] && exit 0
(($# >= 3)) || fail "usage: rabbitmq.sh start|stop|kill|ctl DIR PORT"

user=rabbitmq
folder=$(realpath -m "$2")
port=$3
service_user $user
# The two processors of a small machine are shared with the tests: schedulers that spin while they wait would take them away.
run() {
    (cd "$folder" && exec "${service[@]}" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME="$folder/home" \
        RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_NODENAME="viz$port@localhost" RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
        RABBITMQ_NODE_PORT="$port" RABBITMQ_DIST_PORT=$((port + 1)) ERL_EPMD_PORT=$((port + 3)) ERL_EPMD_ADDRESS=127.0.0.1 \
        RABBITMQ_MNESIA_BASE="$folder/mnesia" RABBITMQ_LOG_BASE="$folder/log" RABBITMQ_CONFIG_FILE="$folder/rabbitmq.conf" \
        RABBITMQ_ENABLED_PLUGINS_FILE="$folder/enabled_plugins" RABBITMQ_PID_FILE="$folder/server.pid" ERL_CRASH_DUMP_SECONDS=0 \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none" \
        "$@")
}

create() {
    mkdir -p "$folder"/{home,mnesia,log}
    cat > "$folder/rabbitmq.conf" << END
listeners.tcp.1 = 127.0.0.1:$port
management.tcp.ip = 127.0.0.1
management.tcp.port = $((port + 2))
loopback_users = none
default_user = app
default_pass = app-secret
log.console = false
log.file.level = info
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 50MB
heartbeat = 10
collect_statistics_interval = 1000
END
    echo '[rabbitmq_management].' > "$folder/enabled_plugins"
    od -An -N 16 -tx1 /dev/urandom | tr -d ' \n' > "$folder/home/.erlang.cookie"
    chmod 400 "$folder/home/.erlang.cookie"
}

# AMQP listens last, after the plugins.
is_ready() {
    curl -fsS -m 2 -u app:app-secret "http://127.0.0.1:$((port + 2))/api/health/checks/port-listener/$port"
}

case $1 in
start)
    is_running "$folder" && fail "a server runs in $folder already"
    [[ -f $folder/enabled_plugins ]] || create
    own_folder "$folder"
    # Not Erlang's own mapper, which would outlive the server as a daemon of the whole machine.
    run setsid epmd -port $((port + 3)) -address 127.0.0.1 > "$folder/epmd.log" 2>&1 < /dev/null &
    run setsid "$programs/rabbitmq-server" > "$folder/console.log" 2>&1 < /dev/null &
    wait_until 120 is_ready || { tail -n 20 "$folder/console.log" >&2; fail "RabbitMQ did not start"; }
    ;;
stop)
    is_running "$folder" && kill -TERM "$(< "$folder/server.pid")" && wait_until 30 test ! -d "/proc/$(< "$folder/server.pid")"
    kill_all "$folder"
    ;;
kill)
    kill_all "$folder"
    ;;
ctl)
    shift 3
    run "$programs/rabbitmqctl" "$@"
    ;;
*)
    fail "there is no command $1"
    ;;
esac
