#!/bin/sh
# Prints the packages for the race detector (concurrent), or those for which it could find
# nothing (sequential): their files, tests included, start no goroutine and share nothing. The
# detector makes a test take five to ten times as long.
set -eu

kind=$1
concurrency='go func|\.Go\(|^[[:space:]]+go [a-zA-Z]|t\.Parallel|sync\.|atomic\.'
cd "$(dirname "$0")/.."
find . -name '*_test.go' -not -path '*/testdata/*' | sed 's,^./,,; s,/[^/]*$,,' | sort -u | while read -r dir; do
	if grep -Eqs "$concurrency" "$dir"/*.go; then
		found=concurrent
	else
		found=sequential
	fi
	[ "$found" != "$kind" ] || echo "./$dir"
done
