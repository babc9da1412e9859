package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

func TestValidate(t *testing.T) {
	for name, tc := range map[string]struct{ config, field string }{
		"a whole configuration passes":     {`{"url":"http://b/x?y=z","method":"PUT","successCodes":[200,204],"timeout":"2s"}`, ""},
		"no url is refused":                {`{"method":"POST","successCodes":[200]}`, "url"},
		"no method is refused":             {`{"url":"http://b","successCodes":[200]}`, "method"},
		"a method without body is refused": {`{"url":"http://b","method":"GET","successCodes":[200]}`, "method"},
		"no code is refused":               {`{"url":"http://b","method":"POST"}`, "successCodes"},
		"a redirect is no success":         {`{"url":"http://b","method":"POST","successCodes":[302]}`, "successCodes[0]"},
		"a code twice is refused":          {`{"url":"http://b","method":"POST","successCodes":[200,200]}`, "successCodes[1]"},
		"a code is a number":               {`{"url":"http://b","method":"POST","successCodes":["200"]}`, "successCodes[0]"},
		"a timeout has a unit":             {`{"url":"http://b","method":"POST","successCodes":[200],"timeout":"2"}`, "timeout"},
		"a timeout is above 0":             {`{"url":"http://b","method":"POST","successCodes":[200],"timeout":"0s"}`, "timeout"},
		"an unknown field is refused":      {`{"url":"http://b","method":"POST","successCodes":[200],"headers":{}}`, "headers"},
		"https needs a pinned CA":          {`{"url":"https://b","method":"POST","successCodes":[200]}`, "ca"},
	} {
		t.Run(name, func(t *testing.T) {
			vs := new(backend).Validate([]byte(tc.config))
			if tc.field == "" && len(vs) == 0 {
				return
			}
			if tc.field == "" || len(vs) == 0 || !strings.HasPrefix(vs[0].Field, strings.TrimSuffix(tc.field, "[0]")) {
				t.Errorf("Validate(%s) = %v, want %q first", tc.config, vs, tc.field)
			}
		})
	}
}

// server answers with a status and keeps what it was asked.
func server(t *testing.T, status int) (url string, asked *string) {
	t.Helper()
	asked = new(string)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*asked = r.Method + " " + r.URL.RequestURI() + " " + string(b)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

func configured(t *testing.T, config string) *backend {
	t.Helper()
	p := new(backend)
	if err := p.Configure(t.Context(), sdk.Setup{Instance: "b", Config: []byte(config), Simulated: true}); err != nil {
		t.Fatalf("Configure(%s) = %v", config, err)
	}
	return p
}

func TestTheStatusAloneIsTheWord(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		yes    bool
		text   string
	}{
		"a success code is a yes":           {200, true, ""},
		"another success code is a yes":     {204, true, ""},
		"a code that is not listed is a no": {201, false, "got status 201, want one of [200 204]"},
		"a redirect is a no":                {307, false, "got status 307"},
		"a denial is a no":                  {403, false, "got status 403"},
		"an error is a no":                  {500, false, "got status 500"},
	} {
		t.Run(name, func(t *testing.T) {
			url, asked := server(t, tc.status)
			p := configured(t, `{"url":"`+url+`/gate/?a=b","method":"PUT","successCodes":[200,204]}`)
			a, err := p.Consent(t.Context(), &sdk.ConsentRequest{Operation: "data.present", Subject: "north<1>", Contract: []byte{1}, Room: "r", RoomKey: []byte("k"), Nonce: []byte("n")})
			if err != nil || (a.Decision == sdk.Granted) != tc.yes || (a.Decision == sdk.Refused) == tc.yes || !strings.Contains(a.Reason, tc.text) {
				t.Errorf("Consent = %v, %v", a, err)
			}
			if want := `PUT /gate/?a=b {"contract":"sha256:01","nonce":"bg==","operation":"data.present","room":"r","roomKey":"aw==","subject":"north<1>"}`; *asked != want {
				t.Errorf("asked %s, want %s", *asked, want)
			}
			_, err = p.Record(t.Context(), &sdk.RecordRequest{Event: []byte(`{"a":"<"}`), Signature: []byte("s"), RoomKey: []byte("k")})
			if tc.yes != (err == nil) || !tc.yes && (sdk.KindOf(err) != sdk.Denied || !strings.Contains(err.Error(), tc.text)) {
				t.Errorf("Record = %v", err)
			}
			if want := `PUT /gate/?a=b {"event":{"a":"<"},"roomKey":"aw==","signature":"cw=="}`; *asked != want {
				t.Errorf("asked %s, want %s", *asked, want)
			}
		})
	}
}

func TestNobodyThereIsUnavailable(t *testing.T) {
	s := httptest.NewServer(nil)
	s.Close()
	p := configured(t, `{"url":"`+s.URL+`","method":"POST","successCodes":[201]}`)
	if _, err := p.Consent(t.Context(), &sdk.ConsentRequest{}); sdk.KindOf(err) != sdk.Unavailable || err == nil {
		t.Errorf("Consent = %v, want Unavailable", err)
	}
	if _, err := p.Record(t.Context(), &sdk.RecordRequest{Event: []byte(`{}`)}); sdk.KindOf(err) != sdk.Unavailable || err == nil {
		t.Errorf("Record = %v, want Unavailable", err)
	}
	if _, err := p.Record(t.Context(), &sdk.RecordRequest{Event: []byte(`{`)}); sdk.KindOf(err) != sdk.Invalid || err == nil {
		t.Errorf("Record of no JSON = %v, want Invalid", err)
	}
	if _, err := new(backend).Consent(t.Context(), &sdk.ConsentRequest{}); err == nil {
		t.Errorf("Consent before Configure passes")
	}
}

func TestConfigureRefuses(t *testing.T) {
	for name, config := range map[string]string{
		"http outside simulation": `{"url":"http://b","method":"POST","successCodes":[200]}`,
		"no codes":                `{"url":"http://b","method":"POST"}`,
	} {
		if err := new(backend).Configure(t.Context(), sdk.Setup{Config: []byte(config)}); sdk.KindOf(err) != sdk.Invalid || err == nil {
			t.Errorf("%s: Configure = %v, want Invalid", name, err)
		}
	}
	if d := new(backend).Describe(); d.Name != "governance/httpapi" {
		t.Errorf("Describe = %+v", d)
	}
}
