#!/bin/sh
# Starts the S3 server of docker-compose.yml and of the chart's trial: SeaweedFS, with all its parts in one process. Only the S3 gateway
# listens to other machines, because the parts behind it require no key.
#
#   COORDINATOR_ACCESS_KEY, COORDINATOR_SECRET_KEY   may create the bucket and do everything in it
#   WORKER_ACCESS_KEY, WORKER_SECRET_KEY             may read, list and write
#   ATLAS_ACCESS_KEY, ATLAS_SECRET_KEY               may read and list
#   BUCKET                                           the bucket's name
set -eu
umask 077

for name in COORDINATOR_ACCESS_KEY COORDINATOR_SECRET_KEY WORKER_ACCESS_KEY WORKER_SECRET_KEY ATLAS_ACCESS_KEY ATLAS_SECRET_KEY BUCKET; do
    eval "value=\${$name:-}"
    # They are inserted into JSON unescaped.
    case $value in
        '') echo "$name is missing" >&2; exit 1 ;;
        *[!A-Za-z0-9._~-]*) echo "$name may have letters, digits and . _ ~ - only" >&2; exit 1 ;;
    esac
done

folder=${RUN_FOLDER:-/tmp}
cat > "$folder/s3.json" <<JSON
{
  "identities": [
    { "name": "coordinator", "actions": ["Admin:$BUCKET"],
      "credentials": [{ "accessKey": "$COORDINATOR_ACCESS_KEY", "secretKey": "$COORDINATOR_SECRET_KEY" }] },
    { "name": "worker", "actions": ["Read:$BUCKET", "List:$BUCKET", "Write:$BUCKET"],
      "credentials": [{ "accessKey": "$WORKER_ACCESS_KEY", "secretKey": "$WORKER_SECRET_KEY" }] },
    { "name": "atlas", "actions": ["Read:$BUCKET", "List:$BUCKET"],
      "credentials": [{ "accessKey": "$ATLAS_ACCESS_KEY", "secretKey": "$ATLAS_SECRET_KEY" }] }
  ]
}
JSON
exec "${WEED:-weed}" -logtostderr=true server -dir="${DATA_FOLDER:-/data}" -ip=127.0.0.1 -ip.bind=127.0.0.1 \
    -master.volumeSizeLimitMB=1024 -volume.max=0 \
    -s3 -s3.ip.bind=0.0.0.0 -s3.port=8333 -s3.port.iceberg=0 -s3.iam=false -s3.config="$folder/s3.json"
