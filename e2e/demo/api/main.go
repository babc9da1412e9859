// Command demo-api is the HTTP service outside the room that the demo's
// application may call. One of its answers is fit for the room, the other is not:
// the policy, not this service, tells them apart. It keeps nothing.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	addr := flag.String("listen", "127.0.0.1:0", "address to listen at")
	flag.Parse()
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo-api:", err)
		os.Exit(7)
	}
	ready, _ := json.Marshal(map[string]string{"addr": l.Addr().String()}) // strings always marshal
	fmt.Println(string(ready))
	s := &http.Server{Handler: handler(), ReadHeaderTimeout: 5 * time.Second}
	if err := s.Serve(l); err != nil {
		fmt.Fprintln(os.Stderr, "demo-api:", err)
		os.Exit(7)
	}
}

func handler() http.Handler {
	mux := http.NewServeMux()
	answer := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(body)) // a caller that left does not matter
		}
	}
	mux.HandleFunc("GET /v1/reference", answer(`{"benign":0.627,"malignant":0.373,"population":569}`))
	mux.HandleFunc("GET /v1/patients", answer(`{"patients":[{"name":"A. Example","diagnosis":"benign"}]}`))
	return mux
}
