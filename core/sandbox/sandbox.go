// Package sandbox makes the walls of a room: the namespaces in which cleanroomd
// and all it starts live and die together, the network namespace in which the
// application is alone, and the system calls that are left to it. It decides
// nothing about what may pass, runs no application and holds no key.
//
// A room is three processes of one binary: the outer one that was called, init
// (PID 1 of new pid, mount, ipc and uts namespaces, which reaps) and the room
// process, which returns from Enter and does the work. When any of the three
// dies, by whatever signal, the kernel ends every process of the pid namespace,
// and with the last of them the mounts, and with the mounts every file: all
// that can be written in a room is a tmpfs of its own.
package sandbox

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

const (
	// InDir and OutDir hold the host's folders and files that Options.Bind keeps visible.
	InDir  = "/run/cleanroom/in"
	OutDir = "/run/cleanroom/out"

	opEnter = "sandbox.enter"
)

// Options of a room. The zero value is refused: sizes have no default.
type Options struct {
	Bind      []Bind // of the host's files, nothing else outlives or enters the room
	RunSize   int64  // bytes that /run can hold: stores, spools and outputs
	TmpSize   int64  // bytes that each of /tmp, /var/tmp and /dev/shm can hold
	Hostname  string // of the room; "cleanroom" when empty
	AllowSwap bool   // plain bytes may reach a swap device: for simulated rooms alone
}

// Bind keeps one path of the host visible inside.
type Bind struct {
	Name     string // a path element of lower-case letters, digits, '-', '_' and '.'
	Source   string // on the host; relative to the folder of the call
	Writable bool   // at OutDir/NAME, else read-only at InDir/NAME
}

// Path returns where the bound path is inside the room.
func (b Bind) Path() string {
	if b.Writable {
		return path.Join(OutDir, b.Name)
	}
	return path.Join(InDir, b.Name)
}

// Names are lower case because podman turns folder names into image names.
var bindName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,127}$`)

func (o Options) check() error {
	if o.RunSize <= 0 || o.TmpSize <= 0 {
		return fault.New(fault.Invalid, opEnter, "sizes of /run (%d) and /tmp (%d) must be given in bytes", o.RunSize, o.TmpSize)
	}
	seen := map[string]bool{}
	for _, b := range o.Bind {
		if !bindName.MatchString(b.Name) {
			return fault.New(fault.Invalid, opEnter, "bind name %.80q: must match %s", b.Name, bindName)
		}
		if b.Source == "" || strings.ContainsRune(b.Source, 0) {
			return fault.New(fault.Invalid, opEnter, "bind %s: source is required", b.Name)
		}
		if seen[b.Path()] {
			return fault.New(fault.Invalid, opEnter, "bind %s: given twice", b.Name)
		}
		seen[b.Path()] = true
	}
	return nil
}

// The role of a process is its argv[0]: unlike the environment it cannot be
// inherited by accident.
const (
	roleInit = "cleanroom-init"
	roleRoom = "cleanroom-room"
)

// Enter is called first in main, with the same options in each of the three
// processes (they come from the same arguments). In the room process it returns
// true, and main goes on; in the other two it returns when the room is over,
// and main exits with code, after printing err if there is one.
//
// Inside, the working folder is /, the environment is fixed, descriptors other
// than 0 (empty), 1 and 2 are gone, and the host's file system is read-only.
// SIGINT and SIGTERM to the outer process reach the room process once each.
func Enter(o Options) (inRoom bool, code int, err error) {
	if err := o.check(); err != nil {
		return false, fault.Exit(err), err
	}
	switch os.Args[0] {
	case roleRoom:
		if err := room(); err != nil {
			return false, fault.Exit(err), err
		}
		return true, 0, nil
	case roleInit:
		code, err = initialise(o)
	default:
		code, err = outer()
	}
	if err != nil {
		code = fault.Exit(err)
	}
	return false, code, err
}

// room checks that this process is what its name says.
func room() error {
	own, err := os.Stat("/proc/self/exe")
	if err != nil {
		return fault.New(fault.Internal, opEnter, "%w", err)
	}
	first, err := os.Stat("/proc/1/exe")
	if err != nil || os.Getppid() != 1 || !os.SameFile(own, first) {
		return fault.New(fault.Usage, opEnter, "%s is started by the room's init alone", roleRoom)
	}
	return NoCoreDumps()
}

// environment of init and room. Variables are no configuration, and some, such
// as HTTP_PROXY, would change where a library connects to.
func environment() []string {
	return []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp", "TMPDIR=/tmp"}
}

// under reports that name is dir or lies beneath it; both are clean and absolute.
func under(name, dir string) bool {
	rel, err := filepath.Rel(dir, name)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, "../")
}
