package commands

import "slices"

// word is what QEMU calls a bit.
type word struct {
	bit  int
	text string
}

// transportWords are the features of rings and transports, VIRTIO 1.2 chapter 6.
var transportWords = []word{
	{24, "VIRTIO_F_NOTIFY_ON_EMPTY: Notify when device runs out of avail. descs. on VQ"},
	{27, "VIRTIO_F_ANY_LAYOUT: Device accepts arbitrary desc. layouts"},
	{32, "VIRTIO_F_VERSION_1: Device compliant for v1 spec (legacy)"},
	{33, "VIRTIO_F_IOMMU_PLATFORM: Device can be used on IOMMU platform"},
	{34, "VIRTIO_F_RING_PACKED: Device supports packed VQ layout"},
	{35, "VIRTIO_F_IN_ORDER: Device uses buffers in same order as made available by driver"},
	{36, "VIRTIO_F_ORDER_PLATFORM: Memory accesses ordered by platform"},
	{37, "VIRTIO_F_SR_IOV: Device supports single root I/O virtualization"},
	{40, "VIRTIO_F_RING_RESET: Driver can reset a queue individually"},
	{28, "VIRTIO_RING_F_INDIRECT_DESC: Indirect descriptors supported"},
	{29, "VIRTIO_RING_F_EVENT_IDX: Used & avail. event fields enabled"},
}

