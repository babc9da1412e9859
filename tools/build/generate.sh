#!/usr/bin/env bash
# bazel run //:generate writes what is generated from other sources and checked in.
. tools/build/workspace.sh
go run ./tools/protogen
