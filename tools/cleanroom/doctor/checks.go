package doctor

import (
	"context"

	"github.com/cleanroom-dev/cleanroom/internal/place"
)

const (
	setup = "make setup"
	apt   = "sudo apt-get install --no-install-recommends "
	leave = "run outside the container or sandbox that takes it away"
)

// Least free memory and disk for the demo, in bytes: its processes, and its files with --keep.
const (
	leastMemory = 1 << 30
	leastDisk   = 512 << 20
	leastFiles  = 1024 // open files that a container may ask for
)

func checks() []check {
	list := []check{
		{name: "root", need: "namespaces, mounts, packet filters", mend: "sudo make demo", look: root},
		{name: "namespaces", need: "the room and the application", mend: leave + "; sysctl user.max_user_namespaces must not be 0", look: namespaces},
		{name: "/dev/fuse", need: "volumes", mend: "sudo modprobe fuse, or " + leave, look: device("/dev/fuse")},
		{name: "cgroups", need: "limits of the application", mend: leave, look: cgroups},
		{name: "open files", need: "limits of the application", mend: "ulimit -Hn 4096", look: openFiles},
		{name: "memory", need: "the demo's processes", mend: "free at least 1 GiB", look: memory},
		{name: "disk", need: "the demo's files", mend: "free at least 512 MiB, or set TMPDIR", look: disk},
		{name: "loopback", need: "the demo's services", mend: "sudo ip link set lo up", look: loopback},
	}
	for _, p := range []struct{ name, pkg, need string }{
		{"podman", "podman", "launching the application"},
		{"runc", "runc", "launching the application"},
		{"conmon", "conmon", "launching the application"},
		{"iptables", "iptables", "the firewall"},
		{"ip6tables", "iptables", "the firewall"},
		{"nft", "nftables", "the firewall"},
		{"ip", "iproute2", "the firewall"},
		{"fusermount3", "fuse3", "volumes"},
		{"node", "nodejs", "Azurite"},
	} {
		list = append(list, check{name: p.name, need: p.need, mend: setup + ", or " + apt + p.pkg, look: program(p.name)})
	}
	return append(list,
		check{name: "netavark", need: "launching the application", mend: setup + ", or " + apt + "netavark", look: file("/usr/lib/podman/netavark")},
		check{name: "packet filter, IPv4", need: "the firewall", mend: "a kernel with netfilter; sudo modprobe ip_tables", look: packetFilter("iptables")},
		check{name: "packet filter, IPv6", need: "the firewall", mend: "a kernel with netfilter; sudo modprobe ip6_tables", look: packetFilter("ip6tables")},
		check{name: "Envoy", need: "the API proxy", mend: setup, look: placed(place.Envoy)},
		check{name: "Azurite", need: "the demo's storage", mend: setup, look: placed(place.Azurite)},
		check{name: "OpenTelemetry collector", need: "the demo's telemetry sink", mend: setup, look: placed(place.Collector)},
		check{name: "/dev/sev-guest", need: "attestation by hardware; the demo simulates it", mend: "a confidential VM with AMD SEV-SNP", optional: true, look: sevGuest},
	)
}

func sevGuest(ctx context.Context) (string, error) { return device("/dev/sev-guest")(ctx) }
