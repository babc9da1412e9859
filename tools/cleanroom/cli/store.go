package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/tools/blobs"
	"github.com/cleanroom-dev/cleanroom/tools/dataset"
)

// store is where sealed objects are.
type store interface {
	dataset.Store
	Close() error
}

// storePlace says where a store is: a local folder, or a container of Azure Blob Storage.
type storePlace struct {
	folder, sas, connection string
	azure                   blobs.Options
}

// storeHelp ends the long help of every verb with a store.
const storeHelp = `

The store is a local folder (--store), or a container of Azure Blob Storage (--endpoint and
--container): used by a shared access signature (--sas), a connection string, or with neither
as the identity that ` + "`az login`" + `, a managed identity or the environment gives. Files with
credentials must be their owner's alone.`

func storeFlags(c *cobra.Command) *storePlace {
	p := &storePlace{}
	c.Flags().StringVar(&p.folder, "store", "", "local `folder` of sealed objects")
	c.Flags().StringVar(&p.azure.Endpoint, "endpoint", "", "`URL` of an Azure Storage account's blob service")
	c.Flags().StringVar(&p.azure.Container, "container", "", "`name` of the container")
	c.Flags().StringVar(&p.azure.Prefix, "prefix", "", "`prefix` of the objects' blob names")
	c.Flags().StringVar(&p.sas, "sas", "", "`file` with a shared access signature")
	c.Flags().StringVar(&p.connection, "connection-string", "", "`file` with a connection string; it names the endpoint too")
	return p
}

func (p *storePlace) open(io Streams, op string) (store, error) {
	azure := p.azure.Endpoint != "" || p.azure.Container != "" || p.azure.Prefix != "" || p.sas != "" || p.connection != ""
	switch {
	case azure == (p.folder != ""):
		return nil, fault.New(fault.Usage, op, "needs --store, or --endpoint and --container")
	case !azure:
		return dataset.OpenFolder(p.folder)
	case p.azure.Container == "":
		return nil, fault.New(fault.Usage, op, "needs --container")
	case p.sas != "" && p.connection != "":
		return nil, fault.New(fault.Usage, op, "needs --sas or --connection-string, not both")
	case (p.azure.Endpoint == "") == (p.connection == ""):
		return nil, fault.New(fault.Usage, op, "needs --endpoint, or a --connection-string, which names it")
	}
	o := p.azure
	for _, f := range []struct {
		path string
		into *string
	}{{p.sas, &o.SAS}, {p.connection, &o.ConnectionString}} {
		if f.path == "" {
			continue
		}
		if err := private(f.path); err != nil {
			return nil, err
		}
		b, err := readFile(io, f.path)
		if err != nil {
			return nil, err
		}
		if *f.into = strings.TrimSpace(string(b)); *f.into == "" {
			return nil, fault.New(fault.Invalid, op, "%s: is empty", f.path)
		}
	}
	o.Waiting = func() {
		begin := ""
		if terminal(io.Err) {
			begin = "\r\x1b[K" // a progress line may be there
		}
		fmt.Fprintf(io.Err, "%sthe store does not answer: it is waited for, about a minute\n", begin)
	}
	return blobs.New(o)
}
