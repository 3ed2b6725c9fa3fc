package block

import (
	"errors"
	"fmt"
	"time"

	"github.com/qomd/qomd/devices/block/qcow2"
)

// SnapshotInfo describes a snapshot inside an image, QEMU's SnapshotInfo.
type SnapshotInfo struct {
	ICount    *int64 `json:"icount,omitempty"`
	ClockNsec int64  `json:"vm-clock-nsec"`
	Name      string `json:"name"`
	DateSec   int64  `json:"date-sec"`
	DateNsec  int64  `json:"date-nsec"`
	ClockSec  int64  `json:"vm-clock-sec"`
	ID        string `json:"id"`
	StateSize int64  `json:"vm-state-size"` // bytes
}

func snapshotInfo(s qcow2.Snapshot) SnapshotInfo {
	i := SnapshotInfo{
		ClockNsec: int64(s.Clock % time.Second), ClockSec: int64(s.Clock / time.Second), Name: s.Name, ID: s.ID,
		DateSec: s.Date.Unix(), DateNsec: int64(s.Date.Nanosecond()), StateSize: s.StateSize,
	}
	if s.ICount >= 0 {
		i.ICount = &s.ICount
	}
	return i
}

// keeper is the image that keeps snapshots of what a node shows: its own or,
// where the node has none and all its data is in one child, the child's. It is
// nil when there is none.
func (n *Node) keeper() *qcow2.Image {
	for {
		if i, ok := n.img.(*qcow2Image); ok {
			return i.img
		}
		e := n.primary()
		if e == nil || len(n.children) != 1 {
			return nil
		}
		n = e.Node()
	}
}

// CanSnapshot reports whether a snapshot inside the image can be taken.
func (n *Node) CanSnapshot() bool { return !n.readOnly && n.keeper() != nil }

// Snapshots lists the snapshots inside a node's image.
func (n *Node) Snapshots() []SnapshotInfo {
	k := n.keeper()
	if k == nil {
		return nil
	}
	var list []SnapshotInfo
	for _, s := range k.Snapshots() {
		list = append(list, snapshotInfo(s))
	}
	return list
}

// findSnapshot finds a snapshot by its id, its name, or both; nil is any.
func findSnapshot(k *qcow2.Image, id, name *string) (qcow2.Snapshot, bool) {
	for _, s := range k.Snapshots() {
		if (id == nil || s.ID == *id) && (name == nil || s.Name == *name) {
			return s, true
		}
	}
	return qcow2.Snapshot{}, false
}

// Inside is a change of the snapshots inside an image that is ready to be made:
// Work does that, and needs no lock; Done ends it, with the lock.
type Inside struct {
	Work func() error
	Done func()
	// Undo takes it back after it was made.
	Undo func()
	Info SnapshotInfo // of the snapshot, where there is one already
}

// newInside keeps a node's files open for a change.
func (g *Graph) newInside(n *Node, work func() error) *Inside {
	pins := g.pin(n)
	return &Inside{Work: work, Done: func() { g.unpin(pins) }}
}

// SnapshotInside prepares a snapshot of a drive or node inside its image, as
// blockdev-snapshot-internal-sync takes it.
func (g *Graph) SnapshotInside(device, name string) (*Inside, error) {
	n, err := g.rootNode(device)
	if err != nil {
		return nil, err
	}
	g.pulse(n)
	if err := n.busyFor(opOther); err != nil {
		return nil, err
	}
	switch {
	case n.readOnly:
		return nil, fmt.Errorf("Device '%s' is read only", device)
	case !n.CanSnapshot():
		return nil, fmt.Errorf("Block format '%s' used by device '%s' does not support internal snapshots", n.driver, device)
	case name == "":
		return nil, errors.New("Name is empty")
	}
	k := n.keeper()
	if _, there := findSnapshot(k, nil, &name); there {
		return nil, fmt.Errorf("Snapshot with name '%s' already exists on device '%s'", name, device)
	}
	s := qcow2.Snapshot{Name: cut(name), Date: time.Now().Truncate(time.Microsecond), Clock: time.Duration(g.now()), ICount: -1}
	in := g.newInside(n, func() error {
		var err error
		if s, err = k.Snapshot(s); err != nil {
			return fmt.Errorf("Failed to create snapshot '%s' on device '%s': %s", name, device, reason(err))
		}
		return nil
	})
	in.Undo = func() {
		if err := k.DeleteSnapshot(s.ID); err != nil {
			g.opts.Log.Error("taking a snapshot back", "node", n.name, "error", err)
		}
	}
	return in, nil
}

// maxName is how many bytes of a snapshot's name QEMU keeps.
const maxName = 255

func cut(name string) string { return name[:min(len(name), maxName)] }

// DeleteInside prepares to delete a snapshot inside an image, as
// blockdev-snapshot-delete-internal-sync does. One of id and name may be nil.
func (g *Graph) DeleteInside(device string, id, name *string) (*Inside, error) {
	n, err := g.rootNode(device)
	switch {
	case err != nil:
		return nil, err
	case id == nil && name == nil:
		return nil, errors.New("Name or id must be provided")
	}
	if err := n.busyFor(opOther); err != nil {
		return nil, err
	}
	k := n.keeper()
	if k == nil {
		return nil, errors.New("Failed to get a snapshot list: Operation not supported")
	}
	s, there := findSnapshot(k, id, name)
	if !there {
		return nil, fmt.Errorf("Snapshot with id '%s' and name '%s' does not exist on device '%s'", orNull(id), orNull(name), device)
	}
	in := g.newInside(n, func() error {
		if err := k.DeleteSnapshot(s.ID); err != nil {
			return fmt.Errorf("Failed to delete snapshot '%s' on device '%s': %s", s.Name, device, reason(err))
		}
		return nil
	})
	in.Info = snapshotInfo(s)
	return in, nil
}

// orNull is how QEMU prints a text that may be missing.
func orNull(text *string) string {
	if text == nil {
		return "null"
	}
	return *text
}
