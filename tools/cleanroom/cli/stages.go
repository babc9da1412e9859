package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// maxLine bounds one line of a room, in bytes.
const maxLine = 1 << 20

// stages takes what a room writes to standard output and shows it: as it is, or to people.
type stages struct {
	out  io.Writer
	json bool
	live bool // a terminal: the stage under way is shown too
	buf  []byte
	last *roomLine // the room's last word
	err  error     // what is wrong with its lines
}

// roomLine is a line of cleanroomd: a stage's event, or the last word.
type roomLine struct {
	Stage   string            `json:"stage"`
	State   string            `json:"state"`
	Millis  int64             `json:"millis"`
	Error   string            `json:"error"`
	Details map[string]string `json:"details"`

	Result string `json:"result"`
	Exit   int    `json:"exit"`
	Room   *struct {
		Room     string `json:"room"`
		Contract string `json:"contract"`
		Outputs  []struct {
			Sink     string `json:"sink"`
			Manifest string `json:"manifest"`
			Digest   string `json:"digest"`
			Files    int    `json:"files"`
			Bytes    int64  `json:"bytes"`
		} `json:"outputs"`
	} `json:"room"`
}

// Write takes a part of the room's output. It never fails for what is in it, so that the
// room can always end; the first thing wrong is what end returns.
func (s *stages) Write(b []byte) (int, error) {
	s.buf = append(s.buf, b...)
	for {
		line, rest, ok := bytes.Cut(s.buf, []byte("\n"))
		if !ok {
			break
		}
		s.line(line)
		s.buf = rest
	}
	if len(s.buf) > maxLine {
		s.buf = nil
		s.wrong("a line of more than %d bytes", maxLine)
	}
	return len(b), nil
}

func (s *stages) line(b []byte) {
	if s.json {
		fmt.Fprintf(s.out, "%s\n", b)
	}
	var l roomLine
	if err := json.Unmarshal(b, &l); err != nil {
		s.wrong("a line that is not JSON: %.80q", b)
		return
	}
	switch {
	case l.Result != "":
		s.last = &l
		if !s.json {
			s.result(l)
		}
	case s.json:
	case l.State == "begin" && s.live:
		fmt.Fprintf(s.out, "..  %s\r", l.Stage)
	case l.State == "done":
		fmt.Fprintf(s.out, "ok  %-16s %7d ms  %s\n", l.Stage, l.Millis, details(l.Details))
	case l.State == "failed":
		fmt.Fprintf(s.out, "NO  %-16s %7d ms  %s\n", l.Stage, l.Millis, l.Error)
	}
}

func (s *stages) result(l roomLine) {
	if l.Exit != 0 || l.Room == nil {
		fmt.Fprintf(s.out, "The room ended: %s, exit code %d: %s\n", l.Result, l.Exit, l.Error)
		return
	}
	fmt.Fprintf(s.out, "Room %s under contract %s is done.\n", l.Room.Room, l.Room.Contract)
	for _, o := range l.Room.Outputs {
		fmt.Fprintf(s.out, "released to %s: %s, %d files, %d bytes, manifest %s\n", o.Sink, o.Manifest, o.Files, o.Bytes, o.Digest)
	}
}

// end returns how the room ended, given how its program did. A program that does not say
// the same as its last word, or says nothing, is a defect.
func (s *stages) end(err error) error {
	var shown errShown
	switch {
	case err != nil && !errors.As(err, &shown):
		return err
	case s.err != nil:
		return s.err
	case s.last == nil && err != nil:
		return err // a wrong command line, or a room that could not begin: it said why
	case s.last == nil:
		return fault.New(fault.Internal, "room", "ended without a result")
	case s.last.Exit != fault.Exit(err):
		return fault.New(fault.Internal, "room", "exit code %d, but its result says %d", fault.Exit(err), s.last.Exit)
	}
	return err
}

func (s *stages) wrong(format string, args ...any) {
	if s.err == nil {
		s.err = fault.New(fault.Internal, "room", format, args...)
	}
}

func details(m map[string]string) string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, k+"="+m[k])
	}
	return strings.Join(list, " ")
}

// terminal reports that w is one, on which a line may be written over.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
