package plugintest

import (
	"bytes"
	"encoding/json"
	"strings"
)

// with puts more fields, as text, at the end of a JSON object.
func with(object []byte, fields string) string {
	s := strings.TrimSuffix(strings.TrimSpace(string(object)), "}")
	if strings.TrimSpace(s) != "{" {
		s += ","
	}
	return s + fields + "}"
}

// firstField is an object's first key, as JSON, and its value.
func firstField(object []byte) (key, value string, ok bool) {
	dec := json.NewDecoder(bytes.NewReader(object))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') || !dec.More() {
		return "", "", false
	}
	t, err := dec.Token()
	if err != nil {
		return "", "", false
	}
	var raw json.RawMessage
	if dec.Decode(&raw) != nil {
		return "", "", false
	}
	k, err := json.Marshal(t)
	return string(k), string(raw), err == nil
}
