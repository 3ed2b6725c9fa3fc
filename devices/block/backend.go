package block

import (
	"errors"
	"fmt"
	"slices"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Backend is the place where a device gets its medium; it corresponds to
// BlockBackend in QEMU. It is a drive, which has an id, or is made for a device
// that names a node.
type Backend struct {
	g        *Graph
	id       string
	root     *Edge // nil without a medium
	device   *qom.Object
	legacy   bool     // from -drive or drive_add: it goes with its device
	place    Place    // of a drive
	cdrom    bool     // the drive was declared as one
	counted  [2]*bool // see newAccount
	started  bool
	readOnly bool
	movable  bool // the medium can be taken out
	job      bool // of a block job
	plain    bool // the device tells neither of errors nor of a tray
	trayOpen bool
	locked   bool
	throttle *group
	stats    stats
}

var _ qdev.Backend = (*Backend)(nil)

// Drive returns what the property "drive" of a device finds under a name: a
// drive, or a new backend for a node; nil for nothing. The empty name gives a
// backend without a medium.
func (g *Graph) Drive(name string) qdev.Backend {
	if name == "" {
		return g.newBackend("")
	}
	if b := g.BackendOf(name); b != nil {
		return b
	}
	n := g.Node(name)
	if n == nil {
		return nil
	}
	b := g.newBackend("")
	b.insert(n)
	return b
}

func (g *Graph) newBackend(id string) *Backend {
	b := &Backend{g: g, id: id}
	if id != "" {
		g.backends = append(g.backends, b)
	}
	return b
}

func (b *Backend) insert(n *Node) { b.root = link(b, "root", roleRoot, n) }

// remove takes the medium out.
func (b *Backend) remove() {
	if b.root == nil {
		return
	}
	n := b.root.Node()
	n.dropParent(b.root)
	b.root = nil
	b.g.release(n)
	if err := b.g.refresh(); err != nil {
		b.g.opts.Log.Error("permissions after taking a medium out", "error", err)
	}
}

// describe implements parent.
func (b *Backend) describe() string {
	switch who := b.Label(); who {
	case "":
		return "an unnamed block device"
	default:
		return "block device '" + who + "'"
	}
}

// Label is the drive's id, or the device's id or path, or empty.
func (b *Backend) Label() string {
	if b.id != "" {
		return b.id
	}
	return b.Device()
}

// ID is that of the drive, empty for a backend that is only its device's.
func (b *Backend) ID() string { return b.id }

// Device returns the id or path of the device that uses the backend, empty for
// none.
func (b *Backend) Device() string {
	d := qdev.From(b.device)
	switch {
	case d == nil:
		return ""
	case d.ID() != "":
		return d.ID()
	case d.Path() != "":
		return d.Path()
	}
	return d.CanonicalPath()
}

// Node returns the node behind the backend, nil without a medium.
func (b *Backend) Node() *Node {
	if b.root == nil {
		return nil
	}
	return b.root.Node()
}

// Name implements [qdev.Backend]: what the property shows.
func (b *Backend) Name() string {
	if b.id != "" {
		return b.id
	}
	if n := b.Node(); n != nil {
		return n.name
	}
	return ""
}

// Attach implements [qdev.Backend]. Until [Backend.Start] the device needs
// nothing of the node.
func (b *Backend) Attach(o *qom.Object, _ string) error {
	if b.device != nil {
		if b.legacy && b.place.Interface != "none" {
			return fmt.Errorf("Drive '%s' is already in use because it has been automatically connected to another device "+
				"(did you need 'if=none' in the drive options?)", b.id)
		}
		return fmt.Errorf("Drive '%s' is already in use by another device", b.id)
	}
	b.device, b.started, b.stats = o, false, newStats(newAccount(b.counted[0], b.counted[1]))
	if !slices.Contains(b.g.backends, b) {
		b.g.backends = append(b.g.backends, b)
	}
	return nil
}

// Start gives a device that is being realized the access it needs.
func (b *Backend) Start(use qdev.DriveUse) error {
	if b.root == nil && !use.Removable {
		return errors.New("Device needs media, but drive is empty")
	}
	b.movable, b.plain, b.started = use.Removable, use.Plain, true
	b.readOnly = use.ReadOnly
	if b.root == nil {
		return nil
	}
	perm, shared := permRead, permRead|permWriteUnchanged
	if !use.ReadOnly {
		perm |= permWrite
	}
	if use.Resizable {
		shared |= permResize
	}
	if use.Shared {
		shared |= permWrite
	}
	return b.grant(perm, shared)
}

// grant changes what the backend needs of its node.
func (b *Backend) grant(perm, shared Perm) error {
	oldPerm, oldShared := b.root.perm, b.root.shared
	b.root.perm, b.root.shared = perm, shared
	if err := b.g.refresh(); err != nil {
		b.root.perm, b.root.shared = oldPerm, oldShared
		return err
	}
	return nil
}

// Detach implements [qdev.Backend]: the device is gone for good. A backend
// without an id goes as well, and so does a drive whose device was unplugged.
func (b *Backend) Detach(o *qom.Object, _ string) {
	if b.device != o {
		return
	}
	d := qdev.From(o)
	unplugged := b.legacy && d != nil && d.CanonicalPath() != ""
	b.device, b.started, b.movable, b.trayOpen, b.locked = nil, false, false, false, false
	if b.id == "" || unplugged {
		b.drop()
		return
	}
	if b.root != nil {
		if err := b.grant(0, permAll); err != nil {
			b.g.opts.Log.Error("permissions after detaching a device", "error", err)
		}
	}
}

// drop removes the backend.
func (b *Backend) drop() {
	if i := slices.Index(b.g.backends, b); i >= 0 {
		b.g.backends = slices.Delete(b.g.backends, i, i+1)
	}
	b.remove()
}

// ReadOnly reports whether the medium refuses writes.
func (b *Backend) ReadOnly() bool {
	n := b.Node()
	return n != nil && n.readOnly
}

// Length is the size of the medium in bytes, 0 without one.
func (b *Backend) Length() int64 {
	if n := b.Node(); n != nil {
		return n.Size()
	}
	return 0
}

// Inserted reports whether there is a medium within reach.
func (b *Backend) Inserted() bool { return b.root != nil && !b.trayOpen }

// Async returns what device models read and write.
func (b *Backend) Async() qdev.Disk { return disk{b} }

// resized tells the device that its medium has another length.
func (b *Backend) resized() {
	if b.device == nil {
		return
	}
	if r, ok := b.device.Self().(interface{ MediumResized() }); ok {
		r.MediumResized()
	}
}

// backendFor finds the backend of a device, or of a drive, exactly one of which
// is given.
func (g *Graph) backendFor(drive, device *string) (*Backend, error) {
	switch {
	case (drive == nil) == (device == nil):
		return nil, errors.New("Need exactly one of 'device' and 'id'")
	case drive != nil:
		if b := g.BackendOf(*drive); b != nil {
			return b, nil
		}
		return nil, &qom.NotFoundError{Path: *drive}
	}
	d, err := qdev.Find(g.opts.Env, *device)
	if err != nil {
		return nil, err
	}
	for _, b := range g.backends {
		if b.device == &d.Object {
			return b, nil
		}
	}
	return nil, errors.New("Device does not have a block device backend")
}
