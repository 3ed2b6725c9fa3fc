package block

import "slices"

// ImageInfo is what is told of a node's image, QEMU's ImageInfo.
type ImageInfo struct {
	Backing         *ImageInfo     `json:"backing-image,omitempty"`
	Limits          limits         `json:"limits"`
	BackingFormat   string         `json:"backing-filename-format,omitempty"`
	Snapshots       []SnapshotInfo `json:"snapshots,omitempty"`
	Size            int64          `json:"virtual-size"`
	Filename        string         `json:"filename"`
	ClusterSize     int64          `json:"cluster-size,omitempty"`
	Format          string         `json:"format"`
	ActualSize      *int64         `json:"actual-size,omitempty"`
	Specific        any            `json:"format-specific,omitempty"`
	FullBacking     string         `json:"full-backing-filename,omitempty"`
	BackingFilename string         `json:"backing-filename,omitempty"`
	Dirty           *bool          `json:"dirty-flag,omitempty"`
}

type specific struct {
	Type string `json:"type"`
	Data any    `json:"data"`
}

type qcow2Info struct {
	Compat       string         `json:"compat"`
	Compression  string         `json:"compression-type"`
	Lazy         *bool          `json:"lazy-refcounts,omitempty"`
	Bitmaps      []storedBitmap `json:"bitmaps,omitempty"`
	RefcountBits int            `json:"refcount-bits"`
	Corrupt      *bool          `json:"corrupt,omitempty"`
	ExtendedL2   *bool          `json:"extended-l2,omitempty"`
}

// storedBitmap is QEMU's Qcow2BitmapInfo.
type storedBitmap struct {
	Flags       []string `json:"flags"`
	Name        string   `json:"name"`
	Granularity int64    `json:"granularity"`
}

// stored lists the bitmaps in a node's image.
func (n *Node) stored() []storedBitmap {
	s := n.store()
	if s == nil {
		return nil
	}
	var list []storedBitmap
	for _, b := range s.Bitmaps() {
		i := storedBitmap{[]string{}, b.Name, b.Granularity}
		if b.InUse {
			i.Flags = append(i.Flags, "in-use")
		}
		if b.Auto {
			i.Flags = append(i.Flags, "auto")
		}
		list = append(list, i)
	}
	return list
}

// DeviceInfo is what is told of a node, QEMU's BlockDeviceInfo.
type DeviceInfo struct {
	IOPSRd       int64        `json:"iops_rd"`
	DetectZeroes string       `json:"detect_zeroes"`
	Active       bool         `json:"active"`
	Image        ImageInfo    `json:"image"`
	IOPSWr       int64        `json:"iops_wr"`
	ReadOnly     bool         `json:"ro"`
	Children     []ChildInfo  `json:"children"`
	Node         string       `json:"node-name"`
	Depth        int          `json:"backing_file_depth"`
	Driver       string       `json:"drv"`
	IOPS         int64        `json:"iops"`
	BPSWr        int64        `json:"bps_wr"`
	BackingFile  string       `json:"backing_file,omitempty"`
	Threshold    uint64       `json:"write_threshold"`
	Bitmaps      []BitmapInfo `json:"dirty-bitmaps,omitempty"`
	Encrypted    bool         `json:"encrypted"`
	BPS          int64        `json:"bps"`
	BPSRd        int64        `json:"bps_rd"`
	Cache        Cache        `json:"cache"`
	File         string       `json:"file"`
	Group        string       `json:"group,omitempty"`
	Bursts
}

// ChildInfo is one edge of a node.
type ChildInfo struct {
	Node  string `json:"node-name"`
	Child string `json:"child"`
}

// actual returns the room that a node takes on the host, and whether that can
// be told.
func (n *Node) actual() (int64, bool) {
	switch img := n.img.(type) {
	case *fileImage:
		return img.actual(), true
	case *nullImage:
		return 0, true
	}
	if n.driver == "blkdebug" {
		return 0, false
	}
	if e := n.primary(); e != nil {
		return e.Node().actual()
	}
	return 0, false
}

// onFile reports whether the data is in a file of the host; only then is there
// a flag that tells whether an image is dirty.
func (n *Node) onFile() bool {
	if _, ok := n.img.(*fileImage); ok {
		return true
	}
	e := n.primary()
	return e != nil && e.Node().onFile()
}

