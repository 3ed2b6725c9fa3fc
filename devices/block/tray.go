package block

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/qmp/qjson"
)

// Which drive a command is about: by its id, or by its device's id or path.
// Exactly one is to be given.
type Which struct {
	Device *string `json:"device"`
	ID     *string `json:"id"`
}

// name is how messages call it.
func (w Which) name() string {
	if w.ID != nil {
		return *w.ID
	}
	if w.Device != nil {
		return *w.Device
	}
	return ""
}

func (g *Graph) which(w Which) (*Backend, error) { return g.backendFor(w.Device, w.ID) }

type trayEvent struct {
	Device string `json:"device"`
	Open   bool   `json:"tray-open"`
	ID     string `json:"id"`
}

// moveTray opens or closes the tray; a drive without a device has none.
func (b *Backend) moveTray(open bool) {
	if b.device == nil || b.trayOpen == open {
		return
	}
	b.trayOpen = open
	b.g.emit("DEVICE_TRAY_MOVED", trayEvent{b.id, open, b.devicePath()})
}

// OpenTray opens the tray of a drive. A guest that locked it is asked first,
// unless force is set; none is there that would answer.
func (g *Graph) OpenTray(w Which, force bool) error {
	b, err := g.which(w)
	if err == nil {
		err = b.canOpen(w, force)
	}
	if err == nil {
		b.moveTray(true)
	}
	return err
}

func (b *Backend) canOpen(w Which, force bool) error {
	err := b.removable(w)
	if err == nil && b.device != nil && b.locked && !force {
		err = fmt.Errorf("Device '%s' is locked and force was not specified, wait for tray to open and try again", w.name())
	}
	return err
}

// removable refuses a device that keeps its medium.
func (b *Backend) removable(w Which) error {
	if b.device != nil && !b.movable {
		return fmt.Errorf("Device '%s' is not removable", w.name())
	}
	return nil
}

// reachable refuses a device whose medium cannot be reached: nothing moves it, or
// its tray is closed.
func (b *Backend) reachable(w Which) error {
	err := b.removable(w)
	if err == nil && b.device != nil && !b.trayOpen {
		err = fmt.Errorf("Tray of device '%s' is not open", w.name())
	}
	return err
}

// CloseTray closes the tray of a drive.
func (g *Graph) CloseTray(w Which) error {
	b, err := g.which(w)
	if err == nil {
		err = b.removable(w)
	}
	if err == nil {
		b.moveTray(false)
	}
	return err
}

// RemoveMedium takes the medium out of an open tray.
func (g *Graph) RemoveMedium(w Which) error {
	b, err := g.which(w)
	if err == nil {
		err = b.reachable(w)
	}
	if err == nil {
		b.remove()
	}
	return err
}

// InsertMedium lays a node into an open tray.
func (g *Graph) InsertMedium(w Which, node string) error {
	b, err := g.which(w)
	if err != nil {
		return err
	}
	n := g.Node(node)
	switch {
	case n == nil:
		return fmt.Errorf("Node '%s' not found", node)
	case n.backend() != nil:
		return fmt.Errorf("Node '%s' is already in use", node)
	}
	return b.lay(w, n)
}

func (b *Backend) lay(w Which, n *Node) error {
	if err := b.reachable(w); err != nil {
		return err
	}
	if b.root != nil {
		return errors.New("There already is a medium in the device")
	}
	b.insert(n)
	if b.device == nil {
		return nil
	}
	perm := permRead
	if !b.readOnly && !n.readOnly {
		perm |= permWrite
	}
	if err := b.grant(perm, permRead|permWriteUnchanged); err != nil {
		n.dropParent(b.root)
		b.root = nil
		return err
	}
	return nil
}

// Eject opens the tray and takes the medium out.
func (g *Graph) Eject(w Which, force bool) error {
	b, err := g.which(w)
	if err == nil {
		err = b.canOpen(w, force)
	}
	if err == nil {
		b.moveTray(true)
		b.remove()
	}
	return err
}

// Change says which medium comes in; see [Graph.ChangeMedium].
type Change struct {
	Filename string
	Format   string // empty: found by looking
	ReadOnly string // "retain", "read-only" or "read-write"
	Force    bool
}

// ChangeMedium opens a file and puts it in place of a drive's medium, opening
// and closing the tray.
func (g *Graph) ChangeMedium(w Which, c Change) error {
	b, err := g.which(w)
	if err != nil {
		return err
	}
	readOnly := c.ReadOnly == "read-only"
	if c.ReadOnly == "" || c.ReadOnly == "retain" {
		readOnly = b.ReadOnly() || b.root == nil && b.readOnly
	}
	o := qjson.NewObject(qjson.Member{Name: "read-only", Value: readOnly})
	if c.Format != "" {
		o.Set("driver", c.Format)
	}
	n, err := g.openNamed(c.Filename, o, inherited{autoReadOnly: true, cache: defaultCache})
	if err != nil {
		return err
	}
	if err = b.canOpen(w, c.Force); err == nil {
		b.moveTray(true)
		b.remove()
		err = b.lay(w, n)
	}
	if err != nil {
		g.release(n)
		return err
	}
	b.moveTray(false)
	return nil
}

// Throttle sets the limits of a drive, which it shares with the others of a group;
// an empty name is that of its own.
func (g *Graph) Throttle(w Which, l Limits, name string) error {
	b, err := g.which(w)
	switch {
	case err != nil:
		return err
	case b.root == nil:
		return errors.New("Device has no medium")
	}
	if err := l.Check(); err != nil {
		return err
	}
	b.limit(l, name)
	return nil
}

// limit puts a drive into a group, and gives that other limits; without any it
// leaves it.
func (b *Backend) limit(l Limits, name string) {
	if l.buckets() == ([6]bucket{}) {
		b.throttle = nil
		return
	}
	if name == "" {
		name = b.Label()
	}
	if b.throttle == nil || b.throttle.name != name {
		b.throttle = nil
		for _, other := range b.g.backends {
			if t := other.throttle; t != nil && t.name == name {
				b.throttle = t
			}
		}
	}
	if b.throttle == nil {
		b.throttle = &group{name: name, now: b.g.now}
	}
	b.throttle.mu.Lock()
	defer b.throttle.mu.Unlock()
	b.throttle.limits = l
}

// SetThreshold makes writes past an offset tell by an event, once; 0 stops it.
func (g *Graph) SetThreshold(node string, threshold uint64) error {
	n := g.Node(node)
	if n == nil {
		return fmt.Errorf("Device '%s' not found", node)
	}
	n.threshold = threshold
	return nil
}

// ResizeBy changes the length of the node that a drive's id or a node name
// leads to.
func (g *Graph) ResizeBy(device, node string, size int64) error {
	n, err := g.Find(device, node)
	if err != nil {
		return err
	}
	return g.Resize(n, size)
}
