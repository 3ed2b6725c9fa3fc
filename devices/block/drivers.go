package block

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/qomd/qomd/qmp/qjson"
)

// defaultNull is the size of a null node that is given none.
const defaultNull = 1 << 30

func openNull(n *Node, o *qjson.Object) error {
	bytes, ok, err := size(o, "size")
	if err != nil {
		return err
	}
	if !ok {
		bytes = defaultNull
	}
	latency, _, err := size(o, "latency-ns")
	if err != nil {
		return errors.New("latency-ns is invalid")
	}
	n.img = &nullImage{size: bytes, latency: time.Duration(latency)}
	if n.options.Len() == 0 {
		n.exact = n.driver + "://"
	}
	return nil
}

func openHostFile(n *Node, o *qjson.Object) error {
	name, _ := text(o, "filename")
	if name == "" {
		return fmt.Errorf("The '%s' block driver requires a file name", n.driver)
	}
	if id, ok := text(o, "pr-manager"); ok {
		return fmt.Errorf("No persistent reservation manager with id '%s'", id)
	}
	aio, ok := text(o, "aio")
	if !ok {
		aio = n.aio
	}
	if aio == "native" && !n.cache.Direct {
		return errors.New("aio=native was specified, but it requires cache.direct=on, which was not specified.")
	}
	locking, ok := text(o, "locking")
	if ok && !slices.Contains([]string{"on", "off", "auto"}, locking) {
		return fmt.Errorf("invalid parameter value: %s", locking)
	}
	f, readOnly, err := n.g.openFile(name, n.readOnly, n.autoReadOnly, hostFile{n.driver == "host_device", locking != "off", n.cache.Direct})
	if err != nil {
		return err
	}
	n.img, n.readOnly, n.exact = f, readOnly, name
	return nil
}

func openRaw(n *Node, o *qjson.Object) error {
	e := n.primary()
	total := e.Node().Size()
	offset, _, err := size(o, "offset")
	if err != nil {
		return err
	}
	length, limited, err := size(o, "size")
	switch {
	case err != nil:
		return err
	case offset > total:
		return fmt.Errorf("Offset (%d) cannot be greater than size of the containing file (%d)", offset, total)
	case limited && length > total-offset:
		return fmt.Errorf("The sum of offset (%d) and size (%d) has to be smaller or equal to the  actual size of the containing file (%d)",
			offset, length, total)
	case limited && length%512 != 0:
		return errors.New("Specified size is not multiple of 512")
	case !limited:
		length = -1
	}
	n.img = &childImage{edge: e, offset: offset, size: length, opaque: true, guarded: n.probed}
	if n.probed && !n.readOnly {
		n.g.opts.Log.Warn(fmt.Sprintf(warnProbed, e.Node().filename()))
	}
	return nil
}

// rawLimits are the file's. A guest's writes to the beginning of a disk that was
// guessed to be a raw one are looked at, a sector at a time.
func rawLimits(n *Node) limits {
	l := n.primary().Node().limits()
	l.WriteZeroes = 0
	if n.probed {
		l.Request = max(l.Request, probeLength)
	}
	return l
}

// openDebug opens blkdebug. Of its rules those that inject errors count, for
// the kinds of requests they name; rules on events of formats never match.
func openDebug(n *Node, o *qjson.Object) error {
	f := new(faults)
	v, _ := o.Get("inject-error")
	list, _ := v.([]any)
	for _, v := range list {
		rule, ok := v.(*qjson.Object)
		if !ok {
			continue
		}
		if event, _ := text(rule, "event"); event != "none" {
			continue
		}
		r := &faultRule{err: syscall.EIO, sector: -1, kinds: map[string]bool{"read": true, "write": true, "flush": true}}
		if no, ok, err := size(rule, "errno"); err != nil {
			return err
		} else if ok {
			r.err = syscall.Errno(no)
		}
		if sector, ok, err := size(rule, "sector"); err == nil && ok {
			r.sector = sector
		}
		if kind, ok := text(rule, "iotype"); ok {
			r.kinds = map[string]bool{kind: true}
		}
		var err error
		if r.once, err = boolean(rule, "once", false); err != nil {
			return err
		}
		f.rules = append(f.rules, r)
	}
	if name, ok := text(o, "config"); ok {
		if _, err := os.Stat(name); err != nil {
			return fmt.Errorf("Could not open '%s': %s", name, reason(err))
		}
	}
	n.img = &childImage{edge: n.primary(), size: -1, fault: f}
	return nil
}

