# Sourced by tidy.sh, check.sh and generate.sh: goes to the root of the sources and puts Bazel's
# own Go first on PATH, so that these do the same on every machine. $1 is where rules_go's
# runner lies under the runfiles.
set -euo pipefail
runner="$(cd .. && pwd)/$1"
cd "${BUILD_WORKSPACE_DIRECTORY:?is set by bazel run}"
GOROOT="$(env -u BUILD_WORKING_DIRECTORY -u BUILD_WORKSPACE_DIRECTORY "$runner" env GOROOT)"
export GOROOT PATH="$GOROOT/bin:$PATH" GOTOOLCHAIN=local GOWORK=off CGO_ENABLED=0
say() { echo "$*" >&2; }
