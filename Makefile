# The two commands of the README, and the few that go with them. All build work is Bazel's;
# tools/bazel brings Bazel where there is none.
BAZEL   ?= $(shell command -v bazelisk || command -v bazel || echo ./tools/bazel)
RELEASE := bazel-bin/release
ARGS    ?=

.PHONY: demo test bench doctor tidy check reproduce workspace setup release
demo: setup-root release
	@$(RELEASE)/bin/cleanroom demo $(ARGS)

test: setup
	@BAZEL="$(BAZEL)" tools/build/test.sh

bench: PEERS = --peers
bench: setup-root release
	@$(RELEASE)/bin/cleanroom-bench-sim --release $(RELEASE) $(ARGS)

doctor: release
	@$(RELEASE)/bin/cleanroom doctor $(ARGS)

tidy:
	@$(BAZEL) run --ui_event_filters=-info //:tidy

check:
	@$(BAZEL) run --ui_event_filters=-info //:check

# Builds the images twice, from nothing, in two output bases, and compares their digests.
reproduce:
	@BAZEL="$(BAZEL)" tools/build/reproduce.sh

# The WORKSPACE file in its own output base: two modes in one disturb each other.
workspace:
	@BAZEL="$(BAZEL)" tools/build/workspace-mode.sh

release:
	@$(BAZEL) build --ui_event_filters=-info,-warning --noshow_progress --show_result=0 //:release

setup:
	@tools/setup/setup.sh

.PHONY: setup-root
setup-root:
	@[ "$$(id -u)" = 0 ] || { echo "needs root, for namespaces, mounts and a packet filter. Run: sudo make $(MAKECMDGOALS)$(if $(ARGS), ARGS='$(ARGS)')" >&2; exit 7; }
	@tools/setup/setup.sh $(PEERS)