// limits are the alignments of a node, in bytes, as image.limits shows them.
type limits struct {
	WriteZeroes int64 `json:"write-zeroes-alignment,omitempty"`
	Request     int64 `json:"request-alignment"`
	MinMem      int64 `json:"min-mem-alignment"`
	Discard     int64 `json:"discard-alignment,omitempty"`
	OptMem      int64 `json:"opt-mem-alignment"`
	MaxIOV      int64 `json:"max-iov"`
}

func nullLimits(*Node) limits { return limits{Request: 1, MinMem: 512, OptMem: 4096, MaxIOV: 1024} }
func fileLimits(n *Node) limits {
	l := limits{Request: 1, MinMem: 1, OptMem: 4096, MaxIOV: 1024}
	if i, ok := n.img.(*fileImage); ok && n.cache.Direct {
		l.Request, l.MinMem = i.alignment(), 512
	}
	return l
}

// limits of a node are its driver's, or else its child's.
func (n *Node) limits() limits {
	if d := driverOf(n.driver); d.limits != nil {
		return d.limits(n)
	}
	if e := n.primary(); e != nil {
		l := e.Node().limits()
		l.WriteZeroes = 0
		return l
	}
	return nullLimits(n)
}

// isFilter tells nodes that only show their child.
func (n *Node) isFilter() bool { return driverOf(n.driver).filter }

// filename is how QEMU names a node's content: the name of the file where that
// says it all, else its options as JSON.
func (n *Node) filename() string {
	if name := n.exactName(); name != "" {
		return name
	}
	return "json:" + string(qjson.Append(nil, n.full(), false))
}

// exactName is the file name that stands for the node alone, empty for none.
func (n *Node) exactName() string {
	if n.exact != "" {
		return n.exact
	}
	e := n.primary()
	if n.driver == "blkdebug" {
		return n.debugName()
	}
	if e == nil || n.isFilter() && !n.ofJob() || n.options.Len() > 0 || n.overridden() {
		return ""
	}
	if c := e.Node(); driverOf(c.driver).protocol {
		return c.exact
	} else if n.ofJob() || c.driver == "blkdebug" {
		return c.exactName()
	}
	return ""
}

// debugName is the file name of a blkdebug node that only has a configuration.
func (n *Node) debugName() string {
	for key := range n.opened.All() {
		if !common[key] && key != "image" && key != "config" {
			return ""
		}
	}
	inner := n.primary().Node().exactName()
	if inner == "" {
		return ""
	}
	config, _ := text(n.opened, "config")
	return "blkdebug:" + config + ":" + inner
}

// overridden reports whether there is another backing node than the image
// names.
func (n *Node) overridden() bool {
	if n.header == nil {
		return false
	}
	if c := n.child("backing"); c != nil {
		return n.header.backingPath != c.filename()
	}
	return n.header.Backing != ""
}

// full are the options that would open the node again, its children's
// included, in the order in which QEMU prints them.
func (n *Node) full() *qjson.Object {
	o := qjson.NewObject()
	for k, v := range n.options.All() {
		o.Set(k, v)
	}
	for _, e := range slices.Backward(n.children) {
		if e.role != roleBacking || n.overridden() {
			o.Set(e.name, e.Node().full())
		}
	}
	if n.overridden() && n.edge("backing") == nil {
		o.Set("backing", nil)
	}
	o.Set("driver", n.driver)
	out := qjson.NewObject()
	for k, v := range o.Hashed() {
		out.Set(k, v)
	}
	return out
}
