package blobstore

import (
	"encoding/xml"
	"io"
	"net/http"
	"strings"
)

// body reads what a request brings into memory of exactly its size.
func body(r *http.Request) ([]byte, error) {
	if r.ContentLength < 0 {
		return nil, noLength
	}
	p := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, p)
	return p, err
}

// made is a blob of a request's headers, without content.
func made(r *http.Request) *blob {
	b := &blob{meta: meta(r), header: map[string]string{}}
	for _, name := range []string{"Content-Type", "Content-MD5", "Content-Encoding", "Cache-Control"} {
		if v := r.Header.Get("x-ms-blob-" + name); v != "" {
			b.header[name] = v
		}
	}
	return b
}

func meta(r *http.Request) map[string]string {
	m := map[string]string{}
	for name, values := range r.Header {
		if key, ok := strings.CutPrefix(strings.ToLower(name), "x-ms-meta-"); ok {
			m[key] = values[0]
		}
	}
	return m
}

// commit puts b if the request's conditions hold.
func (v *Server) commit(w http.ResponseWriter, r *http.Request, in, name string, b *blob) error {
	s := v.store
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.containers[in]
	if c == nil {
		return noContainer
	}
	now := c.blobs[name]
	if r.Header.Get("If-None-Match") == "*" && now != nil {
		return blobThere
	}
	if m := r.Header.Get("If-Match"); m != "" && (now == nil || m != "*" && m != now.etag) {
		return noMatch
	}
	s.put(c, name, b)
	stored(w, b, http.StatusCreated)
	return nil
}

func stored(w http.ResponseWriter, b *blob, status int) {
	w.Header().Set("ETag", b.etag)
	w.Header().Set("Last-Modified", b.modified.Format(http.TimeFormat))
	w.Header().Set("x-ms-request-server-encrypted", "true")
	w.WriteHeader(status)
}

func (v *Server) putBlob(w http.ResponseWriter, r *http.Request, in, name string) error {
	if r.Header.Get("x-ms-blob-type") != "BlockBlob" || r.Header.Get("x-ms-copy-source") != "" {
		return notAnswered
	}
	p, err := body(r)
	if err != nil {
		return err
	}
	b := made(r)
	b.content = Bytes{p}
	return v.commit(w, r, in, name, b)
}

func (v *Server) putBlock(w http.ResponseWriter, r *http.Request, in, name, id string) error {
	if id == "" || r.Header.Get("x-ms-copy-source") != "" {
		return notAnswered
	}
	p, err := body(r)
	if err != nil {
		return err
	}
	s := v.store
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.containers[in]
	if c == nil {
		return noContainer
	}
	if c.blocks[name] == nil {
		c.blocks[name] = map[string][]byte{}
	}
	c.blocks[name][id] = p
	w.WriteHeader(http.StatusCreated)
	return nil
}

// blockList is the body of Put Block List. Which list an id is looked up in is not told
// apart: blocks of a committed blob are not kept.
type blockList struct {
	IDs []struct {
		XMLName xml.Name
		ID      string `xml:",chardata"`
	} `xml:",any"`
}

func (v *Server) putList(w http.ResponseWriter, r *http.Request, in, name string) error {
	p, err := body(r)
	if err != nil {
		return err
	}
	var list blockList
	if xml.Unmarshal(p, &list) != nil {
		return badInput
	}
	b, err := v.assemble(r, in, name, list)
	if err != nil {
		return err
	}
	return v.commit(w, r, in, name, b)
}

func (v *Server) assemble(r *http.Request, in, name string, list blockList) (*blob, error) {
	s := v.store
	s.mu.RLock()
	defer s.mu.RUnlock()
	c := s.containers[in]
	if c == nil {
		return nil, noContainer
	}
	b, whole := made(r), Bytes{}
	for _, e := range list.IDs {
		block, ok := c.blocks[name][e.ID]
		if !ok {
			return nil, badBlocks
		}
		whole = append(whole, block)
	}
	b.content = whole
	return b, nil
}

func (v *Server) setMeta(w http.ResponseWriter, r *http.Request, in, name string) error {
	old, err := v.store.find(r, in, name)
	if err != nil {
		return err
	}
	s := v.store
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.containers[in]
	if c == nil || c.blobs[name] != old {
		return noMatch
	}
	b := &blob{content: old.content, header: old.header, meta: meta(r)}
	s.put(c, name, b)
	stored(w, b, http.StatusOK)
	return nil
}

func (v *Server) delete(w http.ResponseWriter, r *http.Request, in, name string) error {
	old, err := v.store.find(r, in, name)
	if err != nil {
		return err
	}
	s := v.store
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.containers[in]
	if c == nil || c.blobs[name] != old {
		return noMatch
	}
	delete(c.blobs, name)
	c.sorted = nil
	w.WriteHeader(http.StatusAccepted)
	return nil
}
