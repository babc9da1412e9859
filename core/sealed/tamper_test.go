package sealed_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

// segment returns where segment i lies in a file.
func segment(file []byte, i int) []byte {
	return file[i*sealed.SegmentSize : min((i+1)*sealed.SegmentSize, len(file))]
}

// change is one way in which a stored file can be wrong. It returns nil where
// the way does not exist for this file.
type change struct {
	name string
	make func(file, other []byte, i int) []byte // i is the segment
}

var changes = []change{
	{"flip the first byte of a segment", func(f, _ []byte, i int) []byte { segment(f, i)[0] ^= 1; return f }},
	{"flip the last byte of a segment", func(f, _ []byte, i int) []byte { s := segment(f, i); s[len(s)-1] ^= 0x80; return f }},
	{"flip a byte in the middle", func(f, _ []byte, i int) []byte { s := segment(f, i); s[len(s)/2] ^= 4; return f }},
	{"flip a byte of the salt", func(f, _ []byte, i int) []byte { f[1+i%32] ^= 1; return f }},
	{"flip a byte of the nonce prefix", func(f, _ []byte, i int) []byte { f[33+i%7] ^= 1; return f }},
	{"zero a segment", func(f, _ []byte, i int) []byte { clear(segment(f, i)); return f }},
	{"splice in another file's segment", func(f, o []byte, i int) []byte { copy(segment(f, i), segment(o, i)); return f }},
	{"cut before a segment", func(f, _ []byte, i int) []byte { return f[:i*sealed.SegmentSize] }},
	{"cut in a segment", func(f, _ []byte, i int) []byte { return f[:len(f)-len(segment(f, i))/2-1] }},
	{"swap two segments", func(f, _ []byte, i int) []byte {
		if (i+2)*sealed.SegmentSize > len(f) || i == 0 {
			return nil
		}
		a := bytes.Clone(segment(f, i))
		copy(segment(f, i), segment(f, i+1))
		copy(segment(f, i+1), a)
		return f
	}},
	{"repeat a segment in the next one's place", func(f, _ []byte, i int) []byte {
		if (i+2)*sealed.SegmentSize > len(f) {
			return nil
		}
		copy(segment(f, i+1), segment(f, i))
		return f
	}},
	{"put a segment in twice", func(f, _ []byte, i int) []byte {
		at := i * sealed.SegmentSize
		return append(f[:at:at], append(bytes.Clone(segment(f, i)), f[at:]...)...)
	}},
	{"take a segment out", func(f, _ []byte, i int) []byte {
		return append(f[:i*sealed.SegmentSize:i*sealed.SegmentSize], f[i*sealed.SegmentSize+len(segment(f, i)):]...)
	}},
	{"append a byte", func(f, _ []byte, i int) []byte { return append(f, byte(i)) }},
	{"another file under the same key", func(_, o []byte, _ int) []byte { return o }},
	{"nothing", func(_, _ []byte, _ int) []byte { return nil }},
}

// TestEveryChangeIsTampered opens each changed file as a room does: size and
// header come from the manifest. No byte of a changed segment may come out.
func TestEveryChangeIsTampered(t *testing.T) {
	count := 0
	for _, n := range []int{0, 1, 65_479, 65_480, 65_481, 130_999, 131_000, 131_001, 400_000} {
		plain := data(n)
		file := seal(t, key(t), "ctx", plain)
		other := seal(t, key(t), "ctx", data(n)) // same key and context, another salt
		for _, c := range changes {
			for i := range int(sealed.Segments(int64(n))) {
				bad := c.make(bytes.Clone(file), bytes.Clone(other), i)
				if bad == nil && c.name != "nothing" {
					continue
				}
				count++
				where := fmt.Sprintf("%d bytes, %s, segment %d", n, c.name, i)
				got, err := readAsRoom(t, bad, file[:sealed.HeaderSize], int64(n))
				if fault.KindOf(err) != fault.Tampered || err == nil {
					t.Errorf("%s: %d bytes came, %v; want Tampered", where, len(got), err)
				}
				if !bytes.HasPrefix(plain, got) {
					t.Errorf("%s: wrong bytes came out", where)
				}
			}
		}
	}
	t.Logf("%d changed files, all refused", count)
}

func readAsRoom(t *testing.T, file, header []byte, plain int64) ([]byte, error) {
	t.Helper()
	if int64(len(file)) != sealed.SealedSize(plain) {
		return nil, fault.New(fault.Tampered, "stat", "size") // the volume compares it with the manifest
	}
	o, err := sealed.NewOpener(key(t), header, []byte("ctx"), plain)
	if err != nil {
		return nil, err
	}
	var out []byte
	for i := range sealed.Segments(plain) {
		off, n := o.SealedRange(i, i+1)
		if out, err = appendSegment(o, out, i, file[off:off+n]); err != nil {
			return out, err
		}
	}
	return out, nil
}

func appendSegment(o *sealed.Opener, out []byte, i int64, ct []byte) ([]byte, error) {
	more, err := o.Open(out, i, ct)
	if err != nil {
		return out, err
	}
	return more, nil
}

func TestReaderRefusesWhatIsNotItsFile(t *testing.T) {
	file := seal(t, key(t), "ctx", data(200_000))
	empty := seal(t, key(t), "ctx", nil)
	badTag := bytes.Clone(empty)
	badTag[len(badTag)-1] ^= 1
	for name, tc := range map[string]struct {
		file    []byte
		context string
		key     []byte
		want    fault.Kind
	}{
		"another context":        {file, "other", rawKey, fault.Tampered},
		"another key":            {file, "ctx", bytes.Repeat([]byte{8}, 32), fault.Tampered},
		"a key of another size":  {file, "ctx", bytes.Repeat([]byte{7}, 16), fault.Invalid},
		"an impossible size":     {file[:55], "ctx", rawKey, fault.Tampered},
		"a header that is none":  {append([]byte{0x29}, file[1:]...), "ctx", rawKey, fault.Tampered},
		"a changed empty file":   {badTag, "ctx", rawKey, fault.Tampered},
		"one segment of several": {file[:sealed.SegmentSize], "ctx", rawKey, fault.Tampered},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			r, err := sealed.NewReader(store(tc.file), int64(len(tc.file)), key(t, tc.key...), []byte(tc.context))
			if err == nil {
				_, err = r.ReadAt(make([]byte, 10), 0)
			}
			if err == nil || fault.KindOf(err) != tc.want {
				t.Errorf("got %v (%v), want %v", err, fault.KindOf(err), tc.want)
			}
		})
	}
}
