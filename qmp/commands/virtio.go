package commands

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/virtio"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qom"
)

// virtio registers qapi/virtio.json.
func (c *Commands) virtio() {
	qmp.Register(c.set, "x-query-virtio", qmp.Unstable, c.queryVirtio)
	qmp.Register(c.set, "x-query-virtio-status", qmp.Unstable, c.queryVirtioStatus)
	qmp.Register(c.set, "x-query-virtio-queue-status", qmp.Unstable, c.queryVirtioQueue)
	qmp.Register(c.set, "x-query-virtio-queue-element", qmp.Unstable, c.queryVirtioElement)
	qmp.Register(c.set, "x-query-virtio-vhost-queue-status", qmp.Unstable, c.queryVhostQueue)
}

type virtioInfo struct {
	Path string `json:"path"`
	Name string `json:"name"`
}

func (c *Commands) queryVirtio(*qmp.Call, none) ([]virtioInfo, error) {
	list := []virtioInfo{}
	for _, o := range listed(c.m.Tree().Root(), "virtio-device") {
		if d := virtio.From(o); d != nil && d.Realized() {
			list = append(list, virtioInfo{o.Path(), virtioName(o)})
		}
	}
	if len(list) == 0 && !c.m.Env().Ways.NoVirtio {
		return nil, errors.New("No virtio devices found")
	}
	return list, nil
}

// listed lists the objects of a type below another one in the order in which
// QEMU lists what it finds.
func listed(o *qom.Object, typ string) []*qom.Object {
	var list []*qom.Object
	for _, child := range o.ListedChildren() {
		list = append(list, listed(child, typ)...)
		if child.Is(typ) {
			list = append(list, child)
		}
	}
	return list
}

// virtioName is what QEMU calls the kind of a virtio device.
func virtioName(o *qom.Object) string {
	switch {
	case o.Is("virtio-input-device"):
		return "virtio-input"
	case o.Is("virtio-gpu-base"):
		return "virtio-gpu"
	}
	return strings.TrimSuffix(o.TypeName(), "-device")
}

type virtioArgs struct {
	Path  string `json:"path"`
	Queue int    `json:"queue"`
	Index *int   `json:"index"`
}

// virtioAt finds the working virtio device at a canonical path; what is how
// QEMU calls such a device in its refusal.
func (c *Commands) virtioAt(path, what string) (*virtio.Device, error) {
	o, _ := c.m.Tree().Resolve(path, "")
	if o != nil && o.Path() == path {
		if d := virtio.From(o); d != nil && d.Realized() {
			return d, nil
		}
	}
	return nil, fmt.Errorf("Path %s is not a %s", path, what)
}

// virtioQueue finds a queue of the device at a path.
func (c *Commands) virtioQueue(a virtioArgs, what string) (*virtio.Device, *virtio.Queue, error) {
	d, err := c.virtioAt(a.Path, what)
	if err != nil {
		return nil, nil, err
	}
	q := d.Queue(a.Queue)
	if q == nil {
		return nil, nil, fmt.Errorf("Invalid virtqueue number %d", a.Queue)
	}
	return d, q, nil
}

// virtioStatus is QEMU's VirtioStatus. There is no vhost.
type virtioStatus struct {
	Name              string         `json:"name"`
	DeviceID          uint16         `json:"device-id"`
	VhostStarted      bool           `json:"vhost-started"`
	Endian            string         `json:"device-endian"`
	Guest             virtioFeatures `json:"guest-features"`
	Host              virtioFeatures `json:"host-features"`
	Backend           virtioFeatures `json:"backend-features"`
	Queues            int            `json:"num-vqs"`
	Status            virtioStatuses `json:"status"`
	ISR               uint8          `json:"isr"`
	Selected          uint16         `json:"queue-sel"`
	Running           bool           `json:"vm-running"`
	Broken            bool           `json:"broken"`
	Disabled          bool           `json:"disabled"`
	UseStarted        bool           `json:"use-started"`
	Started           bool           `json:"started"`
	StartOnKick       bool           `json:"start-on-kick"`
	NoLegacyCheck     bool           `json:"disable-legacy-check"`
	Bus               string         `json:"bus-name"`
	GuestNotifierMask bool           `json:"use-guest-notifier-mask"`
}

