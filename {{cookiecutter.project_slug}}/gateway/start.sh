#!/bin/sh
# Start Caddy with the sites for this machine only, or for a DOMAIN. It follows edits of the Caddyfiles by itself.
set -eu

if [ -n "$DOMAIN" ]; then SITES=public; else SITES=private; fi
ADMIN_HASH=$(printf '%s\n' "$ADMIN_PASSWORD" | caddy hash-password --bcrypt-cost 12)
unset ADMIN_PASSWORD
export SITES ADMIN_HASH

exec caddy run --config /gateway/Caddyfile --adapter caddyfile --watch
