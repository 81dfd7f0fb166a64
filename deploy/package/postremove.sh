#!/bin/sh
# After the files have gone. Records, reports and audit logs are evidence: neither a removal nor a purge deletes them.
set -e
case "${1:-}" in
remove | purge | 0)
	if [ -d /run/systemd/system ]; then
		systemctl daemon-reload || true
	fi
	for folder in /var/lib/tradefront /var/log/tradefront /var/lib/tradefront-relay /var/log/tradefront-relay; do
		if [ -n "$(ls -A "$folder" 2>/dev/null)" ]; then
			echo "tradefront: $folder is left as it is: it holds records, reports or audit logs. Move it to the archive yourself."
		fi
	done
	;;
esac
