package hmp

import (
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// deviceRows are the commands that plug and unplug devices.
func deviceRows() []*command {
	return []*command{
		{names: "device_add", args: "device:O", params: "driver[,prop=value][,...]",
			help: "plug a device; options as -device takes them", qmp: "device_add",
			run: deviceAdd, complete: completeDriver},
		{names: "device_del", args: "id:s", params: "device", help: "unplug a device", qmp: "device_del",
			run:      forward("device_del", "id"),
			complete: completeDevice},
	}
}

func deviceAdd(r *run) error {
	o := r.args["device"].(*options)
	for _, w := range o.warnings {
		r.h.log().Warn(w, "command", "device_add")
	}
	if driver := o.text("driver"); o.help || driver == "help" || driver == "?" {
		r.deviceHelp(o)
		return nil
	}
	request, err := qdev.NewRequest(o.pairs, true)
	if err != nil {
		return err
	}
	_, err = qdev.Add(r.h.m.Env(), request)
	return err
}

// completeDriver proposes the types of devices that users may make.
func completeDriver(c *completer, words []string) {
	if len(words) != 2 {
		return
	}
	cat := c.h.m.Options().Catalog
	for name := range cat.Types() {
		if f, ok := cat.Device(name); ok && f.UserCreatable {
			c.propose(name, words[1])
		}
	}
}

// completeDevice proposes the ids of devices that may be unplugged.
func completeDevice(c *completer, words []string) {
	if len(words) != 2 {
		return
	}
	for _, o := range c.h.m.Env().Peripheral.Children() {
		if mayUnplug(o) {
			c.propose(o.Name(), words[1])
		}
	}
}

func mayUnplug(o *qom.Object) bool {
	v, err := o.Get("hotpluggable")
	b, _ := v.(bool)
	return err == nil && b
}
