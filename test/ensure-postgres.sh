#!/bin/sh
# Makes sure that PostgreSQL's programs are on this machine, for the tests.
#
# Looks for version 13 or newer where test/pgtest looks. Without it, installs Debian's
# package if we may (root, or sudo that asks for no password), without creating or
# starting a system cluster. Else it prints what to do and exits 1.
set -eu

oldest=13

# usable DIR: are all programs there, and new enough?
usable() {
	for program in initdb postgres psql; do
		[ -x "$1/$program" ] || return 1
	done
	major=$("$1/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
	[ "$major" -ge "$oldest" ]
}

found() {
	if initdb=$(command -v initdb) && usable "$(dirname "$(readlink -f "$initdb")")"; then
		return 0
	fi
	for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin; do
		if usable "$dir"; then
			return 0
		fi
	done
	return 1
}

give_up() {
	echo "PostgreSQL $oldest or newer is needed by the tests, and $1." >&2
	echo "Install your system's server package (Debian, Ubuntu: postgresql; Red Hat: postgresql-server;" >&2
	echo "Homebrew: postgresql@17), or put the folder of initdb into PATH. No cluster needs to run." >&2
	exit 1
}

if found; then
	exit 0
fi
command -v apt-get >/dev/null || give_up "this machine has no apt-get to install it with"

as_root=
if [ "$(id -u)" -ne 0 ]; then
	sudo -n true 2>/dev/null || give_up "installing it needs root"
	as_root=sudo
fi

# postgresql-common would create and start a cluster for each new version.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
	$as_root mkdir -p /etc/postgresql-common
	echo 'create_main_cluster = false' | $as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
$as_root apt-get update -qq || give_up "apt-get update failed"
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql ||
	give_up "apt-get install failed"
found || give_up "the installed package is too old"
