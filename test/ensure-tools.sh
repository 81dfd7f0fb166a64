#!/bin/sh
# Makes sure that the programs which the tests call are on this machine: a C compiler (the race
# detector needs one), g++ and OpenSSL's headers (what authors of a core get), openssl (opens what we
# encrypted), python3 (the independent terminal), HAProxy (the load balancer), pgbouncer (the pooler),
# Chromium (shows our pages), Prometheus (scrapes us, and checks the alerts), strace (makes reads
# fail, and watches the collection library), ip, lsblk, findmnt and dmidecode (say what the collection
# library must find), ssh-keygen (signs a release), and PostgreSQL. What is missing is installed as Debian's package if we may. With
# the word "collector" also what `make collector-test` calls, with "bench" what `make bench-e2e`
# measures beside us, with "ha" what `make ha` starts, with "packages" what `make packages-test` calls,
# with "compose" what `make compose-test` calls, with "cross" what `make cross-run` calls.
set -eu

PATH=$PATH:/usr/sbin # where Debian has HAProxy, pgbouncer and dmidecode, which is not in every PATH
missing=
need() {
	command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need cc gcc
need g++ g++
need openssl openssl
need python3 python3
need haproxy haproxy
need prometheus prometheus
need promtool prometheus
need chromium chromium
need strace strace
need ip iproute2
need lsblk util-linux
need findmnt util-linux
need dmidecode dmidecode
need ssh-keygen openssh-client
need pgbouncer pgbouncer
if ! echo '#include <openssl/ssl.h>' | g++ -x c++ -fsyntax-only - 2>/dev/null; then
	missing="$missing libssl-dev"
fi
if ! python3 -c 'import venv, ctypes' 2>/dev/null; then
	missing="$missing python3"
fi
if [ "${1:-}" = bench ]; then
	need nginx nginx-light
fi
if [ "${1:-}" = ha ]; then
	need patroni "patroni python3-etcd" # its etcd3 needs that module, which the package does not depend on
	need etcd etcd-server
	need etcdctl etcd-client
	need keepalived keepalived
fi
if [ "${1:-}" = packages ]; then
	need debootstrap debootstrap
	need systemd-nspawn systemd-container
	need rpm rpm
fi
if [ "${1:-}" = compose ]; then
	need debootstrap debootstrap
	need buildah buildah
	need podman podman
	need runc runc # crun refuses a machine that has both kinds of cgroups
	[ -e /usr/lib/cni/dnsname ] || missing="$missing golang-github-containernetworking-plugin-dnsname" # containers find each other by name
fi
if [ "${1:-}" = cross ]; then
	need qemu-aarch64-static qemu-user-static
fi
if [ "${1:-}" = collector ]; then
	need valgrind valgrind
	need java default-jdk-headless # its compiler too: the sample is run from its source
	need aarch64-linux-gnu-gcc "gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
	need qemu-aarch64 qemu-user
	need x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64
	need wine "wine wine64"
	[ -e /usr/share/java/jna.jar ] || missing="$missing libjna-java"
	python3 -c 'import ensurepip' 2>/dev/null || missing="$missing python3-venv"
fi

if [ -n "$missing" ]; then
	as_root=
	if [ "$(id -u)" -ne 0 ]; then
		as_root="sudo -n"
	fi
	# shellcheck disable=SC2086 # several packages
	if ! command -v apt-get >/dev/null 2>&1 ||
		! { $as_root apt-get update -qq &&
			$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing libc6-dev; }; then
		echo "The tests need these programs, which could not be installed:$missing" >&2
		exit 1
	fi
fi
exec "$(dirname "$0")/ensure-postgres.sh"
