package edu

import "github.com/qomd/qomd/devices/vmstate"

// VMState implements [vmstate.Stater].
func (e *Edu) VMState(f *vmstate.Fields) {
	e.Device.VMState(f)
	f.Field("liveness", &e.liveness)
	f.Field("factorial", &e.factorial)
	f.Field("status", &e.status)
	f.Field("interrupts", &e.irq)
	d := &e.dma
	f.Field("dma-source", &d.source)
	f.Field("dma-target", &d.target)
	f.Field("dma-count", &d.count)
	f.Field("dma-command", &d.command)
	f.Bytes("buffer", d.buffer[:])
	d.alarm.VMState(f, "dma-ends", e.Qdev(), d.what(), d.finish)
}
