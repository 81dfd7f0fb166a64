#!/usr/bin/env bash
# release.sh FOLDER [ARCH...]: the release of the last commit in FOLDER: packages, archives, SBOMs, install.sh, documents, SHA256SUMS, and
# all of it as one archive for servers without internet. Changes that are not committed are not in it.
#
# Everything is built twice, in two folders, the second time with an empty build cache, and compared byte by byte: what differs
# ends the release. SIGN_KEY names the firm's key, a file of ssh-keygen (or the public key of one that ssh-agent has); it signs
# SHA256SUMS and the archive. The form is that of ssh-keygen -Y, since each server that has SSH can verify it: minisign
# and signify would have to be installed there first, and gpg needs a keyring.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${GO:=go}" "${SIGN_KEY:=}"
namespace=tradefront-release
out=$(mkdir -p "$1" && cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- amd64 arm64 loong64
[ -z "$SIGN_KEY" ] || [ -r "$SIGN_KEY" ] || { echo "release: SIGN_KEY names $SIGN_KEY, which cannot be read; make one: ssh-keygen -t ed25519 -f FILE" >&2; exit 1; }

COMMIT=$(git rev-parse HEAD)
VERSION=$(git describe --tags --always)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
TOOL_CACHE=$("$GO" env GOCACHE)
export COMMIT VERSION SOURCE_DATE_EPOCH TOOL_CACHE
umask 022
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

build() { # TREE ARCH...: from the commit's files alone
	local tree=$work/$1
	shift
	mkdir -p "$tree"
	git archive "$COMMIT" | tar -x -C "$tree"
	"$tree/deploy/package/build.sh" "$tree/built" "$@"
}
echo "release: $VERSION, commit $COMMIT: built once"
build one "$@"
echo "release: built again, in another folder and with an empty cache"
GOCACHE=$work/cache build another/folder "$@"
diff -r "$work/one/built" "$work/another/folder/built" ||
	{ echo "release: the two builds differ in the files above; a release has to be the same bytes for who builds it again" >&2; exit 1; }
echo "release: both builds are the same, byte by byte"

name=tradefront-$("$work/one/deploy/package/version.sh" "$VERSION" "$SOURCE_DATE_EPOCH")
folder=$out/$name
rm -rf "$folder"
mkdir -p "$folder/docs"
cp "$work"/one/built/* "$folder/"
install -m 0755 deploy/release/install.sh "$folder/"
(cd "$work/one" && cp CHANGELOG.md LICENSE README.md README.zh-CN.md "$folder/" && cp -r docs/*.md docs/img "$folder/docs/")
(cd "$folder" && find . -type f ! -name SHA256SUMS | sed 's#^\./##' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)

sign() { # FILE
	[ -n "$SIGN_KEY" ] || return 0
	rm -f "$1.sig"
	ssh-keygen -q -Y sign -f "$SIGN_KEY" -n "$namespace" "$1"
	ssh-keygen -q -Y check-novalidate -n "$namespace" -s "$1.sig" <"$1" >/dev/null
}
sign "$folder/SHA256SUMS"
archive=$name-offline.tar.gz
tar -C "$out" --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -cf - "$name" | gzip -n >"$out/$archive"
(cd "$out" && sha256sum "$archive" >"$archive.sha256")
sign "$out/$archive"
echo "release: $out/$archive"
[ -n "$SIGN_KEY" ] || echo "release: NOT SIGNED, since SIGN_KEY names no key: install.sh refuses it without --unsigned" >&2
