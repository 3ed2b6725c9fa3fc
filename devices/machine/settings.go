package machine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// setting is a property of /machine that takes only some values. As in QEMU most
// of them change nothing once the machine is made, but read back.
func setting(name string, read func(o *qom.Object, in qom.Input) (any, error)) *qom.Property {
	return &qom.Property{
		Name: name,
		Get:  func(o *qom.Object) (any, error) { return o.Stored(name), nil },
		Set: func(o *qom.Object, in qom.Input) error {
			v, err := read(o, in)
			if err == nil {
				o.Store(name, v)
			}
			return err
		},
	}
}

// settings are those of all machines and of PCs, whichever class has them.
func settings() []*qom.Property {
	return []*qom.Property{
		setting("boot", readBoot),
		setting("memory", readMemory),
		setting("memory-encryption", func(_ *qom.Object, in qom.Input) (any, error) {
			s, err := in.Str("memory-encryption")
			if err == nil {
				err = fmt.Errorf("No such memory encryption object '%s'", s) // nobody can make one
			}
			return s, err
		}),
		setting("smp-cache", readCaches),
		setting("x-oem-id", upTo("x-oem-id", 6)),
		setting("x-oem-table-id", upTo("x-oem-table-id", 8)),
		setting("max-fw-size", func(_ *qom.Object, in qom.Input) (any, error) {
			n, err := in.Size("max-fw-size")
			if err == nil && n > 16<<20 {
				err = fmt.Errorf("User specified max allowed firmware size %d is greater than 16MiB. If combined firmware size "+
					"exceeds 16MiB the system may not boot, or experience intermittentstability issues.", n)
			}
			return n, err
		}),
		setting("max-ram-below-4g", func(_ *qom.Object, in qom.Input) (any, error) {
			n, err := in.Size("max-ram-below-4g")
			if err == nil && n > 4<<30 {
				err = fmt.Errorf("Machine option 'max-ram-below-4g=%d' expects size less than or equal to 4G", n)
			}
			return n, err
		}),
		setting("smbios-entry-point-type", func(_ *qom.Object, in qom.Input) (any, error) {
			return oneOf("32", "64", "auto")(in, "smbios-entry-point-type")
		}),
		setting("sgx-epc", func(_ *qom.Object, in qom.Input) (any, error) {
			return readRecords(in, "sgx-epc", []part{{"memdev", true, asString}, {"node", true, asInt}})
		}),
	}
}

// upTo reads a text of limited length.
func upTo(name string, most int) func(*qom.Object, qom.Input) (any, error) {
	return func(_ *qom.Object, in qom.Input) (any, error) {
		s, err := in.Str(name)
		if err == nil && len(s) > most {
			err = fmt.Errorf("User specified %s value is bigger than %d bytes in size", name, most)
		}
		return s, err
	}
}

// eachPC are those that QEMU adds to each PC.
func eachPC() []*qom.Property {
	list := []*qom.Property{setting("nvdimm-persistence", readPersistence), setting("cxl-fmw", readWindows)}
	for _, name := range [...]string{"nvdimm", "hmat", "spcr", "pcspk-audiodev", "cxl"} {
		list = append(list, &qom.Property{Name: name})
	}
	for _, p := range list {
		p.PerObject = true
	}
	return list
}

// adds gives a class those of the properties that the catalog's type adds to its
// ancestors'.
func adds(cat *catalog.Catalog, typ string, list func() []*qom.Property) func(*qom.Class) {
	return func(c *qom.Class) {
		own := cat.Own(typ)
		for _, p := range list() {
			if slices.ContainsFunc(own, func(o catalog.Property) bool { return o.Name == p.Name }) {
				c.AddProperty(p)
			}
		}
	}
}

// readPersistence reads nvdimm-persistence.
func readPersistence(_ *qom.Object, in qom.Input) (any, error) {
	s, err := in.Str("nvdimm-persistence")
	if err == nil && s != "cpu" && s != "mem-ctrl" {
		err = fmt.Errorf("-machine nvdimm-persistence=%s: unsupported option", s)
	}
	return s, err
}

// readBoot reads boot: what to boot from, and how.
func readBoot(o *qom.Object, in qom.Input) (any, error) {
	r, err := readRecord(in, "boot", []part{
		{"order", false, asString}, {"once", false, asString}, {"menu", false, asBool}, {"splash", false, asString},
		{"splash-time", false, asInt}, {"reboot-timeout", false, asInt}, {"strict", false, asBool},
	})
	if err != nil {
		return nil, err
	}
	for _, name := range [...]string{"order", "once"} {
		if v, ok := r.Get(name); ok {
			if err := checkBootDevices(v.(string)); err != nil {
				return nil, err
			}
		}
	}
	var c bootConfig
	if o.Class().Is("generic-pc-machine") {
		c.Order = bootOrder
	}
	return c.with(r), nil
}

// bootOrder is what PCs boot from when nothing is said.
const bootOrder = "cad"

func checkBootDevices(list string) error {
	for i, c := range []byte(list) {
		switch {
		case c < 'a' || c > 'p':
			return fmt.Errorf("Invalid boot device '%c'", c)
		case strings.IndexByte(list[:i], c) >= 0:
			return fmt.Errorf("Boot device '%c' was given twice", c)
		}
	}
	return nil
}

// readMemory reads memory: how much of it there is, and how much there may be.
func readMemory(o *qom.Object, in qom.Input) (any, error) {
	r, err := readRecord(in, "memory", []part{{"size", false, asUint}, {"max-size", false, asUint}, {"slots", false, asUint}})
	if err != nil {
		return nil, err
	}
	const page = 8 << 10
	c := memoryConfig{}
	if o.Class().Is("generic-pc-machine") {
		c.Size = defaultRAM
	}
	if v, ok := r.Get("size"); ok {
		c.Size = (v.(uint64) + page - 1) &^ (page - 1)
	}
	slots, some := r.Get("slots")
	most, limited := r.Get("max-size")
	switch {
	case some && !limited:
		return nil, fmt.Errorf("slots specified but no max-size")
	case limited && most.(uint64) < c.Size:
		return nil, fmt.Errorf("invalid value of maxmem: maximum memory size (0x%x) must be at least the initial memory size (0x%x)", most, c.Size)
	case some && slots.(uint64) > 0:
		c.Slots, c.MaxSize = int(slots.(uint64)), most.(uint64)
	}
	return c, nil
}

// readCaches reads smp-cache: which processors share a cache; those that are not
// told keep what they have.
func readCaches(o *qom.Object, in qom.Input) (any, error) {
	list, err := readRecords(in, "smp-cache", []part{
		{"cache", true, oneOf("l1d", "l1i", "l2", "l3")},
		{"topology", true, oneOf("thread", "core", "module", "cluster", "die", "socket", "book", "drawer", "default")},
	})
	if err != nil {
		return nil, err
	}
	caches, _ := o.Stored("smp-cache").([]cacheTopology)
	caches = append([]cacheTopology(nil), caches...)
	told := map[string]bool{}
	for _, v := range list {
		name, _ := v.(*qjson.Object).Get("cache")
		level, _ := v.(*qjson.Object).Get("topology")
		if told[name.(string)] {
			return nil, fmt.Errorf("Invalid cache properties: %s. The cache properties are duplicated", name)
		}
		told[name.(string)] = true
		for i := range caches {
			if caches[i].Cache == name {
				caches[i].Topology = level.(string)
			}
		}
	}
	return caches, nil
}
