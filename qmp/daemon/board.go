package daemon

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/chipset"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp/qjson"
)

// layout is where a kind of board has what QEMU adds to it by itself.
type layout struct {
	root  string  // the PCI bus
	card  string  // the type of the network card
	fdc   bool    // whether there is a floppy controller without drives for it
	buses int     // of IDE drives
	units int     // on each of them
	usb   []onUSB // USB controllers, where there are any
}

// onUSB is a USB controller of the chipset. A companion serves slow devices on
// the ports of another controller, from the first on.
type onUSB struct {
	driver, addr string
	companion    bool
	first        int
}

var (
	layoutQ35 = layout{root: "pcie.0", card: "e1000e", buses: 6, units: 1, usb: []onUSB{
		{driver: "ich9-usb-ehci1", addr: "1d.7"},
		{driver: "ich9-usb-uhci1", addr: "1d.0", companion: true},
		{driver: "ich9-usb-uhci2", addr: "1d.1", companion: true, first: 2},
		{driver: "ich9-usb-uhci3", addr: "1d.2", companion: true, first: 4},
	}}
	layoutPC = layout{root: "pci.0", card: "e1000", fdc: true, buses: 2, units: 2, usb: []onUSB{{driver: "piix3-usb-uhci", addr: "01.2"}}}
)

const (
	isaBus    = "isa.0"
	floppyBus = "floppy-bus.0"
	usbBus    = "usb-bus.0"
	floppies  = 2 // drives that a floppy controller has
)

// boardDevices lists what comes with the board: the ports that the description
// names, and unless it says -nodefaults what a PC has by default. Their backends
// are made here.
func (vm *VM) boardDevices() ([]machine.BoardDevice, error) {
	b := layoutQ35
	switch {
	case vm.Machine.IsPC():
		b = layoutPC
	case !vm.Machine.IsQ35():
		return nil, nil
	}
	if on, given := vm.Machine.Asked("sata"); given && !on && vm.Machine.IsQ35() {
		b.buses = 0
	}
	var list []machine.BoardDevice
	add := func(slot chipset.Slot, driver, bus string, props ...qjson.Member) {
		list = append(list, machine.BoardDevice{Slot: slot, Driver: driver, Bus: bus, Props: qjson.NewObject(props...)})
	}
	for _, ports := range []struct {
		driver string
		ids    []string
		most   int // further serial ports lead nowhere
	}{{"isa-serial", vm.cfg.Serials, 4}, {"isa-parallel", vm.cfg.Parallels, math.MaxInt}} {
		for i, id := range ports.ids {
			if id != "" && id != "none" && i < ports.most {
				add(chipset.SlotPorts, ports.driver, isaBus, qjson.Member{Name: "index", Value: int64(i)}, text("chardev", id))
			}
		}
	}
	if driver := vm.display(); driver != "" {
		add(chipset.SlotDisplay, driver, b.root)
	}
	if !vm.cfg.NoDefaults {
		if b.buses > 0 && !vm.has("ide-cd", "ide-hd", "scsi-cd", "scsi-hd") {
			if err := vm.emptyDrive("ide", 2, "cdrom"); err != nil {
				return nil, err
			}
		}
		if b.fdc && !vm.has("floppy", "isa-fdc") {
			if err := vm.emptyDrive("floppy", 0, "disk"); err != nil {
				return nil, err
			}
		}
	}
	for _, d := range vm.Machine.Blocks.Drives("ide") {
		driver, at := "ide-hd", d.Place()
		if at.Bus < 0 || at.Bus >= b.buses || at.Unit >= b.units {
			continue // checkDrives says so
		}
		if d.CDROM() {
			driver = "ide-cd"
		}
		add(chipset.SlotDrives, driver, fmt.Sprintf("ide.%d", at.Bus), text("drive", d.Name()), number("unit", at.Unit))
	}
	if vm.usb() {
		for _, c := range b.usb {
			props := []qjson.Member{text("addr", c.addr), {Name: "multifunction", Value: len(b.usb) > 1}}
			if c.companion {
				props = append(props, text("masterbus", usbBus), number("firstport", c.first))
			}
			add(chipset.SlotUSB, c.driver, b.root, props...)
		}
	}
	list = append(list, vm.floppies(b.fdc)...)
	if !vm.cfg.NoDefaults && len(vm.cfg.Netdevs) == 0 && !vm.cfg.NoNetwork {
		if err := vm.defaultNetwork(); err != nil {
			return nil, err
		}
	}
	return append(list, vm.boardCards(b)...), nil
}

