#!/usr/bin/env bash
# Installs the servers that tests need, on Debian and Ubuntu, where they are missing. None is left running.
set -euo pipefail

missing=()
compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null || missing+=(postgresql)
[[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]] || missing+=(rabbitmq-server)
command -v radosgw > /dev/null || missing+=(radosgw)
command -v ceph-mon > /dev/null || missing+=(ceph-mon)
command -v ceph-osd > /dev/null || missing+=(ceph-osd)
command -v slurmctld > /dev/null || [[ -x /usr/sbin/slurmctld ]] || missing+=(slurm-wlm)
command -v munged > /dev/null || [[ -x /usr/sbin/munged ]] || missing+=(munge)
[[ -x ${VIZ_CHROMIUM:-/usr/bin/chromium} ]] || missing+=(chromium)
command -v curl > /dev/null || missing+=(curl)
# Copies buckets, as docs/operations.md does.
command -v rclone > /dev/null || missing+=(rclone)
if ((${#missing[@]} == 0)); then
    exit 0
fi

sudo=()
if ((EUID != 0)); then
    command -v sudo > /dev/null || { echo "install.sh: ${missing[*]} are missing and this user may not install them" >&2; exit 1; }
    sudo=(sudo)
fi
command -v apt-get > /dev/null || { echo "install.sh: ${missing[*]} are missing and there is no apt-get" >&2; exit 1; }
echo "installing ${missing[*]}"
# RUNLEVEL=1: packages do not start their daemons.
apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -o DPkg::Lock::Timeout=400)
"${apt[@]}" update -qq || true
"${apt[@]}" install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
