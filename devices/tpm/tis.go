package tpm

import (
	"fmt"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
)

// tis is tpm-tis: a TPM with the FIFO interface, on the ISA bus.
type tis struct {
	qdev.Device
	ppi
	backend *Backend
	mmio    memory.Region
	irq     int
	line    bool // the interrupt is raised

	family     Version
	size       int    // of the buffer
	buffer     []byte // a command that comes in, or a response
	at         int    // where it is written or read
	localities [localities]locality
	active     int // the locality in use; none of them: noLocality
	aborting   int
	next       int // the one to be in use when a command has been aborted
}

// localities are how many there are, one for each 4 KiB of registers.
const (
	localities = 5
	noLocality = 0xff
)

// locality is what each of them has of its own.
type locality struct {
	State     phase  `json:"state"`
	Enable    uint32 `json:"enable"` // interrupts, see intEnabled and on
	Interrupt uint32 `json:"interrupt"`
	Access    uint8  `json:"access"`
	Status    uint32 `json:"status"`
	Interface uint32 `json:"interface"`
}

// phase is how far a locality is with a command (PTP, "state diagram").
type phase uint8

const (
	idle phase = iota
	ready
	completion
	execution
	reception
)

// mostBuffer is the size of the buffer, unless the TPM has less.
const mostBuffer = 4096

// baseAddress is where the registers are.
const baseAddress = 0xfed40000

// Realize implements [qdev.Realizer].
func (t *tis) Realize() error {
	t.backend, _ = qdev.BackendOf(&t.Object, "tpmdev").(*Backend)
	if t.backend == nil {
		return errNone
	}
	irq := t.StoredUint("irq")
	if irq > 15 {
		return fmt.Errorf("IRQ %d is outside valid range of 0 to 15", irq)
	}
	t.irq = int(irq)
	env := t.Env()
	t.mmio.InitIO(env.Memory, &t.Object, t, "tpm-tis-mmio", localities<<12)
	t.mmio.SetRules(&rules)
	env.SystemMemory.AddSubregion(baseAddress, &t.mmio)
	t.ppi.show(&t.Device)
	t.family = t.backend.driver.version()
	return nil
}

// rules are the accesses that the registers of both interfaces take.
var rules = memory.Rules{Valid: memory.Access{Min: 1, Max: 4}}

// Unrealize implements [qdev.Unrealizer].
func (t *tis) Unrealize() {
	t.setLine(false)
	t.ppi.hide()
	hide(&t.mmio)
}

// Reset implements [qdev.Resetter].
func (t *tis) Reset() {
	if t.backend == nil {
		return
	}
	t.size = min(t.backend.driver.bufferSize(), mostBuffer)
	t.buffer, t.at = make([]byte, t.size), 0
	t.active, t.next, t.aborting = noLocality, noLocality, noLocality
	for i := range t.localities {
		l := locality{Access: accessValid, Enable: intLowLevel, Status: statusTPM12, Interface: interfaceTPM12}
		if t.family == Version20 {
			l.Status, l.Interface = statusTPM20, interfaceTPM20
		}
		t.localities[i] = l
	}
	t.setLine(false)
	t.backend.reset(t.size)
}

// setLine drives the interrupt.
func (t *tis) setLine(on bool) {
	if f := t.Env().DriveLine; f != nil && t.line != on {
		t.line = on
		f(t.irq, on)
	}
}

// raise raises interrupts of a locality, those that are enabled.
func (t *tis) raise(n int, which uint32) {
	if n >= localities {
		return
	}
	if l := &t.localities[n]; l.Enable&intEnabled != 0 && l.Enable&which != 0 {
		t.setLine(true)
		l.Interrupt |= which
	}
}

// acknowledge clears interrupts of a locality; with the last of them the line goes
// down.
func (t *tis) acknowledge(l *locality, which uint32) {
	which &= intSupported
	if which != 0 && l.Interrupt&intSupported != 0 {
		if l.Interrupt &^= which; l.Interrupt == 0 {
			t.setLine(false)
		}
	}
}

// activate makes a locality the one in use, or none.
func (t *tis) activate(n int) {
	changes := t.active != n
	if changes && t.active < localities {
		old := &t.localities[t.active].Access
		*old &^= accessActive
		if n < localities && t.localities[n].Access&accessSeize != 0 {
			*old |= accessSeized
		} else {
			*old &^= accessRequest
		}
	}
	t.active = n
	if n < localities {
		a := &t.localities[n].Access
		*a = *a&^(accessRequest|accessSeize) | accessActive
	}
	if changes {
		t.raise(n, intLocality)
	}
}

// abort gives a command up, at once or when the TPM has ended it, so that another
// locality, or the same one, can begin anew.
func (t *tis) abort(who, next int) {
	t.aborting, t.next = who, next
	for i := range t.localities {
		if t.localities[i].State == execution {
			t.backend.cancel()
			return
		}
	}
	t.aborted()
}

func (t *tis) aborted() {
	t.at = 0
	if t.aborting == t.next {
		l := &t.localities[t.aborting]
		l.State = ready
		l.setStatus(statusReady)
		t.raise(t.aborting, intReady)
	}
	t.activate(t.next)
	t.next, t.aborting = noLocality, noLocality
}

// send has the TPM execute what is in the buffer.
func (t *tis) send(n int) {
	t.localities[n].State = execution
	command := t.buffer[:t.at]
	selfTest := codeOf(command) == codeContinueSelfTest
	t.backend.deliver(uint8(n), command, func(response []byte) {
		if selfTest && codeOf(response) == 0 {
			for i := range t.localities {
				t.localities[i].Status |= statusSelfTest
			}
		}
		clear(t.buffer)
		copy(t.buffer, response)
		t.completed(n)
	})
}

// completed is called when there is a response.
func (t *tis) completed(n int) {
	l := &t.localities[n]
	l.setStatus(statusValid | statusData)
	l.State = completion
	t.at = 0
	if t.next < localities {
		t.aborted()
	}
	t.raise(n, intData|intValid)
}

// setStatus sets the flags of the status but those that last.
func (l *locality) setStatus(flags uint32) {
	l.Status = l.Status&(statusSelfTest|statusFamily) | flags
}