// usb reports whether the machine has the USB controllers of its chipset.
func (vm *VM) usb() bool {
	v, _ := vm.cfg.TypeOptions.Get("usb")
	switch v {
	case "on", "yes", "true", "y", true:
		return true
	}
	return false
}

// floppies are the floppy drives of the board, with their controller where it
// comes only for them.
func (vm *VM) floppies(hasController bool) []machine.BoardDevice {
	var list []machine.BoardDevice
	for _, d := range vm.Machine.Blocks.Drives("floppy") {
		at := d.Place()
		if at.Bus > 0 || at.Unit >= floppies {
			continue
		}
		if !hasController {
			list = append(list, machine.BoardDevice{Slot: chipset.SlotFloppies, Driver: "isa-fdc", Bus: isaBus})
			hasController = true
		}
		props := qjson.NewObject(text("drive", d.Name()), number("unit", at.Unit))
		list = append(list, machine.BoardDevice{Slot: chipset.SlotFloppies, Driver: "floppy", Bus: floppyBus, Props: props})
	}
	return list
}

func text(name, value string) qjson.Member { return qjson.Member{Name: name, Value: value} }

func number(name string, value int) qjson.Member {
	return qjson.Member{Name: name, Value: int64(value)}
}

// display is the type of the graphics adapter, empty for none.
func (vm *VM) display() string {
	switch vm.cfg.VGA {
	case "":
		if vm.cfg.NoDefaults || vm.has("VGA", "secondary-vga", "cirrus-vga", "qxl-vga", "vmware-svga", "virtio-vga",
			"virtio-gpu-pci", "ati-vga", "isa-vga", "isa-cirrus-vga", "qxl", "bochs-display", "ramfb", "vhost-user-vga") {
			return ""
		}
		return "VGA"
	case "std":
		return "VGA"
	case "cirrus":
		return "cirrus-vga"
	case "vmware":
		return "vmware-svga"
	case "qxl":
		return "qxl-vga"
	case "virtio":
		return "virtio-vga"
	}
	return ""
}

// has reports whether the description has a device of one of the types.
func (vm *VM) has(drivers ...string) bool {
	return slices.ContainsFunc(vm.cfg.Devices, func(d config.Device) bool { return slices.Contains(drivers, d.Driver) })
}

// emptyDrive makes a drive without a medium, unless there is one in its place.
func (vm *VM) emptyDrive(iface string, index int, media string) error {
	g, w := vm.Machine.Blocks, vm.Machine.Wiring()
	if g.DriveAt(w, iface, index) != nil {
		return nil
	}
	o := qjson.NewObject(text("if", iface), text("index", strconv.Itoa(index)), text("media", media))
	if _, err := g.AddDrive("", o, w); err != nil {
		return fmt.Errorf("default drive: %w", err)
	}
	return nil
}

// defaultNetwork is "-net nic -net user".
func (vm *VM) defaultNetwork() error {
	for _, o := range []*qjson.Object{qjson.NewObject(text("type", "nic")), qjson.NewObject(text("type", "user"))} {
		if err := vm.addToHub(config.NIC{OnHub: true, Options: o}); err != nil {
			return fmt.Errorf("default network: %w", err)
		}
	}
	return nil
}
