package demo

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// inbox stands for what the parties run themselves, both plain HTTP: an ethics
// board that is asked for consent, and a hospital's own audit inbox.
type inbox struct {
	board, server *http.Server
	consents      atomic.Int64
	records       atomic.Int64
	code          atomic.Int64 // what an audit record is answered with
}

func (d *demo) startInbox(context.Context) (err error) {
	b := &inbox{}
	b.code.Store(http.StatusCreated)
	if b.board, err = d.serve("ethics-board", func(w http.ResponseWriter) {
		b.consents.Add(1)
		w.WriteHeader(http.StatusOK)
	}); err != nil {
		return err
	}
	b.server, err = d.serve("hospital-inbox", func(w http.ResponseWriter) {
		b.records.Add(1)
		w.WriteHeader(int(b.code.Load()))
	})
	d.inbox = b
	return err
}

// serve answers every POST to / on a loopback port of its own.
func (d *demo) serve(name string, answer func(http.ResponseWriter)) (*http.Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{$}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 64<<10)) // what it says is not looked at
		answer(w)
	})
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.Serve(l) }() // ends with Close
	d.later(s.Close)
	d.set(name, "http://"+l.Addr().String()+"/")
	return s, nil
}
