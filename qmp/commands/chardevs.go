package commands

import (
	"slices"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/qmp"
)

// chardevs registers the queries of qapi/char.json, and qapi/yank.json.
func (c *Commands) chardevs() {
	qmp.Register(c.set, "query-chardev", qmp.AllowPreconfig, c.queryChardev)
	qmp.Register(c.set, "query-yank", qmp.AllowOOB, c.queryYank)
	qmp.Register(c.set, "yank", qmp.AllowOOB, c.yank)
}

type chardevInfo struct {
	Label        string `json:"label"`
	Filename     string `json:"filename"`
	FrontendOpen bool   `json:"frontend-open"`
}

// queryChardev lists the newest device first, which is what clients of QEMU
// see most of the time; its order is that of a hash table.
func (c *Commands) queryChardev(*qmp.Call, none) ([]chardevInfo, error) {
	list := []chardevInfo{}
	for _, o := range slices.Backward(c.m.Chardevs().Children()) {
		if dev := chardev.From(o); dev != nil {
			list = append(list, chardevInfo{dev.Label(), dev.Backend().Filename(), dev.Frontend() != ""})
		}
	}
	return list, nil
}

// yankInstance is QEMU's YankInstance: here always a character device.
type yankInstance struct {
	Type string `json:"type"`
	ID   string `json:"id,omitempty"`
}

func (c *Commands) queryYank(*qmp.Call, none) ([]yankInstance, error) {
	list := []yankInstance{}
	for _, id := range c.m.Yanks.IDs() {
		list = append(list, yankInstance{"chardev", id})
	}
	return list, nil
}

type yankArgs struct {
	Instances []yankInstance `json:"instances"`
}

func (c *Commands) yank(_ *qmp.Call, a yankArgs) (none, error) {
	ids := []string{}
	for _, i := range a.Instances {
		if i.Type != "chardev" {
			return none{}, qmp.Errorf(qmp.DeviceNotFound, "%s", chardev.ErrNoInstance.Error())
		}
		ids = append(ids, i.ID)
	}
	if err := c.m.Yanks.Cut(ids); err != nil {
		return none{}, qmp.Errorf(qmp.DeviceNotFound, "%s", err.Error())
	}
	return none{}, nil
}
