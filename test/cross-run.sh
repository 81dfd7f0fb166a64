#!/usr/bin/env bash
# cross-run.sh [ARCH...]: the static program built for arm64 and loong64 as packages have it, and run by qemu-user: its version, doctor on a
# configuration without a fault, and the demo, in which terminals of all kinds log in and trade, and each answered login is compared with its line of the
# report. The processor is emulated; the kernel is this machine's.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- arm64 loong64
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for arch in "$@"; do
	case $arch in
	arm64) qemu=qemu-aarch64-static ;;
	loong64) qemu=qemu-loongarch64-static ;;
	*) echo "cross-run: no emulator is known for $arch: name arm64 or loong64" >&2; exit 1 ;;
	esac
	CGO_ENABLED=0 GOARCH=$arch "${GO:-go}" build -trimpath -ldflags "-s -w -X main.version=cross" -o "$work/tradefront" ./cmd/tradefront
	run() { "$qemu" "$work/tradefront" "$@"; }
	echo "== $arch: $(run --version)"
	run demo --exit --logins "${LOGINS:-200}" --crowd 16 >"$work/demo" || { cat "$work/demo" >&2; exit 1; }
	sed -n '/^== Answered/,$p' "$work/demo"
	grep -q 'not reported' "$work/demo" && grep -q ' 0 answered but not reported' "$work/demo" ||
		{ echo "cross-run: $arch: the demo does not say that each answered login was reported:" >&2; cat "$work/demo" >&2; exit 1; }
	mkdir -p "$work/$arch"
	cp configs/calendar.yaml "$work/$arch/"
	cp client/collect/tstkey/public.pem "$work/$arch/"
	printf '%s\n' 'broker_id: "9999"' 'report_unit_id: "0001"' 'vendor_id: "TF01"' 'front: {listeners: [{address: "127.0.0.1:0"}]}' \
		'keys: [{version: "tst", public_key_file: public.pem}]' 'auth: {master_key_file: master.key}' 'calendar_file: calendar.yaml' \
		'audit_log: audit.jsonl' 'store: {driver: embedded, path: front.db}' >"$work/$arch/tradefront.yaml"
	(cd "$work/$arch" && run masterkey create -c tradefront.yaml && run config check -c tradefront.yaml && run doctor -c tradefront.yaml) >"$work/doctor" 2>&1 ||
		{ cat "$work/doctor" >&2; exit 1; }
	tail -n 25 "$work/doctor"
done
