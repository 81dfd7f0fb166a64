#!/bin/sh
# install.sh [--key FILE | --unsigned] [--check] [--older]: installs tradefront from the folder that this file is in, on a server without
# internet. It installs nothing before it has found the firm's signature on SHA256SUMS, and each file as SHA256SUMS says.
#
#   --key FILE   public keys of those who may sign a release, one a line, as ssh-keygen makes them (FILE.pub). They must have come
#                another way than this folder. Without it: /etc/tradefront/release.pub
#   --unsigned   does not look for a signature: an attacker who could change this folder decides what root installs
#   --check      checks, and installs nothing
#   --older      lets a package take the place of a newer one (a rollback, docs/upgrade.md)
#
# A changed install.sh could leave every check out: verify the archive's own signature before you unpack it (docs/upgrade.md).
# If it is interrupted, run it again: dpkg and rpm go on from any state.
set -eu
export LC_CTYPE=C

namespace=tradefront-release
key=/etc/tradefront/release.pub
named= unsigned= check= older=

say() { # ENGLISH CHINESE
	case ${TRADEFRONT_LANG:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}} in
	zh*) echo "install.sh: $2" ;;
	*) echo "install.sh: $1" ;;
	esac
}
refuse() { # ENGLISH CHINESE
	say "$1" "$2" >&2
	exit 1
}

while [ $# -gt 0 ]; do
	case $1 in
	--key)
		[ $# -gt 1 ] || refuse "--key needs a file of public keys" "--key 之后须给出公钥文件"
		key=$2 named=yes
		shift
		;;
	--unsigned) unsigned=yes ;;
	--check) check=yes ;;
	--older) older=yes ;;
	*)
		sed -n '2,/^#$/s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
	shift
done
[ -z "$named" ] || [ -z "$unsigned" ] || refuse "--key and --unsigned exclude each other: leave one out" "--key 与 --unsigned 不能同时使用，请去掉其一"
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

signature() {
	[ -f SHA256SUMS ] || refuse "SHA256SUMS is missing: unpack the archive again" "缺少 SHA256SUMS：请重新解压安装包"
	if [ -n "$unsigned" ]; then
		say "WARNING: the signature is not checked (--unsigned)" "警告：未检查签名（--unsigned）"
		return
	fi
	[ -f "$key" ] || refuse "no public key in $key: get it from who signs releases at your firm, and name it with --key FILE" \
		"$key 中没有公钥：请向贵司负责发布签名的人员索取，并用 --key 文件 指定"
	[ -f SHA256SUMS.sig ] || refuse "SHA256SUMS has no signature (SHA256SUMS.sig): get the signed release; --unsigned installs without one" \
		"SHA256SUMS 没有签名（缺 SHA256SUMS.sig）：请取得已签名的发布包；--unsigned 可在无签名时安装"
	awk -v who="$namespace" '/^(ssh|ecdsa|sk)-/ {print who, $1, $2}' "$key" >"$work/signers"
	[ -s "$work/signers" ] || refuse "$key holds no public key of ssh-keygen: a line begins with ssh-ed25519 or the like" \
		"$key 中没有 ssh-keygen 的公钥：每行应以 ssh-ed25519 等开头"
	ssh-keygen -Y verify -f "$work/signers" -I "$namespace" -n "$namespace" -s SHA256SUMS.sig <SHA256SUMS >"$work/said" 2>&1 ||
		refuse "the signature of SHA256SUMS is not by a key of $key, or SHA256SUMS was changed: do not install this; get the release again ($(tail -n 1 "$work/said"))" \
			"SHA256SUMS 的签名不是由 $key 中的密钥作出，或 SHA256SUMS 已被改动：请勿安装，重新取得发布包（$(tail -n 1 "$work/said")）"
	say "1. the signature is by a key of $key: $(sed -n 's/.* key \(SHA256:.*\)/\1/p' "$work/said")" \
		"1. 签名由 $key 中的密钥作出：$(sed -n 's/.* key \(SHA256:.*\)/\1/p' "$work/said")"
}

sums() {
	sed -n 's/^[0-9a-f]\{64\} [ *]//p' SHA256SUMS | LC_ALL=C sort >"$work/listed"
	find . -type f ! -name SHA256SUMS ! -name SHA256SUMS.sig | sed 's#^\./##' | LC_ALL=C sort >"$work/there"
	diff "$work/listed" "$work/there" >"$work/said" ||
		refuse "these files are missing (<) or are not of the release (>): $(grep '^[<>]' "$work/said" | tr '\n' ' '); unpack the archive again, into an empty folder" \
			"下列文件缺失（<）或不属于本发布（>）：$(grep '^[<>]' "$work/said" | tr '\n' ' ')；请在空目录中重新解压"
	sha256sum --check --strict --quiet SHA256SUMS >"$work/said" 2>&1 ||
		refuse "files are not as the release has them: $(tr '\n' ' ' <"$work/said"); get the archive again" \
			"文件与发布内容不符：$(tr '\n' ' ' <"$work/said")；请重新取得安装包"
	say "2. $(wc -l <"$work/listed") files are as SHA256SUMS says" "2. $(wc -l <"$work/listed") 个文件与 SHA256SUMS 一致"
}

# The package manager of this system is the one that is itself a package here.
choose() {
	if dpkg-query -W dpkg >/dev/null 2>&1; then
		kind=deb arch=$(dpkg --print-architecture)
	elif rpm -q rpm >/dev/null 2>&1; then
		kind=rpm arch=$(uname -m)
	else
		refuse "this system has neither dpkg nor rpm: unpack the tar.gz of its architecture (docs/upgrade.md)" \
			"本系统既没有 dpkg 也没有 rpm：请解压对应架构的 tar.gz（见 docs/upgrade.md）"
	fi
	package=$(grep "[._]$arch\.$kind\$" "$work/listed") || refuse "the release has no $kind for $arch" "本发布没有适用于 $arch 的 $kind 包"
	[ "$(echo "$package" | wc -l)" = 1 ] || refuse "the release has several packages for $arch: $package" "本发布有多个适用于 $arch 的包：$package"
}

signature
sums
choose
if [ -n "$check" ]; then
	say "3. $package would be installed; --check: nothing was" "3. 将安装 $package；--check：未作安装"
	exit 0
fi
[ "$(id -u)" = 0 ] || refuse "only root installs packages: run it again as root" "只有 root 能安装软件包：请以 root 身份再次运行"
say "3. installs $package" "3. 安装 $package"
case $kind in
deb)
	flags=--refuse-downgrade
	[ -z "$older" ] || flags=--force-downgrade
	LC_ALL=C dpkg "$flags" --force-confold -i "$package" >"$work/said" 2>&1 || installed=no
	;;
rpm)
	flags=--replacepkgs
	[ -z "$older" ] || flags="--replacepkgs --oldpackage"
	# shellcheck disable=SC2086 # several flags
	rpm -U $flags "$package" >"$work/said" 2>&1 || installed=no
	;;
esac
cat "$work/said"
# dpkg leaves a newer package with a warning, and without an error.
if [ "${installed:-}" = no ] || grep -qi 'will not downgrade' "$work/said"; then
	refuse "$package is not installed, see the lines above; --older installs it over a newer one" "$package 未安装，原因见上；--older 可覆盖较新的版本"
fi
say "4. $(tradefront --version) is installed; nothing was started or restarted. Next: docs/upgrade.md" \
	"4. 已安装 $(tradefront --version)；未启动或重启任何服务。下一步见 docs/upgrade.md"
