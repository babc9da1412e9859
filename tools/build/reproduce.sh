#!/usr/bin/env bash
# Builds //:images and //:digests from nothing in two output bases and compares the bytes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
read -ra bazel <<<"${BAZEL:-./tools/bazel}"
work="$(mktemp -d)"
trap 'for n in 1 2; do "${bazel[@]}" --output_base="$work/$n" shutdown >/dev/null 2>&1 || true; done; chmod -R u+w "$work"; rm -rf "$work"' EXIT
for n in 1 2; do
  b=("${bazel[@]}" "--output_base=$work/$n")
  "${b[@]}" build --ui_event_filters=-info --show_progress_rate_limit=30 --curses=no --experimental_convenience_symlinks=ignore //:images //:digests
  bin="$("${b[@]}" info --ui_event_filters=-info bazel-bin 2>/dev/null)"
  "${b[@]}" cquery --ui_event_filters=-info --noshow_progress --output=files '//:images + //:digests' 2>/dev/null | sed 's#^.*/bin/##' | sort >"$work/files$n"
  (cd "$bin" && xargs -r sha256sum <"$work/files$n") >"$work/sums$n"
done
[[ -s $work/sums1 ]] || { echo "nothing was built" >&2; exit 1; }
cat "$work/sums1"
cmp "$work/sums1" "$work/sums2" && echo "the same digests twice"
