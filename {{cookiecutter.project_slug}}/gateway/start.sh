#!/bin/sh
# Start Caddy with the sites for this machine only, or for a DOMAIN, and reload it when a file is edited.
# (Caddy's own --watch stops for good at the first mistake.) Reloading closes every websocket, and pages open them
# again: so who was removed from /access/users is out.
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
        caddy reload --force --config /gateway/Caddyfile --adapter caddyfile --address unix//tmp/caddy.sock ||
            echo '{"level":"error","msg":"An edited file has a mistake; the previous configuration stays in effect."}' >&2
    done
}

if [ -n "$DOMAIN" ]; then SITES=public; else SITES=private; fi
export SITES

follow &
exec caddy run --config /gateway/Caddyfile --adapter caddyfile
