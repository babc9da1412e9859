package blobstore

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// pageSize is the most that one answer lists (Microsoft: List Blobs).
const pageSize = 5000

// listing is the answer of List Blobs.
type listing struct {
	XMLName   xml.Name `xml:"EnumerationResults"`
	Container string   `xml:"ContainerName,attr"`
	Prefix    string
	Marker    string
	Delimiter string `xml:",omitempty"`
	Blobs     entries
	Next      string `xml:"NextMarker"`
}

// entries are blobs and prefixes, each with a name of its own for the element.
type entries struct{ All []any }

type listed struct {
	XMLName    xml.Name `xml:"Blob"`
	Name       string
	Properties properties
	Metadata   *metadata
}

type listedPrefix struct {
	XMLName xml.Name `xml:"BlobPrefix"`
	Name    string
}

type properties struct {
	Created  string `xml:"Creation-Time"`
	Modified string `xml:"Last-Modified"`
	ETag     string `xml:"Etag"`
	Length   int64  `xml:"Content-Length"`
	Type     string `xml:"Content-Type"`
	MD5      string `xml:"Content-MD5"`
	BlobType string
	Tier     string `xml:"AccessTier"`
	Lease    string `xml:"LeaseStatus"`
	State    string `xml:"LeaseState"`
}

type metadata struct{ Pairs []pair }

type pair struct {
	XMLName xml.Name
	Value   string `xml:",chardata"`
}

func (v *Server) list(w http.ResponseWriter, in string, q url.Values) error {
	most, err := strconv.Atoi(q.Get("maxresults"))
	if err != nil || most <= 0 || most > pageSize {
		most = pageSize
	}
	l := listing{Container: in, Prefix: q.Get("prefix"), Marker: q.Get("marker"), Delimiter: q.Get("delimiter")}
	if err := v.fill(&l, in, most, strings.Contains(q.Get("include"), "metadata")); err != nil {
		return err
	}
	b, err := xml.Marshal(l)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/xml")
	_, err = w.Write(append([]byte(xml.Header), b...))
	return err
}

// fill adds the page of at most so many entries that begins at l.Marker: a name.
func (v *Server) fill(l *listing, in string, most int, withMeta bool) error {
	s := v.store
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.containers[in]
	if c == nil {
		return noContainer
	}
	names := c.names()
	i, _ := slices.BinarySearch(names, max(l.Prefix, l.Marker))
	for i < len(names) && strings.HasPrefix(names[i], l.Prefix) {
		if len(l.Blobs.All) == most {
			l.Next = names[i]
			return nil
		}
		name := names[i]
		if l.Delimiter != "" {
			if n := strings.Index(name[len(l.Prefix):], l.Delimiter); n >= 0 {
				folder := name[:len(l.Prefix)+n+len(l.Delimiter)]
				l.Blobs.All = append(l.Blobs.All, listedPrefix{Name: folder})
				for i < len(names) && strings.HasPrefix(names[i], folder) {
					i++
				}
				continue
			}
		}
		l.Blobs.All = append(l.Blobs.All, c.blobs[name].listed(name, withMeta))
		i++
	}
	return nil
}

func (b *blob) listed(name string, withMeta bool) listed {
	at := b.modified.Format(http.TimeFormat)
	e := listed{Name: name, Properties: properties{
		Created: at, Modified: at, ETag: strings.Trim(b.etag, `"`), Length: b.content.Size(), Type: "application/octet-stream",
		MD5: b.header["Content-MD5"], BlobType: "BlockBlob", Tier: "Hot", Lease: "unlocked", State: "available",
	}}
	if t := b.header["Content-Type"]; t != "" {
		e.Properties.Type = t
	}
	if withMeta && len(b.meta) > 0 {
		e.Metadata = &metadata{}
		for k, v := range b.meta {
			e.Metadata.Pairs = append(e.Metadata.Pairs, pair{xml.Name{Local: k}, v})
		}
	}
	return e
}
