#!/bin/sh
# Start Caddy with the sites for this machine only, or for a DOMAIN, and reload it when a file is edited.
# (Caddy's own --watch stops for good at the first mistake.)
set -eu

files() {
    cat /gateway/*Caddyfile /access/users 2>/dev/null | cksum
}

follow() {
    seen=$(files)
    while sleep 1; do
        now=$(files)
        [ "$now" != "$seen" ] || continue
        seen=$now
        caddy reload --config /gateway/Caddyfile --adapter caddyfile --address unix//tmp/caddy.sock ||
            echo "An edited file has a mistake; the previous configuration stays in effect." >&2
    done
}

if [ -n "$DOMAIN" ]; then SITES=public; else SITES=private; fi
ADMIN_HASH=$(printf '%s\n' "$ADMIN_PASSWORD" | caddy hash-password --bcrypt-cost 12)
export SITES ADMIN_HASH
unset ADMIN_PASSWORD

follow &
exec caddy run --config /gateway/Caddyfile --adapter caddyfile
