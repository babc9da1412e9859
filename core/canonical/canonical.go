// Package canonical gives a value exactly one JSON form, for everything that is
// hashed or signed: object keys sorted, no white space, no HTML escapes, numbers
// as encoding/json writes them. For the values used here this is RFC 8785 (JCS).
// It never repairs: what is not in canonical form is refused.
package canonical

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// Marshal returns v's canonical JSON.
func Marshal(v any) ([]byte, error) {
	first, err := encode(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(first))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	// A map is encoded with sorted keys; a struct is not. So every struct goes by a map.
	return encode(tree)
}

// Unmarshal reads canonical JSON into v. Anything that Marshal of the result
// would not write again byte for byte is refused: unknown and duplicate fields,
// fields in another case, white space, trailing bytes, other spellings of a value.
func Unmarshal(b []byte, v any) error {
	if !utf8.Valid(b) {
		return fmt.Errorf("not valid UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return fmt.Errorf("ends too early")
		}
		return err
	}
	again, err := Marshal(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, b) {
		return fmt.Errorf("not in canonical form (differs at byte %d)", firstDifference(again, b))
	}
	return nil
}

func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
