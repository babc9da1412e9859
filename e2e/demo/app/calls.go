package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// call is one use of the declared API.
type call struct {
	URL    string `json:"url"`
	Status int    `json:"status"`
	Answer string `json:"answer"`
}

const patience = 3 * time.Second

// callAPI asks for something the policy lets back in, and something it does not.
func callAPI() (calls []call) {
	for _, path := range []string{"/v1/reference", "/v1/patients"} {
		url := "http://reference.demo" + path
		status, body, err := get(url, "")
		c := call{URL: url, Status: status, Answer: body}
		if err != nil {
			c.Answer = err.Error()
		}
		calls = append(calls, c)
	}
	return calls
}

// get asks for url; a host other than "" is sent in its place.
func get(url, host string) (status int, body string, err error) {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	if host != "" {
		req.Host = host
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 4096))
	return res.StatusCode, strings.TrimSpace(string(b)), err
}

// dial tries one TCP connection and a byte through it: an open connection alone
// proves nothing where a refusing socket accepts first.
func dial(network, addr string) error {
	c, err := (&net.Dialer{Timeout: patience}).DialContext(context.Background(), network, addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := c.Write([]byte("GET / HTTP/1.0\r\n\r\n")); err != nil {
		return err
	}
	n, err := c.Read(make([]byte, 1))
	if n > 0 {
		return nil
	}
	return fmt.Errorf("connected, then: %w", err)
}
