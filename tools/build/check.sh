#!/usr/bin/env bash
# bazel run //:check holds a change against everything that tests do not: it changes nothing,
# runs every check even after one fails, and says at the end how many did.
. tools/build/workspace.sh
failed=()
set +e
check() {
  local what="$1" out; shift
  if out="$("$@" 2>&1)"; then say "ok    $what"; else failed+=("$what"); say "FAIL  $what"; printf '%s\n' "$out" >&2; fi
}
formatted() { local list; list="$(gofmt -l core internal plugins policies runtimes tools e2e)"; [[ -z $list ]] || { echo "run bazel run //:tidy for: $list"; return 1; }; }
tidied() { local m; for m in . core/policy/conformance tools/setup/collector tools/setup/rclone; do (cd "$m" && go mod tidy -diff) || return 1; done; }
macro() {
  local dir; dir="$(mktemp -d)"
  mkdir -p "$dir/tools/build" && cp go.mod go.sum WORKSPACE "$dir/" && cp tools/build/go_deps.bzl "$dir/tools/build/"
  # The file of the tool's own module is named: the copy is no checkout.
  go tool gazelle update-repos -repo_root="$dir" -from_file="$dir/go.mod" -to_macro='tools/build/go_deps.bzl%go_dependencies' \
    -prune -build_file_proto_mode=disable_global -build_file_generation=clean
  local rc=0; diff -u tools/build/go_deps.bzl "$dir/tools/build/go_deps.bzl" | head -40 || rc=1
  cmp -s tools/build/go_deps.bzl "$dir/tools/build/go_deps.bzl" || rc=1
  rm -rf "$dir"; return "$rc"
}
check "gofmt" formatted
check "go vet" go vet ./...
check "go mod tidy" tidied
check "lint: arrows, permits, files" go run ./tools/lint
check "BUILD files" go tool gazelle -external=static -mode=diff
check "WORKSPACE's modules" macro
check "MODULE.bazel's modules" go run ./tools/build/cmd/userepo -check
check "generated code" go run ./tools/protogen -check
if [[ ${#failed[@]} -gt 0 ]]; then say "check: ${#failed[@]} failed: ${failed[*]}"; exit 1; fi
say "check: all passed"
