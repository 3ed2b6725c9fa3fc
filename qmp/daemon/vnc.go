package daemon

import (
	"fmt"
	"strconv"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/vnc"
)

// openVNC starts the VNC servers of the description.
func (vm *VM) openVNC() error {
	name := "QEMU"
	if vm.cfg.Name != "" {
		name = fmt.Sprintf("QEMU (%s)", vm.cfg.Name)
	}
	for _, c := range vm.cfg.VNC {
		o := chardev.SocketOptions{Path: c.Path}
		if c.Path == "" {
			o.Host, o.Port, o.To = c.Host, strconv.Itoa(c.Port), uint16(c.To)
		}
		l, err := chardev.Listen(o)
		if err != nil {
			return &Error{c.Origin, err}
		}
		s := vnc.Serve(l, vnc.Options{ID: c.ID, Name: name, Do: vm.Machine.Do, Emit: vm.emit})
		vm.Machine.Do(func() { vm.Machine.VNC = append(vm.Machine.VNC, s) })
	}
	return nil
}

// closeVNC ends the VNC servers.
func (vm *VM) closeVNC() {
	var servers []*vnc.Server
	vm.Machine.Do(func() { servers, vm.Machine.VNC = vm.Machine.VNC, nil })
	for _, s := range servers {
		s.Close()
	}
}
