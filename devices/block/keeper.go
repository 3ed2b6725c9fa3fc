package block

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/qomd/qomd/devices/block/qcow2"
)

// Keeper is a node that takes part in the snapshots of a machine, its files kept
// open until [Keeper.Release]. Methods that change the image need no lock.
type Keeper struct {
	node *Node
	img  *qcow2.Image
	pins []*Node
}

// Keepers lists the nodes whose content a snapshot of the machine is about:
// those of names, or with nil all that somebody can write to. One whose image
// cannot keep snapshots is an error.
func (g *Graph) Keepers(names []string) ([]*Keeper, error) {
	nodes, err := g.snapshotNodes(names)
	if err != nil {
		return nil, err
	}
	var list []*Keeper
	for _, n := range nodes {
		if !n.CanSnapshot() {
			return nil, fmt.Errorf("Device '%s' is writable but does not support snapshots", n.label())
		}
	}
	for _, n := range nodes {
		list = append(list, &Keeper{n, n.keeper(), g.pin(n)})
	}
	return list, nil
}

// snapshotNodes is Keepers for nodes whatever their images can.
func (g *Graph) snapshotNodes(names []string) ([]*Node, error) {
	if names == nil {
		return g.Written(), nil
	}
	var list []*Node
	for _, name := range names {
		n := g.Node(name)
		if n == nil {
			return nil, fmt.Errorf("No block device node '%s'", name)
		}
		list = append(list, n)
	}
	if len(list) == 0 {
		return nil, errors.New("At least one device is required for snapshot")
	}
	return list, nil
}

// Tops lists the nodes that a backend uses, and then those that users made.
func (g *Graph) Tops() []*Node {
	var list []*Node
	for _, b := range g.backends {
		if n := b.Node(); n != nil && !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	for _, n := range g.nodes {
		if n.owned && !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list
}

// Written lists those of [Graph.Tops] that can be written to and are no part of
// another node.
func (g *Graph) Written() []*Node {
	return slices.DeleteFunc(g.Tops(), func(n *Node) bool {
		return n.readOnly || n.backend() == nil && len(n.parents) > 0
	})
}

// StateKeeper chooses the one that keeps the state of the machine: that of a
// name, or with nil the first.
func StateKeeper(list []*Keeper, name *string) (*Keeper, error) {
	for _, k := range list {
		if name == nil || k.node.name == *name {
			return k, nil
		}
	}
	if name != nil {
		return nil, fmt.Errorf("vmstate block device '%s' does not exist", *name)
	}
	return nil, errors.New("no block device can store vmstate for snapshot")
}

// Release lets the files go. It needs the machine's lock.
func (k *Keeper) Release() { k.node.g.unpin(k.pins) }

// Label is how messages call the node.
func (k *Keeper) Label() string { return k.node.label() }

// Has reports whether there is a snapshot of a name, and what the state of a
// machine takes there.
func (k *Keeper) Has(name string) (stateSize int64, ok bool) {
	s, ok := findSnapshot(k.img, nil, &name)
	return s.StateSize, ok
}

// Delete deletes the first snapshot of a name, if there is any.
func (k *Keeper) Delete(name string) error {
	s, ok := findSnapshot(k.img, nil, &name)
	if !ok {
		return nil
	}
	if err := k.img.DeleteSnapshot(s.ID); err != nil {
		return fmt.Errorf("Could not delete snapshot '%s' on '%s': %s", name, k.Label(), reason(err))
	}
	return nil
}

// Take takes a snapshot, with what was written to [Keeper.StateWriter] if size
// is not 0.
func (k *Keeper) Take(name string, date time.Time, clock time.Duration, size int64) error {
	_, err := k.img.Snapshot(qcow2.Snapshot{Name: cut(name), Date: date, Clock: clock, StateSize: size, ICount: -1})
	if err != nil {
		return fmt.Errorf("Could not create snapshot '%s' on '%s': %s", name, k.Label(), reason(err))
	}
	return nil
}

// MayRevert returns why the node cannot go back to a snapshot now, nil when it
// can. It needs the machine's lock.
func (k *Keeper) MayRevert(name string) error {
	if len(k.node.bitmaps) > 0 {
		return k.notReverted(name, errors.New("Device has active dirty bitmaps"))
	}
	return nil
}

func (k *Keeper) notReverted(name string, err error) error {
	return fmt.Errorf("Could not load snapshot '%s' on '%s': %s", name, k.Label(), reason(err))
}

// Revert goes back to a snapshot.
func (k *Keeper) Revert(name string) error {
	s, _ := findSnapshot(k.img, nil, &name)
	if err := k.img.Revert(s.ID); err != nil {
		return k.notReverted(name, err)
	}
	return nil
}

// Reverted tells the users of the node that it may be of another size now. It
// needs the machine's lock.
func (k *Keeper) Reverted() {
	for _, e := range k.node.parents {
		if b, ok := e.parent.(*Backend); ok {
			b.resized()
		}
	}
}

// stateBuffer is how much of a machine's state is written at once, in bytes.
const stateBuffer = 1 << 20

// StateWriter writes the state of a machine, which the next snapshot keeps.
type StateWriter struct {
	*bufio.Writer
	at stateAt
}

// Size is how much was written, in bytes, after Flush.
func (w *StateWriter) Size() int64 { return w.at.off }

type stateAt struct {
	img *qcow2.Image
	off int64
}

func (s *stateAt) Write(p []byte) (int, error) {
	if err := s.img.WriteState(p, s.off); err != nil {
		return 0, err
	}
	s.off += int64(len(p))
	return len(p), nil
}

// StateWriter returns what writes a machine's state.
func (k *Keeper) StateWriter() *StateWriter {
	w := &StateWriter{at: stateAt{img: k.img}}
	w.Writer = bufio.NewWriterSize(&w.at, stateBuffer)
	return w
}

// StateReader reads the state of the snapshot that the image was reverted to.
func (k *Keeper) StateReader(size int64) io.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(stateReader{k.img}, 0, size), stateBuffer)
}

type stateReader struct{ img *qcow2.Image }

func (s stateReader) ReadAt(p []byte, off int64) (int, error) {
	return len(p), s.img.ReadState(p, off)
}
