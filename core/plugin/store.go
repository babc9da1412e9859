package plugin

import (
	"context"
	"io"
	"iter"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/data"
	sinkv1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/datasink/v1"
	sourcev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/datasource/v1"
)

// maxList bounds the objects of one listing.
const maxList = 1 << 20

// slowest is the least speed at which a write without a deadline goes on, in bytes a second.
const slowest = 1 << 20

// Source reads objects through a source plugin. Its methods may be called concurrently.
type Source struct {
	p   *Process
	rpc sourcev1.DataSourceClient
}

// Source returns the plugin's objects; Invalid if it is no source.
func (p *Process) Source() (*Source, error) {
	if err := p.only("source"); err != nil {
		return nil, err
	}
	return &Source{p, sourcev1.NewDataSourceClient(p.conn)}, nil
}

// Stat returns the current version of name; NotFound if there is none.
func (s *Source) Stat(ctx context.Context, name string) (object.Info, error) {
	if err := data.CheckName(name); err != nil {
		return object.Info{}, err
	}
	resp, err := call(ctx, s.p, "stat "+name, plain(s.rpc.Stat), &sourcev1.StatRequest{Name: name})
	if err != nil {
		return object.Info{}, err
	}
	return s.p.checked("stat", object.Info{Name: name, Size: resp.Size, ETag: resp.Etag})
}

// ReadRange fills p with the bytes of o from off on. Another version of the object than o
// is Tampered; an answer cut short, or none, is Unavailable.
func (s *Source) ReadRange(ctx context.Context, o object.Info, off int64, p []byte) error {
	ctx, cancel := limit(ctx, callLimit)
	defer cancel()
	return fault.Wrap("plugin "+s.p.name, s.p.data.ReadRange(ctx, o, off, p))
}

// Open returns n bytes of o from off on while they arrive, and the version they are of: o's,
// or the current one where o.ETag is object.AnyVersion. Errors are those of ReadRange, also
// from Read. ctx must have an end.
func (s *Source) Open(ctx context.Context, o object.Info, off, n int64) (io.ReadCloser, object.Info, error) {
	body, o, err := s.p.data.Open(ctx, o, off, n)
	return body, o, fault.Wrap("plugin "+s.p.name, err)
}

// List yields the objects whose names begin with prefix; an error ends it.
func (s *Source) List(ctx context.Context, prefix string) iter.Seq2[object.Info, error] {
	return func(yield func(object.Info, error) bool) {
		ctx, cancel := limit(ctx, 10*callLimit)
		defer cancel()
		stream, err := s.rpc.List(ctx, &sourcev1.ListRequest{Prefix: prefix})
		for n := 0; ; n++ {
			var resp *sourcev1.ListResponse
			if err == nil {
				resp, err = stream.Recv()
			}
			if err == io.EOF {
				return
			}
			if err == nil && (n == maxList || !strings.HasPrefix(resp.Name, prefix)) {
				yield(object.Info{}, fault.New(fault.Tampered, "plugin "+s.p.name+": list", "%.80q: wrong prefix, or more than %d objects", resp.Name, maxList))
				return
			}
			if err != nil {
				yield(object.Info{}, fault.Wrap("plugin "+s.p.name, s.p.fromStatus(ctx, "list", err)))
				return
			}
			info, bad := s.p.checked("list", object.Info{Name: resp.Name, Size: resp.Size, ETag: resp.Etag})
			if !yield(info, bad) || bad != nil {
				return
			}
		}
	}
}

// Sink writes objects through a sink plugin. Its methods may be called concurrently.
type Sink struct {
	p   *Process
	rpc sinkv1.DataSinkClient
}

// Sink returns the plugin's store; Invalid if it is no sink.
func (p *Process) Sink() (*Sink, error) {
	if err := p.only("sink"); err != nil {
		return nil, err
	}
	return &Sink{p, sinkv1.NewDataSinkClient(p.conn)}, nil
}

// Put stores size bytes of body as name, whole or not at all. A condition that does not
// hold is Denied; an error of body keeps its kind.
func (s *Sink) Put(ctx context.Context, name string, size int64, body io.Reader, c object.Condition) (object.Info, error) {
	ctx, cancel := limit(ctx, callLimit+time.Duration(size/slowest)*time.Second)
	defer cancel()
	info, err := s.p.data.Put(ctx, name, size, body, c)
	return info, fault.Wrap("plugin "+s.p.name, err)
}

// Stat returns the current version of name; NotFound if there is none.
func (s *Sink) Stat(ctx context.Context, name string) (object.Info, error) {
	if err := data.CheckName(name); err != nil {
		return object.Info{}, err
	}
	resp, err := call(ctx, s.p, "stat "+name, plain(s.rpc.Stat), &sinkv1.StatRequest{Name: name})
	if err != nil {
		return object.Info{}, err
	}
	return s.p.checked("stat", object.Info{Name: name, Size: resp.Size, ETag: resp.Etag})
}

// Delete removes exactly the version o; Denied if another is there.
func (s *Sink) Delete(ctx context.Context, o object.Info) error {
	if err := data.CheckName(o.Name); err != nil {
		return err
	}
	_, err := call(ctx, s.p, "delete "+o.Name, plain(s.rpc.Delete), &sinkv1.DeleteRequest{Name: o.Name, Etag: o.ETag})
	return err
}

// checked refuses what no object can be: the plugin chose these values.
func (p *Process) checked(op string, o object.Info) (object.Info, error) {
	err := data.CheckName(o.Name)
	if err == nil {
		err = data.CheckVersion(o.ETag)
	}
	if err == nil && o.Size < 0 {
		err = fault.New(fault.Tampered, op, "%s: size %d", o.Name, o.Size)
	}
	if err != nil {
		return object.Info{}, fault.New(fault.Tampered, "plugin "+p.name+": "+op, "%w", err)
	}
	return o, nil
}

// plain is a generated client's method without its options.
func plain[Q, A any](rpc func(context.Context, Q, ...grpc.CallOption) (A, error)) func(context.Context, Q) (A, error) {
	return func(ctx context.Context, req Q) (A, error) { return rpc(ctx, req) }
}
