package virtio

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/devices/fsdev"
	"github.com/qomd/qomd/devices/p9"
)

const (
	ninepQueue   = 128
	ninepMostTag = 31 // bytes
	ninepTag     = 0  // feature: the configuration has a tag
	ninepHeader  = 7  // bytes, of a message
)

var kindNineP = Kind{Name: "virtio-9p", ID: 9, Transitional: 0x1009}

// NineP is virtio-9p-device, VIRTIO 1.2 section 5.9: a folder of the host that the
// guest reaches by the protocol 9P.
type NineP struct {
	Device
	export   *fsdev.Export
	folder   fsdev.Folder
	throttle *block.Throttle // nil: no limits
	session  *ninepSession   // nil: no message has come since the last reset
}

// RealizeVirtio implements [Model].
func (n *NineP) RealizeVirtio() error {
	id, tag := n.StoredString("fsdev"), n.StoredString("mount_tag")
	n.export = fsdev.SetOf(&n.Object).Find(id)
	switch {
	case n.export == nil && !n.HasStored("fsdev"):
		return errors.New("9pfs device couldn't find fsdev with the id = NULL")
	case n.export == nil:
		return errors.New("9pfs device couldn't find fsdev with the id = " + id)
	case !n.HasStored("mount_tag"):
		return fmt.Errorf("fsdev with id %s needs mount_tag arguments", id)
	case len(tag) > ninepMostTag:
		return fmt.Errorf("mount tag '%s' (%d bytes) is longer than maximum (%d bytes)", tag, len(tag), ninepMostTag)
	}
	var err error
	if n.folder, err = n.export.Open(); err != nil {
		return fmt.Errorf("cannot initialize fsdev '%s': %w", id, err)
	}
	if n.export.Limits != (block.Limits{}) {
		n.throttle = block.NewThrottle(n.export.Limits, n.Env().Clock.Now)
	}
	n.Offer(ninepTag)
	n.AddQueue(ninepQueue)
	return nil
}

// ConfigSize implements [Configured].
func (n *NineP) ConfigSize() int { return 2 + len(n.StoredString("mount_tag")) }

// Config implements [Configured].
func (n *NineP) Config(p []byte) {
	tag := n.StoredString("mount_tag")
	binary.LittleEndian.PutUint16(p, uint16(len(tag)))
	copy(p[2:], tag)
}

// MigrationBlocker implements [qdev.MigrationBlocker]: the other host does not
// know what the guest has open.
func (n *NineP) MigrationBlocker() string {
	if n.session == nil || !n.session.attached {
		return ""
	}
	return fmt.Sprintf("Migration is disabled when VirtFS export path '%s' is mounted in the guest using mount_tag '%s'",
		n.export.Path, n.StoredString("mount_tag"))
}

// ResetVirtio implements [ResetWatcher].
func (n *NineP) ResetVirtio() {
	if n.session != nil {
		n.session.stop()
		n.session = nil
	}
}

// ExitVirtio implements [Exiter].
func (n *NineP) ExitVirtio() {
	n.ResetVirtio()
	if n.folder != nil {
		n.folder.Close()
		n.folder = nil
	}
}

// Notify implements [Notified].
func (n *NineP) Notify(q *Queue) {
	q.Each(func(e *Element) {
		switch {
		case e.In.Len() < ninepHeader:
			n.reject(e, errors.New("The guest sent a VirtFS request without space for the reply"))
		case e.Out.Len() < ninepHeader:
			n.reject(e, fmt.Errorf("The guest sent a malformed VirtFS request: header size is %d, should be %d", e.Out.Len(), ninepHeader))
		default:
			n.accept(e)
		}
	})
}

// reject ends a message that cannot be answered.
func (n *NineP) reject(e *Element, err error) {
	n.Break("%s", err)
	e.Drop()
}

// accept hands a message to the session, which begins with the first.
func (n *NineP) accept(e *Element) {
	if n.session == nil {
		fs, err := n.folder.Again()
		if err != nil {
			n.reject(e, err)
			return
		}
		options := p9.Options{
			ReadOnly: n.export.ReadOnly, Devices: n.export.Devices, Xattrs: n.export.Xattrs,
			Fixed: n.Env().OnlyMigratable, Log: n.Env().Log,
		}
		n.session = &ninepSession{n: n, shared: fsdev.SetOf(&n.Object), server: p9.New(fs, options)}
	}
	n.session.add(e)
}
