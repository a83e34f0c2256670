#!/bin/sh
# Starts the RabbitMQ of docker-compose.yml and of the chart's trial with an account for each role, none of them an administrator.
# Accounts are written again at every start, so a changed password counts after a restart.
#
#   COORDINATOR_PASSWORD, WORKER_PASSWORD   accounts viz-coordinator and viz-worker
#   ATLAS_PASSWORD                          account viz-atlas, which may ask workers about pictures and touch no job
#   MONITOR_PASSWORD                        account viz-monitor, which may read figures over the management API and nothing else
set -eu
umask 077

for name in COORDINATOR_PASSWORD WORKER_PASSWORD ATLAS_PASSWORD MONITOR_PASSWORD; do
    eval "value=\${$name:-}"
    # They go into a JSON text as they are.
    case $value in
        '') echo "$name is missing" >&2; exit 1 ;;
        *[!A-Za-z0-9._~-]*) echo "$name may have letters, digits and . _ ~ - only" >&2; exit 1 ;;
    esac
done

folder=${RUN_FOLDER:-/tmp}
cat > "$folder/definitions.json" <<JSON
{
  "vhosts": [{ "name": "viz" }],
  "users": [
    { "name": "viz-coordinator", "password": "$COORDINATOR_PASSWORD", "tags": "" },
    { "name": "viz-worker", "password": "$WORKER_PASSWORD", "tags": "" },
    { "name": "viz-atlas", "password": "$ATLAS_PASSWORD", "tags": "" },
    { "name": "viz-monitor", "password": "$MONITOR_PASSWORD", "tags": "monitoring" }
  ],
  "permissions": [
    { "user": "viz-coordinator", "vhost": "viz",
      "configure": "^viz\\\\.", "write": "^viz\\\\.", "read": "^viz\\\\." },
    { "user": "viz-worker", "vhost": "viz",
      "configure": "^viz\\\\.", "write": "^viz\\\\.", "read": "^viz\\\\.(?!answers)" },
    { "user": "viz-atlas", "vhost": "viz",
      "configure": "^viz\\\\.(client\\\\.|exchange\\\\.live$)", "write": "^viz\\\\.(client\\\\.|exchange\\\\.live$)", "read": "^viz\\\\.client\\\\." },
    { "user": "viz-monitor", "vhost": "viz", "configure": "^$", "write": "^$", "read": "^$" }
  ]
}
JSON
cat > "$folder/rabbitmq.conf" <<CONF
load_definitions = $folder/definitions.json
# A job may take minutes; the broker's own limit must not take it away in the middle (the default is 30 minutes).
consumer_timeout = 7200000
disk_free_limit.absolute = 1GB
CONF
export RABBITMQ_CONFIG_FILE="$folder/rabbitmq.conf"
exec "$@"
