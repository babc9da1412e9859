package plugin_test

import (
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/plugin"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// BenchmarkBulk puts the data socket beside what it avoids, gRPC under AutoMTLS, and beside
// its limit, a bare Unix socket inside one process.
func BenchmarkBulk(b *testing.B) {
	s, err := started(b, install(b, "source/good")).Source()
	if err != nil {
		b.Fatal(err)
	}
	o, err := s.Stat(b.Context(), "zeros")
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{64 << 10, 1 << 20, 16 << 20} {
		b.Run(fmt.Sprintf("socket/%dKiB", n>>10), func(b *testing.B) {
			p := make([]byte, n)
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for off := int64(0); b.Loop(); off = (off + int64(n)) % (1 << 39) {
				if err := s.ReadRange(b.Context(), o, off, p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("grpc-unary/1024KiB", func(b *testing.B) {
		g, err := started(b, install(b, "governance/good")).Governance()
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(1 << 20)
		b.ReportAllocs()
		for b.Loop() {
			if r, err := g.Consent(b.Context(), &sdk.ConsentRequest{Operation: "bench"}); err != nil || len(r.Answer) != 1<<20 {
				b.Fatal(err)
			}
		}
	})
	b.Run("limit-bare-socket/1024KiB", bareSocket)
}

func bareSocket(b *testing.B) {
	l, err := net.Listen("unix", "")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		buf := make([]byte, 512<<10)
		for err == nil {
			_, err = c.Write(buf)
		}
	}()
	c, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	p := make([]byte, 1<<20)
	b.SetBytes(1 << 20)
	for b.Loop() {
		if _, err := io.ReadFull(c, p); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStart is a plugin from nothing to configured, and its end.
func BenchmarkStart(b *testing.B) {
	o := install(b, "source/good")
	for b.Loop() {
		p, err := plugin.Start(b.Context(), o)
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		p.Close()
		b.StartTimer()
	}
}
