package block

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
)

// AddDrive makes a drive as -drive and drive_add do, from text options, for a
// machine that is wired so.
func (g *Graph) AddDrive(id string, o *qjson.Object, w Wiring) (*Backend, error) {
	iface := w.Interface
	d := &driveOptions{o: unflatten(o), cache: defaultCache}
	if v, ok := d.take("if"); ok {
		if !slices.Contains(interfaces, v) {
			return nil, fmt.Errorf("unsupported bus type '%s'", v)
		}
		iface = v
	}
	if id != "" && g.BackendOf(id) != nil {
		return nil, fmt.Errorf("Duplicate ID '%s' for drive", id)
	}
	at, err := g.drivePlace(d, w, iface)
	if err != nil {
		return nil, err
	}
	if id == "" {
		id = at.name(d, w)
	}
	cd := isCD(d)
	if err := d.read(); err != nil {
		return nil, err
	}
	if g.Node(id) != nil {
		return nil, fmt.Errorf("Device name '%s' conflicts with an existing node name", id)
	}
	b := &Backend{g: g, id: id, legacy: true, place: at, cdrom: cd, readOnly: d.readOnly}
	if err := d.limits.Check(); err != nil {
		return nil, err
	}
	b.limit(d.limits, "")
	n, err := d.open(g)
	if err != nil {
		return nil, err
	}
	if n != nil {
		b.insert(n)
	}
	g.backends = append(g.backends, b)
	return b, nil
}

// interfaces are those that drives can ask for, as QEMU numbers them.
var interfaces = []string{"none", "ide", "scsi", "floppy", "pflash", "mtd", "sd", "virtio", "xen"}

// Waiting returns the oldest drive of an interface that no device uses yet, nil
// for none.
func (g *Graph) Waiting(iface string) *Backend {
	for _, b := range g.backends {
		if b.legacy && b.place.Interface == iface && b.device == nil {
			return b
		}
	}
	return nil
}

// Drives lists the drives of an interface that no device uses, in order.
func (g *Graph) Drives(iface string) []*Backend {
	var list []*Backend
	for _, b := range g.backends {
		if b.legacy && b.place.Interface == iface && b.device == nil {
			list = append(list, b)
		}
	}
	return list
}

// Place is where a drive is connected.
func (b *Backend) Place() Place { return b.place }

// CDROM reports whether a drive was declared to be one (media=cdrom).
func (b *Backend) CDROM() bool { return b.cdrom }

func isCD(d *driveOptions) bool {
	media, _ := text(d.o, "media")
	return media == "cdrom"
}

// HotAddDrive is AddDrive on a machine that runs, where drives cannot be
// connected by themselves.
func (g *Graph) HotAddDrive(id string, o *qjson.Object, w Wiring) error {
	b, err := g.AddDrive(id, o, w)
	if err != nil {
		return err
	}
	if i := slices.Index(interfaces, b.place.Interface); i > 0 {
		b.drop()
		return fmt.Errorf("Can't hot-add drive to type %d", i)
	}
	return nil
}

// DelDrive takes the medium away from a drive, as drive_del of the human
// monitor does; one that no device uses goes altogether. A node is removed.
func (g *Graph) DelDrive(id string) error {
	if g.Node(id) != nil {
		return g.Del(id)
	}
	b := g.BackendOf(id)
	if b == nil {
		return fmt.Errorf("Device '%s' not found", id)
	}
	b.id, b.legacy = "", false
	if b.device == nil {
		b.drop()
		return nil
	}
	b.remove()
	return nil
}

// driveOptions are the members of -drive.
type driveOptions struct {
	o        *qjson.Object
	readOnly bool
	cache    Cache
	limits   Limits
	snapshot bool // what is written goes to a temporary image
}

// take returns a text option and removes it.
func (d *driveOptions) take(key string) (string, bool) {
	v, ok := text(d.o, key)
	if ok {
		d.o.Delete(key)
	}
	return v, ok
}

// read reads what belongs to the drive and leaves what belongs to its node.
func (d *driveOptions) read() (err error) {
	if v, ok := d.take("readonly"); ok {
		if d.o.Has("read-only") {
			return errors.New("'read-only' and its alias 'readonly' can't be used at the same time")
		}
		d.o.Set("read-only", v)
	}
	if v, ok := d.take("format"); ok {
		if d.o.Has("driver") {
			return errors.New("Cannot specify both 'driver' and 'format'")
		}
		d.o.Set("driver", v)
	}
	if err := d.checkActions(); err != nil {
		return err
	}
	media, _ := d.take("media")
	switch media {
	case "cdrom":
		d.o.Set("read-only", "on")
	case "", "disk":
	default:
		return fmt.Errorf("'%s' invalid media", media)
	}
	if d.readOnly, err = boolean(d.o, "read-only", false); err != nil {
		return err
	}
	if mode, ok := d.take("cache"); ok {
		switch mode {
		case "writeback", "writethrough":
		case "none", "off", "directsync":
			d.cache.Direct = true
		case "unsafe":
			d.cache.NoFlush = true
		default:
			return errors.New("invalid cache option")
		}
		d.cache.Writeback = mode != "writethrough" && mode != "directsync"
	}
	if d.snapshot, err = boolean(d.o, "snapshot", false); err != nil {
		return err
	}
	for _, key := range []string{"werror", "rerror", "aio", "snapshot", "copy-on-read", "stats-account-invalid", "stats-account-failed"} {
		d.o.Delete(key)
	}
	return d.readLimits()
}

