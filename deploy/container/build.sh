#!/usr/bin/env bash
# build.sh [NAME]: the image NAME (tradefront:VERSION) of this tree, by buildah, podman or docker, which CONTAINER names. The same commit
# gives the same files with the same times. A cut build leaves a folder in /tmp.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${GO:=go}" "${CONTAINER:=buildah}"
version=${VERSION:-$(git describe --tags --always --dirty)}
commit=${COMMIT:-$(git rev-parse HEAD)}
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
name=${1:-tradefront:${version#v}}
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
umask 022

install -d "$context"/image/{usr/bin,etc/tradefront} "$context"/owned/{var/lib/tradefront,var/log/tradefront,run/tradefront}
CGO_ENABLED=0 GOOS=linux GOARCH=${GOARCH:-$("$GO" env GOHOSTARCH)} "$GO" build -trimpath -buildvcs=false \
	-ldflags "-s -w -X main.version=$version -X main.commit=$commit" -o "$context/image/usr/bin/tradefront" ./cmd/tradefront
# Its user has a name in messages and in the list of actions.
echo "tradefront:x:65532:65532:tradefront:/var/lib/tradefront:/sbin/nologin" >"$context/image/etc/passwd"
echo "tradefront:x:65532:" >"$context/image/etc/group"
find "$context" -exec touch -h -d "@$epoch" {} +
"$CONTAINER" build --timestamp "$epoch" -f deploy/container/Containerfile -t "$name" "$context"
echo "built $name"
