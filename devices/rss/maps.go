package rss

// Names of the program and its maps.
const (
	ProgramName       = "tun_rss_steering_prog"
	ConfigurationsMap = "tap_rss_map_configurations"
	KeyMap            = "tap_rss_map_toeplitz_key"
	TableMap          = "tap_rss_map_indirection_table"
)

// Sizes.
const (
	KeySize   = 40  // bytes
	TableSize = 128 // entries
)

// Hash types, VIRTIO 1.2 section 5.1.6.4.3.1.
const (
	IPv4 = 1 << iota
	TCPv4
	UDPv4
	IPv6
	TCPv6
	UDPv6
)

// Configuration is the only value of the map of configurations, in the host's
// order of bytes.
type Configuration struct {
	Enabled   uint32 // 0: every packet goes to the default queue
	Types     uint32 // of hashes
	TableMask uint32 // entries of the table that are in use, less 1
	Default   uint32 // queue of packets without hash
}

// Offsets in a Configuration, and its size.
const (
	configEnabled = 0
	configTypes   = 4
	configMask    = 8
	configDefault = 12
	configSize    = 16
)

// mapDef is a map of the program: an array.
type mapDef struct {
	name             string
	valueSize, count uint32
}

// maps in the order of their descriptors in ebpf-rss-fds.
var maps = []mapDef{
	{ConfigurationsMap, configSize, 1},
	{KeyMap, KeySize, 1},
	{TableMap, 2, TableSize}, // of queues
}
