package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Bounds of what one plugin can put into the host's log.
const (
	maxLine   = 8 << 10 // bytes of one line; the rest is left out
	maxFields = 2 << 10 // bytes of a line's attributes
	perSecond = 200     // lines, on average
	burst     = 1000
)

// lines turns a plugin's stderr into records of the host's log. The plugin chooses the
// text: it stays inside bounded string attributes. Write may be called concurrently.
type lines struct {
	log *slog.Logger

	mu      sync.Mutex
	line    []byte
	cut     bool // the line was longer than maxLine
	budget  float64
	last    time.Time
	dropped int
}

func newLines(log *slog.Logger, name, instance string) *lines {
	return &lines{log: log.With("plugin", name, "instance", instance), budget: burst}
}

// Write takes any piece of the stream and never fails.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for rest := p; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		piece := rest
		if i >= 0 {
			piece = rest[:i]
		}
		room := maxLine - len(l.line)
		l.cut = l.cut || len(piece) > room
		l.line = append(l.line, piece[:min(len(piece), room)]...)
		if i < 0 {
			break
		}
		rest = rest[i+1:]
		l.emit(time.Now())
		l.line, l.cut = l.line[:0], false
	}
	return len(p), nil
}

func (l *lines) emit(now time.Time) {
	if len(bytes.TrimSpace(l.line)) == 0 {
		return
	}
	if !l.last.IsZero() {
		l.budget = min(burst, l.budget+now.Sub(l.last).Seconds()*perSecond)
	}
	l.last = now
	if l.budget < 1 {
		l.dropped++
		return
	}
	l.budget--
	if l.dropped > 0 {
		l.log.Warn("plugin log lines left out", "count", l.dropped)
		l.dropped = 0
	}
	level, attrs := parseLine(l.line)
	if l.cut {
		attrs = append(attrs, slog.Bool("cut", true))
	}
	l.log.LogAttrs(context.Background(), level, "plugin log", attrs...)
}

// parseLine reads hclog's JSON; what is not that is one message at level debug.
func parseLine(line []byte) (slog.Level, []slog.Attr) {
	var fields map[string]any
	if json.Unmarshal(line, &fields) != nil {
		return slog.LevelDebug, []slog.Attr{slog.String("message", text(string(line), maxLine))}
	}
	message, _ := fields["@message"].(string)
	name, _ := fields["@level"].(string)
	for _, k := range []string{"@message", "@level", "@timestamp", "@module", "@caller"} {
		delete(fields, k)
	}
	level := slog.LevelDebug
	switch strings.ToLower(name) {
	case "info":
		level = slog.LevelInfo
	case "warn":
		level = slog.LevelWarn
	case "error":
		level = slog.LevelError
	}
	attrs := []slog.Attr{slog.String("message", text(message, maxLine))}
	if len(fields) > 0 {
		if b, err := json.Marshal(fields); err == nil {
			attrs = append(attrs, slog.String("fields", text(string(b), maxFields)))
		}
	}
	return level, attrs
}

// text bounds s and keeps it valid UTF-8.
func text(s string, n int) string {
	if len(s) > n {
		s = s[:n] + "…"
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}
