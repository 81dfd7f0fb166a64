#!/usr/bin/env bash
# build.sh FOLDER [ARCH...]: the deb, the rpm, the tar.gz and the list of modules (SBOM) of each architecture (amd64 arm64 loong64)
# in FOLDER. The same commit gives the same bytes, in any folder: times are the commit's, and paths of this machine are trimmed.
# VERSION, COMMIT and SOURCE_DATE_EPOCH say what Git says where the tree has no Git.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${GO:=go}" "${NFPM:=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.0}" "${SBOM:=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.9.0}"
out=$(mkdir -p "$1" && cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- amd64 arm64 loong64

version=${VERSION:-$(git describe --tags --always --dirty)}
commit=${COMMIT:-$(git rev-parse HEAD)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
PACKAGE_VERSION=$(./deploy/package/version.sh "$version" "$SOURCE_DATE_EPOCH")
export PACKAGE_VERSION STAGE
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The compiler spends its inlining where a storm of logins spends the processor (make profile).
profile=deploy/package/storm.pgo

compile() { # ARCH FILE COMMAND
	CGO_ENABLED=0 GOOS=linux GOARCH=$1 "$GO" build -trimpath -buildvcs=false -pgo="$([ "$3" = tradefront ] && echo "$profile" || echo off)" \
		-ldflags "-s -w -X main.version=$version -X main.commit=$commit" -o "$2" "./cmd/$3"
}

tool() { # MODULE ARGS...: what packs is no part of the package, and may come from a cache that the program does not come from
	GOCACHE=${TOOL_CACHE:-$("$GO" env GOCACHE)} GOFLAGS=-trimpath "$GO" run "$@"
}

# What runs here writes man pages and completion for all.
compile "$("$GO" env GOHOSTARCH)" "$work/host" tradefront
mkdir "$work/man"
"$work/host" man "$work/man" >/dev/null
gzip -9n "$work"/man/*

fill() { # ARCH: all below usr, and logrotate's files
	local usr=$STAGE/usr
	local doc=$usr/share/doc/tradefront share=$usr/share/tradefront units=$usr/lib/systemd/system
	install -d "$usr/bin" "$usr/share/man/man1" "$doc" "$share" "$units" "$usr/lib/sysusers.d" "$usr/lib/tmpfiles.d" "$usr/lib/sysctl.d" \
		"$usr/share/bash-completion/completions" "$usr/share/zsh/vendor-completions" "$usr/share/fish/vendor_completions.d"
	compile "$1" "$usr/bin/tradefront" tradefront
	compile "$1" "$usr/bin/tradefront-collect" tradefront-collect
	"$work/host" completion bash >"$usr/share/bash-completion/completions/tradefront"
	"$work/host" completion zsh >"$usr/share/zsh/vendor-completions/_tradefront"
	"$work/host" completion fish >"$usr/share/fish/vendor_completions.d/tradefront.fish"
	install -m 0644 "$work"/man/* "$usr/share/man/man1/"
	install -m 0644 deploy/*.service deploy/*.timer "$units/"
	sed -i 's#/usr/local/bin/#/usr/bin/#' "$units"/*.service # where packages put programs
	install -m 0644 deploy/package/tradefront.sysusers "$usr/lib/sysusers.d/tradefront.conf"
	install -m 0644 deploy/package/tradefront.tmpfiles "$usr/lib/tmpfiles.d/tradefront.conf"
	install -m 0644 deploy/sysctl/90-tradefront.conf "$usr/lib/sysctl.d/"
	cp -r deploy/sql deploy/prometheus configs "$share/"
	rm -f "$share"/configs/*.go
	if [ -d deploy/grafana ]; then cp -r deploy/grafana "$share/"; fi
	cp -r docs "$doc/"
	rm -f "$doc"/docs/*.go
	install -m 0644 README.md README.zh-CN.md CHANGELOG.md "$doc/"
	install -m 0644 LICENSE "$doc/copyright"
	cp -r deploy/logrotate "$STAGE/"
	find "$STAGE" -type f ! -path '*/bin/*' -exec chmod 0644 {} +
	find "$STAGE" -type d -exec chmod 0755 {} +
	find "$STAGE" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

archive() { # what the packages hold, for a system that has neither dpkg nor rpm: unpacked over /
	local root=$work/tar/tradefront-$PACKAGE_VERSION-linux-$ARCH
	install -d "$root/etc/logrotate.d" "$root/etc/tradefront"
	cp -rp "$STAGE/usr" "$root/"
	install -m 0644 "$STAGE"/logrotate/* "$root/etc/logrotate.d/"
	install -m 0640 configs/tradefront.yaml configs/calendar.yaml "$root/etc/tradefront/"
	tar -C "$work/tar" --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
		-cf - "${root##*/}" | gzip -9n >"$out/${root##*/}.tar.gz"
	rm -rf "$root"
}

modules() { # the modules that the program is made of, with the time of the commit instead of now
	local name="$out/tradefront-$PACKAGE_VERSION-linux-$ARCH.cdx.json"
	tool "$SBOM" bin -json -noserial -std -version "$version" -output - "$STAGE/usr/bin/tradefront" 2>"$work/sbom.log" |
		sed 's/"timestamp": "[^"]*"/"timestamp": "'"$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)"'"/' >"$name" || { cat "$work/sbom.log" >&2; exit 1; }
}

for ARCH in "$@"; do
	export ARCH
	case $ARCH in # as rpm names it, and uname -m
	amd64) RPM_ARCH=x86_64 ;;
	arm64) RPM_ARCH=aarch64 ;;
	loong64) RPM_ARCH=loongarch64 ;;
	*) RPM_ARCH=$ARCH ;;
	esac
	sed "s/arch: RPM_ARCH .*/arch: $RPM_ARCH/" deploy/package/nfpm.yaml >"$work/nfpm.yaml"
	STAGE=$work/$ARCH
	fill "$ARCH"
	for kind in deb rpm; do
		tool "$NFPM" package --config "$work/nfpm.yaml" --packager "$kind" --target "$out/"
	done
	archive
	modules
done
