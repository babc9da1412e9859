package plugin

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/manifest"
	controlv1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/control/v1"
	sinkv1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/datasink/v1"
	sourcev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/datasource/v1"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
	hostv1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/host/v1"
	keyservicev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/keyservice/v1"
	runtimev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/runtime/v1"
)

// service is the gRPC service that a plugin of each kind must have.
var service = map[string]string{
	"source":     sourcev1.DataSource_ServiceDesc.ServiceName,
	"sink":       sinkv1.DataSink_ServiceDesc.ServiceName,
	"governance": governancev1.Governance_ServiceDesc.ServiceName,
	"keyservice": keyservicev1.KeyService_ServiceDesc.ServiceName,
	"runtime":    runtimev1.Runtime_ServiceDesc.ServiceName,
}

// check refuses options under which a plugin would run as more than it should, and reads
// its plugin.json. It starts nothing.
func (o *Options) check() (manifest.Description, error) {
	const op = "options"
	bad := func(format string, args ...any) (manifest.Description, error) {
		return manifest.Description{}, fault.New(fault.Invalid, op, format, args...)
	}
	kind, _, _ := strings.Cut(o.Name, "/")
	self := uint32(os.Geteuid())
	switch {
	case service[kind] == "":
		return bad("name %.80q: must begin with a kind and a slash, such as source/", o.Name)
	case o.Checksum.IsZero():
		return bad("checksum is required")
	case o.Instance == "":
		return bad("instance is required")
	case o.TempDir == "":
		return bad("temp dir is required")
	case o.Log == nil:
		return bad("log is required")
	case o.StartTimeout < 0:
		return bad("start timeout %v is negative", o.StartTimeout)
	case o.Privileged && kind != "runtime":
		return bad("only a runtime may be privileged")
	case o.Privileged:
		o.UID = self
	case o.UID == 0:
		return bad("uid is required, and not 0")
	case self != 0 && o.UID != self:
		return bad("uid %d: user %d is not root and can only give its own", o.UID, self)
	}
	return o.manifest(service[kind])
}

func (o *Options) manifest(service string) (manifest.Description, error) {
	const op = "plugin.json"
	var none manifest.Description
	f, err := os.Open(o.Path + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return none, fault.New(fault.NotFound, op, "%w", err)
	} else if err != nil {
		return none, fault.New(fault.Internal, op, "%w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, manifest.MaxSize+1))
	if err != nil {
		return none, fault.New(fault.Internal, op, "%w", err)
	}
	d, err := manifest.Parse(b)
	if err != nil {
		return none, fault.New(fault.Invalid, op, "%s: %w", f.Name(), err)
	}
	if d.Name != o.Name {
		return none, fault.New(fault.Invalid, op, "%s is of %q, want %q", f.Name(), d.Name, o.Name)
	}
	for _, need := range []string{controlv1.Control_ServiceDesc.ServiceName, service} {
		if !slices.Contains(d.Services, need) {
			return none, fault.New(fault.Invalid, op, "%s: services: must list %s", f.Name(), need)
		}
	}
	for _, h := range d.HostServices {
		if h != hostv1.Host_ServiceDesc.ServiceName {
			return none, fault.New(fault.Invalid, op, "%s: hostServices: this host has no %s", f.Name(), h)
		}
	}
	return d, nil
}
