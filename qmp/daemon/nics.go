package daemon

import (
	"errors"
	"fmt"
	"slices"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/chipset"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
)

// card is a network card that -nic or -net asks for.
type card struct {
	name   string // in messages
	model  string // empty for the board's own choice
	mac    string
	netdev string
	noMSIX bool // has no interrupt vectors unless told otherwise, as those of -nic
	made   bool // the board has it
}

// maxCards is how many QEMU's table of cards holds.
const maxCards = 8

// addNICs makes the backends of -nic and -net, and notes their cards.
func (vm *VM) addNICs() error {
	for _, n := range vm.cfg.NICs {
		add := vm.addNIC
		if n.OnHub {
			add = vm.addToHub
		}
		if err := add(n); err != nil {
			return &Error{n.Origin, err}
		}
	}
	return nil
}

// addNIC makes the backend of one -nic, which is for its card alone.
func (vm *VM) addNIC(n config.NIC) error {
	args := withMembers(n.Options)
	c := card{name: "anonymous", model: take(args, "model"), mac: take(args, "mac"), noMSIX: true}
	if n.ID != "" {
		c.name = n.ID
	}
	c.netdev = n.ID
	if c.netdev == "" {
		c.netdev = vm.Machine.Network.NewName()
	}
	args.Set("id", c.netdev)
	if !args.Has("type") {
		args.Set("type", "user")
	}
	if err := vm.addNetdev(args, true); err != nil {
		return err
	}
	return vm.addCard(c)
}

// addToHub makes what one -net asks for: a card or a backend, at hub 0 unless it
// is a card that names its backend.
func (vm *VM) addToHub(n config.NIC) error {
	args := withMembers(n.Options)
	name := n.ID
	if name == "" {
		name = vm.Machine.Network.NewName()
	}
	args.Set("id", name)
	if kind, _ := args.Get("type"); kind != "nic" {
		if err := vm.addNetdev(args, true); err != nil {
			return err
		}
		_, err := vm.hubPort(name)
		return err
	}
	args, _, err := vm.written().Netdev(args, true)
	if err != nil {
		return err
	}
	c := card{name: name, model: take(args, "model"), mac: take(args, "macaddr"), netdev: take(args, "netdev")}
	if c.netdev == "" {
		c.netdev, err = vm.hubPort("")
	} else if vm.Machine.Network.Netdev(c.netdev) == nil {
		err = fmt.Errorf("netdev '%s' not found", c.netdev)
	}
	if err != nil {
		return err
	}
	return vm.addCard(c)
}

// hubPort makes the next port of hub 0, with a netdev plugged into it or none,
// and returns its name.
func (vm *VM) hubPort(netdev string) (string, error) {
	name := fmt.Sprintf("hub0port%d", vm.hubPorts)
	vm.hubPorts++
	args := qjson.NewObject(text("id", name), text("type", "hubport"), number("hubid", 0))
	if netdev != "" {
		args.Set("netdev", netdev)
	}
	_, err := vm.Machine.Network.Add(args)
	return name, err
}

func (vm *VM) addCard(c card) error {
	if len(vm.cards) == maxCards {
		return errors.New("Too Many NICs")
	}
	var mac qdev.MAC
	if c.mac != "" {
		var ok bool
		if mac, ok = qdev.ParseMAC(c.mac); !ok {
			return errors.New("invalid syntax for ethernet address")
		}
	}
	mac, _ = vm.Machine.Env().TakeMAC(mac) // QEMU never gives it back
	c.mac = mac.String()
	vm.cards = append(vm.cards, c)
	return nil
}

// take removes a member that is text.
func take(o *qjson.Object, name string) string {
	v, _ := o.Get(name)
	o.Delete(name)
	text, _ := v.(string)
	return text
}

// boardCards are the network cards of the board, those for ISA first.
func (vm *VM) boardCards(b layout) []machine.BoardDevice {
	var list []machine.BoardDevice
	add := func(c *card, driver, bus string) {
		props := []qjson.Member{text("mac", c.mac), text("netdev", c.netdev)}
		if class := vm.Machine.Tree().Types.Class(driver); c.noMSIX && class != nil && class.Property("vectors") != nil {
			props = append(props, number("vectors", 0))
		}
		list = append(list, machine.BoardDevice{Slot: chipset.SlotNetwork, Driver: driver, Bus: bus, Props: qjson.NewObject(props...)})
		c.made = true
	}
	for i := range vm.cards {
		if c := &vm.cards[i]; c.model == isaCard {
			add(c, isaCard, isaBus)
		}
	}
	for i := range vm.cards {
		c := &vm.cards[i]
		driver := c.model
		switch driver {
		case "":
			driver = b.card
		case "virtio":
			driver = "virtio-net-pci"
		}
		if slices.Contains(vm.cardModels(), driver) {
			add(c, driver, b.root)
		}
	}
	return list
}

// isaCard is the one network card there is for ISA.
const isaCard = "ne2k_isa"

// cardModels are the types of network cards for PCI.
func (vm *VM) cardModels() []string {
	var list []string
	cat := vm.Machine.Options().Catalog
	for name := range cat.Types() {
		d, ok := cat.Device(name)
		if ok && d.Category == "Network" && d.UserCreatable && cat.Implements(name, "pci-device") {
			list = append(list, name)
		}
	}
	return list
}

// unmadeCards lists the warnings about cards that the board has no place for.
func (vm *VM) unmadeCards() []string {
	var list []string
	for _, c := range vm.cards {
		if !c.made {
			list = append(list, fmt.Sprintf("requested NIC (%s, model %s) was not created (not supported by this machine?)", c.name, c.modelName()))
		}
	}
	return list
}

func (c *card) modelName() string {
	if c.model == "" {
		return "unspecified"
	}
	return c.model
}
