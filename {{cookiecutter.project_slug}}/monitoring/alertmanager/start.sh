#!/bin/sh
# Alertmanager reads no environment, so this writes its configuration from ALERT_… and starts it.
# Secrets go into separate files, so that no quoting can break and nothing prints them.
set -eu
umask 077
config=/tmp/alertmanager.yml

secret() { # NAME TEXT -> the file that holds it
    printf %s "$2" >"/tmp/$1"
    echo "/tmp/$1"
}

quoted() { # TEXT -> the same in YAML
    printf "'%s'" "$(printf %s "$1" | tr -d '\n' | sed "s/'/''/g")"
}

webhook() { # SEND_RESOLVED: each chat program has its own message format
    address=$(secret webhook "$ALERT_WEBHOOK")
    case $ALERT_WEBHOOK in
        https://hooks.slack.com/*) kind=slack_configs url=api_url_file text=text ;;
        https://discord.com/api/webhooks/*) kind=discord_configs url=webhook_url_file text=message ;;
        *) echo "    webhook_configs: [{url_file: $address, send_resolved: $1}]" && return ;;
    esac
    echo "    $kind:"
    echo "      - $url: $address"
    echo "        send_resolved: $1"
    echo "        title: '{{ template \"subject\" . }}'"
    [ $kind = discord_configs ] || echo "        title_link: '{{ template \"address\" . }}'"
    echo "        $text: '{{ template \"message\" . }}'"
}

email() { # SEND_RESOLVED
    [ -n "${ALERT_SMTP:-}" ] && [ -n "${ALERT_EMAIL_FROM:-}" ] || {
        echo "ALERT_EMAIL_TO is set; set ALERT_SMTP (host:port) and ALERT_EMAIL_FROM as well." >&2
        exit 1
    }
    echo "    email_configs:"
    echo "      - to: $(quoted "$ALERT_EMAIL_TO")"
    echo "        from: $(quoted "$ALERT_EMAIL_FROM")"
    echo "        smarthost: $(quoted "$ALERT_SMTP")"
    echo "        send_resolved: $1"
    echo "        headers: {Subject: '{{ template \"subject\" . }}'}"
    echo "        html: ''"
    echo "        text: '{{ template \"message\" . }}'"
    if [ -n "${ALERT_SMTP_USER:-}" ]; then
        echo "        auth_username: $(quoted "$ALERT_SMTP_USER")"
        echo "        auth_password_file: $(secret smtp "${ALERT_SMTP_PASSWORD:-}")"
    else
        echo "        require_tls: false" # a relay without an account, such as one on this machine
    fi
}

people() { # NAME SEND_RESOLVED
    echo "  - name: $1"
    [ -z "${ALERT_WEBHOOK:-}" ] || webhook "$2"
    [ -z "${ALERT_EMAIL_TO:-}" ] || email "$2"
}

heartbeat() { # to a service outside, which tells people when it stops
    echo "  - name: heartbeat"
    [ -z "${ALERT_HEARTBEAT:-}" ] ||
        echo "    webhook_configs: [{url_file: $(secret heartbeat "$ALERT_HEARTBEAT"), send_resolved: false}]"
}

{
    cat /etc/alertmanager/routes.yml
    echo "  - name: nobody"
    heartbeat
    people people true
    people people-once false
} >"$config"

exec /bin/alertmanager --config.file="$config" --storage.path=/alertmanager \
    --web.listen-address="${LISTEN:-127.0.0.1}:9093" --cluster.listen-address= --log.format=json
