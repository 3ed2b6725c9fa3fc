package xhci

import "github.com/qomd/qomd/devices/usb"

// maxCommands is how many commands one ringing of the doorbell executes.
const maxCommands = 256

// runCommands executes what is in the command ring, xHCI 4.6.
func (c *Core) runCommands() {
	if c.busy {
		return
	}
	c.busy, c.fetches = true, 0
	defer func() { c.busy = false }()
	c.oper.SetBits(opCRCRLow, 0, crcrRunning)
	for range maxCommands {
		var t trb
		if !c.running() || !c.next(&c.commands, &t) {
			return
		}
		ev := event{kind: evCommand, pointer: t.addr, slot: t.slot()}
		ev.code = c.execute(&t, &ev)
		c.tell(0, ev)
	}
}

// execute carries out one command; ev is what will be told, less the code.
func (c *Core) execute(t *trb, ev *event) code {
	switch t.kind() {
	case cmdNoop:
		return ccSuccess
	case cmdEnableSlot:
		if ev.slot = c.enableSlot(); ev.slot == 0 {
			return ccNoSlots
		}
		return ccSuccess
	}
	var s *slot
	if n := t.slot(); n >= 1 && n <= maxSlots {
		s = c.slots[n]
	}
	switch t.kind() {
	case cmdDisableSlot, cmdAddressDevice, cmdConfigureEndpoint, cmdEvaluateContext, cmdResetEndpoint,
		cmdStopEndpoint, cmdSetDequeue, cmdResetDevice:
		if s == nil {
			return ccSlotDisabled
		}
	}
	switch t.kind() {
	case cmdDisableSlot:
		c.disableSlot(s.num)
		return ccSuccess
	case cmdAddressDevice:
		return c.address(s, t.param&^0xf, t.has(ctlBSR))
	case cmdConfigureEndpoint:
		return c.configure(s, t.param&^0xf, t.has(ctlDeconfigure))
	case cmdEvaluateContext:
		return c.evaluate(s, t.param&^0xf)
	case cmdResetDevice:
		return c.resetDevice(s)
	case cmdResetEndpoint, cmdStopEndpoint, cmdSetDequeue:
		return c.endpointCommand(s, t)
	case cmdPortBandwidth:
		return c.bandwidth(t.param &^ 0xf)
	}
	return ccTRB
}

// address gives a device its address, or just its slot with bsr, xHCI 4.6.5.
func (c *Core) address(s *slot, input uint64, bsr bool) code {
	control, ok := c.readContext(input)
	if !ok || control[0] != 0 || control[1] != 3 {
		return ccTRB
	}
	ctx, ok1 := c.readContext(input + contextSize)
	ep0, ok2 := c.readContext(input + 2*contextSize)
	output, ok3 := c.deviceContext(s.num)
	if !ok1 || !ok2 || !ok3 {
		return ccTRB
	}
	plug := c.findPlug(ctx)
	if plug == nil {
		return ccTRB
	}
	d := plug.Device()
	if d == nil || !d.Attached() {
		return ccTransaction
	}
	for _, other := range c.slots {
		if other != nil && other != s && other.plug == plug {
			return ccTRB
		}
	}
	s.plug, s.ctx = plug, output
	ctx[3] = 0
	ctx.setSlotState(slotDefault)
	if !bsr {
		d.ResetPort()
		var p usb.Packet
		p.Prepare(d.Endpoint(0, false), usb.Setup, 0)
		p.Request = usb.Request{Code: 5, Value: uint16(s.num)}.Bytes()
		p.Submit()
		if p.Status != usb.Success {
			return completionCode(p.Status)
		}
		ctx[3] = uint32(s.num)
		ctx.setSlotState(slotAddressed)
	}
	c.enableEndpoint(s, 1, &ep0)
	if !c.writeContext(output, ctx) || !c.writeContext(output+contextSize, ep0) {
		return ccTRB
	}
	return ccSuccess
}

