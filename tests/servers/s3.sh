#!/usr/bin/env bash
# A throw-away S3 endpoint, http://127.0.0.1:PORT: the gateway of Ceph (radosgw) before one monitor and one disk.
#
#   s3.sh check                   whether it is installed
#   s3.sh start DIR PORT          PORT is S3, PORT+1 the monitor, PORT+2 to PORT+30 the disk
#   s3.sh stop DIR PORT
#   s3.sh kill DIR PORT           a crash; the next start recovers
#   s3.sh stop-gateway DIR PORT   the gateway alone, at once: an outage. Objects stay
#   s3.sh start-gateway DIR PORT
#   s3.sh admin DIR PORT ARGS...  radosgw-admin
#
# Access key testaccess, secret key testing-secret. VIZ_S3_STORE=memstore keeps objects in memory, where the folder's file system
# lacks direct I/O; they are then lost with `stop` and `kill`.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

for program in radosgw radosgw-admin ceph-mon ceph-osd ceph ceph-authtool monmaptool curl; do
    command -v $program > /dev/null || fail "$program is missing: run tests/servers/install.sh"
done
[[ $1 == check ]] && exit 0
(($# >= 3)) || fail "usage: s3.sh start|stop|kill|stop-gateway|start-gateway|admin DIR PORT"

user=ceph
folder=$(realpath -m "$2")
port=$3
service_user $user
run() {
    (cd "$folder" && exec "${service[@]}" env -i PATH=/usr/bin:/bin HOME="$folder" CEPH_CONF="$folder/ceph.conf" "$@")
}

# daemon NAME COMMAND...: in a working folder of its own, by which it is found again.
daemon() {
    local name=$1
    shift
    (cd "$folder/$name" && exec setsid "${service[@]}" env -i PATH=/usr/bin:/bin HOME="$folder" CEPH_CONF="$folder/ceph.conf" "$@" \
        >> "$folder/log/$name.out" 2>&1 < /dev/null) &
}

configure() {
    mkdir -p "$folder"/{mon,osd,gateway,log,run}
    cat > "$folder/ceph.conf" << END
[global]
fsid = $1
mon_host = [v2:127.0.0.1:$((port + 1))]
ms_bind_msgr1 = false
ms_bind_msgr2 = true
ms_bind_port_min = $((port + 2))
ms_bind_port_max = $((port + 30))
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
keyring = $folder/keyring
auth_allow_insecure_global_id_reclaim = false
run_dir = $folder/run
admin_socket = $folder/run/\$name.asok
log_file = $folder/log/\$name.log
log_to_stderr = false
crash_dir = $folder/log
chdir =
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 500
osd_crush_chooseleaf_type = 0
mon_warn_on_pool_no_redundancy = false
mon_data_avail_crit = 1
mon_data_avail_warn = 2
[mon.a]
mon_data = $folder/mon
[osd.0]
osd_data = $folder/osd
osd_objectstore = ${VIZ_S3_STORE:-bluestore}
memstore_device_bytes = 2147483648
bluestore_block_size = 8589934592
osd_memory_target = 939524096
[client.rgw]
rgw_data = $folder/gateway
rgw_frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
rgw_thread_pool_size = 32
rgw_enable_usage_log = false
END
}

create() {
    local fsid disk release
    fsid=$(< /proc/sys/kernel/random/uuid)
    disk=$(< /proc/sys/kernel/random/uuid)
    release=$(ceph-mon --version | sed -nE 's/.*\) ([a-z]+) \(.*/\1/p')
    configure "$fsid"
    own_folder "$folder"
    run monmaptool --create --clobber --fsid "$fsid" --addv a "[v2:127.0.0.1:$((port + 1))]" --set-min-mon-release "$release" "$folder/monmap"
    run ceph-authtool --create-keyring "$folder/keyring" --gen-key -n mon. --cap mon 'allow *'
    for name in client.admin osd.0 client.rgw; do
        run ceph-authtool "$folder/keyring" --gen-key -n $name --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
    done
    run ceph-mon --mkfs -i a --mon-data "$folder/mon" --monmap "$folder/monmap" --keyring "$folder/keyring"
    daemon mon ceph-mon -f -i a
    run timeout 60 ceph osd new "$disk"
    run timeout 60 ceph-osd -i 0 --mkfs --osd-uuid "$disk"
    daemon osd ceph-osd -f -i 0
    daemon gateway radosgw -f -n client.rgw
    run timeout 120 radosgw-admin -n client.rgw user create --uid=app --display-name=app --access-key=testaccess --secret-key=testing-secret
    touch "$folder/created"
}

is_ready() {
    # Anything but the answer of a gateway whose disk is away.
    [[ $(curl -s -m 2 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/") =~ ^(200|403)$ ]]
}

case $1 in
start)
    is_running "$folder" && fail "a server runs in $folder already"
    if [[ ! -f $folder/created ]]; then
        rm -rf "${folder:?}"/{mon,osd,gateway}
        mkdir -p "$folder"
        create > "$folder/create.log" 2>&1 || { tail -n 20 "$folder/create.log" >&2; fail "the S3 endpoint could not be made"; }
    else
        daemon mon ceph-mon -f -i a
        daemon osd ceph-osd -f -i 0
        daemon gateway radosgw -f -n client.rgw
    fi
    wait_until 120 is_ready || { tail -n 20 "$folder"/log/*.out >&2; fail "the S3 endpoint did not start"; }
    ;;
stop)
    for name in gateway osd mon; do
        processes=$(processes_in "$folder/$name")
        # shellcheck disable=SC2086
        [[ -n $processes ]] && kill -TERM $processes && wait_until 20 is_stopped "$folder/$name"
    done
    kill_all "$folder"
    ;;
kill)
    kill_all "$folder"
    ;;
stop-gateway)
    kill_all "$folder/gateway"
    ;;
start-gateway)
    daemon gateway radosgw -f -n client.rgw
    wait_until 60 is_ready || { tail -n 20 "$folder/log/gateway.out" >&2; fail "the gateway did not start"; }
    ;;
admin)
    run timeout 60 radosgw-admin -n client.rgw "${@:4}"
    ;;
*)
    fail "there is no command $1"
    ;;
esac
