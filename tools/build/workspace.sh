# Sourced by tidy.sh, check.sh and generate.sh, which `bazel run` starts at the root of their
# runfiles: goes to the root of the sources and puts Bazel's own Go first on PATH, so that these
# do the same on every machine. $1 is where that Go lies under the runfiles.
set -euo pipefail
GOROOT="$(dirname "$(dirname "$(realpath "../$1")")")"
export GOROOT PATH="$GOROOT/bin:$PATH" GOTOOLCHAIN=local GOWORK=off CGO_ENABLED=0
cd "${BUILD_WORKSPACE_DIRECTORY:?is set by bazel run}"
say() { echo "$*" >&2; }
