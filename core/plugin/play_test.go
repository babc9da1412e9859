package plugin_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// forever hangs. Not an empty select: where nothing else runs, as in a static binary,
// Go calls that a deadlock and ends the program.
func forever() { time.Sleep(time.Hour) }

// play is the plugin's side of this binary.
func play(name string) {
	base := base{manifest: manifestOf(name)}
	var p sdk.Plugin
	switch kind, what, _ := strings.Cut(name, "/"); kind {
	case "source":
		switch what {
		case "hangs":
			forever()
		case "exits":
			os.Exit(3)
		case "babbles":
			fmt.Println("hello")
			forever()
		case "escapes": // would have the host connect to another's socket
			fmt.Println("1|1|unix|/run/dbus/system_bus_socket|grpc|")
			forever()
		case "lies":
			base.manifest = []byte(strings.Replace(string(base.manifest), "1.0.0", "1.0.1", 1))
		case "hangs-configure":
			base.hang = true
		}
		p = &memory{base: base, objects: map[string]string{"a/b c": "hello, world"}}
	case "sink":
		p = &memory2{memory{base: base, objects: map[string]string{}}}
	case "governance":
		p = &governor{base}
	case "keyservice":
		p = &keys{base}
	case "runtime":
		p = &launcher{base}
	}
	sdk.Serve(p, base.manifest)
}

// base is what every kind has.
type base struct {
	manifest []byte
	hang     bool
	setup    sdk.Setup
}

type config struct {
	Greeting string `json:"greeting"`
	Echo     string `json:"echo"`
}

func (b *base) Describe() sdk.Description { return sdk.MustManifest(b.manifest) }

func (b *base) Validate(raw []byte) []sdk.Violation {
	var c config
	vs := sdk.DecodeConfig(raw, &c)
	if c.Greeting == "wrong" {
		vs = append(vs, sdk.Violation{Field: "greeting", Description: "must not be wrong"})
	}
	return vs
}

func (b *base) Configure(ctx context.Context, s sdk.Setup) error {
	if b.hang {
		<-ctx.Done()
		select {}
	}
	b.setup = s
	s.Log.Info("configured", "instance", s.Instance, "config", string(s.Config))
	return nil
}

// memory is a source in memory. Some names make it do what a test asks for.
type memory struct {
	base
	mu      sync.Mutex
	objects map[string]string
}

