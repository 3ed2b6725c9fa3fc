package commands

import (
	"slices"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp"
)

// machine registers qapi/machine.json and the parts of qapi/misc.json about the
// machine as a whole.
func (c *Commands) machine() {
	qmp.Register(c.set, "query-name", 0, c.queryName)
	qmp.Register(c.set, "query-uuid", 0, c.queryUUID)
	qmp.Register(c.set, "query-kvm", qmp.Deprecated, c.queryKVM)
	qmp.Register(c.set, "query-accelerators", 0, c.queryAccelerators)
	qmp.Register(c.set, "query-target", 0, c.queryTarget)
	qmp.Register(c.set, "query-machines", 0, c.queryMachines)
	qmp.Register(c.set, "query-current-machine", 0, c.queryCurrentMachine)
	qmp.Register(c.set, "query-command-line-options", 0, c.queryCommandLineOptions)
}

type nameInfo struct {
	Name string `json:"name,omitempty"`
}

func (c *Commands) queryName(*qmp.Call, none) (nameInfo, error) {
	return nameInfo{c.m.Options().Name}, nil
}

type uuidInfo struct {
	UUID string `json:"UUID"`
}

func (c *Commands) queryUUID(*qmp.Call, none) (uuidInfo, error) {
	if u := c.m.Options().UUID; u != "" {
		return uuidInfo{u}, nil
	}
	return uuidInfo{"00000000-0000-0000-0000-000000000000"}, nil
}

type kvmInfo struct {
	Enabled bool `json:"enabled"`
	Present bool `json:"present"`
}

// queryKVM answers as a QEMU that was built with KVM: present tells about the
// build, not about the host.
func (c *Commands) queryKVM(*qmp.Call, none) (kvmInfo, error) {
	return kvmInfo{Enabled: c.m.Options().Accel == "kvm", Present: true}, nil
}

type acceleratorsInfo struct {
	Enabled string   `json:"enabled"`
	Present []string `json:"present"`
}

func (c *Commands) queryAccelerators(*qmp.Call, none) (acceleratorsInfo, error) {
	accel := c.m.Options().Accel
	if accel == "" {
		accel = "tcg"
	}
	return acceleratorsInfo{Enabled: accel, Present: []string{"kvm", "mshv", "qtest", "tcg"}}, nil
}

type targetInfo struct {
	Arch string `json:"arch"`
}

func (c *Commands) queryTarget(*qmp.Call, none) (targetInfo, error) { return targetInfo{"x86_64"}, nil }

type machinesArgs struct {
	CompatProps bool `json:"compat-props"`
}

// machineInfo is QEMU's MachineInfo.
type machineInfo struct {
	Name             string        `json:"name"`
	Alias            string        `json:"alias,omitempty"`
	IsDefault        bool          `json:"is-default,omitempty"`
	CPUMax           int64         `json:"cpu-max"`
	HotpluggableCPUs bool          `json:"hotpluggable-cpus"`
	NUMAMemSupported bool          `json:"numa-mem-supported"`
	Deprecated       bool          `json:"deprecated"`
	DefaultCPUType   string        `json:"default-cpu-type,omitempty"`
	DefaultRAMID     string        `json:"default-ram-id,omitempty"`
	ACPI             *bool         `json:"acpi,omitempty"`
	CompatProps      *[]compatProp `json:"compat-props,omitempty"`
}

type compatProp struct {
	QOMType  string `json:"qom-type"`
	Property string `json:"property"`
	Value    string `json:"value"`
}

func (c *Commands) queryMachines(_ *qmp.Call, a machinesArgs) ([]machineInfo, error) {
	cat := c.m.Options().Catalog
	list := []machineInfo{}
	machines, order := slices.Clone(cat.Machines()), c.m.Tree().Types.ListingOrder()
	slices.SortFunc(machines, func(a, b catalog.Machine) int { // the reverse of qom-list-types
		return order[b.Name+"-machine"] - order[a.Name+"-machine"]
	})
	for _, f := range machines {
		info := machineInfo{
			Name: f.Name, Alias: f.Alias, IsDefault: f.IsDefault, CPUMax: f.CPUMax,
			HotpluggableCPUs: f.HotpluggableCPUs, NUMAMemSupported: f.NUMAMemSupported, Deprecated: f.Deprecated,
			DefaultCPUType: f.DefaultCPUType, DefaultRAMID: f.DefaultRAMID,
		}
		if f.ACPITold {
			info.ACPI = &f.ACPI
		}
		if a.CompatProps {
			info.CompatProps = compatProps(cat, f.Name)
		}
		list = append(list, info)
	}
	return list, nil
}

func compatProps(cat *catalog.Catalog, machine string) *[]compatProp {
	list := []compatProp{}
	props, _ := cat.CompatProps(machine)
	for _, p := range props {
		list = append(list, compatProp{p.Type, p.Property, p.Value})
	}
	return &list
}

type currentMachineInfo struct {
	WakeupSuspend bool `json:"wakeup-suspend-support"`
}

func (c *Commands) queryCurrentMachine(*qmp.Call, none) (currentMachineInfo, error) {
	return currentMachineInfo{WakeupSuspend: c.m.CanSuspend()}, nil
}

type optionArgs struct {
	Option *string `json:"option"`
}

func (c *Commands) queryCommandLineOptions(_ *qmp.Call, a optionArgs) ([]catalog.OptionGroup, error) {
	groups := c.m.Options().Catalog.OptionGroups()
	if a.Option == nil {
		return groups, nil
	}
	var found []catalog.OptionGroup
	for _, g := range groups {
		if g.Option == *a.Option {
			found = append(found, g)
		}
	}
	if len(found) == 0 {
		return nil, qmp.Errorf(qmp.GenericError, "invalid option name: %s", *a.Option)
	}
	return found, nil
}