// featureTexts are the features of devices, by the number of their kind: VIRTIO 1.2
// chapter 5.
var featureTexts = map[uint16][]word{
	1: {
		{0, "VIRTIO_NET_F_CSUM: Device handling packets with partial checksum supported"},
		{1, "VIRTIO_NET_F_GUEST_CSUM: Driver handling packets with partial checksum supported"},
		{2, "VIRTIO_NET_F_CTRL_GUEST_OFFLOADS: Control channel offloading reconfig. supported"},
		{3, "VIRTIO_NET_F_MTU: Device max MTU reporting supported"},
		{5, "VIRTIO_NET_F_MAC: Device has given MAC address"},
		{7, "VIRTIO_NET_F_GUEST_TSO4: Driver can receive TSOv4"},
		{8, "VIRTIO_NET_F_GUEST_TSO6: Driver can receive TSOv6"},
		{9, "VIRTIO_NET_F_GUEST_ECN: Driver can receive TSO with ECN"},
		{10, "VIRTIO_NET_F_GUEST_UFO: Driver can receive UFO"},
		{11, "VIRTIO_NET_F_HOST_TSO4: Device can receive TSOv4"},
		{12, "VIRTIO_NET_F_HOST_TSO6: Device can receive TSOv6"},
		{13, "VIRTIO_NET_F_HOST_ECN: Device can receive TSO with ECN"},
		{14, "VIRTIO_NET_F_HOST_UFO: Device can receive UFO"},
		{15, "VIRTIO_NET_F_MRG_RXBUF: Driver can merge receive buffers"},
		{16, "VIRTIO_NET_F_STATUS: Configuration status field available"},
		{17, "VIRTIO_NET_F_CTRL_VQ: Control channel available"},
		{18, "VIRTIO_NET_F_CTRL_RX: Control channel RX mode supported"},
		{19, "VIRTIO_NET_F_CTRL_VLAN: Control channel VLAN filtering supported"},
		{20, "VIRTIO_NET_F_CTRL_RX_EXTRA: Extra RX mode control supported"},
		{21, "VIRTIO_NET_F_GUEST_ANNOUNCE: Driver sending gratuitous packets supported"},
		{22, "VIRTIO_NET_F_MQ: Multiqueue with automatic receive steering supported"},
		{23, "VIRTIO_NET_F_CTRL_MAC_ADDR: MAC address set through control channel"},
		{53, "VIRTIO_NET_F_NOTF_COAL: Device supports coalescing notifications"},
		{54, "VIRTIO_NET_F_GUEST_USO4: Driver can receive USOv4"},
		{55, "VIRTIO_NET_F_GUEST_USO6: Driver can receive USOv6"},
		{56, "VIRTIO_NET_F_HOST_USO: Device can receive USO"},
		{57, "VIRTIO_NET_F_HASH_REPORT: Hash reporting supported"},
		{60, "VIRTIO_NET_F_RSS: RSS RX steering supported"},
		{61, "VIRTIO_NET_F_RSC_EXT: Extended coalescing info supported"},
		{62, "VIRTIO_NET_F_STANDBY: Device acting as standby for primary device with same MAC addr. supported"},
		{63, "VIRTIO_NET_F_SPEED_DUPLEX: Device set linkspeed and duplex"},
		{6, "VIRTIO_NET_F_GSO: Handling GSO-type packets supported"},
		{26, "VHOST_F_LOG_ALL: Logging write descriptors supported"},
		{30, "VHOST_USER_F_PROTOCOL_FEATURES: Vhost-user protocol features negotiation supported"},
	},
	2: {
		{1, "VIRTIO_BLK_F_SIZE_MAX: Max segment size is size_max"},
		{2, "VIRTIO_BLK_F_SEG_MAX: Max segments in a request is seg_max"},
		{4, "VIRTIO_BLK_F_GEOMETRY: Legacy geometry available"},
		{5, "VIRTIO_BLK_F_RO: Device is read-only"},
		{6, "VIRTIO_BLK_F_BLK_SIZE: Block size of disk available"},
		{10, "VIRTIO_BLK_F_TOPOLOGY: Topology information available"},
		{12, "VIRTIO_BLK_F_MQ: Multiqueue supported"},
		{13, "VIRTIO_BLK_F_DISCARD: Discard command supported"},
		{14, "VIRTIO_BLK_F_WRITE_ZEROES: Write zeroes command supported"},
		{16, "VIRTIO_BLK_F_SECURE_ERASE: Secure erase supported"},
		{17, "VIRTIO_BLK_F_ZONED: Zoned block devices"},
		{0, "VIRTIO_BLK_F_BARRIER: Request barriers supported"},
		{7, "VIRTIO_BLK_F_SCSI: SCSI packet commands supported"},
		{9, "VIRTIO_BLK_F_FLUSH: Flush command supported"},
		{11, "VIRTIO_BLK_F_CONFIG_WCE: Cache writeback and writethrough modes supported"},
		{26, "VHOST_F_LOG_ALL: Logging write descriptors supported"},
		{30, "VHOST_USER_F_PROTOCOL_FEATURES: Vhost-user protocol features negotiation supported"},
	},
	3: {
		{0, "VIRTIO_CONSOLE_F_SIZE: Host providing console size"},
		{1, "VIRTIO_CONSOLE_F_MULTIPORT: Multiple ports for device supported"},
		{2, "VIRTIO_CONSOLE_F_EMERG_WRITE: Emergency write supported"},
	},
	4: {
		{26, "VHOST_F_LOG_ALL: Logging write descriptors supported"},
		{30, "VHOST_USER_F_PROTOCOL_FEATURES: Vhost-user protocol features negotiation supported"},
	},
	5: {
		{0, "VIRTIO_BALLOON_F_MUST_TELL_HOST: Tell host before reclaiming pages"},
		{1, "VIRTIO_BALLOON_F_STATS_VQ: Guest memory stats VQ available"},
		{2, "VIRTIO_BALLOON_F_DEFLATE_ON_OOM: Deflate balloon when guest OOM"},
		{3, "VIRTIO_BALLOON_F_FREE_PAGE_HINT: VQ reporting free pages enabled"},
		{4, "VIRTIO_BALLOON_F_PAGE_POISON: Guest page poisoning enabled"},
		{5, "VIRTIO_BALLOON_F_REPORTING: Page reporting VQ enabled"},
	},
	8: {
		{0, "VIRTIO_SCSI_F_INOUT: Requests including read and writable data buffers supported"},
		{1, "VIRTIO_SCSI_F_HOTPLUG: Reporting and handling hot-plug events supported"},
		{2, "VIRTIO_SCSI_F_CHANGE: Reporting and handling LUN changes supported"},
		{3, "VIRTIO_SCSI_F_T10_PI: T10 info included in request header"},
		{26, "VHOST_F_LOG_ALL: Logging write descriptors supported"},
		{30, "VHOST_USER_F_PROTOCOL_FEATURES: Vhost-user protocol features negotiation supported"},
	},
	16: {
		{0, "VIRTIO_GPU_F_VIRGL: Virgl 3D mode supported"},
		{1, "VIRTIO_GPU_F_EDID: EDID metadata supported"},
		{2, "VIRTIO_GPU_F_RESOURCE_UUID: Resource UUID assigning supported"},
		{3, "VIRTIO_GPU_F_RESOURCE_BLOB: Size-based blob resources supported"},
		{4, "VIRTIO_GPU_F_CONTEXT_INIT: Context types and synchronization timelines supported"},
		{26, "VHOST_F_LOG_ALL: Logging write descriptors supported"},
		{30, "VHOST_USER_F_PROTOCOL_FEATURES: Vhost-user protocol features negotiation supported"},
	},
	18: {
		{26, "VHOST_F_LOG_ALL: Logging write descriptors supported"},
		{30, "VHOST_USER_F_PROTOCOL_FEATURES: Vhost-user protocol features negotiation supported"},
	},
	19: {
		{1, "VIRTIO_VSOCK_F_SEQPACKET: SOCK_SEQPACKET supported"},
		{26, "VHOST_F_LOG_ALL: Logging write descriptors supported"},
		{30, "VHOST_USER_F_PROTOCOL_FEATURES: Vhost-user protocol features negotiation supported"},
	},
	23: {
		{0, "VIRTIO_IOMMU_F_INPUT_RANGE: Range of available virtual addrs. available"},
		{1, "VIRTIO_IOMMU_F_DOMAIN_RANGE: Number of supported domains available"},
		{2, "VIRTIO_IOMMU_F_MAP_UNMAP: Map and unmap requests available"},
		{3, "VIRTIO_IOMMU_F_BYPASS: Endpoints not attached to domains are in bypass mode"},
		{4, "VIRTIO_IOMMU_F_PROBE: Probe requests available"},
		{5, "VIRTIO_IOMMU_F_MMIO: VIRTIO_IOMMU_MAP_F_MMIO flag available"},
		{6, "VIRTIO_IOMMU_F_BYPASS_CONFIG: Bypass field of IOMMU config available"},
	},
	24: {
		{0, "VIRTIO_MEM_F_ACPI_PXM: node_id is an ACPI PXM and is valid"},
		{1, "VIRTIO_MEM_F_UNPLUGGED_INACCESSIBLE: Unplugged memory cannot be accessed"},
		{2, "VIRTIO_MEM_F_PERSISTENT_SUSPND: Plugged memory will remain plugged when suspending+resuming"},
	},
	26: {
		{26, "VHOST_F_LOG_ALL: Logging write descriptors supported"},
		{30, "VHOST_USER_F_PROTOCOL_FEATURES: Vhost-user protocol features negotiation supported"},
	},
	34: {
		{0, "VIRTIO_I2C_F_ZERO_LEGNTH_REQUEST: Zero length requests supported"},
		{26, "VHOST_F_LOG_ALL: Logging write descriptors supported"},
		{30, "VHOST_USER_F_PROTOCOL_FEATURES: Vhost-user protocol features negotiation supported"},
	},
	41: {
		{0, "VIRTIO_GPIO_F_IRQ: Device supports interrupts on GPIO lines"},
		{26, "VHOST_F_LOG_ALL: Logging write descriptors supported"},
		{30, "VHOST_USER_F_PROTOCOL_FEATURES: Vhost-user protocol features negotiation supported"},
	},
}

