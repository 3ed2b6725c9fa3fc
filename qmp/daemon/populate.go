package daemon

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/commands"
	"github.com/qomd/qomd/qmp/qjson"
)

// addEarlyObjects makes those objects of the description that character devices
// may need, in its order. The lock is not held.
func (vm *VM) addEarlyObjects() (err error) {
	vm.Machine.Do(func() { err = vm.addSome(func(typ string) bool { return !isLate(typ) }) })
	return err
}

// addObjects makes the other objects of the description, under the machine's
// lock.
func (vm *VM) addObjects() error { return vm.addSome(isLate) }

func (vm *VM) addSome(now func(typ string) bool) error {
	for _, o := range vm.cfg.Objects {
		if !now(o.Type) {
			continue
		}
		if err := vm.addObject(o); err != nil {
			return err
		}
	}
	return nil
}

// isLate reports whether objects of a type wait for character devices and
// netdevs: those that name some, and as in QEMU memory, which may take long.
func isLate(typ string) bool {
	for _, prefix := range []string{"memory-backend-", "filter-", "monitor-", "colo-compare", "rng-egd", "qtest",
		"cryptodev-vhost-user", "vhost-user-blk-server", "x-"} {
		if strings.HasPrefix(typ, prefix) {
			return true
		}
	}
	return false
}

// buildMachine makes the board, with the devices that come with it.
func (vm *VM) buildMachine() error {
	extra, err := vm.boardDevices()
	if err != nil {
		return err
	}
	if err := vm.Machine.Build(extra...); err != nil {
		return &Error{Err: err}
	}
	return nil
}

// plug makes the devices of the description, in its order, then those that
// drives ask for.
func (vm *VM) plug() error {
	if err := vm.addDevices(vm.cfg.Devices, nil); err != nil {
		return err
	}
	return vm.plugDrives()
}

// checkFirmware makes sure that the firmware's tables can be built.
func (vm *VM) checkFirmware() error {
	if err := vm.Machine.CheckFirmware(); err != nil {
		return &Error{Err: err}
	}
	return nil
}

func (vm *VM) addObject(o config.Object) error {
	typ := qjson.Member{Name: "qom-type", Value: o.Type}
	args, err := vm.written().Object(withMembers(o.Options, typ, text("id", o.ID)), !o.FromJSON)
	if err != nil {
		return &Error{o.Origin, err}
	}
	r, err := object.NewRequest(args, false)
	if err == nil {
		_, err = object.Add(vm.Machine.Env(), r)
	}
	if err != nil {
		return &Error{Err: err} // QEMU says here no more what it was told
	}
	return nil
}

// written reads what command lines and files have.
func (vm *VM) written() commands.Written { return commands.Written{Schema: vm.schema} }

// withMembers returns the members and then those of o, which may be nil.
func withMembers(o *qjson.Object, members ...qjson.Member) *qjson.Object {
	all := qjson.NewObject(members...)
	for name, v := range o.All() {
		all.Set(name, v)
	}
	return all
}

// addAudiodevs makes the sound backends of the description.
func (vm *VM) addAudiodevs() error {
	for _, o := range vm.cfg.Audiodevs {
		args, err := vm.written().Audiodev(withMembers(o.Options, text("id", o.ID)), !o.FromJSON)
		if err != nil {
			return &Error{o.Origin, err}
		}
		if err := vm.Machine.AddAudio(args); err != nil {
			return &Error{Err: err}
		}
	}
	return nil
}

// addNetdevs makes the network backends of the description.
func (vm *VM) addNetdevs() error {
	for _, o := range vm.cfg.Netdevs {
		given := withMembers(o.Options)
		if o.ID != "" {
			given.Set("id", o.ID)
		}
		if err := vm.addNetdev(given, !o.FromJSON); err != nil {
			return &Error{o.Origin, err}
		}
	}
	return nil
}

// addNetdev makes a network backend of what a command line has.
func (vm *VM) addNetdev(given *qjson.Object, isText bool) error {
	args, old, err := vm.written().Netdev(given, isText)
	switch {
	case err != nil:
		return err
	case old:
		return vm.Machine.Network.AddOptions(args)
	}
	_, err = vm.Machine.Network.Add(args)
	return err
}

// warnUnused tells of cards and netdevs that lead nowhere.
func (vm *VM) warnUnused() error {
	if vm.Machine.Options().Accel != "qtest" {
		for _, text := range append(vm.Machine.Network.Unused(), vm.unmadeCards()...) {
			vm.log.Warn(text)
		}
	}
	return nil
}

// addDevices plugs devices; those nested in another go to its bus, or that of a
// part of it, unless they name one.
func (vm *VM) addDevices(list []config.Device, parent *qdev.Device) error {
	for _, d := range list {
		r := qdev.Request{
			Driver: d.Driver, ID: d.ID, HasID: d.ID != "", Bus: d.Bus, HasBus: d.Bus != "",
			Below: parent, Props: d.Options, Text: !d.FromJSON,
		}
		if r.Props == nil {
			r.Props = qjson.NewObject()
		}
		dev, err := vm.addDevice(r)
		if err != nil {
			return &Error{d.Origin, err}
		}
		if dev == nil {
			continue // it waits for its standby
		}
		if err := vm.addDevices(d.Devices, dev); err != nil {
			return err
		}
	}
	return nil
}

// addDevice plugs one device, whose vhost-user back end, if it has one, the
// machine that starts waits for.
func (vm *VM) addDevice(r qdev.Request) (*qdev.Device, error) {
	if g := vm.Machine.MeetBackEnd(r); g != nil {
		g.Wait(context.Background())
		defer g.End()()
	}
	return qdev.Add(vm.Machine.Env(), r)
}

// addFiles puts the descriptors of -add-fd, which the process inherited, into
// their sets. The sets get duplicates, and those descriptors stay open.
func (vm *VM) addFiles() error {
	for _, f := range vm.cfg.FDs {
		fd, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(f.FD), syscall.F_DUPFD_CLOEXEC, 0)
		if errno == syscall.EBADF {
			return &Error{f.Origin, errors.New("fd is not valid or already in use")}
		} else if errno != 0 {
			return &Error{f.Origin, fmt.Errorf("error duplicating fd: %w", errno)}
		}
		if _, err := vm.Machine.Files.Add(&f.Set, f.Opaque, int(fd)); err != nil {
			return &Error{f.Origin, err}
		}
	}
	return nil
}
