#!/usr/bin/env bash
# Sends one message: send.sh FROM TO SUBJECT, the text on standard input.
set -euo pipefail

url=${POSTERN_URL:-http://127.0.0.1:8080}
message=$(jq -n --arg from "$1" --arg to "$2" --arg subject "$3" --rawfile text /dev/stdin \
    '{from: $from, to: [$to], subject: $subject, text: $text}')
# One key for all attempts: the message goes out once.
key=$(cat /proc/sys/kernel/random/uuid)
answer=$(mktemp) head=$(mktemp)
trap 'rm -f "$answer" "$head"' EXIT

for attempt in 1 2 3 4 5; do
    status=$(curl -sS -o "$answer" -D "$head" -w '%{http_code}' --max-time 700 "$url/messages" \
        -H 'Content-Type: application/json' -H "Idempotency-Key: $key" \
        ${POSTERN_API_KEY:+-H "X-API-Key: $POSTERN_API_KEY"} --data-binary "$message") || status=000
    if [ "$status" != 000 ] && ! jq -e 'type == "object"' "$answer" >/dev/null 2>&1; then
        echo "no answer: status $status without a JSON document" >&2
        status=000
    fi
    if [ "$status" = 200 ]; then
        jq -r '"\(.status): \(.code) \(.text)"' "$answer"
        exit 0
    fi
    if [ "$status" != 000 ]; then
        jq -r '"\(.title): \(.detail)"' "$answer" >&2
        if [ "$(jq -r .outcome "$answer")" = unknown ]; then
            echo "the relay may have taken it: look there before sending it again" >&2
            exit 2
        fi
        [ "$(jq -r .retryable "$answer")" = true ] || exit 1
    fi
    wait=$(tr -d '\r' <"$head" | awk 'tolower($1) == "retry-after:" {print $2}')
    : >"$head"
    [[ $wait =~ ^[0-9]+$ ]] || wait=$attempt
    [ "$attempt" = 5 ] || sleep "$wait"
done
echo "given up after 5 attempts" >&2
exit 1