// statusTexts are the bits of the device status, VIRTIO 1.2 section 2.1.
var statusTexts = []word{
	{2, "VIRTIO_CONFIG_S_DRIVER_OK: Driver setup and ready"},
	{3, "VIRTIO_CONFIG_S_FEATURES_OK: Feature negotiation complete"},
	{1, "VIRTIO_CONFIG_S_DRIVER: Guest OS compatible with device"},
	{6, "VIRTIO_CONFIG_S_NEEDS_RESET: Irrecoverable error, device needs reset"},
	{7, "VIRTIO_CONFIG_S_FAILED: Error in guest, device failed"},
	{0, "VIRTIO_CONFIG_S_ACKNOWLEDGE: Valid virtio device found"},
}

// descriptorWords are the flags of descriptors, VIRTIO 1.2 sections 2.7.5 and
// 2.8.
var descriptorWords = []word{{0, "next"}, {1, "write"}, {2, "indirect"}, {7, "avail"}, {15, "used"}}

// words are the texts of the bits that are set, from the last of the table to
// the first, as QEMU lists them.
func words(table []word, set uint64) []string {
	list := []string{}
	for _, w := range slices.Backward(table) {
		if set>>w.bit&1 != 0 {
			list = append(list, w.text)
		}
	}
	return list
}

// unknown are the bits that are in none of the tables; nil when there are none.
func unknown(set uint64, tables ...[]word) *uint64 {
	for _, t := range tables {
		for _, w := range t {
			set &^= 1 << w.bit
		}
	}
	if set == 0 {
		return nil
	}
	return &set
}

// virtioFeatures is QEMU's VirtioDeviceFeatures.
type virtioFeatures struct {
	Transports []string `json:"transports"`
	Device     []string `json:"dev-features"`
	Unknown    *uint64  `json:"unknown-dev-features,omitempty"`
}

// featureWords tells features in words.
func featureWords(kind uint16, set uint64) virtioFeatures {
	own := featureTexts[kind]
	return virtioFeatures{words(transportWords, set), words(own, set), unknown(set, transportWords, own)}
}

// virtioStatuses is QEMU's VirtioDeviceStatus.
type virtioStatuses struct {
	Statuses []string `json:"statuses"`
	Unknown  *uint64  `json:"unknown-statuses,omitempty"`
}

// statusWords tells the device status in words.
func statusWords(status uint8) virtioStatuses {
	return virtioStatuses{words(statusTexts, uint64(status)), unknown(uint64(status), statusTexts)}
}
