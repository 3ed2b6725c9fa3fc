package pci

import (
	"fmt"
	"math"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// properties lists the properties of all functions that this package has a
// field for; the others are kept by the catalog's generic code.
func properties() []*qom.Property {
	return []*qom.Property{
		{Name: "addr", Type: "str",
			Get: func(o *qom.Object) (any, error) { return int64(From(o).addr), nil },
			Set: beforeRealize("addr", (*Device).setAddr)},
		{Name: "legacy-addr", Type: "str", // of QEMU up to 9.1
			Get: func(o *qom.Object) (any, error) { return FormatDevfn(int64(From(o).addr)), nil }},
		{Name: "multifunction", Type: "bool", Default: false, HasDefault: true,
			Get: func(o *qom.Object) (any, error) { return From(o).multi, nil },
			Set: beforeRealize("multifunction", func(d *Device, in qom.Input) (err error) {
				return store(&d.multi, "multifunction", in.Bool)
			})},
		{Name: "romfile", Type: "str",
			Get: func(o *qom.Object) (any, error) { return From(o).romfile, nil },
			Set: beforeRealize("romfile", func(d *Device, in qom.Input) error {
				d.hasROMFile = true
				return store(&d.romfile, "romfile", in.Str)
			})},
		{Name: "romsize", Type: "uint32", Default: int64(math.MaxUint32), HasDefault: true,
			Get: func(o *qom.Object) (any, error) { return int64(From(o).romsize), nil },
			Set: beforeRealize("romsize", func(d *Device, in qom.Input) error { return storeUint32(&d.romsize, "romsize", in) })},
		{Name: "rombar", Type: "int32", Default: int64(-1), HasDefault: true,
			Get: func(o *qom.Object) (any, error) { return int64(From(o).rombar), nil },
			Set: beforeRealize("rombar", func(d *Device, in qom.Input) error {
				v, err := in.Int("rombar", 32)
				if err == nil {
					d.rombar = int32(v)
				}
				return err
			})},
		{Name: "acpi-index", Type: "uint32", Default: int64(0), HasDefault: true,
			Get: func(o *qom.Object) (any, error) { return int64(From(o).acpiIndex), nil },
			Set: beforeRealize("acpi-index", func(d *Device, in qom.Input) error { return storeUint32(&d.acpiIndex, "acpi-index", in) })},
		{Name: "failover_pair_id", Type: "str",
			Get: func(o *qom.Object) (any, error) { return From(o).failover, nil },
			Set: beforeRealize("failover_pair_id", func(d *Device, in qom.Input) error {
				err := store(&d.failover, "failover_pair_id", in.Str)
				d.hasFailover = d.hasFailover || err == nil
				return err
			})},
		{Name: "sriov-pf", Type: "str",
			Get: func(o *qom.Object) (any, error) { return From(o).sriovPF, nil },
			Set: beforeRealize("sriov-pf", func(d *Device, in qom.Input) error {
				err := store(&d.sriovPF, "sriov-pf", in.Str)
				d.hasSRIOVPF = d.hasSRIOVPF || err == nil
				return err
			})},
		{Name: "x-max-bounce-buffer-size", Type: "size", Default: int64(4096), HasDefault: true,
			Get: func(o *qom.Object) (any, error) { return int64(From(o).bounceLimit), nil },
			Set: beforeRealize("x-max-bounce-buffer-size", func(d *Device, in qom.Input) error {
				return store(&d.bounceLimit, "x-max-bounce-buffer-size", func(name string) (uint64, error) {
					return qdev.ParseSize32(&d.Object, name, in)
				})
			})},
		{Name: "busnr", Type: "busnr",
			Get: func(o *qom.Object) (any, error) {
				if b := From(o).bus; b != nil {
					return int64(b.Number()), nil
				}
				return int64(0), nil
			}},
	}
}

// beforeRealize makes a setter that refuses once the device is realized.
func beforeRealize(name string, set func(*Device, qom.Input) error) func(*qom.Object, qom.Input) error {
	return func(o *qom.Object, in qom.Input) error {
		d := From(o)
		if !d.Realized() {
			return set(d, in)
		}
		if d.ID() != "" {
			return fmt.Errorf("Attempt to set property '%s' on device '%s' (type '%s') after it was realized", name, d.ID(), d.TypeName())
		}
		return fmt.Errorf("Attempt to set property '%s' on anonymous device (type '%s') after it was realized", name, d.TypeName())
	}
}

func store[T any](field *T, name string, read func(string) (T, error)) error {
	v, err := read(name)
	if err == nil {
		*field = v
	}
	return err
}

func storeUint32(field *uint32, name string, in qom.Input) error {
	v, err := in.Uint(name, 32)
	if err == nil {
		*field = uint32(v)
	}
	return err
}

// setAddr takes a number or the notation of [ParseDevfn].
func (d *Device) setAddr(in qom.Input) error {
	switch v := in.Raw().(type) {
	case string:
		devfn, ok := ParseDevfn(v)
		if !ok {
			return fmt.Errorf("Property '%s.addr' doesn't take value '%s'", d.TypeName(), v)
		}
		d.addr = int32(devfn)
		return nil
	case int64, int, uint64, float64:
		n, err := in.Int("addr", 32)
		if err != nil {
			return err
		}
		if n < -1 || n > 255 {
			return fmt.Errorf("Parameter 'addr' expects a value between -1 and 255")
		}
		d.addr = int32(n)
		return nil
	}
	return fmt.Errorf("Invalid parameter type for 'addr', expected int or str")
}
