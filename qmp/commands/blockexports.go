package commands

import (
	"fmt"

	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/qmp"
)

// exports registers the commands of qapi/block-export.json. Exports are of the
// type nbd.
func (c *Commands) exports() {
	qmp.Register(c.set, "nbd-server-start", 0, c.nbdStart)
	qmp.Register(c.set, "nbd-server-stop", 0, c.nbdStop)
	qmp.Register(c.set, "nbd-server-add", qmp.Deprecated, c.nbdAdd)
	qmp.Register(c.set, "nbd-server-remove", qmp.Deprecated, c.nbdRemove)
	qmp.Register(c.set, "block-export-add", 0, c.exportAdd)
	qmp.Register(c.set, "block-export-del", 0, c.exportDel)
	qmp.Register(c.set, "query-block-exports", 0, c.queryExports)
}

type nbdStartArgs struct {
	Addr  socketAddress `json:"addr"`
	Creds string        `json:"tls-creds"`
	Authz string        `json:"tls-authz"`
	Max   int           `json:"max-connections"`
}

func (c *Commands) nbdStart(_ *qmp.Call, a nbdStartArgs) (none, error) {
	o := block.ServerOptions{Socket: a.Addr.options(), MaxConnections: a.Max, TLSCreds: a.Creds, TLSAuthz: a.Authz}
	if t := a.Addr.Type; t == "vsock" {
		return none{}, fmt.Errorf("socket type '%s' is not supported", t)
	}
	return none{}, c.m.Blocks.StartServer(o)
}

func (c *Commands) nbdStop(*qmp.Call, none) (none, error) { return none{}, c.m.Blocks.StopServer() }

type nbdAddArgs struct {
	Device   string  `json:"device"`
	Name     string  `json:"name"`
	Writable bool    `json:"writable"`
	Bitmap   *string `json:"bitmap"`
}

// nbdAdd is the older form of block-export-add: the export's id is its name.
func (c *Commands) nbdAdd(_ *qmp.Call, a nbdAddArgs) (none, error) {
	n, err := c.m.Blocks.Find(a.Device, a.Device)
	if err != nil {
		return none{}, err
	}
	if a.Name == "" {
		a.Name = a.Device
	}
	o := block.ExportOptions{Type: "nbd", ID: a.Name, Name: a.Name, Node: n.Name(), Writable: a.Writable && !n.ReadOnly()}
	if a.Bitmap != nil {
		o.Bitmaps = []any{*a.Bitmap}
	}
	return none{}, c.m.Blocks.AddExport(o)
}

type exportDelArgs struct {
	ID   string `json:"id"`
	Name string `json:"name"` // of nbd-server-remove
	Mode string `json:"mode"`
}

func (c *Commands) nbdRemove(_ *qmp.Call, a exportDelArgs) (none, error) {
	return none{}, c.m.Blocks.DelExport(a.Name, a.Mode == "hard")
}

func (c *Commands) exportAdd(_ *qmp.Call, a block.ExportOptions) (none, error) {
	return none{}, c.m.Blocks.AddExport(a)
}

func (c *Commands) exportDel(_ *qmp.Call, a exportDelArgs) (none, error) {
	return none{}, c.m.Blocks.DelExport(a.ID, a.Mode == "hard")
}

func (c *Commands) queryExports(*qmp.Call, none) ([]block.ExportInfo, error) {
	return c.m.Blocks.Exports(), nil
}
