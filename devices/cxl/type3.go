package cxl

import (
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/qom"
)

const (
	componentBAR = 0
	deviceBAR    = 2
	msixBAR      = 4
	vectors      = 8

	noSerial = ^uint64(0)
)

// Type3 is cxl-type3, a memory expander.
type Type3 struct {
	pci.Device
	component component
	registers deviceRegisters
	commands  map[uint16]command

	media    media
	regions  []region
	disabled bool // the media is; a guest gets at nothing

	mailbox    mailbox
	background background
	clock      clock
	logs       [numLogs]eventLog
	poison     poisonList
	scan       scan
	filling    filling
	alerts     alerts
	capacity   capacity
}

// Register adds the types to t.
func Register(t *qom.Types) {
	if !t.HasFacts("cxl-type3") {
		return
	}
	t.Add(qom.TypeInfo{
		Name: "cxl-type3", Parent: "pci-device",
		New: func() qom.Instance { return new(Type3) },
		ClassInit: func(c *qom.Class) {
			pci.SetClass(c, pci.Class{Vendor: 0x8086, Device: 0x0d93, Class: 0x0502, ProgIf: 0x10, Revision: 1})
		},
	})
	registerPorts(t)
	registerHost(t)
}

// From returns the device that o is, nil when it is none.
func From(o *qom.Object) *Type3 {
	t, _ := o.Self().(*Type3)
	return t
}

// RealizePCI implements [pci.Function].
func (t *Type3) RealizePCI() error {
	err := t.takeMedia()
	if err == nil {
		err = t.build()
	}
	if err != nil {
		t.leaveMedia()
	}
	return err
}

func (t *Type3) build() error {
	t.commands = newCommands()
	t.alerts = defaultAlerts
	if err := t.AddExpress(t.linkCap()); err != nil {
		return err
	}
	t.addExtended()
	t.component.hdm = hdmFour | hdmOneTarget | hdmAllWays
	t.component.init(t.Env().Memory, &t.Object)
	t.initRegisters()
	err := t.RegisterBAR(componentBAR, pci.BARMem|pci.BARMem64, &t.component.block)
	if err == nil {
		err = t.RegisterBAR(deviceBAR, pci.BARMem|pci.BARMem64, &t.registers.block)
	}
	if err == nil {
		err = t.InitMSIXExclusive(vectors, msixBAR)
	}
	return err
}

// ExitPCI implements [pci.Exiter]. What goes on in the background ends without
// effect.
func (t *Type3) ExitPCI() {
	t.background.alarm.Stop()
	t.leaveMedia()
}

// ResetPCI implements [pci.FunctionResetter]. As in QEMU, event records, poison
// and capacity stay.
func (t *Type3) ResetPCI() {
	t.background.alarm.Stop()
	t.background = background{}
	t.component.reset()
	t.mailbox.reset()
	t.filling = filling{}
	t.disabled = false
	t.scan.Ran = false
}

// InjectUncorrectable reports uncorrectable errors of the link, by bits of
// [UncorrectableErrors] and up to [HeaderWords] words of header each: the RAS
// capability has them, and an internal error goes to the root.
func (t *Type3) InjectUncorrectable(list []LinkError) {
	c := &t.component
	first := len(c.errors) == 0
	for _, e := range list {
		c.addUncorrectable(e.Bit, e.Header)
	}
	if len(c.errors) == 0 {
		return
	}
	if first {
		c.showFirst()
	}
	c.showStatus()
	t.report(pci.InternalError)
}

// report sends an error towards the root.
func (t *Type3) report(e pci.AERError) {
	if err := t.Report(e); err != nil {
		t.Env().Log.Error("error not reported", "device", t.Label(), "error", err)
	}
}

// LinkError is an uncorrectable error to inject.
type LinkError struct {
	Bit    uint8
	Header []uint32
}

// InjectCorrectable reports a correctable error of the link likewise.
func (t *Type3) InjectCorrectable(bit uint8) {
	if t.component.addCorrectable(bit) {
		t.report(pci.CorrectableError)
	}
}