// queryVirtioStatus answers what QEMU 7.2 does. 11.1.3 ends with a failed
// assertion here.
func (c *Commands) queryVirtioStatus(_ *qmp.Call, a virtioArgs) (*virtioStatus, error) {
	d, err := c.virtioAt(a.Path, "realized VirtIODevice")
	if err != nil {
		return nil, err
	}
	s, id := d.Inspect(), d.Kind().ID
	on := func(property string) bool { v, _ := get(&d.Object, property).(bool); return v }
	return &virtioStatus{
		Name: virtioName(&d.Object), DeviceID: id, Endian: "little",
		Guest: featureWords(id, s.Accepted), Host: featureWords(id, s.Offered), Backend: featureWords(id, 0),
		Queues: s.Queues, Status: statusWords(s.Status), ISR: s.ISR, Selected: s.Selected,
		Running: c.m.Running(), Broken: s.Broken, Disabled: s.Disabled, UseStarted: on("use-started"),
		Started: s.Status&virtio.StatusDriverOK != 0, NoLegacyCheck: on("x-disable-legacy-check"),
		Bus: s.Bus, GuestNotifierMask: true,
	}, nil
}

// virtQueueStatus is QEMU's VirtQueueStatus.
type virtQueueStatus struct {
	Name           string `json:"name"`
	Index          int    `json:"queue-index"`
	InUse          int    `json:"inuse"`
	Size           uint32 `json:"vring-num"`
	Maximum        uint32 `json:"vring-num-default"`
	Align          uint32 `json:"vring-align"`
	Desc           uint64 `json:"vring-desc"`
	Avail          uint64 `json:"vring-avail"`
	Used           uint64 `json:"vring-used"`
	LastAvail      uint16 `json:"last-avail-idx"`
	SeenAvail      uint16 `json:"shadow-avail-idx"`
	UsedIndex      uint16 `json:"used-idx"`
	Signalled      uint16 `json:"signalled-used"`
	SignalledValid bool   `json:"signalled-used-valid"`
}

func (c *Commands) queryVirtioQueue(_ *qmp.Call, a virtioArgs) (*virtQueueStatus, error) {
	d, q, err := c.virtioQueue(a, "VirtIODevice")
	if err != nil {
		return nil, err
	}
	s := q.Inspect()
	return &virtQueueStatus{
		Name: virtioName(&d.Object), Index: q.Index(), InUse: s.InUse, Size: s.Size, Maximum: s.Maximum, Align: s.Align,
		Desc: s.Desc, Avail: s.Avail, Used: s.Used, LastAvail: s.LastAvail, SeenAvail: s.SeenAvail,
		UsedIndex: s.UsedIndex, Signalled: s.Signalled, SignalledValid: s.EverSignalled,
	}, nil
}

// virtioElement is QEMU's VirtioQueueElement.
type virtioElement struct {
	Name        string       `json:"name"`
	Index       uint16       `json:"index"`
	Descriptors []vringDesc  `json:"descs"`
	Avail       vringAvail   `json:"avail"`
	Used        vringIndices `json:"used"`
}

type vringDesc struct {
	Addr  uint64   `json:"addr"`
	Len   uint32   `json:"len"`
	Flags []string `json:"flags"`
}

type vringIndices struct {
	Flags uint16 `json:"flags"`
	Index uint16 `json:"idx"`
}

type vringAvail struct {
	vringIndices
	Ring uint16 `json:"ring"`
}

// queryVirtioElement lists the descriptors of an element from the last to the
// first, as QEMU does.
func (c *Commands) queryVirtioElement(_ *qmp.Call, a virtioArgs) (*virtioElement, error) {
	d, q, err := c.virtioQueue(a, "VirtIO device")
	if err != nil {
		return nil, err
	}
	index := -1
	if a.Index != nil {
		index = *a.Index
	}
	chain, ok := q.Peek(index)
	if !ok {
		return nil, errors.New("Region caches not initialized")
	}
	e := &virtioElement{
		Name: virtioName(&d.Object), Index: chain.Head, Descriptors: []vringDesc{},
		Avail: vringAvail{vringIndices{chain.AvailFlags, chain.AvailIndex}, chain.Head},
		Used:  vringIndices{chain.UsedFlags, chain.UsedIndex},
	}
	for _, desc := range slices.Backward(chain.Descriptors) {
		e.Descriptors = append(e.Descriptors, vringDesc{desc.Addr, desc.Len, words(descriptorWords, uint64(desc.Flags))})
	}
	return e, nil
}

// queryVhostQueue refuses: the devices here do their work themselves.
func (c *Commands) queryVhostQueue(_ *qmp.Call, a virtioArgs) (*none, error) {
	if _, err := c.virtioAt(a.Path, "VirtIODevice"); err != nil {
		return nil, err
	}
	return nil, errors.New("Error: vhost device has not started yet")
}
