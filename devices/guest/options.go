package guest

import (
	"fmt"
	"time"

	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// maxMilliseconds keeps times within what a clock can add: a hundred years.
const maxMilliseconds = 100 * 365 * 24 * 3600 * 1000

// maxRequests is more than any disk takes.
const maxRequests = 1024

// number is a member of a temper that is one.
type number struct {
	name string
	most uint64
	get  func(*Temper) uint64
	set  func(*Temper, uint64)
}

// milliseconds is a member that is a time.
func milliseconds(name string, field func(*Temper) *time.Duration) number {
	return number{name, maxMilliseconds,
		func(t *Temper) uint64 { return uint64(field(t).Milliseconds()) },
		func(t *Temper, n uint64) { *field(t) = time.Duration(n) * time.Millisecond }}
}

var numbers = []number{
	milliseconds("delay-ms", func(t *Temper) *time.Duration { return &t.Delay }),
	milliseconds("jitter-ms", func(t *Temper) *time.Duration { return &t.Jitter }),
	milliseconds("release-ms", func(t *Temper) *time.Duration { return &t.Release }),
	milliseconds("power-on-ms", func(t *Temper) *time.Duration { return &t.PowerOn }),
	{"requests", maxRequests,
		func(t *Temper) uint64 { return uint64(t.Requests) },
		func(t *Temper, n uint64) { t.Requests = int(n) }},
}

// Set changes one option by its name, the same in a configuration, a scenario
// and as a property of /machine/guest: temper, delay-ms, jitter-ms, release-ms,
// power-on-ms, requests, seed, and devices, an object with a member for each device that
// is treated differently: the name of a temper, or an object of the options of
// a temper. Numbers may be texts. known is false for any other name.
func (o *Options) Set(name string, v any) (known bool, err error) {
	switch name {
	case "seed":
		o.Seed, err = input(v).Uint64(name)
		return true, err
	case "devices":
		devices, ok := v.(*qjson.Object)
		if !ok {
			return true, fmt.Errorf("Invalid parameter type for 'devices', expected: object")
		}
		o.Devices = nil
		for id, v := range devices.All() {
			d := DeviceTemper{Device: id}
			if err := d.Temper.parse(v); err != nil {
				return true, fmt.Errorf("%s: %w", id, err)
			}
			o.Devices = append(o.Devices, d)
		}
		return true, nil
	}
	return o.Temper.set(name, v)
}

// input takes a text, as command lines and environments have it, for any value.
func input(v any) qom.Input {
	if s, ok := v.(string); ok {
		return qom.Text(s)
	}
	return qom.Value(v)
}

func (t *Temper) set(name string, v any) (known bool, err error) {
	if name == "temper" {
		s, err := qom.Value(v).Str(name)
		if err == nil {
			t.Answer, err = ParseAnswer(s)
		}
		return true, err
	}
	for _, f := range numbers {
		if f.name != name {
			continue
		}
		n, err := input(v).Uint64(name)
		if err == nil && n > f.most {
			err = fmt.Errorf("'%s' is at most %d", name, f.most)
		}
		if err == nil {
			f.set(t, n)
		}
		return true, err
	}
	return false, nil
}

// parse reads the temper of a device.
func (t *Temper) parse(v any) error {
	members, ok := v.(*qjson.Object)
	if !ok {
		_, err := t.set("temper", v)
		return err
	}
	for name, v := range members.All() {
		known, err := t.set(name, v)
		if err != nil {
			return err
		}
		if !known {
			return fmt.Errorf("Parameter '%s' is unexpected", name)
		}
	}
	return nil
}

// Names lists the options.
func (Options) Names() []string {
	names := []string{"temper", "seed", "devices"}
	for _, f := range numbers {
		names = append(names, f.name)
	}
	return names
}

// Get returns an option by its name, as Set takes it; nil for other names.
func (o Options) Get(name string) any {
	switch name {
	case "seed":
		return o.Seed
	case "devices":
		devices := qjson.NewObject()
		for _, d := range o.Devices {
			devices.Set(d.Device, d.Temper.describe())
		}
		return devices
	}
	return o.Temper.get(name)
}

func (t Temper) get(name string) any {
	if name == "temper" {
		return string(t.answer())
	}
	for _, f := range numbers {
		if f.name == name {
			return f.get(&t)
		}
	}
	return nil
}

// describe lists what is not zero.
func (t Temper) describe() *qjson.Object {
	d := qjson.NewObject(qjson.Member{Name: "temper", Value: string(t.answer())})
	for _, f := range numbers {
		if f.get(&t) != 0 {
			d.Set(f.name, t.get(f.name))
		}
	}
	return d
}