// configure changes which endpoints a device has, xHCI 4.6.6.
func (c *Core) configure(s *slot, input uint64, deconfigure bool) code {
	if s.ctx == 0 {
		return ccContextState
	}
	ctx, ok := c.readContext(s.ctx)
	if !ok {
		return ccTRB
	}
	if ctx.slotState() < slotAddressed {
		return ccContextState
	}
	if deconfigure {
		for id := 2; id < 32; id++ {
			c.drop(s, id)
		}
		ctx.setSlotState(slotAddressed)
		ctx[0] = ctx[0]&^(0x1f<<27) | 1<<27
		return c.store(s, ctx)
	}
	control, ok := c.readContext(input)
	if !ok || control[0]&3 != 0 || control[1]&3 != 1 {
		return ccTRB
	}
	in, ok := c.readContext(input + contextSize)
	if !ok {
		return ccTRB
	}
	for id := 2; id < 32; id++ {
		bit := uint32(1) << id
		if (control[0]|control[1])&bit != 0 {
			c.drop(s, id)
		}
		if control[1]&bit == 0 {
			continue
		}
		ep, ok := c.readContext(input + uint64(id+1)*contextSize)
		if !ok {
			return ccTRB
		}
		c.enableEndpoint(s, id, &ep)
		if !c.writeContext(s.ctx+uint64(id)*contextSize, ep) {
			return ccTRB
		}
	}
	ctx.setSlotState(slotConfigured)
	ctx[0] = ctx[0]&^(0x1f<<27) | in[0]&(0x1f<<27)
	return c.store(s, ctx)
}

// drop disables an endpoint in the guest's context too.
func (c *Core) drop(s *slot, id int) {
	if s.eps[id] == nil {
		return
	}
	c.disableEndpoint(s, id)
	at := s.ctx + uint64(id)*contextSize
	if ctx, ok := c.readContext(at); ok {
		ctx[0] &^= 7
		c.writeContext(at, ctx)
	}
}

func (c *Core) store(s *slot, ctx context) code {
	if !c.writeContext(s.ctx, ctx) {
		return ccTRB
	}
	return ccSuccess
}

// evaluate takes over what may change in flight: exit latency, interrupter, and
// the packet size of the control endpoint, xHCI 4.6.7.
func (c *Core) evaluate(s *slot, input uint64) code {
	control, ok := c.readContext(input)
	if !ok || control[0] != 0 || control[1]&^3 != 0 {
		return ccTRB
	}
	if s.ctx == 0 {
		return ccContextState
	}
	for _, part := range [...]struct {
		bit   uint32
		at    uint64
		word  int
		mask  uint32
		word2 int
		mask2 uint32
	}{
		{1, 0, 1, 0xffff, 2, 0x3ff << 22},
		{2, contextSize, 1, 0xffff << 16, 1, 0},
	} {
		if control[1]&part.bit == 0 {
			continue
		}
		in, ok1 := c.readContext(input + contextSize + part.at)
		out, ok2 := c.readContext(s.ctx + part.at)
		if !ok1 || !ok2 {
			return ccTRB
		}
		out[part.word] = out[part.word]&^part.mask | in[part.word]&part.mask
		out[part.word2] = out[part.word2]&^part.mask2 | in[part.word2]&part.mask2
		if !c.writeContext(s.ctx+part.at, out) {
			return ccTRB
		}
	}
	return ccSuccess
}

// resetDevice follows a reset of the device's port: only the control endpoint
// is left, xHCI 4.6.11.
func (c *Core) resetDevice(s *slot) code {
	if s.ctx == 0 {
		return ccContextState
	}
	for id := 2; id < 32; id++ {
		c.drop(s, id)
	}
	ctx, ok := c.readContext(s.ctx)
	if !ok {
		return ccTRB
	}
	ctx.setSlotState(slotDefault)
	ctx[3] &^= 0xff
	return c.store(s, ctx)
}

// endpointCommand stops an endpoint, brings it back after an error, or moves it
// to another place of its ring, xHCI 4.6.8 to 4.6.10.
func (c *Core) endpointCommand(s *slot, t *trb) code {
	id := t.endpoint()
	if id < 1 {
		return ccTRB
	}
	e := s.eps[id]
	if e == nil {
		return ccEndpointOff
	}
	switch t.kind() {
	case cmdStopEndpoint:
		if e.state != epRunning {
			return ccContextState
		}
		c.cancel(e, ccStopped)
		c.setState(e, epStopped)
	case cmdResetEndpoint:
		if e.state != epHalted {
			return ccContextState
		}
		c.setState(e, epStopped)
	case cmdSetDequeue:
		if e.state != epStopped && e.state != epError {
			return ccContextState
		}
		if e.streams != nil {
			n := t.stream()
			if n <= 0 || n >= e.count {
				return ccInvalidStreamID
			}
			r := newRing(t.param)
			e.streams[n] = &r
			c.storeStreams(e)
		} else {
			e.ring = newRing(t.param)
		}
		c.setState(e, epStopped)
	}
	return ccSuccess
}

// bandwidth says of every port that 90% is free: nothing is wired to share it,
// xHCI 4.6.15.
func (c *Core) bandwidth(at uint64) code {
	b := make([]byte, len(c.ports)+1)
	for i := range c.ports {
		b[i+1] = 90
	}
	if !c.write(at, b) {
		return ccTRB
	}
	return ccSuccess
}
