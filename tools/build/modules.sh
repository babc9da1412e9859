#!/usr/bin/env bash
# Unpacks the rule sets that are Go modules (versions from go.mod, verified by go.sum) where
# Debian's Bazel can be pointed at them, and prints the matching --override_module flags.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
dest="$1/modules"; mkdir -p "$dest"
export GOFLAGS="-mod=mod" GOTOOLCHAIN="${GOTOOLCHAIN:-local}" GOWORK=off
unpack() { # bazel module name, Go module path, vendor?
  local v dir tmp
  v="$(sed -nE "s|^[[:space:]]*(require[[:space:]]+)?$2[[:space:]]+(v[^[:space:]]+).*|\2|p" go.mod | head -1)"
  dir="$dest/$1@$v"
  if [[ ! -d "$dir" ]]; then
    tmp="$(mktemp -d "$dest/.tmp.XXXX")"
    go mod download "$2@$v"
    cp -r --no-preserve=mode "$(go list -m -f '{{.Dir}}' "$2@$v")/." "$tmp"
    # Module zips leave vendor folders out; Gazelle's repository tools are built from its own.
    if [[ "${3:-}" = vendor ]]; then rm -rf "$tmp/tests"; (cd "$tmp" && go mod vendor >&2); fi
    chmod -R 0755 "$tmp" # module zips carry no file modes; scripts must be runnable
    mv "$tmp" "$dir"
  fi
  echo "--override_module=$1=$dir"
}
unpack rules_go github.com/bazelbuild/rules_go
unpack gazelle github.com/bazelbuild/bazel-gazelle vendor
