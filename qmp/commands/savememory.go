package commands

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/qomd/qomd/devices/dump"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/qmp"
)

// saveMemory registers the commands of qapi/machine.json that write guest
// memory to a file as it is.
func (c *Commands) saveMemory() {
	qmp.Register(c.set, "pmemsave", 0, func(call *qmp.Call, a saveArgs) (none, error) {
		return c.save(call, a, func(memory.Result) error { return nil })
	})
	qmp.Register(c.set, "memsave", 0, c.memsave)
}

type saveArgs struct {
	Val      int64  `json:"val"`  // address
	Size     int64  `json:"size"` // bytes
	Filename string `json:"filename"`
	CPU      *int64 `json:"cpu-index"`
}

// memsave takes a virtual address. No guest has turned paging on, so that it is
// the physical one, but what is not there cannot be read.
func (c *Commands) memsave(call *qmp.Call, a saveArgs) (none, error) {
	known := a.CPU == nil && len(c.m.Processors()) > 0
	for _, s := range c.m.Processors() {
		known = known || a.CPU != nil && s.Index == *a.CPU
	}
	if !known {
		return none{}, errors.New("Parameter 'cpu-index' expects a CPU number")
	}
	return c.save(call, a, func(r memory.Result) error {
		if r == memory.OK {
			return nil
		}
		return fmt.Errorf("Invalid addr 0x%016x/size %d specified", uint64(a.Val), a.Size)
	})
}

// save writes memory; check may refuse how reading it went. What was written
// before a mistake stays.
func (c *Commands) save(call *qmp.Call, a saveArgs, check func(memory.Result) error) (none, error) {
	if a.Size < 0 { // QEMU writes until the disk is full
		return none{}, fmt.Errorf("Invalid addr 0x%016x/size %d specified", uint64(a.Val), a.Size)
	}
	f, err := os.OpenFile(a.Filename, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return none{}, fmt.Errorf("Could not open '%s': %s", a.Filename, object.Strerror(err))
	}
	return qmp.Aside(call, func(ctx context.Context) {
		defer f.Close()
		var refused error
		read := c.memoryReader(ctx, c.locker(call), func(r memory.Result) error {
			refused = check(r)
			return refused
		})
		err = dump.Copy(f, []dump.Block{{Addr: uint64(a.Val), Size: uint64(a.Size)}}, read, func(uint64) {})
		if err != nil && refused == nil {
			err = fmt.Errorf("writing memory to '%s' failed", a.Filename)
		}
	}, func() (none, error) { return none{}, err })
}

// locker is how the work of a call gets the machine's lock: it has it already
// where the call cannot wait.
func (c *Commands) locker(call *qmp.Call) func(func()) {
	if call.CanWait() {
		return c.m.Do
	}
	return func(f func()) { f() }
}

// memoryReader reads physical memory a piece at a time, each under the lock. It
// fails when the client has gone.
func (c *Commands) memoryReader(ctx context.Context, locked func(func()), check func(memory.Result) error) func(uint64, []byte) error {
	return func(addr uint64, p []byte) (err error) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		locked(func() {
			var r memory.Result
			if r, err = c.m.ReadMemory(addr, p); err == nil {
				err = check(r)
			}
		})
		return err
	}
}
