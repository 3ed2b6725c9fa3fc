package commands

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/qomd/qomd/devices/migration"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/qmp"
)

// xen registers the commands of qapi/migration.json that Xen's toolstack and
// COLO use. They need no Xen, and without a replicating block node there is
// nothing to replicate. What is asked to be logged of memory nobody reads.
func (c *Commands) xen() {
	nothing := func(*qmp.Call, none) (none, error) { return none{}, nil }
	qmp.Register(c.set, "xen-colo-do-checkpoint", 0, nothing)
	qmp.Register(c.set, "xen-set-global-dirty-log", 0, func(*qmp.Call, dirtyLogArgs) (none, error) { return none{}, nil })
	qmp.Register(c.set, "xen-set-replication", 0, c.xenSetReplication)
	qmp.Register(c.set, "xen-save-devices-state", 0, c.xenSave)
	qmp.Register(c.set, "xen-load-devices-state", 0, c.xenLoad)
	qmp.Register(c.set, "x-colo-lost-heartbeat", qmp.Unstable, func(*qmp.Call, none) (none, error) {
		return none{}, errors.New("VM is not in COLO mode")
	})
}

type dirtyLogArgs struct {
	Enable bool `json:"enable"`
}

type replicationArgs struct {
	Enable   bool  `json:"enable"`
	Primary  bool  `json:"primary"`
	Failover *bool `json:"failover"`
}

func (c *Commands) xenSetReplication(_ *qmp.Call, a replicationArgs) (none, error) {
	if a.Enable && a.Failover != nil {
		return none{}, errors.New("Parameter 'failover' is only for stopping replication")
	}
	return none{}, nil
}

type xenSaveArgs struct {
	Filename string `json:"filename"`
	Live     *bool  `json:"live"`
}

// xenSave writes the state of the devices. A machine that runs stands still
// meanwhile; of one that stands still the images are let go unless live is off.
func (c *Commands) xenSave(call *qmp.Call, a xenSaveArgs) (none, error) {
	ran := c.m.Running()
	var f *os.File
	var state []byte
	err := c.m.Halted(func() (err error) {
		if f, err = os.OpenFile(a.Filename, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o660); err != nil {
			return fmt.Errorf("Could not create '%s': %s", a.Filename, object.Strerror(err))
		}
		if state, err = c.m.Migration.SaveDevices(); err != nil {
			f.Close()
			return err
		}
		if live := a.Live == nil || *a.Live; live && !ran {
			return c.m.Blocks.SetActive("", false)
		}
		return nil
	})
	if err != nil {
		return none{}, err
	}
	return qmp.Aside(call, func(context.Context) {
		if _, err = f.Write(state); err == nil {
			err = f.Close()
		}
	}, func() (none, error) {
		if err != nil {
			err = fmt.Errorf("saving Xen device state failed: %s", object.Strerror(err))
		}
		return none{}, err
	})
}

type xenLoadArgs struct {
	Filename string `json:"filename"`
}

// xenLoad reads such a file. QEMU 11.1.3 itself aborts once it is open.
func (c *Commands) xenLoad(call *qmp.Call, a xenLoadArgs) (none, error) {
	if err := c.mayLoad(); err != nil {
		return none{}, err
	}
	f, err := os.Open(a.Filename)
	if err != nil {
		return none{}, fmt.Errorf("Could not open '%s': %s", a.Filename, object.Strerror(err))
	}
	var devices migration.Devices
	return qmp.Aside(call, func(context.Context) {
		devices, err = migration.ReadDevices(f)
		f.Close()
	}, func() (none, error) {
		if running := c.mayLoad(); running != nil {
			return none{}, running
		}
		if err == nil {
			err = c.m.Migration.LoadDevices(devices)
		}
		if err != nil {
			err = fmt.Errorf("loading Xen device state failed: %w", err)
		}
		return none{}, err
	})
}

func (c *Commands) mayLoad() error {
	if c.m.Running() {
		return errors.New("Cannot update device state while vm is running")
	}
	return nil
}
