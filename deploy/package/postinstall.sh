#!/bin/sh
# After the files are in place, at an installation and at an upgrade, by dpkg and by rpm. It starts and restarts nothing: a front
# without its configuration cannot start, and a running one is restarted by the operator, one front after the other. It can be run again.
set -e
first=no
case "${1:-}" in
configure) [ -n "${2:-}" ] || first=yes ;; # dpkg: the version before, if there is one
1) first=yes ;;                            # rpm: how many of us there are now
esac
systemd-sysusers tradefront.conf
systemd-tmpfiles --create tradefront.conf 2>/dev/null || true # in a chroot some of it is refused; the folders are made all the same
for folder in /etc/tradefront /var/lib/tradefront /var/log/tradefront; do
	[ -d "$folder" ] || { echo "tradefront: $folder could not be made; run: systemd-tmpfiles --create tradefront.conf" >&2; exit 1; }
done
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
if [ "$first" = yes ]; then
	systemctl enable tradefront.service # from the next boot on
	cat <<-'TEXT'
	tradefront is installed, enabled and not started. Next: fill /etc/tradefront/tradefront.yaml, then
	    tradefront masterkey create, as root; runuser -u tradefront -- tradefront config check --deep; systemctl start tradefront
	TEXT
else
	echo "tradefront is upgraded; a running front is still the version before. Next: docs/operations.md, Upgrades at night: one front at a time."
fi
