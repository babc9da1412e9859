#!/usr/bin/env bash
# Builds and tests in the WORKSPACE file's mode, in an output base of its own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
read -ra bazel <<<"${BAZEL:-./tools/bazel}"
base="${XDG_CACHE_HOME:-$HOME/.cache}/cleanroom/workspace-mode"
mkdir -p "$base"
run() { "${bazel[@]}" "--output_base=$base" "$1" --config=workspace --ui_event_filters=-info --show_progress_rate_limit=30 --curses=no --experimental_convenience_symlinks=ignore "${@:2}"; }
trap '"${bazel[@]}" "--output_base=$base" shutdown' EXIT
run build //...
run test //...
