package build

import (
	"encoding/json"

	"github.com/qomd/qomd/devices/catalog"
)

// Source is everything a catalog is made of, before it is packed.
type Source struct {
	Version          catalog.Version
	Commands, Events []string
	Options          []catalog.Option
	HMPCommands      []string
	Types            []Type
	Machines         []Machine
	CPUDefinitions   []catalog.CPUDefinition
	CPUExpansions    []catalog.CPUExpansion
	CPUSlots         []catalog.CPUSlots
	OptionGroups     []catalog.OptionGroup

	// Devices holds observed facts by type name; it may be empty.
	Devices map[string]catalog.DeviceFacts

	// Schema is stored as it is, white space aside.
	Schema json.RawMessage
}

// Type is a QOM type as qom-list-types, qom-list-properties and
// device-list-properties describe it.
type Type struct {
	Name       string   `json:"name"`
	Abstract   bool     `json:"abstract"`
	Interface  bool     `json:"interface"`
	Parents    []string `json:"parents"` // nearest first
	Interfaces []string `json:"interfaces"`

	// Properties and Device are the two lists; when a command gave no list,
	// Unknown and DeviceUnknown hold what it gave, as JSON.
	Properties    []catalog.Property `json:"-"`
	Device        []catalog.Property `json:"-"`
	Unknown       string             `json:"-"`
	DeviceUnknown string             `json:"-"`
	HasList       bool               `json:"-"`
	HasDevice     bool               `json:"-"`
}

// Machine is an entry of query-machines with its compatibility properties.
type Machine struct {
	Name             string       `json:"name"`
	Alias            string       `json:"alias"`
	DefaultCPUType   string       `json:"default-cpu-type"`
	DefaultRAMID     string       `json:"default-ram-id"`
	CPUMax           int64        `json:"cpu-max"`
	IsDefault        bool         `json:"is-default"`
	HotpluggableCPUs bool         `json:"hotpluggable-cpus"`
	NUMAMemSupported bool         `json:"numa-mem-supported"`
	ACPI             *bool        `json:"acpi"` // nil when not told
	Deprecated       bool         `json:"deprecated"`
	CompatProps      []CompatProp `json:"compat-props"`
}

// CompatProp is a compatibility property as query-machines spells it.
type CompatProp struct {
	Type     string `json:"qom-type"`
	Property string `json:"property"`
	Value    string `json:"value"`
}
