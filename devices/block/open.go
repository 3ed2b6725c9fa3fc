package block

import (
	"errors"
	"fmt"
	"slices"

	"github.com/qomd/qomd/qmp/qjson"
)

// inherited is what a node gets from its parent unless its own options say
// otherwise.
type inherited struct {
	readOnly, autoReadOnly bool
	cache                  Cache
	aio                    string // of files, empty: their own default
	probed                 bool   // the format was guessed
}

var defaultCache = Cache{Writeback: true}

// opener is a driver: it fills in n, whose children named "file" are there
// already, from its options.
type opener struct {
	open     func(n *Node, o *qjson.Object) error
	options  []string // of its own
	strong   []string // those that a file name has to tell
	file     role     // of the child
	needs    string   // the name of the child it must have, empty for none
	protocol bool
	filter   bool
	internal bool // only jobs make such nodes
	limits   func(n *Node) limits
}

// HasDriver reports whether users can open nodes of a driver.
func HasDriver(name string) bool {
	d := driverOf(name)
	return d != nil && !d.internal
}

// driverOf returns the driver of a name, nil when there is none.
func driverOf(name string) *opener {
	switch name {
	case "null-co", "null-aio":
		return &opener{open: openNull, options: []string{"size", "latency-ns", "read-zeroes"},
			strong: []string{"size", "read-zeroes"}, protocol: true, limits: nullLimits}
	case "file", "host_device":
		return &opener{open: openHostFile, options: []string{"filename", "locking", "aio", "pr-manager", "aio-max-batch",
			"drop-cache", "x-check-cache-dropped"}, strong: []string{"filename"}, protocol: true, limits: fileLimits}
	case "nbd":
		return &opener{open: openNBD, options: []string{"server", "export", "tls-creds", "tls-hostname", "x-dirty-bitmap",
			"reconnect-delay", "open-timeout", "host", "port", "path"}, strong: []string{"server", "export"}, protocol: true, limits: nullLimits}
	case "raw":
		return &opener{open: openRaw, options: []string{"file", "offset", "size"}, strong: []string{"offset", "size"},
			needs: "file", file: roleFiltered, limits: rawLimits}
	case "throttle":
		return &opener{open: openThrottle, options: []string{"file", "throttle-group"}, strong: []string{"throttle-group"},
			needs: "file", file: roleFiltered, filter: true}
	case "copy-on-read":
		return &opener{open: openCopyOnRead, options: []string{"file", "bottom"}, strong: []string{"bottom"},
			needs: "file", file: roleFiltered, filter: true}
	case "mirror_top":
		return &opener{internal: true, filter: true, limits: mirrorLimits}
	case "commit_top", "copy-before-write":
		return &opener{internal: true, filter: true}
	case "blkdebug":
		return &opener{open: openDebug, options: []string{"image", "config", "align", "max-transfer", "opt-write-zero",
			"max-write-zero", "opt-discard", "max-discard", "inject-error", "set-state", "take-child-perms", "unshare-child-perms"},
			needs: "image", file: roleFiltered, filter: true}
	case "qcow2":
		return &opener{open: openQcow2, options: []string{"file", "backing", "lazy-refcounts", "pass-discard-request",
			"pass-discard-snapshot", "pass-discard-other", "discard-no-unref", "overlap-check", "cache-size", "l2-cache-size",
			"l2-cache-entry-size", "refcount-cache-size", "cache-clean-interval", "encrypt", "data-file"},
			needs: "file", file: roleStorage, limits: qcow2Limits}
	}
	return nil
}

// open makes a node, with the children that its options describe. On an error
// nothing is left of it.
func (g *Graph) open(o *qjson.Object, in inherited) (*Node, error) {
	driver, _ := text(o, "driver")
	if !HasDriver(driver) {
		if driver == "" && !o.Has("driver") {
			return nil, errors.New("Must specify either driver or file")
		}
		return nil, fmt.Errorf("Unknown driver '%s'", driver)
	}
	n := &Node{g: g, driver: driver, opened: o, active: true, detectZeroes: "off", shared: permAll,
		probed: in.probed, aio: in.aio}
	if err := n.readCommon(o, in); err != nil {
		return nil, err
	}
	err := n.openWith(driverOf(driver), o)
	if err == nil {
		err = g.refresh()
	}
	if err != nil {
		n.abandon()
		return nil, err
	}
	return n, nil
}

