package block

import (
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
)

// export is a node that the NBD server offers.
type export struct {
	id, name     string
	backend      *Backend
	writable     bool
	depth        bool      // clients may ask how far behind content is
	bitmaps      []*bitmap // that clients may read
	shuttingDown bool
	conns        map[net.Conn]struct{}
}

// ExportInfo is QEMU's BlockExportInfo.
type ExportInfo struct {
	Node         string `json:"node-name"`
	ShuttingDown bool   `json:"shutting-down"`
	Type         string `json:"type"`
	ID           string `json:"id"`
}

// ExportOptions describe a new export.
type ExportOptions struct {
	Type     string `json:"type"`
	ID       string `json:"id"`
	Node     string `json:"node-name"`
	Name     string `json:"name"` // that clients ask for; empty: the node's
	Writable bool   `json:"writable"`
	// Bitmaps that clients want to read: names of the node's or of one behind
	// it, or objects with node and name.
	Bitmaps []any `json:"bitmaps"`
	// Depth lets clients ask how far behind the node content is.
	Depth bool `json:"allocation-depth"`
	// Inactive allows an inactive node; else the export activates it.
	Inactive bool `json:"allow-inactive"`
}

// Exports lists the exports, the newest first.
func (g *Graph) Exports() []ExportInfo {
	list := []ExportInfo{}
	for _, e := range slices.Backward(g.exports) {
		list = append(list, ExportInfo{e.backend.Node().name, e.shuttingDown, "nbd", e.id})
	}
	return list
}

func (g *Graph) exportOf(id string) *export {
	for _, e := range g.exports {
		if e.id == id {
			return e
		}
	}
	return nil
}

// AddExport offers a node to the clients of the NBD server.
func (g *Graph) AddExport(o ExportOptions) error {
	if !qdev.ValidID(o.ID) {
		return errors.New("Invalid block export id")
	}
	if g.exportOf(o.ID) != nil {
		return fmt.Errorf("Block export id '%s' is already in use", o.ID)
	}
	n, err := g.Find("", o.Node)
	if err != nil {
		return err
	}
	if o.Type != "nbd" {
		return errors.New("No driver found for the requested export type")
	}
	if o.Name == "" {
		o.Name = o.Node
	}
	switch {
	case g.server == nil:
		return errors.New("NBD server not running")
	case len(o.Name) > maxExportName:
		return errors.New("export name '" + o.Name + "' too long")
	case slices.ContainsFunc(g.exports, func(e *export) bool { return e.name == o.Name }):
		return fmt.Errorf("NBD server already has export named '%s'", o.Name)
	case o.Writable && n.readOnly:
		return errors.New("Cannot export read-only node as writable")
	}
	var bitmaps []*bitmap
	for _, ref := range o.Bitmaps {
		b, err := g.exportBitmap(n, ref, o.Writable)
		if err != nil {
			return err
		}
		bitmaps = append(bitmaps, b)
	}
	if !o.Inactive {
		if err := g.SetActive(n.name, true); err != nil {
			return err
		}
	}
	b := g.newBackend("")
	b.insert(n)
	perm := permRead
	if o.Writable {
		perm |= permWrite
	}
	if err := b.grant(perm, permAll); err != nil {
		b.drop()
		return err
	}
	for _, b := range bitmaps {
		b.exported = true
	}
	g.exports = append(g.exports, &export{
		id: o.ID, name: o.Name, backend: b, writable: o.Writable, depth: o.Depth, bitmaps: bitmaps, conns: map[net.Conn]struct{}{},
	})
	return nil
}

// exportBitmap finds a bitmap that an export of a node may offer.
func (g *Graph) exportBitmap(n *Node, ref any, writable bool) (b *bitmap, err error) {
	switch ref := ref.(type) {
	case string:
		for c := n; c != nil && b == nil; c = c.behind() {
			if i := slices.IndexFunc(c.bitmaps, func(b *bitmap) bool { return b.name == ref }); i >= 0 {
				b = c.bitmaps[i]
			}
		}
		if b == nil {
			return nil, fmt.Errorf("Bitmap '%s' is not found", ref)
		}
	case *qjson.Object:
		node, _ := text(ref, "node")
		name, _ := text(ref, "name")
		if _, b, err = g.findBitmap(node, name); err != nil {
			return nil, err
		}
	}
	if err := b.usable(); err != nil {
		return nil, err
	}
	if !writable && !n.readOnly && b.records() {
		return nil, fmt.Errorf("Enabled bitmap '%s' incompatible with readonly export", b.name)
	}
	return b, nil
}

// DelExport takes an export back. Unless hard is set it must have no clients.
func (g *Graph) DelExport(id string, hard bool) error {
	e := g.exportOf(id)
	switch {
	case e == nil:
		return fmt.Errorf("Export '%s' is not found", id)
	case e.shuttingDown:
		return fmt.Errorf("Export '%s' is already shutting down", id)
	case len(e.conns) > 0 && !hard:
		return fmt.Errorf("export '%s' still in use", id)
	}
	g.shutDown(e)
	return nil
}

// shutDown cuts the clients off; the export goes with the last one.
func (g *Graph) shutDown(e *export) {
	e.shuttingDown = true
	for c := range e.conns {
		c.Close()
	}
	g.reapExport(e)
}

type exportDeleted struct {
	ID string `json:"id"`
}

// reapExport ends an export that is shutting down and has no clients any more.
func (g *Graph) reapExport(e *export) {
	i := slices.Index(g.exports, e)
	if i < 0 || !e.shuttingDown || len(e.conns) > 0 {
		return
	}
	g.exports = slices.Delete(g.exports, i, i+1)
	e.backend.drop()
	for _, b := range e.bitmaps {
		b.exported = false
	}
	g.emit("BLOCK_EXPORT_DELETED", exportDeleted{e.id})
}

// enter makes a connection a client of the export of a name, and returns that;
// nil when there is none.
func (g *Graph) enter(name string, c net.Conn) *export {
	e, ok := g.named(name)
	if ok {
		e.conns[c] = struct{}{}
	}
	return e
}

// named finds the export that clients know by a name.
func (g *Graph) named(name string) (*export, bool) {
	for _, e := range g.exports {
		if e.name == name && !e.shuttingDown {
			return e, true
		}
	}
	return nil, false
}

// leave undoes enter. The export's node stays as long as it has clients.
func (g *Graph) leave(e *export, c net.Conn) {
	delete(e.conns, c)
	g.reapExport(e)
}
