package qdev

import (
	"strings"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qom"
)

// kind is how the values of a property are read, kept and shown.
type kind struct {
	// parse checks a value on its way in and answers what to keep.
	parse func(o *qom.Object, p *qom.Property, in qom.Input) (any, error)
	// show answers what qom-get sends for a kept value; nil shows it as it is.
	show func(v any) any
	// zero is shown when nothing was set and there is no default.
	zero any
	// random makes what the default "auto" stands for; nil where it is no more
	// than a word.
	random func() any
	// readOnly refuses every value.
	readOnly bool
	// drop lets go of a kept value.
	drop func(v any)
}

// NewProperty makes a property that keeps its value, from what the catalog
// says of it. fixed is true for those that may not change once the device is
// realized. Models replace the ones they have code for.
func NewProperty(f catalog.Property, fixed bool) *qom.Property {
	p := &qom.Property{
		Name: f.Name, Type: f.Type, Default: f.Default, HasDefault: f.HasDefault, Replaceable: true,
	}
	if f.Type == "str" && strings.HasPrefix(f.Name, "legacy-") {
		return p // of earlier versions; who has a text for it adds that
	}
	k := kindOf(f)
	if f.Name == "bootindex" {
		k.zero = int64(-1) // QEMU adds it without a default, and starts it so
	}
	p.Get = func(o *qom.Object) (any, error) {
		v := o.Stored(f.Name)
		switch {
		case v == nil:
			return k.zero, nil
		case k.random != nil && v == "auto":
			v = k.random()
			o.Store(f.Name, v)
		case k.show != nil:
			return k.show(v), nil
		}
		return v, nil
	}
	if target, ok := qom.LinkType(f.Type); ok {
		linkProperty(p, target, fixed)
		return p
	}
	if k.readOnly || !fixed && readOnlyScalar(f) {
		return p
	}
	p.Set = func(o *qom.Object, in qom.Input) error {
		if fixed {
			if err := CheckUnrealized(o, f.Name); err != nil {
				return err
			}
		}
		v, err := k.parse(o, p, in)
		if err != nil {
			return err
		}
		if old := o.Stored(f.Name); k.drop != nil && o.HasStored(f.Name) && old != nil {
			k.drop(old)
		}
		o.Store(f.Name, v)
		return nil
	}
	if k.drop != nil {
		p.Release = func(o *qom.Object) {
			if v := o.Stored(f.Name); o.HasStored(f.Name) && v != nil {
				k.drop(v)
				o.Store(f.Name, nil)
			}
		}
	}
	return p
}

// kindOf finds the kind by type, or by name where QEMU hides one behind a
// plain type.
func kindOf(f catalog.Property) kind {
	if values := EnumValues(f.Type); values != nil {
		return enumKind(f.Type, values)
	}
	if members := structLists[f.Type]; members != nil {
		return structListKind(members)
	}
	switch f.Type {
	case "bool":
		return boolKind
	case "uint8", "uint16", "uint32", "uint64", "uint64_t":
		return uintKind(f.Type)
	case "int32", "int32_t", "int", "int64":
		return intKind(f.Type)
	case "size":
		return sizeKind(f.Name)
	case "str", "string":
		return stringKind(f)
	case "busnr":
		return kind{zero: int64(0), readOnly: true}
	case "list":
		return listKind
	}
	if f.Type == "QemuUUID" {
		return uuidKind
	}
	if _, text := f.Default.(string); text {
		return stringKind(f) // an enumeration whose values QEMU does not tell
	}
	return anyKind()
}

// readOnlyScalar tells properties of devices that initializers add to show
// something: plain scalars without a default, except where they are known to
// be settings.
func readOnlyScalar(f catalog.Property) bool {
	if f.HasDefault || !f.Device {
		return false
	}
	switch f.Type {
	case "bool", "uint8", "uint16", "uint32", "uint64", "guest statistics", "struct tm":
		return !settings[f.Name]
	}
	return strings.HasPrefix(f.Type, "child<")
}

// settings are scalar properties without a default that can be set.
var settings = map[string]bool{
	"acpi-pci-hotplug-with-bridge-support": true, "enable_tco": true, "x-keep-pci-slot-hpc": true,
	"big-endian-framebuffer": true, "dma_mask": true, "smart_critical_warning": true,
	"disable_s3": true, "disable_s4": true, "s4_val": true, "enclave-cid": true, "x-nv-gpudirect-clique": true,
}
