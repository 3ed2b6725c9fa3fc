package fsdev

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/p9"
	"github.com/qomd/qomd/qmp/qjson"
)

// Export is a folder of the host that is shared with the guest.
type Export struct {
	ID       string
	Path     string
	ReadOnly bool
	Writeout bool // what is written goes to the disk at once
	Devices  p9.Devices
	Xattrs   uint32 // how many extended attributes a guest may have open, 0: any
	Limits   block.Limits

	security security
	fmode    uint32
	dmode    uint32
}

// Folder is the tree of an export.
type Folder interface {
	p9.FS
	// Again opens it once more, with a life of its own.
	Again() (p9.FS, error)
}

// security is who owns the files that a guest makes.
type security int

const (
	passthrough security = iota
	none
	mapped
)

// common are the members of -fsdev that every driver has, local those of the only
// one there is.
var (
	common = []string{"fsdriver", "readonly", "writeout", "max_xattr"}
	local  = []string{"path", "security_model", "fmode", "dmode", "multidevs"}
)

const wordsOfModels = "Valid options are: security_model=[passthrough|mapped-xattr|mapped-file|none]"

// Parse reads what -fsdev says: texts, by their names, whose types fit. The errors
// are QEMU's.
func Parse(id string, given *qjson.Object) (*Export, error) {
	text := func(name string) string {
		v, _ := given.Get(name)
		t, _ := v.(string)
		return t
	}
	switch kind := text("fsdriver"); {
	case id == "":
		return nil, errors.New("fsdev: No id specified")
	case kind == "":
		return nil, errors.New("fsdev: No fsdriver specified")
	case kind == "synth":
		return nil, errors.New("not supported by qomd: fsdriver synth, which is for tests of QEMU")
	case kind != "local":
		return nil, fmt.Errorf("fsdev: fsdriver %s not found", kind)
	}
	for name := range given.All() {
		if !slices.Contains(common, name) && !slices.Contains(local, name) && !strings.HasPrefix(name, "throttling.") {
			return nil, fmt.Errorf("'%s' is invalid for fsdriver 'local'", name)
		}
	}
	e := &Export{ID: id, Path: text("path"), ReadOnly: text("readonly") == "on", Writeout: text("writeout") == "immediate", Xattrs: 1024, fmode: 0o600, dmode: 0o700}
	if err := e.setSecurity(given, text("security_model")); err != nil {
		return nil, err
	}
	switch s := text("multidevs"); {
	case !given.Has("multidevs"), s == "warn":
	case s == "remap":
		e.Devices = p9.RemapDevices
	case s == "forbid":
		e.Devices = p9.ForbidDevices
	default:
		return nil, fmt.Errorf("invalid multidevs property '%s'\nValid options are: multidevs=[remap|forbid|warn]", s)
	}
	if !given.Has("path") {
		return nil, errors.New("path property not set")
	}
	if err := e.setLimits(given, text); err != nil {
		return nil, fmt.Errorf("invalid throttle configuration: %w", err)
	}
	if given.Has("max_xattr") {
		n := number(text("max_xattr"))
		if n < 0 || n > math.MaxUint32 {
			return nil, fmt.Errorf("max_xattr value '%d' too large", n)
		}
		e.Xattrs = uint32(n)
	}
	return e, e.setModes(given, text)
}

func (e *Export) setSecurity(given *qjson.Object, s string) error {
	switch s {
	case "passthrough":
		e.security = passthrough
	case "none":
		e.security = none
	case "mapped", "mapped-xattr":
		e.security = mapped
	case "mapped-file":
		return errors.New("not supported by qomd: security_model mapped-file; mapped-xattr is")
	default:
		if !given.Has("security_model") {
			return errors.New("security_model property not set\n" + wordsOfModels)
		}
		return fmt.Errorf("invalid security_model property '%s'\n%s", s, wordsOfModels)
	}
	return nil
}

// setModes reads what mapped files are to be on the host.
func (e *Export) setModes(given *qjson.Object, text func(string) string) error {
	for _, m := range []struct {
		name string
		into *uint32
	}{{"fmode", &e.fmode}, {"dmode", &e.dmode}} {
		if !given.Has(m.name) {
			continue
		}
		if e.security != mapped {
			return fmt.Errorf("%s is only valid for mapped security modes", m.name)
		}
		*m.into = uint32(number(text(m.name))) & 0o777
	}
	return nil
}

// setLimits reads the members throttling.*.
func (e *Export) setLimits(given *qjson.Object, text func(string) string) error {
	l := &e.Limits
	for _, m := range []struct {
		name              string
		rate, burst, time *int64
	}{
		{"bps-total", &l.BPS, &l.BPSMax, &l.BPSTime}, {"bps-read", &l.BPSRd, &l.BPSRdMax, &l.BPSRdTime},
		{"bps-write", &l.BPSWr, &l.BPSWrMax, &l.BPSWrTime},
		{"iops-total", &l.IOPS, &l.IOPSMax, &l.IOPSTime}, {"iops-read", &l.IOPSRd, &l.IOPSRdMax, &l.IOPSRdTime},
		{"iops-write", &l.IOPSWr, &l.IOPSWrMax, &l.IOPSWrTime}, {"iops-size", &l.IOPSSize, new(int64), new(int64)},
	} {
		for suffix, into := range map[string]*int64{"": m.rate, "-max": m.burst, "-max-length": m.time} {
			name := "throttling." + m.name + suffix
			if !given.Has(name) {
				continue
			}
			*into = number(text(name))
			l.ZeroTime = l.ZeroTime || suffix == "-max-length" && *into == 0
		}
	}
	return l.Check()
}

// number reads a number that QEMU's option groups let pass.
func number(s string) int64 {
	if n, err := strconv.ParseInt(s, 0, 64); err == nil {
		return n
	}
	n, _ := strconv.ParseUint(s, 0, 64)
	return int64(n)
}

func (e *Export) openError(err error) error {
	return fmt.Errorf("Could not open '%s': %s", e.Path, object.Strerror(err))
}
