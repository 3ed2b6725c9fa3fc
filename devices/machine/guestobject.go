package machine

import (
	"errors"
	"fmt"
	"time"

	"github.com/qomd/qomd/devices/guest"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// guestType is the type of /machine/guest. QEMU has no such thing: the object is
// there only on a machine whose guest can be steered.
const guestType = "x-guest"

// guestObject lets monitors change what the guest is like while it runs.
type guestObject struct {
	qom.Object
	m *Machine
}

// linux returns the guest; the object exists only beside one.
func linuxOf(o *qom.Object) *guest.Linux {
	m := o.Self().(*guestObject).m
	if m == nil {
		return nil // made by introspection
	}
	l, _ := m.guest.(*guest.Linux)
	return l
}

// registerGuest adds the type with its properties. Times are in milliseconds of
// virtual time.
func registerGuest(t *qom.Types) {
	t.Add(qom.TypeInfo{
		Name: guestType, Parent: "object",
		New: func() qom.Instance { return new(guestObject) },
		Properties: []*qom.Property{
			{Name: "temper", Type: "str",
				Get: getGuest(func(o guest.Options) any { return answerName(o.Temper) }),
				Set: setGuest(func(o *guest.Options, in qom.Input) error {
					s, err := in.Str("temper")
					if err == nil {
						o.Temper.Answer, err = guest.ParseAnswer(s)
					}
					return err
				})},
			milliseconds("delay-ms", func(t *guest.Temper) *time.Duration { return &t.Delay }),
			milliseconds("jitter-ms", func(t *guest.Temper) *time.Duration { return &t.Jitter }),
			milliseconds("release-ms", func(t *guest.Temper) *time.Duration { return &t.Release }),
			milliseconds("power-on-ms", func(t *guest.Temper) *time.Duration { return &t.PowerOn }),
			{Name: "seed", Type: "uint64",
				Get: getGuest(func(o guest.Options) any { return o.Seed }),
				Set: setGuest(func(o *guest.Options, in qom.Input) (err error) {
					o.Seed, err = in.Uint64("seed")
					return err
				})},
			// An object with a member for each device that is treated
			// differently: the name of a temper, or an object of the
			// properties above.
			{Name: "devices", Type: "x-guest-devices",
				Get: getGuest(func(o guest.Options) any { return describeTempers(o.Devices) }),
				Set: setGuest(func(o *guest.Options, in qom.Input) error {
					list, err := parseTempers(in.Raw())
					if err == nil {
						o.Devices = list
					}
					return err
				})},
			// Written with an id: somebody in the guest removes that device.
			{Name: "eject", Type: "str", Set: func(o *qom.Object, in qom.Input) error {
				id, err := in.Str("eject")
				if err != nil {
					return err
				}
				l := linuxOf(o)
				if l == nil || !o.Self().(*guestObject).m.Running() {
					return errors.New("the guest does not run")
				}
				return l.Eject(id)
			}},
		},
	})
}

func getGuest(f func(guest.Options) any) func(*qom.Object) (any, error) {
	return func(o *qom.Object) (any, error) {
		if l := linuxOf(o); l != nil {
			return f(l.Options()), nil
		}
		return f(guest.Options{}), nil
	}
}

// setGuest changes the options and lets the guest think again, once the command
// that did it is over.
func setGuest(f func(*guest.Options, qom.Input) error) func(*qom.Object, qom.Input) error {
	return func(o *qom.Object, in qom.Input) error {
		l := linuxOf(o)
		if l == nil {
			return errors.New("there is no guest to change")
		}
		opts := l.Options()
		if err := f(&opts, in); err != nil {
			return err
		}
		l.SetOptions(opts)
		o.Self().(*guestObject).m.tellGuest(guest.Reconsider)
		return nil
	}
}

// maxMilliseconds keeps times within what the clock can add: a hundred years.
const maxMilliseconds = 100 * 365 * 24 * 3600 * 1000

func milliseconds(name string, field func(*guest.Temper) *time.Duration) *qom.Property {
	return &qom.Property{Name: name, Type: "uint64",
		Get: getGuest(func(o guest.Options) any { return uint64(field(&o.Temper).Milliseconds()) }),
		Set: setGuest(func(o *guest.Options, in qom.Input) error {
			n, err := in.Uint64(name)
			if err == nil && n > maxMilliseconds {
				err = fmt.Errorf("property '%s' is at most %d", name, int64(maxMilliseconds))
			}
			if err == nil {
				*field(&o.Temper) = time.Duration(n) * time.Millisecond
			}
			return err
		})}
}

func answerName(t guest.Temper) string {
	if t.Answer == "" {
		return string(guest.Accept)
	}
	return string(t.Answer)
}

// temperTimes are the members of a temper that are times.
var temperTimes = []struct {
	name  string
	field func(*guest.Temper) *time.Duration
}{
	{"delay-ms", func(t *guest.Temper) *time.Duration { return &t.Delay }},
	{"jitter-ms", func(t *guest.Temper) *time.Duration { return &t.Jitter }},
	{"release-ms", func(t *guest.Temper) *time.Duration { return &t.Release }},
	{"power-on-ms", func(t *guest.Temper) *time.Duration { return &t.PowerOn }},
}

func describeTempers(list []guest.DeviceTemper) *qjson.Object {
	devices := qjson.NewObject()
	for _, d := range list {
		t := qjson.NewObject(qjson.Member{Name: "temper", Value: answerName(d.Temper)})
		for _, f := range temperTimes {
			if v := *f.field(&d.Temper); v != 0 {
				t.Set(f.name, v.Milliseconds())
			}
		}
		devices.Set(d.Device, t)
	}
	return devices
}

func parseTempers(v any) ([]guest.DeviceTemper, error) {
	devices, ok := v.(*qjson.Object)
	if !ok {
		return nil, errors.New("Invalid parameter type for 'devices', expected: object")
	}
	var list []guest.DeviceTemper
	for id, v := range devices.All() {
		t, err := parseTemper(id, v)
		if err != nil {
			return nil, err
		}
		list = append(list, guest.DeviceTemper{Device: id, Temper: t})
	}
	return list, nil
}

func parseTemper(id string, v any) (t guest.Temper, err error) {
	members, ok := v.(*qjson.Object)
	if !ok {
		members = qjson.NewObject(qjson.Member{Name: "temper", Value: v})
	}
members:
	for name, v := range members.All() {
		if name == "temper" {
			s, ok := v.(string)
			if !ok {
				return t, fmt.Errorf("Invalid parameter type for 'devices.%s.temper', expected: string", id)
			}
			if t.Answer, err = guest.ParseAnswer(s); err != nil {
				return t, err
			}
			continue
		}
		for _, f := range temperTimes {
			if f.name != name {
				continue
			}
			n, err := qom.Value(v).Uint64(name)
			if err != nil {
				return t, err
			}
			*f.field(&t) = time.Duration(min(n, maxMilliseconds)) * time.Millisecond
			continue members
		}
		return t, fmt.Errorf("Parameter 'devices.%s.%s' is unexpected", id, name)
	}
	return t, nil
}
