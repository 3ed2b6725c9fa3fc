package block

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
)

// driveOptions are the members of -drive.
type driveOptions struct {
	o        *qjson.Object
	file     string // the name
	readOnly bool
	cache    Cache
	aio      string
	zeroes   string // what becomes of zeros that are written
	limits   Limits
	group    string   // of throttling, empty for the drive's own
	copying  bool     // copy-on-read
	snapshot bool     // what is written goes to a temporary image
	counted  [2]*bool // whether invalid and failed requests are uses, nil: as usual
}

// newDriveOptions reads options as text, whose names may have dots.
func newDriveOptions(o *qjson.Object) (*driveOptions, error) {
	o = o.Clone()
	for _, a := range driveAliases() {
		v, ok := o.Get(a.old)
		if !ok {
			continue
		}
		if o.Has(a.name) {
			return nil, fmt.Errorf("'%s' and its alias '%s' can't be used at the same time", a.name, a.old)
		}
		o.Delete(a.old)
		o.Set(a.name, v)
	}
	d := &driveOptions{o: o, cache: defaultCache}
	d.file, _ = d.take("file")
	d.o = unflatten(o)
	return d, nil
}

type driveAlias struct{ old, name string }

// driveAliases are the options that older QEMUs had, with their names of today.
func driveAliases() []driveAlias {
	var list []driveAlias
	for _, what := range []string{"iops", "bps"} {
		for _, kind := range []driveAlias{{"", "total"}, {"_rd", "read"}, {"_wr", "write"}} {
			name := "throttling." + what + "-" + kind.name
			list = append(list, driveAlias{what + kind.old, name}, driveAlias{what + kind.old + "_max", name + "-max"})
		}
	}
	return append(list, driveAlias{"iops_size", "throttling.iops-size"}, driveAlias{"group", "throttling.group"},
		driveAlias{"readonly", "read-only"})
}

// take returns a text option and removes it.
func (d *driveOptions) take(key string) (string, bool) {
	v, ok := text(d.o, key)
	if ok {
		d.o.Delete(key)
	}
	return v, ok
}

// flag is take for an option that is on or off.
func (d *driveOptions) flag(key string) (bool, error) {
	on, err := boolean(d.o, key, false)
	d.o.Delete(key)
	return on, err
}

// ErrFormats tells that a drive asked which formats there are (format=help).
var ErrFormats = errors.New("format=help")

// read reads what belongs to the drive and leaves what belongs to its node.
func (d *driveOptions) read() (err error) {
	if v, ok := d.take("format"); ok {
		if d.o.Has("driver") {
			return errors.New("Cannot specify both 'driver' and 'format'")
		}
		if v == "help" || v == "?" {
			return ErrFormats
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
	if err := d.readCache(); err != nil {
		return err
	}
	for _, key := range []string{"snapshot", "copy-on-read", "stats-account-invalid", "stats-account-failed"} {
		given := d.o.Has(key)
		on, err := d.flag(key)
		switch {
		case err != nil:
			return err
		case key == "snapshot":
			d.snapshot = on
		case key == "copy-on-read":
			d.copying = on
		case given && key == "stats-account-invalid":
			d.counted[0] = &on
		case given && key == "stats-account-failed":
			d.counted[1] = &on
		}
	}
	return d.readLimits()
}

// readCache reads the cache mode, by its name or bit by bit.
func (d *driveOptions) readCache() (err error) {
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
	v, _ := d.o.Get("cache")
	bits, ok := v.(*qjson.Object)
	if !ok {
		return nil
	}
	bits = bits.Clone()
	d.o.Set("cache", bits)
	d.cache.Writeback, err = booleanIn(bits, "cache", "writeback", d.cache.Writeback)
	bits.Delete("writeback")
	return err
}

// checkActions takes options whose value is one of some.
func (d *driveOptions) checkActions() error {
	for _, a := range []struct{ key, what string }{{"werror", "write"}, {"rerror", "read"}} {
		v, ok := d.take(a.key)
		known := []string{"ignore", "stop", "report"}
		if a.key == "werror" {
			known = append(known, "enospc")
		}
		if ok && !slices.Contains(known, v) {
			return fmt.Errorf("'%s' invalid %s error action", v, a.what)
		}
	}
	var ok bool
	if d.aio, ok = d.take("aio"); ok && !slices.Contains([]string{"threads", "native", "io_uring"}, d.aio) {
		return errors.New("invalid aio option")
	}
	if v, ok := text(d.o, "discard"); ok && !slices.Contains([]string{"ignore", "off", "unmap", "on"}, v) {
		return errors.New("Invalid discard option")
	}
	if d.zeroes, ok = d.take("detect-zeroes"); ok && !slices.Contains([]string{"off", "on", "unmap"}, d.zeroes) {
		return fmt.Errorf("invalid parameter value: %s", d.zeroes)
	}
	return nil
}

// readLimits reads the throttling options.
func (d *driveOptions) readLimits() error {
	v, _ := d.o.Get("throttling")
	given, ok := v.(*qjson.Object)
	if !ok {
		return nil
	}
	given = given.Clone()
	d.group, _ = text(given, "group")
	given.Delete("group")
	l := &d.limits
	times := false
	for _, n := range []struct {
		name string
		to   *int64
	}{
		{"bps-total", &l.BPS}, {"bps-read", &l.BPSRd}, {"bps-write", &l.BPSWr},
		{"iops-total", &l.IOPS}, {"iops-read", &l.IOPSRd}, {"iops-write", &l.IOPSWr},
		{"bps-total-max", &l.BPSMax}, {"bps-read-max", &l.BPSRdMax}, {"bps-write-max", &l.BPSWrMax},
		{"iops-total-max", &l.IOPSMax}, {"iops-read-max", &l.IOPSRdMax}, {"iops-write-max", &l.IOPSWrMax},
		{"bps-total-max-length", &l.BPSTime}, {"bps-read-max-length", &l.BPSRdTime}, {"bps-write-max-length", &l.BPSWrTime},
		{"iops-total-max-length", &l.IOPSTime}, {"iops-read-max-length", &l.IOPSRdTime}, {"iops-write-max-length", &l.IOPSWrTime},
		{"iops-size", &l.IOPSSize},
	} {
		v, ok := text(given, n.name)
		if !ok {
			continue
		}
		given.Delete(n.name)
		count, err := strconv.ParseInt(v, 0, 64)
		if err != nil {
			return fmt.Errorf("Parameter 'throttling.%s' expects a number", n.name)
		}
		*n.to = count
		times = times || count == 0 && strings.HasSuffix(n.name, "-length")
	}
	l.ZeroTime = times
	if d.o.Delete("throttling"); given.Len() > 0 {
		d.o.Set("throttling", given) // no driver knows it
	}
	return nil
}
