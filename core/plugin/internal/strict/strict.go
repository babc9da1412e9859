// Package strict reads JSON that a person may have written, and says everything wrong with
// it at once, each with its field's path: unknown fields, fields given twice or in another
// case, wrong types, null, trailing bytes. It never guesses.
package strict

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/wire"
)

// Decode reads the one JSON object b into the struct that v points to. Fields keep the value
// they had where the object does not name them.
func Decode(b []byte, v any) wire.Violations {
	if !utf8.Valid(b) {
		return wire.Violations{{Description: "must be valid UTF-8"}}
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var out wire.Violations
	if err := twice(dec, "", maxDepth, &out); err != nil {
		return append(out, wire.Violation{Description: fmt.Sprintf("must be JSON: %v at byte %d", plain(err), dec.InputOffset())})
	}
	if _, err := dec.Token(); err != io.EOF {
		return append(out, wire.Violation{Description: fmt.Sprintf("must be one JSON object: more follows at byte %d", dec.InputOffset())})
	}
	target := reflect.ValueOf(v)
	if target.Kind() != reflect.Pointer || target.Elem().Kind() != reflect.Struct {
		return append(out, wire.Violation{Description: fmt.Sprintf("cannot be read into a %T", v)})
	}
	walk(b, target.Elem(), "", &out)
	return out
}

// maxDepth bounds how deep a document may nest.
const maxDepth = 64

// twice reads one value and notes every key that stands twice in one object.
func twice(dec *json.Decoder, path string, depth int, out *wire.Violations) error {
	t, err := dec.Token()
	if err != nil {
		return err
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	if depth == 0 {
		return fmt.Errorf("it nests more than %d deep", maxDepth)
	}
	seen := map[string]bool{}
	for i := 0; dec.More(); i++ {
		at := path + "[" + strconv.Itoa(i) + "]"
		if open == '{' {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			name := key.(string) // the decoder refuses any other key
			at = join(path, name)
			if seen[name] {
				*out = append(*out, wire.Violation{Field: at, Description: "must not be given twice"})
			}
			seen[name] = true
		}
		if err := twice(dec, at, depth-1, out); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}

func walk(raw json.RawMessage, v reflect.Value, path string, out *wire.Violations) {
	bad := func(format string, args ...any) {
		*out = append(*out, wire.Violation{Field: path, Description: fmt.Sprintf(format, args...)})
	}
	if string(bytes.TrimSpace(raw)) == "null" {
		bad("must not be null")
		return
	}
	_, own := v.Addr().Interface().(json.Unmarshaler)
	_, text := v.Addr().Interface().(encoding.TextUnmarshaler)
	switch {
	case !own && !text && v.Kind() == reflect.Struct:
		var fields map[string]json.RawMessage
		if json.Unmarshal(raw, &fields) != nil {
			bad("must be an object")
			return
		}
		object(fields, v, path, out)
	case !own && !text && v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) != nil {
			bad("must be a list")
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
		for i, item := range items {
			walk(item, v.Index(i), path+"["+strconv.Itoa(i)+"]", out)
		}
	default:
		if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
			bad("must be %s (got %.80s)", want(v, err), raw)
		}
	}
}

func object(fields map[string]json.RawMessage, v reflect.Value, path string, out *wire.Violations) {
	known := map[string]reflect.Value{}
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" {
				name = f.Name
			}
			known[name] = v.Field(i)
		}
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		field, ok := known[name]
		if !ok {
			*out = append(*out, wire.Violation{Field: join(path, name), Description: "is not a known field"})
			continue
		}
		walk(fields[name], field, join(path, name), out)
	}
}

// want names what v's type takes.
func want(v reflect.Value, err error) string {
	switch v.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, 0 or more"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Map:
		return "an object"
	}
	return "right: " + plain(err).Error()
}

// plain says what io.ErrUnexpectedEOF and io.EOF mean to a reader.
func plain(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("it ends too early")
	}
	return err
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
