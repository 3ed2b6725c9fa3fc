package hub

import "github.com/qomd/qomd/devices/vmstate"

// VMState implements [vmstate.Stater].
func (h *Hub) VMState(f *vmstate.Fields) {
	h.Device.VMState(f)
	f.List("ports", h.n, func(i int, f *vmstate.Fields) {
		f.Field("status", &h.ports[i].status)
		f.Field("change", &h.ports[i].change)
	})
}
