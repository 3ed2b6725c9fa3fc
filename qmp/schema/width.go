package schema

import (
	"math"
	"slices"
	"strings"
	"sync"
)

// width is the C type of an integer member.
type width struct {
	name        string // as in "Parameter 'x' expects uint8_t"
	bits        int
	least, most int64 // most is MaxInt64 for uint64_t, too
}

// integerWidths lists integer members by width. Introspection shows all of them as
// "int"; this is which values QEMU 11.1.3 accepted for every member of every
// command's arguments.
var integerWidths = []struct {
	width width
	names string
}{
	{width{"uint8_t", 8, 0, math.MaxUint8}, `
		additional-status bank bank-group channel cme-ev-flags cpu-throttle-increment cpu-throttle-initial
		descriptor head-id health-status level life-used maint-op-class maint-op-subclass max-cpu-throttle
		media-status multifd-channels multifd-qatzip-level multifd-zlib-level multifd-zstd-level rank region
		sub-channel sub-type throttle-trigger-threshold transaction-type type`},
	{width{"uint16_t", 16, 0, math.MaxUint16}, `
		column cpu-affinity cpus dst host-id host-nodes index initiator ld-id line mode node-affinity nodeid
		num-queues  queue queue-size src target to`},
	{width{"uint32_t", 32, 0, math.MaxUint32}, `
		buffer-count buffer-length cbitpos cbw-timeout channels cme-count corrected-persistent-error-count corrected-volatile-error-count
		cvme-count device dirty-shutdown-count dsp-policy expired_scan_cycle flags frequency granularity
		handle
		handshake-max-seconds header interval keep-alive-count keep-alive-idle keep-alive-interval
		log-sector-size max-connections max_queue_size maxlen nibble-mask node open-timeout policy poll-us
		period-length prealloc-threads queues reconnect-delay reduced-phys-bits row rxsession tbl-id threshold
		timer-period txsession vectors voices x-checkpoint-delay
		port`},
	{width{"int16_t", 16, math.MinInt16, math.MaxInt16}, `
		temperature`},
	{width{"int32_t", 32, math.MinInt32, math.MaxInt32}, `
		hubid max-discard max-transfer max-write-zero opt-discard opt-write-zero serial`},
	{width{"int64_t", 64, math.MinInt64, math.MaxInt64}, `
		aio-max-batch align begin book-id bps bps-read bps-read-max bps-read-max-length bps-total
		bps-total-max bps-total-max-length bps-write bps-write-max bps-write-max-length bps_max
		bps_max_length bps_rd bps_rd_max bps_rd_max_length bps_wr bps_wr_max bps_wr_max_length buf-size
		cache-clean-interval cache-size calc-time cluster-id cols core-id cpu-index data debug delay-ns
		die-id drawer-id errno fat-type fd fdset-id group head height hold-time icount initial iops
		iops-read iops-read-max iops-read-max-length iops-size iops-total iops-total-max
		iops-total-max-length iops-write iops-write-max iops-write-max-length iops_max iops_max_length
		iops_rd iops_rd_max iops_rd_max_length iops_size iops_wr iops_wr_max iops_wr_max_length
		ipv6-prefixlen iter-time keyslot l2-cache-entry-size l2-cache-size length lun max max-chunk
		max-workers module-id mtu namespace new_state node-id page-cache-size poll-grow poll-max-ns
		poll-shrink poll-weight prealloc-align prealloc-size readahead readahead-size reconnect-ms
		refcount-bits refcount-cache-size rounds rows sample-pages sector slot socket-id speed state step
		table-size tcp-syn-count thread-id thread-pool-max thread-pool-min timeout tls-port tracking-id user
		value vote-threshold width x-bps-read x-bps-read-max x-bps-read-max-length x-bps-total
		x-bps-total-max x-bps-total-max-length x-bps-write x-bps-write-max x-bps-write-max-length
		x-iops-read x-iops-read-max x-iops-read-max-length x-iops-size x-iops-total x-iops-total-max
		x-iops-total-max-length x-iops-write x-iops-write-max x-iops-write-max-length`},
	{width{"uint64_t", 64, 0, math.MaxInt64}, `
		announce-initial announce-max announce-rounds announce-step attributes avail-switchover-bandwidth
		bandwidth block-size boundaries boundaries-flush boundaries-read boundaries-write boundaries-zap
		cluster-size compare_timeout correction-mask dirty-rate downtime-limit dpa extent-size-hint gpa
		latency latency-ns len log-size log-super-update-interval logical-block-size
		max-bandwidth max-postcopy-bandwidth max-size mem min-cluster-size offset rxcookie size start
		throttle-bps throttle-ops txcookie val vcpu-dirty-limit write-threshold x-rdma-chunk-size
		x-vcpu-dirty-limit-period xbzrle-cache-size`},
	{width{sizeWidth, 64, 0, math.MaxInt64}, `hugetlbsize sndbuf`},
}

// sizeWidth is QEMU's type of numbers of bytes: an uint64_t that text may give
// with a suffix.
const sizeWidth = "size"

// integerExceptions are members of the same name and another width: those of
// objects that also have all the members beside.
var integerExceptions = []struct{ name, beside, width string }{
	{"align", "discard-data", sizeWidth},
	{"bandwidth", "data-type", sizeWidth},
	{"book-id", "dedicated", "uint16_t"},
	{"core-id", "dedicated", "uint16_t"},
	{"drawer-id", "dedicated", "uint16_t"},
	{"length", "path", "uint64_t"},
	{"mem", "memdev", sizeWidth},
	{"node-id", "associativity", "uint32_t"},
	{"offset", "discard-data", sizeWidth},
	{"offset", "file", "int64_t"},
	{"offset", "cookie64", "uint32_t"},
	{"policy", "author-key-enabled", "uint64_t"},
	{"port", "cert-subject", "int64_t"},
	{"port", "sock", "uint16_t"},
	{"queues", "chardev vhostforce", "int64_t"},
	{"queues", "vhostdev", "int64_t"},
	{"size", "associativity", sizeWidth},
	{"size", "host-nodes", sizeWidth},
	{"size", "device", "int64_t"},
	{"size", "file offset", "int64_t"},
	{"size", "latency-ns", "int64_t"},
	{"size", "logappend", "int64_t"},
	{"socket-id", "dedicated", "uint16_t"},
	{"val", "dst", "uint8_t"},
}

// widthTable is made of the two lists when the first type with integers is needed.
var widthTable = sync.OnceValue(func() *widths {
	t := &widths{byName: make(map[string]*width), byType: make(map[string]*width)}
	for i := range integerWidths {
		w := &integerWidths[i].width
		t.byType[w.name] = w
		for name := range strings.FieldsSeq(integerWidths[i].names) {
			t.byName[name] = w
		}
	}
	return t
})

type widths struct {
	byName map[string]*width // by member
	byType map[string]*width // by C type
}

// widthOf returns the width of an integer member of an object, nil where it is
// not known; then anything of 64 bits passes.
func widthOf(object *source, name string) *width {
	t := widthTable()
	for _, x := range integerExceptions {
		if x.name != name {
			continue
		}
		if object.hasAll(strings.Fields(x.beside)) {
			return t.byType[x.width]
		}
	}
	return t.byName[name]
}

func (object *source) hasAll(names []string) bool {
	for _, m := range object.Members {
		if i := slices.Index(names, m.Name); i >= 0 {
			names = slices.Delete(names, i, i+1)
		}
	}
	return len(names) == 0
}
