package demo

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// inbox stands for what the parties run themselves: an ethics board that is
// asked for consent and a hospital's own audit inbox, both plain HTTP.
type inbox struct {
	server   *http.Server
	consents atomic.Int64
	records  atomic.Int64
	code     atomic.Int64 // what an audit record is answered with
}

func (d *demo) startInbox(context.Context) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	b := &inbox{}
	b.code.Store(http.StatusCreated)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /consent", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 64<<10))
		b.consents.Add(1)
		w.WriteHeader(http.StatusOK)
	})
	mux.HandleFunc("POST /events", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 64<<10))
		b.records.Add(1)
		w.WriteHeader(int(b.code.Load()))
	})
	b.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = b.server.Serve(l) }() // ends with Close
	d.later(b.server.Close)
	d.inbox = b
	d.set("ethics-board", "http://"+l.Addr().String()+"/consent")
	d.set("hospital-inbox", "http://"+l.Addr().String()+"/events")
	return nil
}
