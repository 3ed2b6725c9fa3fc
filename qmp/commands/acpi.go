package commands

import (
	"errors"

	"github.com/qomd/qomd/devices/acpi"
	"github.com/qomd/qomd/qmp"
)

// acpi registers qapi/acpi.json.
func (c *Commands) acpi() {
	qmp.Register(c.set, "query-acpi-ospm-status", 0, c.queryOSPMStatus)
}

// queryOSPMStatus lists what the guest reported about its slots, memory first.
func (c *Commands) queryOSPMStatus(*qmp.Call, none) ([]acpi.OST, error) {
	list, ok := c.m.OSPMStatus()
	if !ok {
		return nil, errors.New("command is not supported, missing ACPI device")
	}
	return list, nil
}
