package devices

import "github.com/qomd/qomd/devices/qdev"

var (
	wantsBMC = []qdev.Demand{{Props: []string{"bmc"}, Text: "IPMI device requires a bmc attribute to be set"}}
	wantsCAN = []qdev.Demand{{Props: []string{"canbus", "canbus0", "canbus1"}, Text: "can_sja_connect_to_bus failed"}}
)

// demands are those of types that have no code of their own to say so.
var demands = map[string][]qdev.Demand{
	"ctucan_pci":             {{Props: []string{"canbus0", "canbus1"}, Text: "ctucan_connect_to_bus failed"}},
	"kvaser_pci":             wantsCAN,
	"mioe3680_pci":           wantsCAN,
	"pcm3680_pci":            wantsCAN,
	"cxl-switch-mailbox-cci": {{Props: []string{"target"}, Text: "Target not set"}},
	"guest-loader":           {{Props: []string{"kernel", "initrd"}, Text: "Need to specify a kernel or initrd image"}},
	"hv-syndbg":              {{Text: "hv-syndbg device requires vmbus-bridge device"}},
	"ivshmem-doorbell":       {{Props: []string{"chardev"}, Text: "You must specify a 'chardev'"}},
	"isa-ipmi-bt":            wantsBMC,
	"isa-ipmi-kcs":           wantsBMC,
	"pci-ipmi-bt":            wantsBMC,
	"pci-ipmi-kcs":           wantsBMC,
	"smbus-ipmi":             wantsBMC,
	"loader":                 {{Props: []string{"file", "data-len", "cpu-num"}, Text: "please include valid arguments"}},
	"sp-mem":                 {{Props: []string{"memdev"}, Text: "'memdev' property must be set"}},
	"vfio-pci":               {{Props: []string{"host", "sysfsdev", "fd"}, Text: "No provided host device"}},
	"vfio-user-pci":          {{Props: []string{"socket"}, Text: "No socket specified"}},
	"vmmouse":                {{Props: []string{"i8042"}, Text: "'i8042' link is not set"}},
	"x-pci-proxy-dev":        {{Props: []string{"fd"}, Text: "fd parameter not specified for {id}"}},
	"xen-platform":           {{Text: "xen-platform device requires a Xen guest"}},
}

// soundCards want a sound backend.
var soundCards = map[string]bool{
	"AC97": true, "ES1370": true, "adlib": true, "cs4231a": true, "gus": true, "hda-duplex": true, "hda-micro": true,
	"hda-output": true, "sb16": true,
}
