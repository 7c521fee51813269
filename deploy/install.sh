#!/usr/bin/env bash
# From a fresh Debian (12 or later) to a practice that runs:  sudo deploy/install.sh practice.example.org [--postgresql]
# Run it in a copy of this repository. Run again, it upgrades: nothing that is there is overwritten or deleted.
set -euo pipefail
umask 022

host=${1:?"Say the name that clients will use: sudo deploy/install.sh practice.example.org [--postgresql]"}
postgresql=${2:-}
here=$(cd "$(dirname "$0")/.." && pwd)
home=/opt/accord
cd /

step() { printf '\n== %s\n' "$*"; }

step "Packages"
packages=(python3 python3-venv)
# For printed sheets: what people write in any script, emoji too (SIL Open Font License).
packages+=(fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji)
[ "$postgresql" = --postgresql ] && packages+=(postgresql pgbackrest openssl)
# Debian has one program at a time that sets the clock; one that is there stays.
command -v chronyd ntpd >/dev/null || packages+=(systemd-timesyncd)
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${packages[@]}"

step "The user accord, who owns the data and nothing else"
id accord >/dev/null 2>&1 || useradd --system --home-dir /var/lib/accord --shell /usr/sbin/nologin accord
install -d -m 0700 -o accord -g accord /var/lib/accord /var/lib/accord-keys /var/backups/accord
install -d -m 0750 -o root -g accord /etc/accord

step "The program, in $home, owned by root"
[ -d /run/systemd/system ] && systemctl stop accord 2>/dev/null || true
install -d "$home"
cp -r "$here"/{src,docs,deploy,pyproject.toml,requirements.txt,README.md,LICENSE,LICENSES} "$home"
[ -x "$home/.venv/bin/python" ] || /usr/bin/python3 -m venv "$home/.venv"
"$home/.venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$home/requirements.txt"
"$home/.venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation --force-reinstall "$home"
rm -rf "$home/build"

step "Settings: /etc/accord/accord.env"
if [ ! -e /etc/accord/accord.env ]; then
    sed "s/practice\.example\.org/$host/g" "$here/deploy/accord.env" > /etc/accord/accord.env
    [ "$postgresql" = --postgresql ] && echo "ACCORD_POSTGRESQL=postgresql://accord_app@127.0.0.1/accord?passfile=/var/lib/accord-keys/pgpass" >> /etc/accord/accord.env
fi
chown root:accord /etc/accord/accord.env
chmod 0640 /etc/accord/accord.env

if [ "$postgresql" = --postgresql ]; then
    step "PostgreSQL: one database, two roles"
    [ -d /run/systemd/system ] || pg_ctlcluster "$(ls /etc/postgresql | sort -n | tail -1)" main start 2>/dev/null || true
    if ! runuser -u postgres -- psql -Atc "SELECT 1 FROM pg_roles WHERE rolname = 'accord_owner'" | grep -q 1; then
        runuser -u postgres -- psql -q -v ON_ERROR_STOP=1 < "$here/deploy/postgresql-roles.sql"
        # Made here, told to nobody: the app's lies with the keys, the owner's where only root reads it.
        app=$(openssl rand -hex 24)
        owner=$(openssl rand -hex 24)
        printf "ALTER ROLE accord_app PASSWORD '%s'; ALTER ROLE accord_owner PASSWORD '%s';" "$app" "$owner" | runuser -u postgres -- psql -q
        install -m 0600 -o accord -g accord /dev/null /var/lib/accord-keys/pgpass
        install -m 0600 /dev/null /etc/accord/owner.pgpass
        echo "*:*:accord:accord_app:$app" > /var/lib/accord-keys/pgpass
        echo "*:*:accord:accord_owner:$owner" > /etc/accord/owner.pgpass
    fi
fi

if [ "$postgresql" = --postgresql ] && ! grep -q '^\[accord\]' /etc/pgbackrest.conf; then
    step "Backups of PostgreSQL, to any minute, encrypted"
    version=$(ls /etc/postgresql | sort -n | tail -1)
    install -d -m 0750 -o postgres -g postgres /var/backups/accord-postgresql
    # By the shell itself: what is an argument of a program, everybody on this machine can read while it runs.
    passphrase=$(openssl rand -base64 48 | tr -d '\n' | tr '+/' '-_')
    conf=$(<"$here/deploy/pgbackrest.conf")
    conf=${conf//VERSION/$version}
    install -m 0640 -o root -g postgres /dev/null /etc/pgbackrest.conf
    printf '%s\n' "${conf//PASSPHRASE/"$passphrase"}" > /etc/pgbackrest.conf
    install -m 0644 "$here/deploy/postgresql.conf" "/etc/postgresql/$version/main/conf.d/accord.conf"
    pg_ctlcluster "$version" main restart
    runuser -u postgres -- pgbackrest --stanza=accord stanza-create
    runuser -u postgres -- pgbackrest --stanza=accord check
fi

step "The database, brought to this version"
if [ "$postgresql" = --postgresql ]; then
    "$here/deploy/as-accord" --owner upgrade --role accord_app
else
    "$here/deploy/as-accord" upgrade
fi

step "Services"
cp "$here"/deploy/accord.service "$here"/deploy/accord-backup.{service,timer} /etc/systemd/system/
[ "$postgresql" = --postgresql ] && cp "$here/deploy/accord-backup-postgresql.service" /etc/systemd/system/accord-backup.service
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl enable accord
    systemctl enable --now accord-backup.timer
else
    echo "systemd does not run here; start it yourself: accord_clinic serve"
fi

cat <<END

Accord is installed. Three things are left, each a command:
  1. deploy/as-accord init --practice "Name of the practice" --name "Your name" --email you@$host
     (it asks for country, time zone and whom clients should call in need)
  2. a proxy that speaks TLS: deploy/Caddyfile or deploy/nginx.conf
  3. systemctl start accord, then deploy/as-accord check
END
