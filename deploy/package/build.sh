#!/usr/bin/env bash
# build.sh FOLDER [ARCH...]: the deb and the rpm of each architecture (amd64 arm64 loong64) in FOLDER. The same commit gives the
# same bytes: times are the commit's, and paths of this machine are trimmed.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${GO:=go}" "${NFPM:=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.0}"
out=$(mkdir -p "$1" && cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- amd64 arm64 loong64

version=${VERSION:-$(git describe --tags --always --dirty)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
# A package's version begins with a digit and has no hyphen. Without a tag it is 0.0.0 and the commit's time, so that a later one is higher.
case $version in
v[0-9]*) PACKAGE_VERSION=$(echo "${version#v}" | sed 's/-/+/; s/-/./g') ;;
*) PACKAGE_VERSION=0.0.0+$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S).${version//-/.} ;;
esac
export PACKAGE_VERSION STAGE
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compile() { # ARCH FILE COMMAND
	CGO_ENABLED=0 GOOS=linux GOARCH=$1 "$GO" build -trimpath -ldflags "-s -w -X main.version=$version" -o "$2" "./cmd/$3"
}

# What runs here writes man pages and completion for all.
compile "$("$GO" env GOHOSTARCH)" "$work/host" tradefront
mkdir "$work/man"
"$work/host" man "$work/man" >/dev/null
gzip -9n "$work"/man/*

fill() { # ARCH: all below usr, and logrotate's file
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
	install -m 0644 deploy/logrotate/tradefront "$STAGE/logrotate"
	find "$STAGE" -type f ! -path '*/bin/*' -exec chmod 0644 {} +
	find "$STAGE" -type d -exec chmod 0755 {} +
	find "$STAGE" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

for ARCH in "$@"; do
	export ARCH
	STAGE=$work/$ARCH
	fill "$ARCH"
	for kind in deb rpm; do
		"$GO" run "$NFPM" package --config deploy/package/nfpm.yaml --packager "$kind" --target "$out/"
	done
done
