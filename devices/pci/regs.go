package pci

// Offsets in the configuration header, as the PCI specification numbers them.
const (
	regVendor        = 0x00
	regDevice        = 0x02
	regCommand       = 0x04
	regStatus        = 0x06
	regRevision      = 0x08
	regProgIf        = 0x09
	regClass         = 0x0a
	regCacheLine     = 0x0c
	regHeaderType    = 0x0e
	regBAR0          = 0x10
	regPrimaryBus    = 0x18
	regSecondaryBus  = 0x19
	regSubordinate   = 0x1a
	regIOBase        = 0x1c
	regIOLimit       = 0x1d
	regSecStatus     = 0x1e
	regMemBase       = 0x20
	regMemLimit      = 0x22
	regPrefBase      = 0x24
	regPrefLimit     = 0x26
	regPrefBaseUpper = 0x28
	regPrefLimUpper  = 0x2c
	regSubvendor     = 0x2c
	regSubsystem     = 0x2e
	regROM           = 0x30
	regIOBaseUpper   = 0x30
	regIOLimitUpper  = 0x32
	regCapabilities  = 0x34
	regROMBridge     = 0x38
	regIRQLine       = 0x3c
	regIRQPin        = 0x3d
	regBridgeControl = 0x3e
	headerSize       = 0x40
)

// Bits of those registers.
const (
	commandIO          = 0x001
	commandMemory      = 0x002
	commandMaster      = 0x004
	commandSERR        = 0x100
	commandINTxDisable = 0x400

	statusInterrupt    = 0x0008
	statusCapabilities = 0x0010
	statusErrors       = 0xf900 // cleared by writing 1
	statusSystemError  = 0x4000 // signalled; in the secondary status: received

	headerBridge        = 0x01
	headerMultifunction = 0x80

	romEnable = 1

	bridgeSERR     = 0x0002
	bridgeVGA      = 0x0008
	bridgeReset    = 0x0040
	bridgeWritable = 0x0bff
	bridgeDiscard  = 0x0400 // cleared by writing 1
)

// Capability numbers.
const (
	CapPM      = 0x01
	CapSlotID  = 0x04
	CapMSI     = 0x05
	CapHotplug = 0x0c
	CapSSVID   = 0x0d
	CapExpress = 0x10
	CapMSIX    = 0x11
)
