#!/bin/sh
# After the files are in place, at an installation and at an upgrade, by dpkg and by rpm. It starts and restarts nothing: a front
# without its configuration cannot start, and a running one is restarted by the operator, one front after the other. It can be run again.
# DPKG_ROOT is dpkg's: where the system is, if not at /.
set -e
root=${DPKG_ROOT:-}
case "${1:-} ${2:-}" in
"configure " | "1 ") what=first ;; # dpkg: no version was ever configured here; rpm: there is one of us now
abort-*) what=aborted ;;
*) what=again ;;
esac
systemd-sysusers tradefront.conf
systemd-tmpfiles --create tradefront.conf 2>/dev/null || true # in a chroot some of it is refused; the folders are made all the same
for folder in /etc/tradefront /var/lib/tradefront /var/log/tradefront; do
	[ -d "$root$folder" ] || { echo "tradefront: $folder could not be made; run: systemd-tmpfiles --create tradefront.conf" >&2; exit 1; }
done
if [ -d "$root/run/systemd/system" ]; then
	systemctl daemon-reload
	# The reserved ports, as the next boot would set them: no other setting of the machine changes.
	PATH=$PATH:/usr/lib/systemd:/lib/systemd systemd-sysctl --prefix=/net/ipv4/ip_local_reserved_ports ||
		echo "tradefront: the reserved ports are in force after the next boot, or after: sysctl -p /usr/lib/sysctl.d/90-tradefront.conf" >&2
fi
# A removal leaves what is enabled, so that an installation after it finds it (postremove.sh).
enabled=$(find "$root"/etc/systemd/system/*.wants -name 'tradefront*.service' 2>/dev/null | sed 's#.*/##' | sort -u | tr '\n' ' ')
case $what in
first)
	if [ -z "$enabled" ]; then
		systemctl enable tradefront.service # from the next boot on
		enabled=tradefront.service
	fi
	cat <<-TEXT
	tradefront is installed and not started. The next boot starts: ${enabled% }
	Next, for a front: fill /etc/tradefront/tradefront.yaml, then
	    tradefront masterkey create && chown tradefront:tradefront /etc/tradefront/master.key
	the database and its tables: docs/operations.md, Install; then
	    runuser -u tradefront -- tradefront config check --deep && systemctl start tradefront
	For fronts tradefront@NAME or a relay agent alone: systemctl disable tradefront, then docs/operations.md, Install.
	TEXT
	;;
again)
	echo "tradefront is upgraded, or installed again; nothing was started or restarted. The next boot starts: ${enabled:-none of its services}"
	echo "A front that runs is still the version before. Next: docs/operations.md, Upgrades at night: one front at a time."
	echo "After a removal none runs. Next: systemctl start, for each."
	;;
aborted)
	echo "tradefront stays installed. What dpkg stopped is to be started again. Next: systemctl status 'tradefront*', then systemctl start, for each."
	;;
esac