func (m *memory) Stat(ctx context.Context, name string) (sdk.Info, error) {
	switch {
	case name == "status": // what /proc says of this process
		b, err := os.ReadFile("/proc/self/status")
		return sdk.Info{}, sdk.Errorf(sdk.Invalid, "status", "%s %v", b, err)
	case name == "fds":
		entries, err := os.ReadDir("/proc/self/fd")
		var all []string
		for _, e := range entries {
			to, _ := os.Readlink("/proc/self/fd/" + e.Name())
			all = append(all, e.Name()+"="+to)
		}
		return sdk.Info{}, sdk.Errorf(sdk.Invalid, "fds", "%q %v", all, err)
	case name == "env":
		return sdk.Info{}, sdk.Errorf(sdk.Invalid, "env", "%.900q", os.Environ())
	case name == "die":
		os.Exit(9)
	case name == "hang":
		select {}
	case name == "kindless":
		return sdk.Info{}, fmt.Errorf("no kind")
	case strings.HasPrefix(name, "kind-"):
		var n int
		fmt.Sscanf(name, "kind-%d", &n)
		return sdk.Info{}, sdk.Errorf(sdk.Kind(n), "op", "asked for")
	case strings.HasPrefix(name, "token-"):
		token, expires, err := m.setup.Tokens(ctx, strings.TrimPrefix(name, "token-"))
		if err != nil {
			return sdk.Info{}, err
		}
		return sdk.Info{Size: expires.Unix(), ETag: token}, nil
	case name == "negative":
		return sdk.Info{Size: -1, ETag: "x"}, nil
	case name == "etagless":
		return sdk.Info{Size: 1}, nil
	}
	if name == "zeros" {
		return sdk.Info{Name: name, Size: 1 << 40, ETag: "z"}, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.objects[name]
	if !ok {
		return sdk.Info{}, sdk.Errorf(sdk.NotFound, "memory.stat", "%s", name)
	}
	return sdk.Info{Name: name, Size: int64(len(s)), ETag: etag(s)}, nil
}

func etag(s string) string { return fmt.Sprintf("%q", fmt.Sprintf("%x", s)) }

func (m *memory) List(ctx context.Context, prefix string) iter.Seq2[sdk.Info, error] {
	return func(yield func(sdk.Info, error) bool) {
		if prefix == "lie" {
			yield(sdk.Info{Name: "elsewhere", ETag: "x"}, nil)
			return
		}
		for name := range m.objects {
			if info, err := m.Stat(ctx, name); strings.HasPrefix(name, prefix) && !yield(info, err) {
				return
			}
		}
	}
}

func (m *memory) Open(ctx context.Context, name, tag string, off, n int64) (io.ReadCloser, sdk.Info, error) {
	info, err := m.Stat(ctx, name)
	if err != nil {
		return nil, info, err
	}
	if name == "zeros" {
		return io.NopCloser(io.LimitReader(zeros{}, n)), info, nil
	}
	if info.ETag != tag {
		return nil, info, sdk.Errorf(sdk.Tampered, "memory.open", "%s is %s now", name, info.ETag)
	}
	return io.NopCloser(strings.NewReader(m.objects[name][off : off+n])), info, nil
}

// zeros gives what costs nothing to make.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// memory2 is a sink in memory.
type memory2 struct{ memory }

func (*memory2) List()   {} // so that it is no source
func (m *memory2) Open() {}

func (m *memory2) Put(_ context.Context, name string, size int64, body io.Reader, c sdk.Condition) (sdk.Info, error) {
	if name == "early" {
		return sdk.Info{}, sdk.Errorf(sdk.Unavailable, "memory.put", "read nothing of it")
	}
	if name == "lazy" {
		return sdk.Info{Name: name, ETag: "x"}, nil
	}
	b, err := io.ReadAll(body)
	if err != nil {
		return sdk.Info{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, exists := m.objects[name]
	if exists && !c.Overwrite || c.IfMatch != "" && (!exists || etag(old) != c.IfMatch) {
		return sdk.Info{}, sdk.Errorf(sdk.Denied, "memory.put", "%s: %w", name, sdk.ErrCondition)
	}
	m.objects[name] = string(b)
	return sdk.Info{Name: name, Size: int64(len(b)), ETag: etag(string(b))}, nil
}

func (m *memory2) Delete(_ context.Context, o sdk.Info) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch old, ok := m.objects[o.Name]; {
	case !ok:
		return sdk.Errorf(sdk.NotFound, "memory.delete", "%s", o.Name)
	case etag(old) != o.ETag:
		return sdk.Errorf(sdk.Denied, "memory.delete", "%s: %w", o.Name, sdk.ErrCondition)
	}
	delete(m.objects, o.Name)
	return nil
}

var megabyte = make([]byte, 1<<20)

type governor struct{ base }

func (*governor) Consent(_ context.Context, r *sdk.ConsentRequest) (*sdk.ConsentResponse, error) {
	if r.Operation == "bench" {
		return &sdk.ConsentResponse{Answer: megabyte}, nil
	}
	return &sdk.ConsentResponse{Decision: sdk.Granted, Answer: r.Nonce}, nil
}
func (*governor) Record(_ context.Context, r *sdk.RecordRequest) (*sdk.RecordResponse, error) {
	return &sdk.RecordResponse{Receipt: r.Event}, nil
}

type keys struct{ base }

func (*keys) Release(_ context.Context, r *sdk.ReleaseRequest) (*sdk.ReleaseResponse, error) {
	return &sdk.ReleaseResponse{Answer: []byte(r.Key), Signature: r.Nonce}, nil
}

type launcher struct{ base }

func (*launcher) Prepare(context.Context, *sdk.PrepareRequest) (*sdk.PrepareResponse, error) {
	return &sdk.PrepareResponse{}, nil
}
func (*launcher) Start(context.Context, *sdk.StartRequest) (*sdk.StartResponse, error) {
	status, err := os.ReadFile("/proc/self/status")
	return nil, sdk.Errorf(sdk.Denied, "start", "%.1000s %v", status[strings.Index(string(status), "CapInh"):], err)
}
func (*launcher) Wait(context.Context, *sdk.WaitRequest) (*sdk.WaitResponse, error) {
	return &sdk.WaitResponse{ExitCode: 7}, nil
}
func (*launcher) Stop(context.Context, *sdk.StopRequest) (*sdk.StopResponse, error) {
	return &sdk.StopResponse{}, nil
}
