package edu

import (
	"time"

	"github.com/qomd/qomd/devices/qdev"
)

// Bits of the DMA command register.
const (
	dmaStart = 1 << 0
	dmaOut   = 1 << 1 // from the buffer to memory
	dmaIRQ   = 1 << 2
)

// The buffer, and where transfers see it.
const (
	bufferBase = 0x40000
	bufferSize = 4096
)

// dmaTime is how long a transfer takes, in virtual time.
const dmaTime = 100 * time.Millisecond

// engine copies between its buffer and memory. While a transfer is under way its
// timer holds the device.
type engine struct {
	dev            *Edu
	source, target uint64
	count, command uint64
	buffer         [bufferSize]byte
	alarm          qdev.Alarm
}

func (d *engine) running() bool { return d.alarm.Armed() }

// set changes a register unless a transfer needs it.
func (d *engine) set(reg *uint64, val uint64) {
	if !d.running() {
		*reg = val
	}
}

// what names the engine in the ledger.
func (d *engine) what() string { return "edu " + d.dev.Label() + " DMA" }

func (d *engine) start() { d.alarm.Set(d.dev.Qdev(), dmaTime, d.what(), d.finish) }

// cancel ends the transfer without an effect.
func (d *engine) cancel() {
	if !d.running() {
		return
	}
	d.command &^= dmaStart
	d.alarm.Stop()
}

func (d *engine) finish() {
	d.transfer()
	d.command &^= dmaStart
	if d.command&dmaIRQ != 0 {
		d.dev.raise(irqDMA)
	}
}

// transfer copies what fits in the buffer. QEMU ends the process when a guest
// asks for more; this device says so in the log and copies nothing.
func (d *engine) transfer() {
	inside, outside := d.target, d.source
	if d.command&dmaOut != 0 {
		inside, outside = d.source, d.target
	}
	at := inside - bufferBase
	if inside < bufferBase || at > bufferSize || d.count > bufferSize-at {
		d.dev.Env().Log.Warn("edu: transfer outside of the buffer", "device", d.dev.Label(),
			"addr", inside, "count", d.count)
		return
	}
	space, buf := d.dev.DMA(), d.buffer[at:at+d.count]
	outside &= d.mask()
	if d.command&dmaOut != 0 {
		space.Write(outside, buf)
	} else {
		space.Read(outside, buf)
	}
}

// mask is the property dma_mask: which address lines the device has.
func (d *engine) mask() uint64 {
	switch v := d.dev.Stored("dma_mask").(type) {
	case uint64:
		return v
	case int64:
		return uint64(v)
	}
	return 1<<28 - 1
}
