#!/bin/bash
# The private servers through the program itself: times of first and later starts, a second start on one directory,
# kill -9 and takeover, servers that die, a plain user, a directory that the servers' user cannot enter.
# STRIKEBOOK is the path of the program.
set -euo pipefail

# Milliseconds. A machine busy with other things gets three tries; the best counts.
first_limit=${FIRST_START_MS:-60000}
later_limit=${LATER_START_MS:-30000}

scratch=$(mktemp -d /tmp/sbt-XXXXXX)
chmod 0711 "$scratch"
started=()

finish() {
  local pid
  for pid in "${started[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$scratch"
}
trap finish EXIT

fail() {
  echo "FAILED: $*" >&2
  tail -n 20 "$scratch"/*.log >&2 || true
  exit 1
}

# The program and what lies beside it, where every user can read it.
bin=$scratch/bin
mkdir -m 0755 "$bin"
cp "$STRIKEBOOK" "$bin/strikebook"
find "$(dirname "$STRIKEBOOK")" -maxdepth 1 -name '*.resources' -exec cp -R {} "$bin/" \;
chmod -R a+rX "$bin"

# serve LOG WORDS…: starts the program and waits for its line; sets `pid` and `took` (milliseconds).
serve() {
  local log=$scratch/$1
  shift
  local begin
  begin=$(date +%s%3N)
  "$@" --port 0 </dev/null >"$log" 2>&1 &
  pid=$!
  started+=("$pid")
  until grep -q 'listening on' "$log"; do
    kill -0 "$pid" 2>/dev/null || fail "it ended: $*"
    [ $(($(date +%s%3N) - begin)) -lt 60000 ] || fail "no start within a minute: $*"
    sleep 0.01
  done
  took=$(($(date +%s%3N) - begin))
  url=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' "$log" | head -n 1)
}

stop() {
  kill -TERM "$pid"
  wait "$pid" || fail "the program's end was not a success: $?"
}

# The processes of a directory's servers: PostgreSQL's main one names its cluster, Redis its file.
servers() { pgrep -f -- "(postgres -D|redis-server) $1/(postgres |config/redis.conf)" || true; }

ready() { curl -fsS -o /dev/null --max-time 5 "$url/ready"; }

eventually() {
  local what=$1 end=$(($(date +%s) + 15))
  shift
  until "$@" 2>/dev/null; do
    [ "$(date +%s)" -lt "$end" ] || fail "$what"
    sleep 0.02
  done
}

for try in 1 2 3; do
  data=$scratch/data$try
  serve first.log "$bin/strikebook" serve --data-dir "$data"
  echo "first start: $took ms"
  if [ "$took" -lt "$first_limit" ]; then break; fi
  [ "$try" -lt 3 ] || fail "the first start took $took ms"
  stop
done
ready || fail "not ready after its line"
[ "$(servers "$data" | wc -l)" -eq 2 ] || fail "two servers should run"

if "$bin/strikebook" serve --data-dir "$data" --port 0 >"$scratch/second.log" 2>&1; then
  fail "a second start on one directory went on"
fi
grep -q "in use by process $pid" "$scratch/second.log" || fail "the second start does not name process $pid"
echo "a second start is refused and names the holder"

stop
[ -z "$(servers "$data")" ] || fail "servers outlived their program"
for try in 1 2 3; do
  serve later.log "$bin/strikebook" serve --data-dir "$data"
  echo "later start: $took ms"
  if [ "$took" -lt "$later_limit" ]; then break; fi
  [ "$try" -lt 3 ] || fail "a later start took $took ms"
  stop
done

for try in 1 2 3; do
  kill -KILL "$pid"
  wait "$pid" 2>/dev/null || true
  [ "$(servers "$data" | wc -l)" -eq 2 ] || fail "kill -9 of the program should leave its servers"
  serve takeover.log "$bin/strikebook" serve --data-dir "$data"
  echo "takeover after kill -9: $took ms"
  if [ "$took" -lt "$later_limit" ]; then break; fi
  [ "$try" -lt 3 ] || fail "the takeover took $took ms"
done
[ "$(servers "$data" | wc -l)" -eq 2 ] || fail "two servers should run after the takeover"

for name in "postgres -D" redis-server; do
  before=$(pgrep -f -- "$name $data/")
  kill -KILL "$before"
  replaced() {
    local now
    now=$(pgrep -f -- "$name $data/") && [ "$now" != "$before" ] && ready
  }
  eventually "$name did not come back" replaced
  echo "$name: back after kill -9"
done
stop
[ -z "$(servers "$data")" ] || fail "servers outlived their program"

if [ "$(id -u)" -eq 0 ]; then
  mkdir -m 0700 "$scratch/user"
  chown nobody "$scratch/user"
  serve user.log setpriv --reuid=nobody --regid=nogroup --clear-groups \
    "$bin/strikebook" serve --data-dir "$scratch/user/data"
  echo "as a plain user: $took ms"
  ready || fail "not ready as a plain user"
  stop

  mkdir -m 0700 "$scratch/closed"
  serve closed.log "$bin/strikebook" serve --data-dir "$scratch/closed/data"
  away=$(readlink -f "$scratch/closed/data/servers")
  case "$away" in
    /var/lib/strikebook/*) echo "closed to the servers' user: served from /var/lib/strikebook" ;;
    *) fail "the servers of a closed directory are at $away" ;;
  esac
  stop
  rm -rf "$away"
fi
echo "private servers: all passed"
