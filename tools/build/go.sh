#!/usr/bin/env bash
# Prints the folder of a Go that is new enough for go.mod: the host's own, else the one that
# bootstrap.sh unpacks beside Bazel where the host has none.   --host: the host's own or fail.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
want="$(sed -nE 's/^go ([0-9]+\.[0-9]+).*/\1/p' "$here/../../go.mod")"
if go="$(command -v go)" && have="$(GOTOOLCHAIN=local "$go" env GOVERSION 2>/dev/null)"; then
  if printf '%s\n' "$want" "${have#go}" | sort -V -C; then dirname "$go"; exit 0; fi
fi
[[ "${1:-}" != --host ]] || exit 1
root="$("$here/bootstrap.sh")"
echo "$root/rootfs/usr/lib/go-$want/bin"
