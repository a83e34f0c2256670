# Sourced by the server scripts. Throw-away servers listen on loopback only and keep everything below one folder.
set -euo pipefail

fail() {
    echo "${0##*/}: $1" >&2
    exit 1
}

# service_user NAME: sets `service` to what runs a command as that user. Servers refuse to run as root; who is not root runs them himself.
service_user() {
    service=()
    if ((EUID == 0)); then
        id -u "$1" > /dev/null 2>&1 || fail "there is no user $1: run tests/servers/install.sh"
        service=(setpriv "--reuid=$1" "--regid=$(id -g "$1")" --clear-groups)
    fi
}

# own_folder DIR: makes it and gives it to the service user.
own_folder() {
    mkdir -p "$1"
    if ((EUID == 0)); then
        chown -R "$user:$(id -g "$user")" "$1"
        "${service[@]}" test -w "$1" || fail "user $user cannot reach $1: use a folder below /tmp"
    fi
}

# Servers are told by their working folder and not by files of process ids, which outlive the process.
processes_in() {
    find /proc -mindepth 2 -maxdepth 2 -name cwd \( -lname "$1" -o -lname "$1/*" \) -printf '%h\n' 2> /dev/null | sed 's|/proc/||' || true
}

is_running() {
    [[ -n $(processes_in "$1") ]]
}

# kill_all DIR: a crash. The data stays.
kill_all() {
    local processes
    while processes=$(processes_in "$1") && [[ -n $processes ]]; do
        # shellcheck disable=SC2086
        kill -KILL $processes 2> /dev/null || true
        sleep 0.02
    done
}

# wait_until SECONDS COMMAND...
wait_until() {
    local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
    shift
    until "$@" > /dev/null 2>&1; do
        ((${EPOCHREALTIME/[.,]/} < deadline)) || return 1
        sleep 0.05
    done
}

is_stopped() {
    ! is_running "$1"
}
