package capture

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
)

// provided is what machines of the capture offer to devices: a back end of
// each kind that needs nothing outside QEMU.
var provided = []string{
	"-blockdev", "null-co,node-name=disk0,size=67108864,read-zeroes=on",
	"-chardev", "null,id=char0", "-audiodev", "none,id=audio0",
	"-object", "memory-backend-ram,id=mem0,size=16M,share=on",
	"-object", "cryptodev-backend-builtin,id=crypto0",
	"-object", "can-bus,id=can0",
	"-netdev", "hubport,id=net0,hubid=0",
}

// extra is what machines offer only to devices that are given the property.
var extra = map[string][]string{
	"fsdev=fs0": {"-fsdev", "local,id=fs0,path=/tmp,security_model=none"},
	"bmc=bmc0":  {"-device", "ipmi-bmc-sim,id=bmc0"},
}

// setups are ways to plug a device; the first that works is taken. {dev}
// stands for the device with its id.
var setups = map[string][][]string{
	"PCI": {
		{"-machine", "q35", "-m", "128M,slots=2,maxmem=1G", "-device", "{dev},addr=0x3"},
		{"-machine", "pc", "-device", "{dev},addr=0x3"},
		{"-machine", "q35,cxl=on", "-device", "{dev},addr=0x3"},
	},
	"usb-bus":           {{"-machine", "q35", "-device", "qemu-xhci,id=x", "-device", "{dev},bus=x.0"}, {"-machine", "q35", "-device", "piix3-usb-uhci,id=x", "-device", "{dev},bus=x.0"}},
	"SCSI":              {{"-machine", "q35", "-device", "virtio-scsi-pci", "-device", "{dev}"}},
	"virtio-bus":        {{"-machine", "microvm", "-device", "{dev}"}},
	"virtio-serial-bus": {{"-machine", "q35", "-device", "virtio-serial-pci", "-device", "{dev}"}},
	"HDA":               {{"-machine", "q35", "-device", "intel-hda", "-device", "{dev}"}},
	"ccid-bus":          {{"-machine", "q35", "-device", "qemu-xhci", "-device", "usb-ccid", "-device", "{dev}"}},
	"floppy-bus":        {{"-machine", "q35", "-device", "isa-fdc", "-device", "{dev}"}},
	"nvme-bus":          {{"-machine", "q35", "-device", "nvme,serial=s", "-device", "{dev}"}},
	"sd-bus":            {{"-machine", "q35", "-device", "sdhci-pci", "-device", "{dev}"}},
	"ufs-bus":           {{"-machine", "q35", "-device", "ufs,serial=s", "-device", "{dev}"}},
	"IndustryPack":      {{"-machine", "pc", "-device", "tpci200", "-device", "{dev}"}},
	"":                  {{"-machine", "q35,nvdimm=on", "-m", "128M,slots=2,maxmem=1G", "-device", "{dev}"}, {"-machine", "q35,acpi=on", "-device", "{dev}"}},
}

// anyMachine is for the buses every PC has.
var anyMachine = [][]string{{"-machine", "pc", "-device", "{dev}"}, {"-machine", "q35", "-device", "{dev}"}}

// wishes are properties that some devices insist on; one is set when the type
// has a property of that name, first all of them, then fewer.
var wishes = [][]string{
	{},
	{"drive=disk0"}, {"serial=s"}, {"chardev=char0"}, {"audiodev=audio0"}, {"memdev=mem0"},
	{"hostmem=mem0"}, {"memdev=mem0", "x-hostmem=mem0"}, {"cryptodev=crypto0"},
	{"fsdev=fs0", "mount_tag=t"}, {"ctrl=x"}, {"serial=s", "drive=disk0"},
	{"bus_nr=32"}, {"chassis_nr=1"}, {"volatile-memdev=mem0"}, {"len=1", "addr=0"}, {"ioh-id=0"},
	{"canbus=can0"}, {"canbus0=can0"}, {"rootdir=/tmp"},
	{"guest-cid=3"}, {"bmc=bmc0"}, {"domid=0"}, {"file=/dev/null"}, {"disable-legacy=on"},
}

