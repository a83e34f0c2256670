#!/usr/bin/env bash
# A throw-away Slurm of one node on this machine: slurmctld, slurmd and munged, all of the user who starts them.
#
#   slurm.sh check           whether it is installed
#   slurm.sh start DIR PORT  PORT is slurmctld, PORT+1 slurmd. Afterwards SLURM_CONF=DIR/slurm.conf makes sbatch and squeue use it
#   slurm.sh stop DIR PORT   ends it and the jobs that still run
#   slurm.sh kill DIR PORT   a crash
#
# Four processors and two GPUs are claimed, whatever the machine has: jobs share it, and the GPUs are names only.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

PATH=$PATH:/usr/sbin:/sbin
for program in slurmctld slurmd munged sbatch; do
    command -v $program > /dev/null || fail "$program is missing: run tests/servers/install.sh"
done
[[ $1 == check ]] && exit 0
(($# >= 3)) || fail "usage: slurm.sh start|stop|kill DIR PORT"

folder=$(realpath -m "$2")
port=$3
export SLURM_CONF=$folder/slurm.conf

create() {
    mkdir -p "$folder"/{state,spool,munge}
    chmod 755 "$folder"
    chmod 700 "$folder/munge"
    od -An -N 128 -tx1 /dev/urandom | tr -d ' \n' > "$folder/munge/key"
    chmod 400 "$folder/munge/key"
    local host
    host=$(hostname -s)
    # A requeued job may begin again when the credential of its last start is void: else that would be two minutes.
    cat > "$SLURM_CONF" << END
ClusterName=viz$port
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$folder/munge.socket,cred_expire=5
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
KillWait=10
MinJobAge=600
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0,bf_interval=1
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 Gres=gpu:2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
    # Without a file per device Slurm finds none.
    touch "$folder/gpu0" "$folder/gpu1"
    echo "NodeName=$host Name=gpu File=$folder/gpu[0-1]" > "$folder/gres.conf"
}

is_idle() {
    [[ $(sinfo -h -o %T) == idle ]]
}

case $1 in
start)
    is_running "$folder" && fail "a server runs in $folder already"
    [[ -f $SLURM_CONF ]] || create
    cd "$folder"
    setsid munged --foreground --force --num-threads=2 --socket="$folder/munge.socket" --key-file="$folder/munge/key" --pid-file="$folder/munge/pid" \
        --log-file="$folder/munge/log" --seed-file="$folder/munge/seed" > munged.out 2>&1 < /dev/null &
    wait_until 20 test -S "$folder/munge.socket" || { cat munged.out >&2; fail "munged did not start"; }
    setsid slurmctld -D > slurmctld.out 2>&1 < /dev/null &
    setsid slurmd -D > slurmd.out 2>&1 < /dev/null &
    wait_until 60 is_idle || { tail -n 20 slurmctld.out slurmd.out >&2; fail "Slurm did not start"; }
    ;;
stop)
    if is_running "$folder"; then
        scancel --full --user="$(id -un)" 2> /dev/null || true
        wait_until 20 test -z "$(squeue -h -o %i 2> /dev/null)" || true
    fi
    kill_all "$folder"
    ;;
kill)
    kill_all "$folder"
    ;;
*)
    fail "there is no command $1"
    ;;
esac
