package pci

import (
	"fmt"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Function is implemented by models: RealizePCI starts the function, whose
// address and configuration space are ready. An error takes it off the bus.
type Function interface{ RealizePCI() error }

// An Exiter undoes RealizePCI; its BARs are unmapped already.
type Exiter interface{ ExitPCI() }

// A FunctionResetter returns the function to its power-on state; afterwards its
// configuration space is reset.
type FunctionResetter interface{ ResetPCI() }

// Device is the base of every PCI function; it corresponds to PCIDevice in
// QEMU. Embed it by value.
type Device struct {
	qdev.Device
	bus     *Bus
	space   configSpace
	bars    [NumBARs]bar
	express bool // has the configuration space of PCI Express
	powered bool // responds: its slot has power

	bmContainer, bmAlias memory.Region
	bmSpace              *memory.AddressSpace

	capSizes   [configSize / 4]uint8 // of the capability that starts at 4*i, 0 for none
	exp, pm    uint8                 // offsets of capabilities, 0 for none
	aer        uint16                // likewise, in the extended space
	acs        uint16                // likewise
	aerFollows bool
	aerQueue   []AERError // that wait for the guest to clear the first
	msi        msiState
	msix       *msixState
	irq        intxState
	rom        *memory.Region

	addr        int32 // property: devfn, -1 for automatic
	devfn       uint8
	multi       bool
	romfile     string
	hasROMFile  bool
	romsize     uint32
	rombar      int32
	acpiIndex   uint32
	failover    string
	hasFailover bool // it was set, though it may be empty
	sriovPF     string
	hasSRIOVPF  bool
	bounceLimit uint64
}

// noROMSize is the value of romsize that says to take the file's.
const noROMSize = ^uint32(0)

// PCI returns d; every model that embeds a Device has it.
func (d *Device) PCI() *Device { return d }

// From returns the PCI function that o is, nil when it is none.
func From(o *qom.Object) *Device {
	if o == nil {
		return nil
	}
	if m, ok := o.Self().(interface{ PCI() *Device }); ok {
		return m.PCI()
	}
	return nil
}

// FromDevice returns the PCI function that q is, nil when it is none.
func FromDevice(q *qdev.Device) *Device {
	if q == nil {
		return nil
	}
	return From(&q.Object)
}

func (d *Device) init() {
	d.addr, d.romsize, d.rombar = -1, noROMSize, -1
	if p := d.Class().Property("rombar"); p != nil {
		if v, ok := p.Default.(int64); ok {
			d.rombar = int32(v)
		}
	}
	d.bounceLimit = memory.DefaultBounceLimit
}

// PCIBus returns the bus the function sits on, nil while it is not realized.
func (d *Device) PCIBus() *Bus { return d.bus }

// Devfn returns the address on the bus: slot<<3 | function.
func (d *Device) Devfn() uint8 { return d.devfn }

// Slot returns the slot on the bus, 0 to 31.
func (d *Device) Slot() int { return int(d.devfn >> 3) }

// Func returns the number of the function in its slot, 0 to 7.
func (d *Device) Func() int { return int(d.devfn & 7) }

// Express reports whether the function is a PCI Express one: it has 4096 bytes
// of configuration space.
func (d *Device) Express() bool { return d.express }

// OnExpressBus reports whether the bus it sits on is a PCI Express one.
func (d *Device) OnExpressBus() bool { return d.bus != nil && d.bus.Express() }

// ACPIIndex returns the property acpi-index.
func (d *Device) ACPIIndex() uint32 { return d.acpiIndex }

// SetDevfn gives the function a fixed address before it is realized, for
// chipset code.
func (d *Device) SetDevfn(devfn uint8) { d.addr = int32(devfn) }

// SetMultifunction sets the property multifunction, for chipset code.
func (d *Device) SetMultifunction(on bool) { d.multi = on }

// DMA returns memory as the function sees it: nothing while its bus master bit
// is off. It is nil while the function is not realized.
func (d *Device) DMA() *memory.AddressSpace { return d.bmSpace }

// Realize puts the function on its bus and starts the model. Package qdev
// calls it; models implement [Function].
func (d *Device) Realize() error {
	bus := BusFrom(d.Bus())
	if bus == nil {
		return fmt.Errorf("device '%s' is not on a PCI bus", d.Label())
	}
	if err := bus.claimIndex(d); err != nil {
		return err
	}
	err := d.realizeOn(bus)
	if err != nil {
		bus.releaseIndex(d)
	}
	return err
}

func (d *Device) realizeOn(bus *Bus) error {
	if d.romsize != noROMSize && d.romsize&(d.romsize-1) != 0 {
		return fmt.Errorf("ROM size %d is not a power of two", d.romsize)
	}
	d.express = d.Is("pci-express-device") && !d.Is("conventional-pci-device")
	if h, ok := d.Self().(expressChooser); ok {
		d.express = h.ExpressOn(bus)
	} else if d.Is("pci-express-device") && d.Is("conventional-pci-device") {
		d.express = bus.Express() && !bus.Root()
	}
	if err := d.join(bus); err != nil {
		return err
	}
	if err := d.start(); err != nil {
		d.stop(false)
		return err
	}
	return nil
}

// start runs the model and what comes after it; join was successful.
func (d *Device) start() error {
	if m, ok := d.Self().(Function); ok {
		if err := m.RealizePCI(); err != nil {
			return err
		}
	} else {
		if err := d.CheckDemand(); err != nil {
			return err
		}
		d.realizeFromFacts()
	}
	err := d.checkSRIOV()
	if err == nil {
		err = d.checkFailover()
	}
	if err == nil {
		err = d.addROM()
	}
	if err != nil {
		d.unmapBARs()
		if m, ok := d.Self().(Exiter); ok {
			m.ExitPCI()
		}
	}
	return err
}

// expressChooser is implemented by models that exist in both kinds and decide
// by their bus.
type expressChooser interface{ ExpressOn(*Bus) bool }

// Unrealize stops the model and takes the function off its bus. Package qdev
// calls it; models implement [Exiter].
func (d *Device) Unrealize() {
	if d.bus == nil {
		return
	}
	d.bus.releaseIndex(d)
	d.stop(true)
}

func (d *Device) stop(exit bool) {
	defer func() { // whatever the model does
		d.powered = false
		d.ExitMSIX()
		d.SetIRQ(false)
		d.leave()
	}()
	d.unmapBARs()
	if m, ok := d.Self().(Exiter); ok && exit {
		m.ExitPCI()
	}
}

// Reset returns the function to its power-on state. Package qdev calls it;
// models implement [FunctionResetter].
func (d *Device) Reset() {
	if d.bus == nil {
		return
	}
	if m, ok := d.Self().(FunctionResetter); ok {
		m.ResetPCI()
	}
	d.resetConfig()
}

// checkFailover refuses what the primary device of a failover pair must not
// be.
func (d *Device) checkFailover() error {
	switch {
	case !d.hasFailover:
		return nil
	case !d.OnExpressBus():
		return fmt.Errorf("failover primary device must be on PCIExpress bus")
	case d.ConfigWord(regClass) != 0x0200:
		return fmt.Errorf("failover primary device is not an Ethernet device")
	case d.multi || d.Func() != 0:
		return fmt.Errorf("failover: primary device must be in its own PCI slot")
	}
	return nil
}

// startBusMaster makes the function's view of memory. The container is the root
// of the address space, and both are the function's own: only destroying the
// space ends that.
func (d *Device) startBusMaster() {
	sys := d.Env().Memory
	d.bmContainer.Init(sys, &d.Object, "bus master container", ^uint64(0))
	d.bmSpace = sys.NewSpace(&d.bmContainer, d.TypeName())
	d.bmSpace.BounceLimit = d.bounceLimit
	target := d.bus.RootBus().dma
	d.bmAlias.InitAlias(sys, &d.Object, "bus master", target, 0, target.Size())
	d.bmAlias.SetEnabled(false)
	d.bmContainer.AddSubregion(0, &d.bmAlias)
}

func (d *Device) stopBusMaster() {
	d.bmContainer.DelSubregion(&d.bmAlias)
	d.bmSpace.Destroy()
	d.bmSpace = nil
}