// behindPort plugs a device where Express devices belong on a q35 machine.
var behindPort = [][]string{{
	"-machine", "q35", "-m", "128M,slots=2,maxmem=1G",
	"-device", "pcie-root-port,id=rp,addr=0x2", "-device", "{dev},bus=rp",
}}

// observe plugs one device and looks at it.
func (c *capture) observe(name string, f *catalog.DeviceFacts, orders map[string][]string) error {
	list, ok := setups[f.Bus]
	if !ok {
		list = anyMachine
	}
	err := c.attempt(name, list, func(q *qemu) error {
		if err := q.qtree(orders); err != nil {
			return err
		}
		var err error
		switch f.Bus {
		case "usb-bus":
			f.USB, err = q.usb()
		case "PCI":
			f.PCI, err = q.pci(false)
		}
		return err
	})
	if err != nil || f.PCI == nil {
		return err
	}
	err = c.attempt(name, behindPort, func(q *qemu) error {
		port, err := q.pci(true)
		if err == nil && !reflect.DeepEqual(port, f.PCI) {
			f.PCIePort = port
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("behind a root port: %w", err)
	}
	return nil
}

// attempt starts machines until one takes the device, and looks at that one.
func (c *capture) attempt(name string, list [][]string, look func(*qemu) error) error {
	var why []error
	for _, setup := range list {
		for _, wish := range wishes {
			args := append([]string{}, provided...)
			for _, w := range wish {
				args = append(args, extra[w]...)
			}
			dev := strings.Join(append([]string{name, "id=dut"}, wish...), ",")
			for _, a := range setup {
				args = append(args, strings.Replace(a, "{dev}", dev, 1))
			}
			q, err := start(c.ctx, c.command, c.plugged(args...)...)
			if err != nil {
				why = append(why, err)
				if hopeless.MatchString(err.Error()) || c.ctx.Err() != nil {
					break
				}
				continue
			}
			err = look(q)
			q.stop()
			return err
		}
	}
	return errors.Join(unique(why)...)
}

// hopeless matches refusals that no property of the device can change.
var hopeless = regexp.MustCompile(`No '.*' bus found|expects a dynamic sysbus|cannot be plugged into`)

// unique keeps one of each kind of complaint, without the properties that
// simply do not exist.
func unique(errs []error) []error {
	var out []error
	seen := map[string]bool{}
	for _, err := range errs {
		if text := err.Error(); !seen[text] && !strings.Contains(text, "' not found") {
			seen[text] = true
			out = append(out, err)
		}
	}
	return out
}

var (
	qtreeDevice   = regexp.MustCompile(`^( *)dev: ([^,]+), id "`)
	qtreeProperty = regexp.MustCompile(`^( *)(\S+) = `)
)

// qtree collects the order of properties of every device in the tree.
func (q *qemu) qtree(orders map[string][]string) error {
	tree, err := q.hmp("info qtree")
	if err != nil {
		return err
	}
	name, indent, order := "", 0, []string(nil)
	flush := func() {
		if name != "" {
			orders[name] = order
		}
		name, order = "", nil
	}
	for line := range strings.Lines(tree) {
		if m := qtreeDevice.FindStringSubmatch(line); m != nil {
			flush()
			name, indent = m[2], len(m[1])
		} else if m := qtreeProperty.FindStringSubmatch(line); m != nil && name != "" && len(m[1]) == indent+2 {
			order = append(order, m[2])
		}
	}
	flush()
	return nil
}

var usbLine = regexp.MustCompile(`Speed (\S+) Mb/s, Product (.*), ID: dut`)

func (q *qemu) usb() (*catalog.USBFacts, error) {
	text, err := q.hmp("info usb")
	if err != nil {
		return nil, err
	}
	m := usbLine.FindStringSubmatch(text)
	if m == nil {
		return nil, fmt.Errorf("not in info usb: %q", text)
	}
	return &catalog.USBFacts{Speed: m[1], Product: m[2]}, nil
}
