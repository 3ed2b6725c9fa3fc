package watchdog

import (
	"fmt"
	"time"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
)

// Registers of the Intel 6300ESB watchdog, from the data sheet of the I/O
// controller hub, chapter 16.
const (
	configReg = 0x60 // configuration space: word
	lockReg   = 0x68 // configuration space: byte

	lockBit     = 1 << 0 // of lockReg: enable can no longer be changed
	enableBit   = 1 << 1 // of lockReg
	freeRunning = 1 << 2 // of lockReg: stage 2 begins again instead of acting

	rebootOff = 1 << 5 // of configReg: stage 2 has no effect
	preScale  = 1 << 2 // of configReg: count in microseconds instead of milliseconds

	preload1 = 0x00 // memory: first stage
	preload2 = 0x04 // memory: second stage
	reload   = 0x0c // memory: 1<<8 starts the first stage anew, 1<<9 is the timeout flag

	reloadBit  = 1 << 8
	timeoutBit = 1 << 9
	unlock1    = 0x80 // to be written to reload before each write
	unlock2    = 0x86

	preloadMask = 0xfffff
	clock       = 33_000_000 // Hz of PCI, which the counters divide
)

// i6300esb is the watchdog with two stages: the first may interrupt, the second
// acts.
type i6300esb struct {
	pci.Device
	region  memory.Region
	alarm   qdev.Alarm
	preload [2]uint32
	stage   int  // 0 or 1
	unlock  int  // writes of the unlocking sequence seen
	fired   bool // the timeout flag, which survives a reset
}

// RealizePCI implements [pci.Function].
func (w *i6300esb) RealizePCI() error {
	w.region.InitIO(w.Env().Memory, &w.Object, w, "i6300esb", 0x10)
	w.SetWritable(configReg, 2, 0x3|preScale|rebootOff)
	w.reset()
	return w.RegisterBAR(0, pci.BARMem, &w.region)
}

// ExitPCI implements [pci.Exiter].
func (w *i6300esb) ExitPCI() { w.stop() }

// ResetPCI implements [pci.FunctionResetter].
func (w *i6300esb) ResetPCI() { w.reset() }

func (w *i6300esb) reset() {
	w.stop()
	w.preload = [2]uint32{preloadMask, preloadMask}
	w.stage, w.unlock = 0, 0
	w.SetConfigWord(configReg, 0)
	w.SetConfig(lockReg, 0)
}

func (w *i6300esb) stop() { w.alarm.Stop() }

// start counts down the given stage.
func (w *i6300esb) start(stage int) {
	w.stop()
	if w.Config(lockReg)&enableBit == 0 {
		return
	}
	w.stage = stage
	shift := 15 // the counter runs at 1 kHz
	if w.ConfigWord(configReg)&preScale != 0 {
		shift = 5 // at 1 MHz
	}
	ticks := uint64(w.preload[stage]) << shift
	d := time.Duration(float64(ticks) * float64(time.Second) / clock)
	w.alarm.Set(&w.Device.Device, d, fmt.Sprintf("i6300esb %s stage %d", w.Label(), stage+1), w.expired)
}

func (w *i6300esb) expired() {
	if w.stage == 0 {
		w.start(1)
		return
	}
	if w.ConfigWord(configReg)&rebootOff != 0 {
		return
	}
	w.fired = true
	if w.Config(lockReg)&freeRunning != 0 {
		w.start(0)
	}
	if l := w.Env().Lifecycle; l != nil {
		l.WatchdogFired()
	}
}

// ConfigWrite implements [pci.ConfigWriter].
func (w *i6300esb) ConfigWrite(addr, size int, val uint32) {
	if addr != lockReg || size != 1 {
		w.WriteConfig(addr, size, val)
		return
	}
	if w.Config(lockReg)&lockBit != 0 {
		return
	}
	was := w.Config(lockReg) & enableBit
	w.SetConfig(lockReg, byte(val)&(lockBit|enableBit|freeRunning))
	switch now := byte(val) & enableBit; {
	case was == 0 && now != 0:
		w.start(0)
	case was != 0 && now == 0:
		w.stop()
	}
}

// Read implements [memory.Ops].
func (w *i6300esb) Read(addr uint64, size int) uint64 {
	if addr == reload && size == 2 {
		if w.fired {
			return timeoutBit
		}
	}
	return 0
}

// Write implements [memory.Ops]: a register takes a value only after the two
// writes that unlock it.
func (w *i6300esb) Write(addr uint64, size int, val uint64) {
	switch {
	case addr == reload && val == unlock1:
		w.unlock = 1
		return
	case addr == reload && val == unlock2 && w.unlock == 1:
		w.unlock = 2
		return
	case w.unlock != 2:
		w.unlock = 0
		return
	}
	w.unlock = 0
	switch addr {
	case preload1:
		w.preload[0] = uint32(val) & preloadMask
	case preload2:
		w.preload[1] = uint32(val) & preloadMask
	case reload:
		if val&timeoutBit != 0 {
			w.fired = false
		}
		if val&reloadBit != 0 {
			w.start(0)
		}
	}
}
