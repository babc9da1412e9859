#!/usr/bin/env bash
# bazel run //:generate writes what is generated from other sources and checked in.
. "$(dirname "${BASH_SOURCE[0]}")/workspace.sh"
go run ./tools/protogen
