package hmp

import "github.com/qomd/qomd/devices/usb"

// deviceTopics are the topics of "info" on devices.
func deviceTopics() []*command {
	return []*command{
		{names: "qtree", args: "brief:-b", params: "[-b]", help: "print buses and devices; -b: without their properties",
			run: func(r *run) error {
				q := &qtree{r: r, brief: r.args.flag("brief"), facts: r.h.m.Options().Catalog}
				q.bus(r.h.m.Env().SystemBus, 0)
				return nil
			}},
		{names: "qdm", help: "the types of devices", run: func(r *run) error { r.listDevices(true); return nil }},
		{names: "pci", help: "PCI buses and functions", qmp: "query-pci", run: infoPCI},
		{names: "usb", help: "USB devices",
			run: func(r *run) error {
				list, err := usb.Info(r.h.m.Env())
				r.printf("%s", list)
				return err
			}},
		{names: "usbhost", help: "USB devices of the host, which are out of reach", module: true},
	}
}
