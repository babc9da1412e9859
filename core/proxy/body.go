package proxy

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth of a JSON body; no API of ours nests deeper, and a parser's stack is finite.
const maxDepth = 64

// bodyDoc is BODY of the input document.
func bodyDoc(headers map[string][]string, b []byte) (map[string]any, error) {
	for _, e := range headers["content-encoding"] {
		if !strings.EqualFold(strings.TrimSpace(e), "identity") {
			return nil, fmt.Errorf("the body is encoded, so policy cannot read it")
		}
	}
	doc := map[string]any{"size": len(b)}
	isJSON, err := saysJSON(headers["content-type"])
	switch {
	case err != nil:
		return nil, err
	case len(b) == 0:
	case isJSON:
		v, err := readJSON(b)
		if err != nil {
			return nil, err
		}
		doc["json"] = v
	case utf8.Valid(b):
		doc["text"] = string(b)
	default:
		doc["base64"] = base64.StdEncoding.EncodeToString(b)
	}
	return doc, nil
}

func saysJSON(types []string) (bool, error) {
	if len(types) > 1 {
		return false, fmt.Errorf("more than one content type")
	}
	if len(types) == 0 {
		return false, nil
	}
	t, params, err := mime.ParseMediaType(types[0])
	if err != nil {
		return false, fmt.Errorf("the content type cannot be read")
	}
	if t != "application/json" && !strings.HasSuffix(t, "+json") {
		return false, nil
	}
	if c := params["charset"]; c != "" && !strings.EqualFold(c, "utf-8") {
		return false, fmt.Errorf("JSON in another character set than UTF-8")
	}
	return true, nil
}

// readJSON reads one JSON value strictly: UTF-8, no duplicate key, no lone
// surrogate, bounded depth, nothing after it. Numbers keep their spelling.
func readJSON(b []byte) (any, error) {
	if !utf8.Valid(b) {
		return nil, fmt.Errorf("the JSON is not UTF-8")
	}
	if loneSurrogate(b) {
		return nil, fmt.Errorf("the JSON has half a surrogate pair")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	v, err := readValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("there is more after the JSON value")
	}
	return v, nil
}

func readValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("the JSON cannot be read")
	}
	if n, ok := t.(json.Number); ok && !ordinary(n.String()) {
		return nil, fmt.Errorf("the JSON has a number that others read as another one")
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	if depth >= maxDepth {
		return nil, fmt.Errorf("the JSON is more than %d deep", maxDepth)
	}
	if delim == '[' {
		list := []any{}
		for d.More() {
			v, err := readValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, closing(d)
	}
	object := map[string]any{}
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("the JSON cannot be read")
		}
		key, ok := k.(string)
		if !ok {
			return nil, fmt.Errorf("the JSON cannot be read")
		}
		if _, twice := object[key]; twice {
			return nil, fmt.Errorf("the JSON has a duplicate key")
		}
		if object[key], err = readValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	return object, closing(d)
}

// ordinary says that a number is of moderate length and size: beyond that readers
// differ, and exact arithmetic on it costs any amount of memory.
func ordinary(n string) bool {
	_, err := strconv.ParseFloat(n, 64)
	i := strings.IndexAny(n, "eE")
	return err == nil && len(n) <= 64 && (i < 0 || len(strings.TrimLeft(n[i+1:], "+-0")) <= 3)
}

func closing(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("the JSON cannot be read")
	}
	return nil
}

// loneSurrogate finds an escape that encoding/json would silently replace, so
// that two different keys could look alike to policy.
func loneSurrogate(b []byte) bool {
	for i := 0; i+1 < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		i++
		if b[i] != 'u' {
			continue
		}
		switch u := escape(b, i-1); {
		case u >= 0xdc00 && u <= 0xdfff:
			return true
		case u >= 0xd800 && u <= 0xdbff:
			low := escape(b, i+5)
			if low < 0xdc00 || low > 0xdfff {
				return true
			}
			i += 10
		}
	}
	return false
}

// escape returns the code unit of the escape \uXXXX at i, or 0.
func escape(b []byte, i int) uint64 {
	if i+6 > len(b) || b[i] != '\\' || b[i+1] != 'u' {
		return 0
	}
	u, err := strconv.ParseUint(string(b[i+2:i+6]), 16, 16)
	if err != nil {
		return 0
	}
	return u
}
