#!/bin/sh
# run.sh [PROGRAM [ARGUMENT...]]
#
# Runs the seed's case on qomd, or on the QEMU given: examples/seed/run.sh
# /usr/bin/qemu-system-x86_64. SEED_DIR and SEED_INSIDE name one folder for
# sockets as seen from outside and inside, for a program in another root.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
go build -o "$work/seed" .
if [ $# -eq 0 ]; then
	go build -o "$work/qomd-system-x86_64" ../../cmd/qomd-system-x86_64
	set -- "$work/qomd-system-x86_64"
fi
[ -z "${SEED_DIR:-}" ] || set -- -dir "$SEED_DIR" -inside "${SEED_INSIDE:-$SEED_DIR}" "$@"
"$work/seed" "$@"
