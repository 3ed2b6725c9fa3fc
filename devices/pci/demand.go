package pci

import (
	"errors"
	"slices"
	"strings"

	"github.com/qomd/qomd/qom"
)

// demand is what a type without code of its own wants before it works: one of
// some properties, or something that no machine here has.
type demand struct {
	props []string // none: it is never met
	text  string   // QEMU's error; "{id}" is the name of the device
}

// demands are those of types. QEMU finds out while it realizes such a device.
var demands = map[string]demand{
	"ctucan_pci":             {[]string{"canbus0", "canbus1"}, "ctucan_connect_to_bus failed"},
	"kvaser_pci":             {[]string{"canbus"}, "can_sja_connect_to_bus failed"},
	"mioe3680_pci":           {[]string{"canbus0", "canbus1"}, "can_sja_connect_to_bus failed"},
	"pcm3680_pci":            {[]string{"canbus0", "canbus1"}, "can_sja_connect_to_bus failed"},
	"cxl-switch-mailbox-cci": {[]string{"target"}, "Target not set"},
	"cxl-type3":              {[]string{"lsa", "volatile-memdev"}, "lsa property must be set for persistent devices"},
	"pci-ipmi-bt":            {[]string{"bmc"}, "IPMI device requires a bmc attribute to be set"},
	"pci-ipmi-kcs":           {[]string{"bmc"}, "IPMI device requires a bmc attribute to be set"},
	"vfio-pci":               {[]string{"host", "sysfsdev", "fd"}, "No provided host device"},
	"vfio-user-pci":          {[]string{"socket"}, "No socket specified"},
	"x-pci-proxy-dev":        {[]string{"fd"}, "fd parameter not specified for {id}"},
	"xen-platform":           {nil, "xen-platform device requires a Xen guest"},
}

// checkDemand refuses a device whose type wants something it has not got.
func (d *Device) checkDemand() error {
	want, ok := demands[d.TypeName()]
	if !ok || slices.ContainsFunc(want.props, func(name string) bool { return isSet(&d.Object, name) }) {
		return nil
	}
	return errors.New(strings.ReplaceAll(want.text, "{id}", d.ID()))
}

// isSet reports whether a property has a value other than none.
func isSet(o *qom.Object, name string) bool {
	v, err := o.Get(name)
	return err == nil && o.HasStored(name) && v != nil && v != ""
}
