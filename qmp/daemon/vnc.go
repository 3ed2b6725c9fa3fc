package daemon

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/vnc"
)

// openVNC starts the VNC servers of the description.
func (vm *VM) openVNC() error {
	for _, c := range vm.cfg.VNC {
		if err := vm.openVNCServer(c); err != nil {
			return &Error{c.Origin, err}
		}
	}
	return nil
}

func (vm *VM) openVNCServer(c config.VNC) error {
	name := "QEMU"
	if vm.cfg.Name != "" {
		name = fmt.Sprintf("QEMU (%s)", vm.cfg.Name)
	}
	s := vnc.New(vnc.Options{
		ID: c.ID, Name: name, Password: c.Password, Credentials: c.TLSCreds, Authz: c.TLSAuthz,
		Sharing: c.Sharing, Connections: c.Connections, Tree: vm.Machine.Tree(),
		Do: vm.Machine.Do, Emit: vm.emit, Log: vm.log,
		Panel: &vm.Machine.Env().Input, Awake: vm.Machine.Awake,
		After: func(d time.Duration, f func()) { vm.Machine.AfterFunc(d, f) },
	})
	if c.Reverse {
		return vm.callVNC(s, c.At)
	}
	var listeners []vnc.Listener
	if c.Listen {
		var err error
		if listeners, err = vncListeners(c); err != nil {
			return err
		}
	}
	vm.Machine.Do(func() {
		s.Listen(listeners)
		vm.Machine.VNC = append(vm.Machine.VNC, s)
	})
	return nil
}

// equipVNC gives the servers the objects and devices they name, which are made
// later than they are.
func (vm *VM) equipVNC() error {
	for i, c := range vm.cfg.VNC {
		s := vm.Machine.VNC[i]
		err := vm.vncSecret(s, c.Secret)
		if err == nil {
			err = s.FindCredentials()
		}
		if c.Device != "" && err == nil {
			if _, missing := qdev.Find(vm.Machine.Env(), c.Device); missing != nil {
				err = fmt.Errorf("Device '%s' not found", c.Device)
			}
		}
		if err != nil {
			return &Error{c.Origin, err}
		}
	}
	return nil
}

// vncSecret gives a server the password that an object has. The machine's lock
// is held.
func (vm *VM) vncSecret(s *vnc.Server, id string) error {
	if id == "" {
		return nil
	}
	o := object.Container(vm.Machine.Tree()).Child(id)
	if o == nil {
		return fmt.Errorf("No secret with id '%s'", id)
	}
	secret, ok := o.Self().(*object.Secret)
	if !ok {
		return fmt.Errorf("Object with id '%s' is not a secret", id)
	}
	s.SetPassword(string(secret.Data()))
	return nil
}

// vncListeners opens the sockets of a server, or none.
func vncListeners(c config.VNC) ([]vnc.Listener, error) {
	plain, err := c.At.Listen()
	var web []net.Listener
	if err == nil && c.Web != nil {
		web, err = c.Web.Listen()
	}
	var list []vnc.Listener
	for _, l := range plain {
		list = append(list, vnc.Listener{Listener: l})
	}
	for _, l := range web {
		list = append(list, vnc.Listener{Listener: l, WebSocket: true})
	}
	if err != nil {
		for _, l := range list {
			l.Close()
		}
		return nil, err
	}
	return list, nil
}

// callVNC connects a server to a client that listens.
func (vm *VM) callVNC(s *vnc.Server, a vnc.Address) error {
	o := chardev.SocketOptions{Path: a.Path, Host: a.Host, IPv4: a.IPv4, IPv6: a.IPv6}
	if a.Path == "" {
		o.Port = strconv.Itoa(a.Port)
	}
	conn, err := chardev.Dial(context.Background(), o)
	if err != nil {
		return err
	}
	vm.Machine.Do(func() {
		s.Attach(conn, false)
		vm.Machine.VNC = append(vm.Machine.VNC, s)
	})
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
