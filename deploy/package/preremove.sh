#!/bin/sh
# Before the files go. At an upgrade nothing is stopped.
set -e
case "${1:-}" in
remove | 0)
	if [ -d "${DPKG_ROOT:-}/run/systemd/system" ]; then
		systemctl stop 'tradefront.service' 'tradefront@*.service' 'tradefront-relay.service' 'tradefront-report.timer' || true
	fi
	;;
esac
