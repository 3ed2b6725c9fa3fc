package commands

import (
	"fmt"

	"github.com/qomd/qomd/devices/nic"
	"github.com/qomd/qomd/qmp"
)

// rocker registers qapi/rocker.json, on the switches of type rocker.
func (c *Commands) rocker() {
	qmp.Register(c.set, "query-rocker", 0, func(_ *qmp.Call, a rockerArgs) (rockerInfo, error) {
		r, err := c.findRocker(a.Name)
		if err != nil {
			return rockerInfo{}, err
		}
		return rockerInfo{r.SwitchName(), r.SwitchID(), len(r.PortNames())}, nil
	})
	qmp.Register(c.set, "query-rocker-ports", 0, c.queryRockerPorts)
	for _, name := range []string{"query-rocker-of-dpa-flows", "query-rocker-of-dpa-groups"} {
		// Only a guest's driver makes flows and groups.
		qmp.Register(c.set, name, 0, func(_ *qmp.Call, a rockerArgs) ([]none, error) {
			_, err := c.findRocker(a.Name)
			return []none{}, err
		})
	}
}

type rockerArgs struct {
	Name string `json:"name"`
}

type rockerInfo struct {
	Name  string `json:"name"`
	ID    uint64 `json:"id"`
	Ports int    `json:"ports"`
}

// findRocker finds a switch by the name it goes by, which is not its id.
func (c *Commands) findRocker(name string) (*nic.Rocker, error) {
	for _, o := range c.find("rocker") {
		if r, ok := o.Self().(*nic.Rocker); ok && r.Realized() && r.SwitchName() == name {
			return r, nil
		}
	}
	return nil, fmt.Errorf("rocker %s not found", name)
}

// rockerPort is QEMU's RockerPort.
type rockerPort struct {
	Name    string `json:"name"`
	Enabled bool   `json:"enabled"`
	LinkUp  bool   `json:"link-up"`
	Speed   int    `json:"speed"` // Mb/s
	Duplex  string `json:"duplex"`
	Autoneg string `json:"autoneg"`
}

// queryRockerPorts lists the ports, as they are until a driver enables them.
func (c *Commands) queryRockerPorts(_ *qmp.Call, a rockerArgs) ([]rockerPort, error) {
	r, err := c.findRocker(a.Name)
	if err != nil {
		return nil, err
	}
	list := []rockerPort{}
	for _, name := range r.PortNames() {
		list = append(list, rockerPort{Name: name, Speed: 10000, Duplex: "full", Autoneg: "off"})
	}
	return list, nil
}
