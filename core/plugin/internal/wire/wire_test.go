package wire

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

func TestStatusKeepsViolations(t *testing.T) {
	in := fault.New(fault.Invalid, "configure", "%w", Violations{{"endpoint", "must begin with https:"}, {"container", "is required"}})
	out := FromStatus(t.Context(), "op", ToStatus(in))
	var vs Violations
	if !errors.As(out, &vs) || fault.KindOf(out) != fault.Invalid || vs.Error() != "endpoint: must begin with https:; container: is required" {
		t.Errorf("FromStatus = %v (%v)", out, fault.KindOf(out))
	}
}

func TestAStatusThatIsNotOursIsInternal(t *testing.T) {
	with := func(c codes.Code, info *errdetails.ErrorInfo) error {
		st, err := status.New(c, "text").WithDetails(info)
		if err != nil {
			t.Fatal(err)
		}
		return st.Err()
	}
	for name, err := range map[string]error{
		"no details":            status.Error(codes.Unavailable, "try again"),
		"another domain":        with(codes.Unavailable, &errdetails.ErrorInfo{Domain: "other", Metadata: map[string]string{"kind": "6"}}),
		"no kind":               with(codes.Unavailable, &errdetails.ErrorInfo{Domain: domain}),
		"an unknown kind":       with(codes.Unavailable, &errdetails.ErrorInfo{Domain: domain, Metadata: map[string]string{"kind": "77"}}),
		"a kind out of range":   with(codes.Unavailable, &errdetails.ErrorInfo{Domain: domain, Metadata: map[string]string{"kind": "262"}}),
		"another kind's code":   with(codes.NotFound, &errdetails.ErrorInfo{Domain: domain, Metadata: map[string]string{"kind": "6"}}),
		"a kind of the command": with(codes.Internal, &errdetails.ErrorInfo{Domain: domain, Metadata: map[string]string{"kind": "9"}}),
		"no status":             errors.New("plain"),
	} {
		if got := FromStatus(t.Context(), "op", err); fault.KindOf(got) != fault.Internal || got == nil {
			t.Errorf("%s: FromStatus = %v (%v), want Internal", name, got, fault.KindOf(got))
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := FromStatus(ctx, "op", status.Error(codes.Canceled, "x")); fault.KindOf(got) != fault.Interrupted {
		t.Errorf("FromStatus of a call given up = %v, want Interrupted", got)
	}
	late, stop := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer stop()
	if got := FromStatus(late, "op", status.Error(codes.DeadlineExceeded, "x")); fault.KindOf(got) != fault.Unavailable {
		t.Errorf("FromStatus of a call past its deadline = %v, want Unavailable", got)
	}
	if FromStatus(t.Context(), "op", nil) != nil || ToStatus(nil) != nil {
		t.Error("no error became one")
	}
}

func TestSealedCopyCannotBeChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "binary")
	if err := os.WriteFile(path, []byte("binary"), 0o755); err != nil {
		t.Fatal(err)
	}
	fd, err := sealed(path, digest.Of([]byte("binary")))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if fd < lowest {
		t.Errorf("descriptor %d, want %d or more", fd, lowest)
	}
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("flags %#x, %v: not close-on-exec", flags, err)
	}
	again := fmt.Sprintf("/proc/self/fd/%d", fd)
	if f, err := os.OpenFile(again, os.O_RDWR, 0); err == nil {
		if _, err := f.WriteAt([]byte("x"), 0); !errors.Is(err, unix.EPERM) {
			t.Errorf("write to the sealed copy = %v", err)
		}
		f.Close()
	}
	if err := os.Truncate(again, 3); !errors.Is(err, unix.EPERM) {
		t.Errorf("truncate of the sealed copy = %v", err)
	}
	if err := os.WriteFile(path, []byte("other!"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(again); err != nil || string(got) != "binary" {
		t.Errorf("sealed copy = %q, %v", got, err)
	}
	if _, err := sealed(path, digest.Of([]byte("binary"))); fault.KindOf(err) != fault.Tampered {
		t.Errorf("sealed(another binary) = %v, want Tampered", err)
	}
	if _, err := sealed(path, digest.SHA256{}); fault.KindOf(err) != fault.Tampered {
		t.Errorf("sealed without a digest = %v, want Tampered", err)
	}
}

func TestAddressesOutsideTheFolderAreRefused(t *testing.T) {
	dir := t.TempDir()
	sub := filepath.Join(dir, "plugin-dir1")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	link, file := filepath.Join(sub, "link"), filepath.Join(sub, "file")
	if err := os.Symlink("/run", link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := &run{dir: dir}
	for name, tc := range map[string]struct{ network, address string }{
		"tcp":                  {"tcp", "127.0.0.1:22"},
		"another folder":       {"unix", "/run/dbus/system_bus_socket"},
		"a way out":            {"unix", sub + "/../../x/y"},
		"a link":               {"unix", link},
		"a file":               {"unix", file},
		"nothing":              {"unix", filepath.Join(sub, "none")},
		"an abstract socket":   {"unix", "@x"},
		"the folder's own top": {"unix", filepath.Join(dir, "s")},
	} {
		if _, _, err := r.PluginToHost(tc.network, tc.address); err == nil {
			t.Errorf("%s: PluginToHost(%s, %s) was let through", name, tc.network, tc.address)
		}
	}
}

func TestTextOfAPluginCannotSteerATerminal(t *testing.T) {
	err := FromStatus(t.Context(), "op", ToStatus(fault.New(fault.Invalid, "x", "%w", Violations{{"a\x1b[2J", "b\r\nforged line \u202eltr"}})))
	for _, c := range err.Error() {
		if !unicode.IsPrint(c) {
			t.Fatalf("FromStatus = %q, with %q in it", err, c)
		}
	}
	if got := Clip("\x1b[31mred\nnext"); got != " [31mred next" {
		t.Errorf("Clip = %q", got)
	}
}

func FuzzClip(f *testing.F) {
	f.Add("a")
	f.Add(strings.Repeat("ü", maxText))
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, s string) {
		if got := Clip(s); len(got) > maxText+len("…") || !utf8.ValidString(got) {
			t.Errorf("Clip(%q) = %q", s, got)
		}
	})
}
