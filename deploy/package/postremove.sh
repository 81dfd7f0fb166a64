#!/bin/sh
# After the files have gone. Records, reports and audit logs are evidence: neither a removal nor a purge deletes them.
#
# A removal by dpkg leaves what is enabled too, as it leaves the configuration: an installation after it finds the fronts of the host
# enabled as they were. A purge, and a removal by rpm, which keeps no such state, take the links of units that are gone out of systemd.
set -e
root=${DPKG_ROOT:-}
case "${1:-}" in
purge | 0)
	find "$root"/etc/systemd/system/*.wants -name 'tradefront*' -xtype l -delete 2>/dev/null || true
	;;
esac
case "${1:-}" in
remove | purge | 0)
	if [ -d "$root/run/systemd/system" ]; then
		systemctl daemon-reload || true
	fi
	for folder in /var/lib/tradefront /var/log/tradefront /var/lib/tradefront-relay /var/log/tradefront-relay; do
		if [ -n "$(ls -A "$root$folder" 2>/dev/null)" ]; then
			echo "tradefront: $folder is left as it is: it holds records, reports or audit logs. Move it to the archive yourself."
		fi
	done
	;;
esac
