#!/bin/sh
# prepare.sh [FOLDER]: what compose.yaml reads and no tree may hold: passwords, a master key, a certificate, in FOLDER (secrets, beside this
# file). It makes nothing anew that is there: PostgreSQL keeps the passwords of its first start.
set -eu
cd "$(dirname "$0")"
to=${1:-secrets}
program=${TRADEFRONT:-../../bin/tradefront}
key=$PWD/../../client/collect/tstkey/public.pem
[ "$(id -u)" = 0 ] || { echo "prepare.sh: only root gives the master key to the containers' user: run it as root" >&2; exit 1; }
[ -x "$program" ] || { echo "prepare.sh: $program makes the master key and is not there: make build" >&2; exit 1; }
[ ! -e "$to" ] || { echo "prepare.sh: $to is there already; remove it, and the volumes, to begin anew" >&2; exit 1; }
umask 077
work=$to.new
rm -rf "$work"
mkdir -p "$work/site"
secret() { openssl rand -hex 16; }
super=$(secret) owner=$(secret) front=$(secret)
echo "ALTER ROLE tradefront_owner PASSWORD '$owner'; ALTER ROLE tradefront_front PASSWORD '$front';
ALTER ROLE tradefront_report PASSWORD '$(secret)'; ALTER ROLE tradefront_admin PASSWORD '$(secret)';" >"$work/passwords.sql"
printf 'POSTGRES_DB=tradefront\nPOSTGRES_PASSWORD=%s\n' "$super" >"$work/postgres.env"
printf 'PGHOST=postgres\nPGUSER=postgres\nPGDATABASE=tradefront\nPGPASSWORD=%s\n' "$super" >"$work/superuser.env"
echo "TRADEFRONT_STORE_URL=postgres://tradefront_owner:$owner@postgres:5432/tradefront?sslmode=disable" >"$work/owner.env"
echo "TRADEFRONT_STORE_URL=postgres://tradefront_front:$front@postgres:5432/tradefront?sslmode=disable" >"$work/front.env"
echo "GF_SECURITY_ADMIN_PASSWORD=$(secret)" >"$work/grafana.env"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 730 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
	-keyout "$work/tls.key" -out "$work/tls.pem" 2>/dev/null
cat "$work/tls.pem" "$work/tls.key" >"$work/haproxy.pem"
rm "$work/tls.key"
cp "$key" "$work/site/public.pem"
cp front.yaml "$work/tradefront.yaml"
cp ../../configs/calendar.yaml "$work/"
# The database that is to have who did this is not there yet: it is written down in one that is thrown away.
TRADEFRONT_FRONT_ID=1 TRADEFRONT_STORE_DRIVER=embedded TRADEFRONT_STORE_PATH=scratch.db TRADEFRONT_AUDIT_LOG=scratch.log \
	"$program" masterkey create -c "$work/tradefront.yaml" >/dev/null
rm -f "$work/tradefront.yaml" "$work/calendar.yaml" "$work"/scratch.*
chmod 0644 "$work/passwords.sql" "$work/haproxy.pem" # read by users of the containers; the folder is closed
chmod 0755 "$work/site"
chmod 0644 "$work/site/public.pem"
chown 65532:65532 "$work/site/master.key" # the containers' user, Containerfile
mv "$work" "$to"
echo "prepare.sh: $to is made; Grafana's password is in $to/grafana.env"
