#!/bin/sh
# version.sh VERSION EPOCH: the version of packages for what git describe says. It begins with a digit, has no hyphen, and sorts: a
# candidate (v1.0.0-rc1) before its release, commits after a tag (v1.0.0-5-gabc) behind it. Without a tag it is 0.0.0 and the
# commit's time (EPOCH, in seconds), so that a later one is higher.
set -eu
case $1 in
v[0-9]*) echo "${1#v}" | sed -E 's/-dirty$/+dirty/; s/-([0-9]+)-(g[0-9a-f]+)/+\1.\2/; s/-/~/; s/-/./g' ;;
*) echo "0.0.0+$(date -u -d "@$2" +%Y%m%d%H%M%S).$(echo "$1" | sed 's/-/./g')" ;;
esac
