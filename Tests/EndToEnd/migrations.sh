#!/bin/bash
# Migrations up, down to nothing and up again leave the same schema, by pg_dump's word.
# STRIKEBOOK is the path of the program.
set -euo pipefail

scratch=$(mktemp -d /tmp/sbt-XXXXXX)
initdb=$(command -v initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1)
bin=$(dirname "$(readlink -f "$initdb")")
# PostgreSQL refuses root.
as_server=()
if [ "$(id -u)" -eq 0 ]; then
  chown postgres "$scratch"
  as_server=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi

finish() {
  (cd / && "${as_server[@]}" "$bin/pg_ctl" -D "$scratch/data" -m immediate stop >/dev/null 2>&1) || true
  rm -rf "$scratch"
}
trap finish EXIT

(
  cd /
  "${as_server[@]}" "$bin/initdb" -D "$scratch/data" -U admin -A trust -E UTF8 --locale=C --no-sync >/dev/null
  "${as_server[@]}" "$bin/pg_ctl" -D "$scratch/data" -l "$scratch/log" -w start \
    -o "-c listen_addresses= -c unix_socket_directories=$scratch -c fsync=off" >/dev/null
)
psql -XAtq -h "$scratch" -U admin -d postgres -c 'CREATE DATABASE book'

migrate() { "$STRIKEBOOK" migrate "$@" --database-url "postgresql:///book?user=admin&host=$scratch"; }

# The schema without the lines that name the moment or a random key.
schema() {
  "$bin/pg_dump" --schema-only -h "$scratch" -U admin book | grep -vE '^\\(un)?restrict |^-- (Dumped|Started|Completed)'
}

empty=$(schema)
migrate up
first=$(schema)
[ "$first" != "$empty" ] || { echo "FAILED: up made nothing" >&2; exit 1; }
migrate down --to 0
diff <(echo "$empty") <(schema | sed '/schema_migrations/,/^$/d') >"$scratch/left" || true
if grep -qE '^> (CREATE|ALTER|GRANT)' "$scratch/left"; then
  echo "down --to 0 leaves (the program's own record apart):"
  cat "$scratch/left"
fi
migrate up
second=$(schema)
diff <(echo "$first") <(echo "$second") || { echo "FAILED: the schema differs after up, down, up" >&2; exit 1; }
migrate verify
echo "migrations: up, down, up gives the same schema"
