package block

// accountKind is what a request is counted as.
type accountKind uint8

const (
	accountRead accountKind = iota
	accountWrite
	accountFlush
	accountUnmap
	accountZoneAppend
	accountKinds
)

// count is what is known of the requests of one kind.
type count struct{ bytes, done, failed, invalid, nanoseconds int64 }

// stats are the figures of query-blockstats.
type stats struct {
	kinds   [accountKinds]count
	account account

	histograms [accountKinds]*histogram // nil: not wanted
}

// account says which requests that did not succeed count as uses of a drive.
type account struct{ invalid, failed bool }

// newAccount is the default with a device, except for what options say.
func newAccount(invalid, failed *bool) account {
	a := account{true, true}
	if invalid != nil {
		a.invalid = *invalid
	}
	if failed != nil {
		a.failed = *failed
	}
	return a
}

func newStats(a account) stats { return stats{account: a} }

func (s *stats) done(k accountKind, bytes, ns int64) {
	c := &s.kinds[k]
	c.done++
	c.bytes += bytes
	c.nanoseconds += ns
	s.histograms[k].count(ns)
}

// broke counts a request that was made and failed.
func (s *stats) broke(k accountKind, ns int64) {
	s.failed(k)
	s.kinds[k].nanoseconds += ns
	s.histograms[k].count(ns)
}

func (s *stats) failed(k accountKind)  { s.kinds[k].failed++ }
func (s *stats) invalid(k accountKind) { s.kinds[k].invalid++ }

// StatsInfo is QEMU's BlockDeviceStats. Times are in nanoseconds; nothing is
// ever merged, and no intervals are kept.
type StatsInfo struct {
	ZoneAppendHistogram *histogram `json:"zone_append_latency_histogram,omitempty"`
	UnmapOperations     int64      `json:"unmap_operations"`
	UnmapMerged         int64      `json:"unmap_merged"`
	FailedZoneAppend    int64      `json:"failed_zone_append_operations"`
	FlushTime           int64      `json:"flush_total_time_ns"`
	Highest             int64      `json:"wr_highest_offset"`
	WriteTime           int64      `json:"wr_total_time_ns"`
	FailedReads         int64      `json:"failed_rd_operations"`
	FailedWrites        int64      `json:"failed_wr_operations"`
	WriteMerged         int64      `json:"wr_merged"`
	WriteBytes          int64      `json:"wr_bytes"`
	FailedUnmaps        int64      `json:"failed_unmap_operations"`
	Timed               []string   `json:"timed_stats"`
	ZoneAppendMerged    int64      `json:"zone_append_merged"`
	FailedFlushes       int64      `json:"failed_flush_operations"`
	AccountInvalid      bool       `json:"account_invalid"`
	ReadTime            int64      `json:"rd_total_time_ns"`
	InvalidUnmaps       int64      `json:"invalid_unmap_operations"`
	Flushes             int64      `json:"flush_operations"`
	Writes              int64      `json:"wr_operations"`
	UnmapBytes          int64      `json:"unmap_bytes"`
	ReadMerged          int64      `json:"rd_merged"`
	ReadBytes           int64      `json:"rd_bytes"`
	WriteHistogram      *histogram `json:"wr_latency_histogram,omitempty"`
	UnmapTime           int64      `json:"unmap_total_time_ns"`
	InvalidFlushes      int64      `json:"invalid_flush_operations"`
	AccountFailed       bool       `json:"account_failed"`
	ZoneAppendTime      int64      `json:"zone_append_total_time_ns"`
	ZoneAppends         int64      `json:"zone_append_operations"`
	Reads               int64      `json:"rd_operations"`
	ZoneAppendBytes     int64      `json:"zone_append_bytes"`
	InvalidZoneAppend   int64      `json:"invalid_zone_append_operations"`
	InvalidReads        int64      `json:"invalid_rd_operations"`
	InvalidWrites       int64      `json:"invalid_wr_operations"`
	Idle                *int64     `json:"idle_time_ns,omitempty"`
	ReadHistogram       *histogram `json:"rd_latency_histogram,omitempty"`
	FlushHistogram      *histogram `json:"flush_latency_histogram,omitempty"`
}

func (s *stats) info(n *Node) StatsInfo {
	r, w, f, u := s.kinds[accountRead], s.kinds[accountWrite], s.kinds[accountFlush], s.kinds[accountUnmap]
	i := StatsInfo{
		UnmapOperations: u.done, FlushTime: f.nanoseconds, WriteTime: w.nanoseconds, FailedWrites: w.failed,
		FailedReads: r.failed, WriteBytes: w.bytes, Timed: []string{}, FailedUnmaps: u.failed, FailedFlushes: f.failed,
		AccountInvalid: s.account.invalid, AccountFailed: s.account.failed, ReadTime: r.nanoseconds, InvalidUnmaps: u.invalid,
		Flushes: f.done, Writes: w.done, UnmapBytes: u.bytes, ReadBytes: r.bytes, UnmapTime: u.nanoseconds,
		InvalidFlushes: f.invalid, Reads: r.done, InvalidWrites: w.invalid, InvalidReads: r.invalid,
		ReadHistogram: s.histograms[accountRead], WriteHistogram: s.histograms[accountWrite],
		FlushHistogram: s.histograms[accountFlush], ZoneAppendHistogram: s.histograms[accountZoneAppend],
	}
	if n != nil {
		i.Highest = n.highest
	}
	return i
}

// Stats is one entry of query-blockstats, QEMU's BlockStats.
type Stats struct {
	Device   *string      `json:"device,omitempty"`
	Parent   *Stats       `json:"parent,omitempty"`
	Stats    StatsInfo    `json:"stats"`
	Backing  *Stats       `json:"backing,omitempty"`
	Node     string       `json:"node-name,omitempty"`
	QDev     string       `json:"qdev,omitempty"`
	Specific *driverStats `json:"driver-specific,omitempty"`
}

type driverStats struct {
	DiscardBytes  int64  `json:"discard-bytes-ok"`
	Discards      int64  `json:"discard-nb-ok"`
	Driver        string `json:"driver"`
	DiscardFailed int64  `json:"discard-nb-failed"`
}

// Statistics lists the figures of all backends, or with nodes those of all
// nodes.
func (g *Graph) Statistics(nodes bool) []Stats {
	list := []Stats{}
	if nodes {
		for _, n := range g.nodes {
			list = append(list, n.stats(false))
		}
		return list
	}
	for _, b := range g.backends {
		if b.id == "" && b.device == nil {
			continue
		}
		var s Stats
		n := b.shown()
		if n != nil {
			s = n.stats(true)
		}
		s.Device, s.QDev, s.Stats = &b.id, b.devicePath(), b.stats.info(n)
		list = append(list, s)
	}
	return list
}

// stats are the figures of a node: those of its backends are not among them.
// Only those for a backend tell what is behind a layer.
func (n *Node) stats(backing bool) Stats {
	none := stats{}
	s := Stats{Stats: none.info(n), Node: n.name}
	if n.driver == "file" || n.driver == "host_device" {
		s.Specific = &driverStats{Driver: n.driver}
	}
	if e := n.primary(); e != nil {
		p := e.Node().stats(backing)
		s.Parent = &p
	}
	if c := n.child("backing"); c != nil && backing {
		b := c.stats(true)
		s.Backing = &b
	}
	return s
}