// Image describes a node's image; with chain also those behind it.
func (n *Node) Image(chain bool) ImageInfo {
	i := ImageInfo{Limits: n.limits(), Size: n.img.Size(), Filename: n.filename(), Format: n.driver, Snapshots: n.Snapshots()}
	if actual, ok := n.actual(); ok {
		i.ActualSize = &actual
	}
	if n.onFile() {
		i.Dirty = new(bool)
	}
	if n.driver == "file" || n.driver == "host_device" {
		i.Specific = specific{n.driver, struct{}{}}
	}
	if h := n.header; h != nil {
		i.ClusterSize = h.ClusterSize()
		q := qcow2Info{Compat: "0.10", Compression: h.compressionName(), RefcountBits: 1 << h.RefcountOrder, Bitmaps: n.stored()}
		if h.Version >= 3 {
			lazy, corrupt, extended := h.Lazy(), h.Corrupt(), h.ExtendedL2()
			q.Compat, q.Lazy, q.Corrupt, q.ExtendedL2 = "1.1", &lazy, &corrupt, &extended
		}
		i.Specific = specific{"qcow2", q}
		i.BackingFilename, i.FullBacking, i.BackingFormat = h.Backing, h.backingPath, h.BackingFormat
	}
	for c := n; i.ClusterSize == 0 && (c.isFilter() || c.driver == "raw"); {
		if c = c.primary().Node(); c.header != nil {
			i.ClusterSize = c.header.ClusterSize()
		}
	}
	if c := n.behind(); c != nil && chain {
		b := c.Image(true)
		i.Backing = &b
	}
	return i
}

// behind is the node whose data shows through, nil for none.
func (n *Node) behind() *Node {
	if c := n.child("backing"); c != nil {
		return c
	}
	if e := n.primary(); e != nil && n.isFilter() {
		return e.Node()
	}
	return nil
}

// Info describes a node; with chain also the images behind it.
func (n *Node) Info(chain bool) DeviceInfo {
	i := DeviceInfo{
		DetectZeroes: n.detectZeroes, Active: n.active, Image: n.Image(chain), ReadOnly: n.readOnly,
		Children: []ChildInfo{}, Node: n.name, Driver: n.driver, Threshold: n.threshold, Cache: n.cache, File: n.filename(),
	}
	for _, e := range n.children {
		i.Children = append(i.Children, ChildInfo{e.Node().name, e.name})
	}
	if c := n.child("backing"); c != nil && !n.ofJob() {
		i.BackingFile = c.filename()
	}
	for c := n.behind(); c != nil && chain; c = c.behind() {
		i.Depth++
	}
	if w, ok := n.img.(*watchedImage); ok && w.progress != nil {
		i.Bitmaps = w.progress()
	}
	for _, b := range n.bitmaps {
		i.Bitmaps = append([]BitmapInfo{b.info()}, i.Bitmaps...)
	}
	return i
}

// NodesInfo describes all nodes, the newest first. With flat the images behind
// them are left out.
func (g *Graph) NodesInfo(flat bool) []DeviceInfo {
	list := []DeviceInfo{}
	for _, n := range slices.Backward(g.nodes) {
		list = append(list, n.Info(!flat))
	}
	return list
}

// Info is one entry of query-block, QEMU's BlockInfo.
type Info struct {
	IOStatus string      `json:"io-status,omitempty"`
	Device   string      `json:"device"`
	Locked   bool        `json:"locked"`
	Movable  bool        `json:"removable"`
	Inserted *DeviceInfo `json:"inserted,omitempty"`
	QDev     string      `json:"qdev,omitempty"`
	TrayOpen *bool       `json:"tray_open,omitempty"`
	Type     string      `json:"type"`
}

// devicePath is how query-block and the events name the device of a backend.
func (b *Backend) devicePath() string {
	if b.device == nil {
		return ""
	}
	return b.Device()
}

// shown is the node that queries about drives tell of: jobs' own are passed
// over.
func (b *Backend) shown() *Node {
	n := b.Node()
	for n != nil && n.implicit {
		n = n.behind()
	}
	return n
}

// Info describes a backend.
func (b *Backend) Info() Info {
	i := Info{Device: b.id, Locked: b.locked, Movable: b.device == nil || b.movable, QDev: b.devicePath(), Type: "unknown"}
	if b.device != nil && b.started && !b.plain {
		i.IOStatus = "ok"
		if b.movable {
			i.TrayOpen = &b.trayOpen
		}
	}
	if n := b.shown(); n != nil {
		d := n.Info(true)
		if t := b.throttle; t != nil {
			l := t.limits
			d.BPS, d.BPSRd, d.BPSWr, d.IOPS, d.IOPSRd, d.IOPSWr = l.BPS, l.BPSRd, l.BPSWr, l.IOPS, l.IOPSRd, l.IOPSWr
			d.Bursts, d.Group = l.shown(), t.name
		}
		i.Inserted = &d
	}
	return i
}

// Query describes all drives and all backends of devices.
func (g *Graph) Query() []Info {
	list := []Info{}
	for _, b := range g.backends {
		list = append(list, b.Info())
	}
	return list
}
