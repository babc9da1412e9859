package plugin

import (
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLinesAreBounded(t *testing.T) {
	var out strings.Builder
	l := newLines(slog.New(slog.NewTextHandler(&out, nil)), "source/x", "one")
	for range 3 * burst {
		l.Write([]byte(`{"@level":"error","@message":"flood"}` + "\n"))
	}
	if n := strings.Count(out.String(), "flood"); n < burst || n > 2*burst {
		t.Errorf("%d of %d lines came through, want about %d", n, 3*burst, burst)
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte(`{"@level":"info","@message":"m","k":"v"}` + "\nplain\n\n"))
	f.Add([]byte("{\"@message\":7}\n\xff\n"))
	f.Add([]byte(strings.Repeat("x", maxLine+9) + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var out strings.Builder
		l := newLines(slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})), "source/x", "one")
		half := len(b) / 2
		l.Write(b[:half])
		l.Write(b[half:])
		for line := range strings.Lines(out.String()) {
			if !strings.Contains(line, `"plugin":"source/x"`) || !utf8.ValidString(line) || len(line) > 8*(maxLine+maxFields) {
				t.Errorf("record %.300q", line)
			}
		}
	})
}
