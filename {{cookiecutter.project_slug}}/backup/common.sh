# What the scripts of this folder share.
export PGUSER=root PGCONNECT_TIMEOUT=5
umask 077

DATABASES="dagster summaries"

fail() { # SENTENCE: end with it
    echo "$*" >&2
    exit 1
}

seconds() { # FILE: the time that it holds, or 0
    cat "$1" 2>/dev/null || echo 0
}

publish() { # hand monitoring what is known of each job
    {
        echo "# HELP backup_configured 1 if BACKUP_REPOSITORY is set."
        echo "# TYPE backup_configured gauge"
        echo "backup_configured $([ -n "$RESTIC_REPOSITORY" ] && echo 1 || echo 0)"
        echo "# HELP backup_newest_timestamp_seconds When this last ended well, or backups were switched on."
        echo "# TYPE backup_newest_timestamp_seconds gauge"
        for each in copy tidy rehearse; do
            echo "backup_newest_timestamp_seconds{kind=\"$each\"} $(seconds "/state/$each.newest")"
        done
        echo "# HELP backup_failed 1 if this failed when it was last tried."
        echo "# TYPE backup_failed gauge"
        for each in copy tidy rehearse; do
            reason=$(tr -d '"\\\n' 2>/dev/null < "/state/$each.failed")
            echo "backup_failed{kind=\"$each\",reason=\"$reason\"} $([ -n "$reason" ] && echo 1 || echo 0)"
        done
    } > /metrics/new
    chmod 644 /metrics/new
    mv /metrics/new /metrics/backup.prom
}
