package plugin

import (
	"context"
	"io"
	"strings"
	"testing"
	"unicode"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/data"
	sourcev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/datasource/v1"
)

// said is a source plugin that has said raw: messages, each after a byte with its length.
type said struct {
	grpc.ClientStream
	raw []byte
}

func (s *said) List(context.Context, *sourcev1.ListRequest, ...grpc.CallOption) (grpc.ServerStreamingClient[sourcev1.ListResponse], error) {
	return s, nil
}

func (s *said) Recv() (*sourcev1.ListResponse, error) {
	m := new(sourcev1.ListResponse)
	return m, s.next(m)
}

func (s *said) Stat(context.Context, *sourcev1.StatRequest, ...grpc.CallOption) (*sourcev1.StatResponse, error) {
	m := new(sourcev1.StatResponse)
	err := s.next(m)
	if err == io.EOF {
		err = status.Error(codes.Internal, "no answer")
	}
	return m, err
}

func (s *said) next(m proto.Message) error {
	if len(s.raw) == 0 {
		return io.EOF
	}
	n := min(int(s.raw[0]), len(s.raw)-1)
	b := s.raw[1 : 1+n]
	s.raw = s.raw[1+n:]
	if err := proto.Unmarshal(b, m); err != nil { // as gRPC says it
		return status.Errorf(codes.Internal, "grpc: error unmarshalling: %v", err)
	}
	return nil
}

func saying(raw []byte) *Source { return &Source{&Process{name: "source/said"}, &said{raw: raw}} }

func say(tb testing.TB, messages ...proto.Message) (raw []byte) {
	for _, m := range messages {
		b, err := proto.Marshal(m)
		if err != nil {
			tb.Fatal(err)
		}
		raw = append(append(raw, byte(len(b))), b...)
	}
	return raw
}

// believable says what no object can be.
func believable(t *testing.T, o object.Info) {
	t.Helper()
	if data.CheckName(o.Name) != nil || data.CheckVersion(o.ETag) != nil || o.Size < 0 {
		t.Errorf("%+v was believed", o)
	}
}

func refusal(t *testing.T, err error) {
	t.Helper()
	if k := fault.KindOf(err); k != fault.Tampered && k != fault.Internal {
		t.Errorf("%v is %v", err, k)
	}
	if text := err.Error(); len(text) > 4096 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("error text of %d bytes: %.400q", len(text), text)
	}
}

// FuzzList: whatever a plugin says to List, what comes out are objects that can be, under
// the prefix, and nothing after an error.
func FuzzList(f *testing.F) {
	list := func(name string, size int64, etag string) *sourcev1.ListResponse {
		return &sourcev1.ListResponse{Name: name, Size: size, Etag: etag}
	}
	f.Add("", say(f, list("a", 1, "v"), list("b", 0, `"w"`)))
	f.Add("a/", say(f, list("a/b", 1, "v"), list("b", 1, "v")))
	f.Add("", say(f, list("a", -1, "v"), list("b", 1, "v")))
	f.Add("", say(f, list("a", 1, "v\r\nX: y")))
	f.Add("", say(f, list("a", 1, "*")))
	f.Add("", say(f, list("", 1, "v")))
	f.Add("", say(f, list("a\x00", 1, "")))
	f.Add("a", say(f, list("\x1b[2J", 1, "v")))
	f.Add("", []byte("\x03\x0a\x01\xff"))
	f.Add("", []byte("\xff"))
	f.Fuzz(func(t *testing.T, prefix string, raw []byte) {
		ended := false
		for o, err := range saying(raw).List(t.Context(), prefix) {
			if ended {
				t.Fatal("more comes after an error")
			}
			if err != nil {
				ended = true
				refusal(t, err)
				continue
			}
			believable(t, o)
			if !strings.HasPrefix(o.Name, prefix) {
				t.Errorf("%q is not under %q", o.Name, prefix)
			}
		}
	})
}

// FuzzStat: whatever a plugin says to Stat, what comes out is an object that can be, of the
// name that was asked for.
func FuzzStat(f *testing.F) {
	for _, m := range []*sourcev1.StatResponse{{Size: 1, Etag: "v"}, {Size: -1, Etag: "v"}, {Size: 1}, {Size: 1, Etag: "*"}, {Size: 1, Etag: "v\n"}, {Etag: "\x1b[2J"}} {
		f.Add("n", say(f, m))
	}
	f.Add("", []byte{0})
	f.Add("n", []byte("\xff"))
	f.Fuzz(func(t *testing.T, name string, raw []byte) {
		if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return // the host's own word, which errors repeat
		}
		o, err := saying(raw).Stat(t.Context(), name)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid || data.CheckName(name) == nil {
				refusal(t, err)
			}
			return
		}
		believable(t, o)
		if o.Name != name {
			t.Errorf("%q was answered for %q", o.Name, name)
		}
	})
}

// A listing has an end, whatever the plugin says.
func TestAnEndlessListIsCutOff(t *testing.T) {
	s := &Source{&Process{name: "source/said"}, &repeating{sourcev1.ListResponse{Name: "a", Size: 1, Etag: "v"}, said{}}}
	n := 0
	for _, err := range s.List(t.Context(), "") {
		if n++; err != nil {
			if fault.KindOf(err) != fault.Tampered || n != maxList+1 {
				t.Errorf("object %d: %v, want Tampered at %d", n, err, maxList+1)
			}
			return
		}
	}
	t.Error("ended without an error")
}

type repeating struct {
	answer sourcev1.ListResponse
	said
}

func (r *repeating) List(context.Context, *sourcev1.ListRequest, ...grpc.CallOption) (grpc.ServerStreamingClient[sourcev1.ListResponse], error) {
	return r, nil
}

func (r *repeating) Recv() (*sourcev1.ListResponse, error) { return &r.answer, nil }
