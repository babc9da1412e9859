#!/usr/bin/env bash
# bazel run //:tidy brings everything into the form that //:check asks for: formatting, go.mod,
# generated code, BUILD files, and the two lists of modules.
. tools/build/workspace.sh
gofmt -w core internal plugins policies runtimes tools e2e
go mod tidy
go run ./tools/protogen
# The macro first: Gazelle takes the names of external packages from it.
go tool gazelle update-repos -from_file=go.mod -to_macro='tools/build/go_deps.bzl%go_dependencies' \
  -prune -build_file_proto_mode=disable_global -build_file_generation=clean
go tool gazelle -external=static
go run ./tools/build/cmd/userepo
