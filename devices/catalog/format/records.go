package format

// Kinds of default values in a record of Props.
const (
	DefaultNone = iota
	DefaultFalse
	DefaultTrue
	DefaultInt
	DefaultUint
	DefaultFloat
	DefaultString
	DefaultList // the empty list
	DefaultJSON // anything else, as JSON text
)

// Flags in a record of Types.
const (
	TypeAbstract = 1 << iota
	TypeInterface
)

// Flags in a record of Machines.
const (
	MachineDefault = 1 << iota
	MachineHotpluggableCPUs
	MachineNUMA
	MachineACPI
	MachineACPITold
	MachineDeprecated
	MachineCompatTold
)

// Flags in a record of CPUDefinitions.
const (
	CPUStatic = 1 << iota
	CPUMigrationSafe
	CPUDeprecated
)

// Flags in a record of Devices.
const (
	DeviceUserCreatable = 1 << iota
	DeviceHotpluggable
	DeviceHotplugTold
	DevicePCI
	DeviceUSB
	DevicePCIePort
)

// Flags of a PCI device and of a BAR in a record of Devices.
const (
	PCIBridge = 1 << iota
	PCIExpress
)

const (
	BARIO = 1 << iota
	BARPrefetch
	BARMem64
)
