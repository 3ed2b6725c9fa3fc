package block

import (
	"errors"
	"fmt"
	"os"

	"github.com/qomd/qomd/devices/block/qcow2"
	"github.com/qomd/qomd/qmp/qjson"
)

// SnapshotOptions describe an external snapshot: a layer over a node, which
// takes what is written from then on.
type SnapshotOptions struct {
	Device, Node string // what is to get the layer

	Overlay string // the layer, for blockdev-snapshot; else a file:

	File     string
	NodeName string // of the new layer
	Format   string // empty: qcow2
	Existing bool   // the file is there already
}

// Snapshot puts a layer above a node.
func (g *Graph) Snapshot(o SnapshotOptions) (Action, error) {
	old, err := g.Find(o.Device, o.Node)
	if err != nil {
		return Action{}, err
	}
	g.pulse(old)
	if err := old.busyFor(opOther); err != nil {
		return Action{}, err
	}
	layer, err := g.layer(old, o)
	if err != nil {
		return Action{}, err
	}
	a, err := g.putLayer(old, layer)
	if err != nil {
		g.release(layer)
	}
	return a, err
}

// layer finds or makes the node of a new layer.
func (g *Graph) layer(old *Node, o SnapshotOptions) (*Node, error) {
	if o.Overlay != "" {
		return g.findReference(o.Overlay)
	}
	if o.Format == "" {
		o.Format = "qcow2"
	}
	switch {
	case o.Node != "" && o.NodeName == "":
		return nil, errors.New("New overlay node-name missing")
	case o.NodeName != "" && (g.Node(o.NodeName) != nil || g.BackendOf(o.NodeName) != nil):
		return nil, errors.New("New overlay node-name already in use")
	}
	if !o.Existing {
		if err := g.makeImage(o.File, o.Format, old.Size(), old); err != nil {
			return nil, err
		}
	}
	opts := qjson.NewObject(
		qjson.Member{Name: "driver", Value: o.Format},
		qjson.Member{Name: "file", Value: qjson.NewObject(qjson.Member{Name: "driver", Value: "file"}, qjson.Member{Name: "filename", Value: o.File})})
	if o.NodeName != "" {
		opts.Set("node-name", o.NodeName)
	}
	if o.Format == "qcow2" {
		opts.Set("backing", nil)
	}
	return g.open(opts, inherited{cache: old.cache})
}

// makeImage makes an image file of a format, over a backing node if one is
// given, as qemu-img create does.
func (g *Graph) makeImage(name, format string, bytes int64, backing *Node) error {
	plain := format == "raw" || format == "file"
	if format != "qcow2" && !plain {
		if driverOf(format) == nil {
			return fmt.Errorf("Unknown file format '%s'", format)
		}
		return fmt.Errorf("Format driver '%s' does not support image creation", format)
	}
	if plain && backing != nil {
		return fmt.Errorf("Backing file not supported for file format '%s'", format)
	}
	opts := qjson.NewObject(qjson.Member{Name: "filename", Value: name}, qjson.Member{Name: "size", Value: bytes})
	if format == "qcow2" {
		opts.Set("size", int64(0))
	}
	err := createFile(opts)
	if err != nil || plain {
		return err
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("Could not open '%s': %s", name, reason(err))
	}
	img := &fileImage{name: name}
	img.f.Store(f)
	defer img.Close()
	o := qcow2.Options{Size: bytes}
	if backing != nil {
		o.Backing, o.BackingFormat = backing.filename(), backing.driver
	}
	return qcow2.Create(img, o)
}

// putLayer makes a layer's backing node the node below, and the users of that
// users of the layer.
func (g *Graph) putLayer(old, layer *Node) (Action, error) {
	switch {
	case layer.perm&permRead != 0:
		return Action{}, errors.New("The overlay is already in use")
	case layer.isFilter():
		return Action{}, errors.New("Filters cannot be used as overlays")
	case layer.edge("backing") != nil:
		return Action{}, errors.New("The overlay already has a backing image")
	}
	if _, ok := layer.img.(backed); !ok {
		return Action{}, errors.New("The overlay does not support backing images")
	}
	if err := g.setBacking(layer, old); err != nil {
		return Action{}, err
	}
	undo, err := g.replace(old, layer)
	if err != nil {
		return Action{}, errors.Join(err, g.setBacking(layer, nil))
	}
	return Action{
		Commit: func() {
			if _, err := g.setReadOnly(old, true); err != nil {
				g.opts.Log.Warn("making what is below a snapshot read-only", "node", old.name, "error", err)
			}
		},
		Clean: func() { g.release(layer) }, // goes unless somebody uses it
		Undo: func() {
			undo()
			if err := g.setBacking(layer, nil); err != nil {
				g.opts.Log.Error("taking a snapshot back", "error", err)
			}
			g.release(layer)
		},
	}, nil
}

// ChangeBackingFile writes the name of another backing file into an image,
// without opening that.
func (g *Graph) ChangeBackingFile(device, image, name string) error {
	n, err := g.rootNode(device)
	if err != nil {
		return err
	}
	i, err := g.Find("", image)
	switch {
	case err != nil:
		return err
	case i.behind() == nil:
		return errors.New("not allowing backing file change on an image without a backing file")
	}
	if err := n.busyFor(opOther); err != nil {
		return err
	}
	if !n.contains(i) {
		return fmt.Errorf("'%s' and image file are not in the same chain", device)
	}
	if err := g.changeBackingFile(i, name, i.driver); err != nil {
		return fmt.Errorf("Could not change backing file to '%s': %w", name, err)
	}
	return nil
}
