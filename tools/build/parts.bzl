"""What a release is made of, in one place."""

# Name in a specification to the program's package. The program and its plugin.json lie beside
# one another under plugins/ in a release, and its digest is in images.lock.
PLUGINS = {
    "governance/httpapi": "//plugins/governance/httpapi",
    "governance/ledger": "//plugins/governance/ledger",
    "keyservice/broker": "//plugins/keyservice/broker",
    "runtime/podman": "//runtimes/podman",
    "sink/azblob": "//plugins/sink/azblob",
    "sink/localdir": "//plugins/sink/localdir",
    "source/azblob": "//plugins/source/azblob",
    "source/localdir": "//plugins/source/localdir",
}

# The room itself; measured by themselves in images.lock too.
DAEMONS = {
    "cleanroomd": "//core/cmd/cleanroomd",
    "cleanroomd-sim": "//core/cmd/cleanroomd-sim",
}

# What people and the demo run outside the room.
PROGRAMS = {
    "broker": "//tools/service/broker/cmd/broker",
    "broker-sim": "//tools/service/broker/cmd/broker-sim",
    "cleanroom": "//tools/cleanroom",
    "cleanroom-bench-sim": "//tools/bench/cmd/cleanroom-bench-sim",
    "cleanroom-demo-sim": "//tools/demo/cmd/cleanroom-demo-sim",
    "demo-api": "//e2e/demo/api",
    "governance": "//tools/service/governance/cmd/governance",
}

def plugin_files(prefix):
    """Returns every plugin and its plugin.json, to its path under prefix.

    Args:
      prefix: folder, with its slash
    """
    programs = {label: prefix + name for name, label in PLUGINS.items()}
    manifests = {label + ":plugin.json": prefix + name + ".json" for name, label in PLUGINS.items()}
    return programs, manifests
