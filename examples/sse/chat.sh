#!/usr/bin/env bash
# A chat in the terminal with nothing but curl: chat.sh http://localhost:8080 standup Ada
# What you type is said, what the others say is printed. Ctrl-D leaves.
set -euo pipefail

[ $# -eq 3 ] || { echo "usage: $0 <server> <room> <name>" >&2; exit 2; }
room="$1/api/v1/rooms/$2"
name="$3"

state=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$state"' EXIT

# Prints chats, and keeps the token and the id of the last event.
listen() {
  local id=''
  while [ ! -e "$state/over" ]; do
    while IFS= read -r line; do
      case "$line" in
        'event: '*) event="${line#event: }" ;;
        'id: '*) id="${line#id: }" ;;
        'data: '*) show "$event" "${line#data: }" ;;
      esac
    done < <(curl -sN -G --data-urlencode "name=$name" ${id:+-H "Last-Event-ID: $id"} "$room/events")
    sleep 0.5
  done
}

field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"$2"; }

show() {
  case "$1" in
    joined) field token "$2" >"$state/token.new" && mv "$state/token.new" "$state/token" ;;
    chat) echo "$(field name "$2"): $(sed 's/.*"text":"\(\([^"\\]\|\\.\)*\)".*/\1/' <<<"$2")" ;;
    closing) : >"$state/over" ;;
  esac
}

listen &
until [ -e "$state/token" ]; do sleep 0.1; done

post() {
  curl -sS --retry 5 --retry-all-errors -o /dev/null --data-binary @- -H "Authorization: Bearer $(cat "$state/token")" \
    -H "Idempotency-Key: $RANDOM-$RANDOM-$RANDOM" "$@" "$room/messages"
}

while IFS= read -r text; do
  [ -z "$text" ] || post -H 'Content-Type: text/plain' <<<"$text"
done
post <<<'{"type":"leave"}'
wait
