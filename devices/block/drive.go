package block

import (
	"fmt"
	"slices"

	"github.com/qomd/qomd/qmp/qjson"
)

// AddDrive makes a drive as -drive and drive_add do, from text options, for a
// machine that is wired so.
func (g *Graph) AddDrive(id string, o *qjson.Object, w Wiring) (*Backend, error) {
	iface := w.Interface
	d, err := newDriveOptions(o)
	if err != nil {
		return nil, err
	}
	if v, ok := d.take("if"); ok {
		if !slices.Contains(interfaces, v) {
			return nil, fmt.Errorf("unsupported bus type '%s'", v)
		}
		iface = v
	}
	if id != "" && g.BackendOf(id) != nil {
		return nil, fmt.Errorf("Duplicate ID '%s' for drive", id)
	}
	at, err := g.drivePlace(d, w, iface)
	if err != nil {
		return nil, err
	}
	if id == "" {
		id = at.name(d, w)
	}
	cd := isCD(d)
	if err := d.read(); err != nil {
		return nil, err
	}
	if g.Node(id) != nil {
		return nil, fmt.Errorf("Device name '%s' conflicts with an existing node name", id)
	}
	b := &Backend{g: g, id: id, legacy: true, place: at, cdrom: cd, readOnly: d.readOnly, counted: d.counted}
	if err := d.limits.Check(); err != nil {
		return nil, err
	}
	b.limit(d.limits, d.group)
	n, err := d.open(g)
	if err != nil {
		return nil, err
	}
	if n != nil {
		b.insert(n)
		if top := n.unfiltered(); d.copying && top != nil {
			top.copyOnRead = true
			top.settleCopying()
		}
	}
	g.backends = append(g.backends, b)
	return b, nil
}

// interfaces are those that drives can ask for, as QEMU numbers them.
var interfaces = []string{"none", "ide", "scsi", "floppy", "pflash", "mtd", "sd", "virtio", "xen"}

// Waiting returns the oldest drive of an interface that no device uses yet, nil
// for none.
func (g *Graph) Waiting(iface string) *Backend {
	for _, b := range g.backends {
		if b.legacy && b.place.Interface == iface && b.device == nil {
			return b
		}
	}
	return nil
}

// Drives lists the drives of an interface that no device uses, in order.
func (g *Graph) Drives(iface string) []*Backend {
	var list []*Backend
	for _, b := range g.backends {
		if b.legacy && b.place.Interface == iface && b.device == nil {
			list = append(list, b)
		}
	}
	return list
}

// Place is where a drive is connected.
func (b *Backend) Place() Place { return b.place }

// CDROM reports whether a drive was declared to be one (media=cdrom).
func (b *Backend) CDROM() bool { return b.cdrom }

func isCD(d *driveOptions) bool {
	media, _ := text(d.o, "media")
	return media == "cdrom"
}

// HotAddDrive is AddDrive on a machine that runs, where drives cannot be
// connected by themselves.
func (g *Graph) HotAddDrive(id string, o *qjson.Object, w Wiring) error {
	b, err := g.AddDrive(id, o, w)
	if err != nil {
		return err
	}
	if i := slices.Index(interfaces, b.place.Interface); i > 0 {
		b.drop()
		return fmt.Errorf("Can't hot-add drive to type %d", i)
	}
	return nil
}

// DelDrive takes the medium away from a drive, as drive_del of the human
// monitor does; one that no device uses goes altogether. A node is removed.
func (g *Graph) DelDrive(id string) error {
	if g.Node(id) != nil {
		return g.Del(id)
	}
	b := g.BackendOf(id)
	if b == nil {
		return fmt.Errorf("Device '%s' not found", id)
	}
	b.id, b.legacy = "", false
	if b.device == nil {
		b.drop()
		return nil
	}
	b.remove()
	return nil
}

// open opens the node of a drive, nil for one without a medium.
func (d *driveOptions) open(g *Graph) (*Node, error) {
	if !d.snapshot {
		return d.openMedium(g)
	}
	d.o.Set("read-only", "on")
	n, err := d.openMedium(g)
	if n == nil || err != nil {
		return n, err
	}
	return g.overTemporary(n, d.readOnly)
}

func (d *driveOptions) openMedium(g *Graph) (*Node, error) {
	in := inherited{readOnly: d.readOnly, autoReadOnly: true, cache: d.cache, aio: d.aio}
	if d.file == "" && !ofMedium(d.o) {
		return nil, nil
	}
	n, err := g.openNamed(d.file, d.o, in)
	if err == nil && d.zeroes != "" {
		n.detectZeroes = d.zeroes // a drive need not discard anything for it
	}
	return n, err
}
