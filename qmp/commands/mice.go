package commands

import (
	"cmp"
	"slices"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qom"
)

type mouseInfo struct {
	Name     string `json:"name"`
	Index    int    `json:"index"`
	Current  bool   `json:"current"`
	Absolute bool   `json:"absolute"`
}

// input is a type of input device; a pointing device has a name.
type input struct {
	name     string
	absolute bool
	touch    bool
}

// inputs are the types that QEMU counts as input devices from the moment they
// work. Others do so once a guest uses them.
var inputs = map[string]input{
	"ps2-kbd": {}, "usb-kbd": {}, "virtio-keyboard-device": {},
	"ps2-mouse": {name: "QEMU PS/2 Mouse"}, "usb-mouse": {name: "QEMU HID Mouse"}, "virtio-mouse-device": {name: "QEMU Virtio Mouse"},
	"usb-tablet":               {name: "QEMU HID Tablet", absolute: true},
	"virtio-tablet-device":     {name: "QEMU Virtio Tablet", absolute: true},
	"virtio-multitouch-device": {name: "QEMU Virtio MultiTouch", absolute: true, touch: true},
}

// queryMice lists the pointing devices, the newest first. They are numbered
// among all input devices that there are; in QEMU those that have gone count as
// well. The oldest is in use.
func (c *Commands) queryMice(*qmp.Call, none) ([]mouseInfo, error) {
	var devices []*qom.Object
	c.m.Tree().Root().Walk(func(o *qom.Object) bool {
		if _, ok := inputs[o.TypeName()]; ok {
			if realized, _ := o.Get("realized"); realized == true {
				devices = append(devices, o)
			}
		}
		return true
	})
	slices.SortStableFunc(devices, func(a, b *qom.Object) int {
		return cmp.Compare(a.Storage().Generation(), b.Storage().Generation())
	})
	list := []mouseInfo{}
	for i, o := range devices {
		if in := inputs[o.TypeName()]; in.name != "" {
			list = append(list, mouseInfo{Name: in.name, Index: i + 1, Current: len(list) == 0, Absolute: in.absolute})
		}
	}
	slices.Reverse(list)
	return list, nil
}