// checkActions refuses values of options that have no effect here.
func (d *driveOptions) checkActions() error {
	for _, a := range []struct{ key, what string }{{"werror", "write"}, {"rerror", "read"}} {
		v, ok := text(d.o, a.key)
		known := []string{"ignore", "stop", "report"}
		if a.key == "werror" {
			known = append(known, "enospc")
		}
		if ok && !slices.Contains(known, v) {
			return fmt.Errorf("'%s' invalid %s error action", v, a.what)
		}
	}
	if v, ok := text(d.o, "aio"); ok && !slices.Contains([]string{"threads", "native", "io_uring"}, v) {
		return errors.New("invalid aio option")
	}
	if v, ok := text(d.o, "discard"); ok && !slices.Contains([]string{"ignore", "off", "unmap", "on"}, v) {
		return errors.New("Invalid discard option")
	}
	if v, ok := text(d.o, "detect-zeroes"); ok && !slices.Contains([]string{"off", "on", "unmap"}, v) {
		return fmt.Errorf("invalid parameter value: %s", v)
	}
	return nil
}

// readLimits reads the throttling options in both spellings.
func (d *driveOptions) readLimits() error {
	v, _ := d.o.Get("throttling")
	t, _ := v.(*qjson.Object)
	d.o.Delete("throttling")
	for _, l := range []struct {
		to         *int64
		name, long string
	}{
		{&d.limits.BPS, "bps", "bps-total"}, {&d.limits.BPSRd, "bps_rd", "bps-read"}, {&d.limits.BPSWr, "bps_wr", "bps-write"},
		{&d.limits.IOPS, "iops", "iops-total"}, {&d.limits.IOPSRd, "iops_rd", "iops-read"}, {&d.limits.IOPSWr, "iops_wr", "iops-write"},
	} {
		v, given := d.take(l.name)
		if !given {
			v, given = text(t, l.long)
		}
		if !given {
			continue
		}
		n, err := strconv.ParseInt(v, 0, 64)
		if err != nil {
			return fmt.Errorf("Parameter 'throttling.%s' expects a number", l.long)
		}
		*l.to = n
	}
	return nil
}

// open opens the node of a drive, nil for one without a medium.
func (d *driveOptions) open(g *Graph) (*Node, error) {
	if !d.snapshot {
		return d.openMedium(g)
	}
	d.o.Set("read-only", "on")
	n, err := d.openMedium(g)
	if n == nil || err != nil {
		return n, err
	}
	return g.overTemporary(n, d.readOnly)
}

func (d *driveOptions) openMedium(g *Graph) (*Node, error) {
	in := inherited{readOnly: d.readOnly, autoReadOnly: true, cache: d.cache}
	file, named := text(d.o, "file")
	if named {
		d.o.Delete("file")
	}
	if file == "" && !slices.ContainsFunc(names(d.o), ofNode) {
		return nil, nil
	}
	if file == "" {
		return g.open(d.o, in)
	}
	opts, err := g.fileOptions(file, d.o)
	if err != nil {
		return nil, err
	}
	return g.open(opts, in)
}

func names(o *qjson.Object) []string {
	list := make([]string, 0, o.Len())
	for name := range o.All() {
		list = append(list, name)
	}
	return list
}

// ofNode reports whether an option that is left is about a node. Without any
// there is no medium.
func ofNode(key string) bool {
	switch key {
	case "read-only", "auto-read-only", "discard", "detect-zeroes", "cache", "force-share":
		return false
	}
	return true
}

// fileOptions completes options by a file name as users give it: a path, a
// name with a protocol in front, or options as JSON.
func (g *Graph) fileOptions(file string, o *qjson.Object) (*qjson.Object, error) {
	driver, formatted := text(o, "driver")
	if rest, ok := strings.CutPrefix(file, "json:"); ok {
		v, err := qjson.Parse([]byte(rest))
		given, isObject := v.(*qjson.Object)
		if err != nil || !isObject {
			return nil, errors.New("Could not parse the JSON options")
		}
		out := unflatten(given)
		for k, v := range o.All() {
			if !out.Has(k) {
				out.Set(k, v)
			}
		}
		return out, nil
	}
	protocol := qjson.NewObject(qjson.Member{Name: "driver", Value: "file"}, qjson.Member{Name: "filename", Value: file})
	if name, _, ok := strings.Cut(file, ":"); ok && !strings.Contains(name, "/") && name != "" {
		switch {
		case name == "null-co" || name == "null-aio":
			protocol = qjson.NewObject(qjson.Member{Name: "driver", Value: name})
		case name == "file":
			protocol.Set("filename", strings.TrimPrefix(file, "file:"))
		default:
			return nil, fmt.Errorf("Unknown protocol '%s'", name)
		}
	} else if isDevice(file) {
		protocol.Set("driver", "host_device")
	}
	out := qjson.NewObject()
	for k, v := range o.All() {
		out.Set(k, v)
	}
	if !formatted {
		var err error
		if driver, err = g.probe(protocol); err != nil {
			return nil, err
		}
		out.Set("driver", driver)
	}
	if d := driverOf(driver); d != nil && d.protocol {
		for k, v := range protocol.All() {
			if k != "driver" {
				out.Set(k, v)
			}
		}
		return out, nil
	}
	out.Set("file", protocol)
	return out, nil
}

// probe finds the format of what a protocol node holds.
func (g *Graph) probe(protocol *qjson.Object) (string, error) {
	opts := qjson.NewObject(qjson.Member{Name: "read-only", Value: true})
	for k, v := range protocol.All() {
		opts.Set(k, v)
	}
	n, err := g.open(opts, inherited{cache: defaultCache})
	if err != nil {
		return "", err
	}
	format := "raw"
	if isQcow2(n.img) {
		format = "qcow2"
	}
	g.release(n)
	return format, nil
}
