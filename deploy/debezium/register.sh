#!/bin/sh
# Give Kafka Connect a connector's configuration and wait until the connector and its task run.
#   register.sh CONNECT_URL NAME FILE
# Running it again is harmless: PUT makes the connector, or updates it.
set -eu
url=$1/connectors/$2

curl --silent --show-error --fail-with-body --retry 10 --retry-delay 2 --retry-all-errors \
    --output /dev/null --request PUT --header 'Content-Type: application/json' \
    --data "@$3" "$url/config"

tries=60
while [ "$tries" -gt 0 ]; do
    status=$(curl --silent "$url/status" || true)
    case $status in
    *'"FAILED"'*)
        echo "the connector $2 failed: $status" >&2
        exit 1
        ;;
    *'"connector":{"state":"RUNNING"'*'"tasks":[{'*'"state":"RUNNING"'*)
        echo "the connector $2 runs"
        exit 0
        ;;
    esac
    tries=$((tries - 1))
    sleep 1
done
echo "the connector $2 does not run after a minute: $status" >&2
exit 1
