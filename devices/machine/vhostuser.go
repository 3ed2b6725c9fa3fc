package machine

import (
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/vhostuser"
	"github.com/qomd/qomd/devices/virtio"
)

// MeetBackEnd begins to meet the vhost-user back end of a device that is going to
// be made; nil when it has none, or nobody is there. It has to be over when the
// device is made.
func (m *Machine) MeetBackEnd(r qdev.Request) *vhostuser.Greeting {
	class := m.env.Tree.Types.Class(r.Driver)
	if class == nil && m.env.Alias != nil {
		class = m.env.Tree.Types.Class(m.env.Alias(r.Driver))
	}
	if class == nil || !class.Is(virtio.FSProxy) {
		return nil
	}
	name, _ := r.Props.Get("chardev")
	id, _ := name.(string)
	c := m.Characters.Find(id)
	if c == nil {
		return nil
	}
	return vhostuser.Begin(c)
}
