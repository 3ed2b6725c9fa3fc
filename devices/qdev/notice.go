package qdev

import "github.com/qomd/qomd/qom"

// Deleted is the data of DEVICE_DELETED.
type Deleted struct {
	Device string `json:"device,omitempty"`
	Path   string `json:"path"`
}

// endNotice is the announcement of a device's end. It does not reach the device:
// usually it is sent when the device's storage is gone.
type endNotice struct {
	env       *Env
	storage   *qom.Storage
	data      Deleted
	cancelled bool // the device was revived
}

// endsClassic reports whether the device ends by the rule of QEMU: announced by
// its finalizer, whoever is still in its storage, with its id free before that.
func (d *Device) endsClassic() bool { return d.Storage().Policy() == qom.Classic }

// announceEnd arranges for the announcement.
func (d *Device) announceEnd() {
	n := &endNotice{env: d.Env(), storage: d.Storage(), data: Deleted{Device: d.id, Path: d.path}}
	d.unplug.notice = n
	if !d.endsClassic() {
		d.OnFree(n.send)
	}
	if d.StorageKind() == qom.RootStorage {
		d.OnFree(n.removed)
	}
}

func (n *endNotice) send() {
	if n.cancelled {
		return
	}
	if id := n.data.Device; id != "" && n.env.draining[id] == n.storage {
		delete(n.env.draining, id)
	}
	n.env.Emit("DEVICE_DELETED", n.data)
}

// removed tells the machine that the storage is gone.
func (n *endNotice) removed() {
	if n.cancelled || n.env.Removed == nil {
		return
	}
	since, last := n.storage.Drain()
	n.env.Removed(Removal{
		ID: n.data.Device, Path: n.data.Path, Generation: n.storage.Generation(), Drained: since, LastHolder: last,
	})
}
