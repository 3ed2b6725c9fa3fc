package tpm

// Write implements [memory.Ops]. Locality 4 is that of the hardware itself.
func (t *tis) Write(addr uint64, size int, val uint64) {
	n := int(addr >> 12 & 7)
	if n == 4 || t.backend.broken != nil {
		return
	}
	reg, shift := addr&0xffc, addr&3*8
	if reg == regFIFO || reg >= regXFIFO && reg <= regXFIFOEnd {
		t.writeFIFO(n, min(size, 4-int(addr&3)), val)
		return
	}
	mask := uint32(1<<(8*size)-1) << shift
	v := uint32(val) << shift & mask
	l := &t.localities[n]
	switch reg {
	case regAccess:
		t.writeAccess(n, uint8(v))
	case regInterface:
		if v&interfaceLock != 0 {
			for i := range t.localities {
				t.localities[i].Interface |= interfaceLock
			}
		}
	}
	if t.active != n {
		return
	}
	switch reg {
	case regIntEnable:
		l.Enable = l.Enable&^mask | v&(intEnabled|intPolarity|intSupported)
	case regIntStatus:
		t.acknowledge(l, v)
	case regStatus:
		t.writeStatus(n, v)
	}
}

// writeAccess is how localities ask for the TPM, and give it up.
func (t *tis) writeAccess(n int, v uint8) {
	if v&accessSeize != 0 {
		v &^= accessRequest | accessActive
	}
	l := &t.localities[n]
	active, switches := t.active, true
	if v&accessActive != 0 {
		switch next := t.waiting(); {
		case t.active != n:
			l.Access &^= accessRequest
		case next < localities:
			switches = false
			t.abort(n, next)
		default:
			active = noLocality
		}
	}
	if v&accessSeized != 0 {
		l.Access &^= accessSeized
	}
	if v&accessSeize != 0 && t.seize(n) {
		switches = false
		t.abort(t.active, n)
	}
	if v&accessRequest != 0 && t.active != n {
		if t.active < localities {
			l.Access |= accessRequest
		} else {
			active = n
		}
	}
	if switches {
		t.activate(active)
	}
}

// waiting is the highest locality that asks for the TPM.
func (t *tis) waiting() int {
	for n := localities - 1; n >= 0; n-- {
		if t.localities[n].Access&accessRequest != 0 {
			return n
		}
	}
	return noLocality
}

// seize reports whether a locality may take the TPM from the one that has it, and
// notes that it does.
func (t *tis) seize(n int) bool {
	if t.active < localities && n <= t.active || t.localities[n].Access&accessSeize != 0 {
		return false
	}
	for i := n + 1; i < localities; i++ {
		if t.localities[i].Access&accessSeize != 0 {
			return false
		}
	}
	for i := range n {
		t.localities[i].Access &^= accessSeize
	}
	t.localities[n].Access |= accessSeize
	return true
}

func (t *tis) writeStatus(n int, v uint32) {
	l := &t.localities[n]
	if t.family == Version20 {
		if v&statusCancel != 0 && l.State == execution {
			t.backend.cancel()
		}
		if v&statusResetEst != 0 && n == 3 {
			t.backend.resetEstablished()
		}
	}
	switch v & (statusReady | statusGo | statusRetry) {
	case statusReady:
		t.makeReady(n)
	case statusGo:
		if l.State == reception && l.Status&statusExpect == 0 {
			t.send(n)
		}
	case statusRetry:
		if l.State == completion {
			t.at = 0
			l.setStatus(statusValid | statusData)
		}
	}
}

// makeReady lets a locality begin with a command.
func (t *tis) makeReady(n int) {
	l := &t.localities[n]
	switch l.State {
	case ready:
		t.at = 0
	case idle:
		l.State = ready
		l.setStatus(statusReady)
		t.raise(n, intReady)
	case execution, reception:
		t.abort(n, n)
	case completion:
		t.at = 0
		l.State = ready
		if l.Status&statusReady == 0 {
			l.setStatus(statusReady)
			t.raise(n, intReady)
		}
		l.Status &^= statusData
	}
}

// writeFIFO takes bytes of a command until it is whole.
func (t *tis) writeFIFO(n, count int, val uint64) {
	l := &t.localities[n]
	if t.active != n || l.State != ready && l.State != reception {
		return
	}
	if l.State == ready {
		l.State = reception
		l.setStatus(statusExpect | statusValid)
	}
	for i := 0; i < count && l.Status&statusExpect != 0; i++ {
		if t.at == t.size {
			l.setStatus(statusValid)
			break
		}
		t.buffer[t.at] = byte(val >> (8 * i))
		t.at++
	}
	if t.at <= 5 || l.Status&statusExpect == 0 {
		return
	}
	if int(uint16(sizeOf(t.buffer))) <= t.at { // QEMU looks at as much of the size
		l.setStatus(statusValid)
	}
}
