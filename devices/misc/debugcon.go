package misc

import (
	"errors"
	"io"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
)

// debugCon is isa-debugcon: bytes written to its port go to a character device.
type debugCon struct {
	qdev.Device
	region memory.Region
}

// Realize implements [qdev.Realizer].
func (d *debugCon) Realize() error {
	to := qdev.BackendOf(&d.Object, "chardev")
	if to == nil {
		return errors.New("Can't create debugcon device, empty char device")
	}
	d.region.InitIO(d.Env().Memory, &d.Object, memory.Funcs{
		OnRead: func(uint64, int) uint64 { return d.StoredUint("readback") },
		OnWrite: func(_ uint64, _ int, val uint64) {
			if w, ok := to.(io.Writer); ok {
				w.Write([]byte{byte(val)}) // as with QEMU, what nobody takes is lost
			}
		},
	}, "isa-debugcon", 1)
	d.Env().SystemIO.AddSubregion(d.StoredUint("iobase"), &d.region)
	return nil
}

// Unrealize implements [qdev.Unrealizer].
func (d *debugCon) Unrealize() { unmap(&d.region) }
