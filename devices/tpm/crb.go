package tpm

import (
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
)

// crb is tpm-crb: a TPM with the command response buffer interface (PTP, "CRB
// interface"). It has one locality. What is longer than its memory goes through it
// in chunks, as QEMU 11.1 does it.
type crb struct {
	qdev.Device
	ppi
	backend *Backend
	mmio    memory.Region
	buffer  memory.Region

	chunks   bool // cap-chunk
	assigned bool
	granted  bool
	idle     bool
	failed   bool
	busy     bool // a command is being executed
	command  []byte
	response []byte
	at       int // where in the response the next chunk begins
}

// Registers, by offset.
const (
	crbLocState  = 0x00
	crbLocCtrl   = 0x08
	crbLocStatus = 0x0c
	crbID        = 0x30
	crbID2       = 0x34
	crbRequest   = 0x40
	crbStatus    = 0x44
	crbCancel    = 0x48
	crbStart     = 0x4c
	crbSize      = 0x58
	crbAddress   = 0x5c
	crbRspSize   = 0x64
	crbRspAddr   = 0x68
	crbData      = 0x80

	crbDataSize = 0x1000 - crbData
)

const (
	locEstablished = 1 << 0 // 0: the flag is set
	locAssigned    = 1 << 1
	locValid       = 1 << 7

	locRequest = 1 // values of the control register
	locRelease = 2

	reqReady = 1
	reqIdle  = 2

	startInvoke = 1
	startRetry  = 2
	startNext   = 4

	// A CRB of version 1 that is active, transfers of 64 bytes, selected.
	crbIdentity = 1 | 1<<4 | 3<<11 | 1<<14 | 1<<17
	crbChunks   = 1 << 10
	crbVendor   = 0x1014 // IBM
)

// Realize implements [qdev.Realizer].
func (c *crb) Realize() error {
	c.backend, _ = qdev.BackendOf(&c.Object, "tpmdev").(*Backend)
	if c.backend == nil {
		return errNone
	}
	c.chunks = c.StoredBool("cap-chunk")
	env := c.Env()
	c.mmio.InitIO(env.Memory, &c.Object, c, "tpm-crb-mmio", crbData)
	c.mmio.SetRules(&rules)
	env.SystemMemory.AddSubregion(baseAddress, &c.mmio)
	c.buffer.InitRAM(env.Memory, &c.Object, "tpm-crb-cmd", crbDataSize)
	env.SystemMemory.AddSubregion(baseAddress+crbData, &c.buffer)
	c.ppi.show(&c.Device)
	env.AlsoReset(c.reset)
	return nil
}

// Unrealize implements [qdev.Unrealizer].
func (c *crb) Unrealize() {
	c.ppi.hide()
	hide(&c.buffer)
	hide(&c.mmio)
}

func (c *crb) reset() {
	c.forget()
	c.assigned, c.granted, c.failed, c.busy, c.idle = false, false, false, false, true
	c.backend.reset(c.backend.driver.bufferSize())
}

// forget drops what was collected of a command and its response.
func (c *crb) forget() { c.command, c.response, c.at = nil, nil, 0 }

// bits adds up the bits that are on.
func bits(of map[uint32]bool) (v uint32) {
	for bit, on := range of {
		if on {
			v |= bit
		}
	}
	return v
}

// Read implements [memory.Ops].
func (c *crb) Read(addr uint64, _ int) uint64 { return uint64(c.register(addr&^3) >> (addr & 3 * 8)) }

func (c *crb) register(addr uint64) uint32 {
	switch addr {
	case crbLocState:
		return bits(map[uint32]bool{locValid: true, locAssigned: c.assigned, locEstablished: !c.backend.established})
	case crbLocStatus:
		return bits(map[uint32]bool{1: c.granted})
	case crbID:
		return bits(map[uint32]bool{crbIdentity: true, crbChunks: c.chunks})
	case crbID2:
		return crbVendor
	case crbStatus:
		return bits(map[uint32]bool{1: c.failed, 2: c.idle})
	case crbStart:
		return bits(map[uint32]bool{startInvoke: c.busy})
	case crbSize, crbRspSize:
		return crbDataSize
	case crbAddress, crbRspAddr:
		return baseAddress + crbData
	}
	return 0
}

// Write implements [memory.Ops].
func (c *crb) Write(addr uint64, _ int, val uint64) {
	switch addr {
	case crbRequest:
		if val == reqReady || val == reqIdle {
			c.idle = val == reqIdle
		}
	case crbCancel:
		if val == 1 && c.busy {
			c.backend.cancel()
		}
	case crbLocCtrl:
		if val == locRequest || val == locRelease {
			c.assigned = val == locRequest
			c.granted = c.assigned
		}
	case crbStart:
		if c.assigned && !c.busy {
			c.start(val)
		}
	}
}

// start begins what a guest asks for, as far as it is possible.
func (c *crb) start(val uint64) {
	switch {
	case val&startInvoke != 0:
		if c.take() {
			c.busy = true
			c.backend.deliver(0, c.command, c.completed)
		}
	case !c.chunks:
	case val&startNext != 0 && c.at < len(c.response):
		c.show()
	case val&startNext != 0:
		c.take()
	case val&startRetry != 0 && len(c.response) > 0:
		c.at = 0
		c.show()
	}
}

// take adds a chunk to the command. It reports false, and tells the guest, where
// that cannot be one.
func (c *crb) take() bool {
	head := c.command
	if len(head) == 0 {
		head = make([]byte, headerSize)
		c.buffer.Dump(0, head)
		if sizeOf(head) < headerSize {
			c.failed = true
			c.forget()
			c.backend.set.log.Error("Command size " + decimal(sizeOf(head)) + " less than TPM header size " + decimal(headerSize))
			return false
		}
	}
	size := int(min(sizeOf(head), uint32(c.backend.driver.bufferSize())))
	if n := min(size-len(c.command), crbDataSize); n > 0 {
		chunk := make([]byte, n)
		c.buffer.Dump(0, chunk)
		c.command = append(c.command, chunk...)
	}
	return true
}

// completed is called with the response.
func (c *crb) completed(response []byte) {
	c.busy = false
	c.response, c.at, c.command = response, 0, nil
	c.show()
}

// show lays the next chunk of the response where the guest reads it.
func (c *crb) show() {
	page := make([]byte, crbDataSize)
	c.at += copy(page, c.response[c.at:])
	c.buffer.Load(0, page)
}
