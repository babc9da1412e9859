package main

import (
	"net/http/httptest"
	"testing"
)

func TestAnswersAreJSON(t *testing.T) {
	for path, want := range map[string]int{"/v1/reference": 200, "/v1/patients": 200, "/v1/upload": 404} {
		w := httptest.NewRecorder()
		handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want || (want == 200 && w.Header().Get("Content-Type") != "application/json") {
			t.Errorf("GET %s = %d %s, want %d", path, w.Code, w.Header(), want)
		}
	}
}
