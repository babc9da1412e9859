#!/usr/bin/env bash
# The body of `make test`: builds everything, runs all tests in Bazel's sandbox, then //:check,
# then, as root on this machine, every test that asks the machine for something. Nothing may
# skip there. Goes on after a failure, so that one run shows all of them.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
read -ra bazel <<<"${BAZEL:-./tools/bazel}"
run() { "${bazel[@]}" "$@"; }
flags=(--ui_event_filters=-info --show_progress_rate_limit=30 --curses=no)
failed=()
step() { echo "== $1 ($((SECONDS / 60))m$((SECONDS % 60))s)" >&2; }

step "bazel build //..."
run build "${flags[@]}" //... || { echo "the build failed; nothing was tested" >&2; exit 1; }
step "bazel test //..."
run test "${flags[@]}" --keep_going --test_output=errors --test_summary=terse //... || failed+=("bazel test //...")
step "bazel run //:check"
run run "${flags[@]}" //:check || failed+=("bazel run //:check")

# A module of its own: the platform's engine brings a hundred modules that nothing else needs.
step "the platform's own policy engine"
export PATH="$(tools/build/go.sh):$PATH" # some tests that need the machine build with it too
(cd core/policy/conformance && GOWORK=off CGO_ENABLED=0 go test -tags rego ./...) || failed+=("core/policy/conformance")

step "tests that need this machine"
# cquery, because query would load even what only a coverage run needs.
labels() { run cquery --ui_event_filters=-info --noshow_progress "$1" 2>/dev/null | sed 's/ .*//' | sort -u; }
mapfile -t tests < <(labels 'tests(//...)')
mapfile -t rooted < <(labels 'kind(go_test, rdeps(//..., //internal/needs))')
summary="$(mktemp)"; trap 'rm -f "$summary"' EXIT
sudo=(); [[ $(id -u) = 0 ]] || sudo=(sudo --preserve-env=HOME,PATH,XDG_CACHE_HOME,CLEANROOM_STATE)
"${sudo[@]}" bazel-bin/tools/build/cmd/roottest/roottest_/roottest -summary "$summary" \
  -bin bazel-bin -testlogs bazel-testlogs -release bazel-bin/release "${tests[@]}" -- "${rooted[@]}" || failed+=("tests that need this machine")

step "done"
if [[ ${#failed[@]} -gt 0 ]]; then printf 'failed: %s\n' "${failed[@]}" >&2; fi
read -r passed bad <"$summary" || { passed=0; bad=0; }
# A step that failed without a failed test counts as one, so the line never looks clean by mistake.
if [[ ${#failed[@]} -gt 0 && $bad = 0 ]]; then bad=${#failed[@]}; fi
echo "$passed passed, $bad failed"
[[ ${#failed[@]} -eq 0 && $bad = 0 && $passed -gt 0 ]]
