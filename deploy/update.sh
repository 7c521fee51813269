#!/usr/bin/env bash
# Update an embedded practice in one command, with a backup first and a way back:
#   sudo deploy/update.sh practice.example.org     in a copy of the new version
#   sudo deploy/update.sh --back                   puts the earlier program and the backup from before in place
# On PostgreSQL see docs/how-to/upgrade.md: there pgBackRest keeps each minute.
set -euo pipefail
umask 022

host=${1:?"Say the name that clients use: sudo deploy/update.sh practice.example.org, or --back"}
here=$(cd "$(dirname "$0")/.." && pwd)
home=${ACCORD_HOME:-/opt/accord}
backups=${ACCORD_BACKUPS:-/var/backups/accord}
before=$home.before

newest() { find "$backups" -maxdepth 1 -name 'accord-*.db' | sort | tail -1; }

back() {
    [ -d "$before" ] || { echo "There is no earlier program in $before."; exit 2; }
    file=$(cat "$before/backup-before-update")
    [ -f "$file" ] || { echo "The backup from before, $file, is gone."; exit 2; }
    systemctl stop accord || true
    rm -rf "$home.failed"
    mv "$home" "$home.failed"
    mv "$before" "$home"
    "$home/deploy/as-accord" restore "$file" --replace
    systemctl start accord
    echo "The earlier program runs with the practice as it was before the update. What came since is in the data folder,"
    echo "in accord.db.before-DATE; the program that failed is in $home.failed."
}

if [ "$host" = --back ]; then
    back
    exit
fi
if grep -qs '^ACCORD_POSTGRESQL=' "${ACCORD_SETTINGS:-/etc/accord/accord.env}"; then
    echo "This practice is in PostgreSQL: follow docs/how-to/upgrade.md."
    exit 2
fi

give_up() {
    systemctl start accord
    echo "$1 Nothing was changed."
    exit 2
}

echo "== A backup first; Accord stops, so that whatever is written is in it"
old=$(newest)
systemctl stop accord || true
systemctl start accord-backup || give_up "The backup failed: journalctl -u accord-backup."
file=$(newest)
[ -n "$file" ] && [ "$file" != "$old" ] || give_up "No new backup was made."

echo "== The program as it is, kept in $before"
rm -rf "$before.new"
if ! { cp -a "$home" "$before.new" && echo "$file" > "$before.new/backup-before-update"; }; then
    rm -rf "$before.new"
    give_up "The program could not be kept: is the disk full?"
fi
rm -rf "$before"
mv "$before.new" "$before"

# A minute, for a slow machine that brings a large practice up.
answers() {
    for _ in $(seq 60); do
        python3 - "$host" 2>/dev/null <<'END' && return
import sys, urllib.request as web
said = {"Host": sys.argv[1], "X-Forwarded-Proto": "https"}
web.urlopen(web.Request("http://127.0.0.1:8000/health/", headers=said), timeout=5)
END
        sleep 1
    done
    echo "Nothing answers on 127.0.0.1:8000."
    return 1
}

# Much that `check` names has nothing to do with the update: mail that rests, a recovery sheet that is not printed yet.
opens() {
    report=$("$home/deploy/as-accord" check || true)
    echo "$report"
    grep -q '^ok   database' <<< "$report"
}

if "$here/deploy/install.sh" "$host" && systemctl start accord && answers && opens; then
    echo "Updated. What stands as TODO is for you. If something is wrong: sudo deploy/update.sh --back"
else
    echo "The update failed. Going back."
    back
    exit 1
fi