// readCommon reads the options that all drivers have.
func (n *Node) readCommon(o *qjson.Object, in inherited) (err error) {
	if n.readOnly, err = boolean(o, "read-only", in.readOnly); err != nil {
		return err
	}
	if n.autoReadOnly, err = boolean(o, "auto-read-only", in.autoReadOnly); err != nil {
		return err
	}
	if n.active, err = boolean(o, "active", true); err != nil {
		return err
	}
	if w := n.g.opts.Waiting; w != nil && w() {
		n.active = false
	}
	n.cache = in.cache
	if v, _ := o.Get("cache"); v != nil {
		c, ok := v.(*qjson.Object)
		if !ok {
			return errors.New("Invalid parameter type for 'cache', expected: object")
		}
		if n.cache.Direct, err = booleanIn(c, "cache", "direct", in.cache.Direct); err != nil {
			return err
		}
		if n.cache.NoFlush, err = booleanIn(c, "cache", "no-flush", in.cache.NoFlush); err != nil {
			return err
		}
	}
	if s, ok := text(o, "detect-zeroes"); ok {
		n.detectZeroes = s
	}
	return nil
}

// checkCommon refuses options that do not go together.
func (n *Node) checkCommon(o *qjson.Object) error {
	discard, _ := text(o, "discard")
	force, err := boolean(o, "force-share", false)
	switch {
	case err != nil:
		return err
	case force && !n.readOnly:
		return errors.New("force-share=on can only be used with read-only images")
	case n.detectZeroes == "unmap" && discard != "unmap":
		return errors.New("setting detect-zeroes to unmap is not allowed without setting discard operation to unmap")
	}
	return nil
}

// openWith opens the children, takes the name, and lets the driver fill in the
// rest; in QEMU's order, which decides the error that is told.
func (n *Node) openWith(d *opener, o *qjson.Object) error {
	if d.needs == "file" {
		if err := n.openChild(o, "file", d.file); err != nil {
			return err
		}
	}
	if err := n.checkCommon(o); err != nil {
		return err
	}
	name, named := text(o, "node-name")
	if named {
		if err := n.g.checkName(name); err != nil {
			return err
		}
	} else {
		name = n.g.nextName()
	}
	n.name = name
	n.g.nodes = append(n.g.nodes, n)
	if d.needs == "image" {
		if err := n.openChild(o, "image", d.file); err != nil {
			return err
		}
	}
	for key, v := range o.All() {
		if !common[key] && !slices.Contains(d.options, key) {
			kind := "format '%s' does not"
			if d.protocol {
				kind = "protocol '%s' doesn't"
			}
			return fmt.Errorf("Block "+kind+" support the option '%s'", n.driver, unknownOption(key, v))
		}
	}
	n.options = qjson.NewObject()
	for _, key := range d.strong {
		if v, ok := o.Get(key); ok && v != nil {
			n.options.Set(key, v)
		}
	}
	return d.open(n, o)
}

// openChild opens or finds the child of a name.
func (n *Node) openChild(o *qjson.Object, name string, r role) error {
	v, _ := o.Get(name)
	var c *Node
	var err error
	switch v := v.(type) {
	case string:
		if c, err = n.g.findReference(v); err != nil {
			return err
		}
	case *qjson.Object:
		in := inherited{readOnly: n.readOnly, autoReadOnly: n.autoReadOnly, cache: n.cache, aio: n.aio}
		if r == roleBacking {
			in.readOnly, in.autoReadOnly = true, false
		}
		if c, err = n.g.open(v, in); err != nil {
			return err
		}
	default:
		return errors.New("A block device must be specified for \"" + name + "\"")
	}
	n.children = slices.Insert(n.children, 0, link(n, name, r, c))
	own, _ := text(o, "node-name")
	return checkActive(n, own, name, c)
}

// abandon takes back what an opening that failed has done.
func (n *Node) abandon() {
	g := n.g
	n.closed = true
	if i := slices.Index(g.nodes, n); i >= 0 {
		g.nodes = slices.Delete(g.nodes, i, i+1)
	}
	if n.group != nil {
		n.group.leave()
	}
	if n.img != nil {
		n.img.Close()
	}
	for _, e := range n.children {
		c := e.Node()
		c.dropParent(e)
		g.release(c)
	}
}
