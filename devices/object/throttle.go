package object

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// ThrottleGroup limits how fast its members may read and write. Limits are in
// bytes or operations per second; 0 means no limit.
type ThrottleGroup struct {
	qom.Object
	limits   map[string]int64
	complete bool
}

// throttleLimits names the limits in QEMU's order.
var throttleLimits = []string{
	"iops-total", "iops-total-max", "iops-total-max-length", "iops-read", "iops-read-max", "iops-read-max-length",
	"iops-write", "iops-write-max", "iops-write-max-length", "bps-total", "bps-total-max", "bps-total-max-length",
	"bps-read", "bps-read-max", "bps-read-max-length", "bps-write", "bps-write-max", "bps-write-max-length", "iops-size",
}

// maxThrottle is the highest limit that QEMU takes.
const maxThrottle = int64(1e15)

func registerThrottle(t *qom.Types) {
	self := func(o *qom.Object) *ThrottleGroup { return o.Self().(*ThrottleGroup) }
	props := []*qom.Property{{Name: "limits", Type: "ThrottleLimits",
		Get: func(o *qom.Object) (any, error) { return self(o).show(), nil },
		Set: func(o *qom.Object, in qom.Input) error { return self(o).set(in) }}}
	for _, name := range throttleLimits {
		props = append(props, &qom.Property{Name: "x-" + name, Type: "int",
			Get: func(o *qom.Object) (any, error) { return self(o).limits[name], nil },
			Set: func(o *qom.Object, in qom.Input) error {
				if self(o).complete {
					return errInitialized
				}
				v, err := in.Int64("x-" + name)
				if err == nil && v < 0 {
					err = errors.New("Property values cannot be negative")
				}
				if err == nil {
					self(o).limits[name] = v
				}
				return err
			}})
	}
	add(t, qom.TypeInfo{
		Name: "throttle-group", Parent: "object",
		New: func() qom.Instance {
			g := &ThrottleGroup{limits: map[string]int64{}}
			for _, name := range throttleLimits {
				if isLength(name) {
					g.limits[name] = 1
				}
			}
			return g
		},
		Properties: props,
		ClassInit: with(Behavior{Complete: func(o *qom.Object) error {
			self(o).complete = true
			return check(self(o).limits)
		}, MayDelete: func(o *qom.Object) error {
			if used(o) {
				return fmt.Errorf("Cannot delete throttle group '%s' with active references", o.Name())
			}
			return nil
		}}),
	})
}

func isLength(name string) bool { return len(name) > 7 && name[len(name)-7:] == "-length" }

func (g *ThrottleGroup) show() *qjson.Object {
	out := qjson.NewObject()
	for _, name := range throttleLimits {
		out.Set(name, g.limits[name])
	}
	return out
}

// set changes the limits that are given and leaves the others.
func (g *ThrottleGroup) set(in qom.Input) error {
	given, ok := in.Raw().(*qjson.Object)
	if !ok {
		return errors.New("Invalid parameter type for 'limits', expected: object")
	}
	limits := map[string]int64{}
	for _, name := range throttleLimits {
		limits[name] = g.limits[name]
		v, ok := given.Get(name)
		if !ok {
			continue
		}
		item := qom.Value(v)
		if s, text := v.(string); text && in.IsText() {
			item = qom.Text(s)
		}
		n, err := item.Int64("limits." + name)
		if err != nil {
			return err
		}
		limits[name] = n
	}
	for name := range given.All() {
		if _, known := limits[name]; !known {
			return fmt.Errorf("Parameter 'limits.%s' is unexpected", name)
		}
	}
	if err := check(limits); err != nil {
		return err
	}
	g.limits = limits
	return nil
}

// check refuses what QEMU refuses: totals together with parts, values out of
// range, bursts without a rate.
func check(limits map[string]int64) error {
	for _, unit := range []string{"bps", "iops"} {
		for _, burst := range []string{"", "-max"} {
			if limits[unit+"-total"+burst] != 0 && (limits[unit+"-read"+burst] != 0 || limits[unit+"-write"+burst] != 0) {
				return errors.New("bps/iops/max total values and read/write values cannot be used at the same time")
			}
		}
	}
	for _, name := range throttleLimits {
		v := limits[name]
		switch {
		case isLength(name):
			if v < 1 {
				return errors.New("the burst length cannot be 0")
			}
			if burst := name[:len(name)-7]; v > 1 && limits[burst] == 0 {
				return errors.New("burst length set without burst rate")
			}
		case v < 0 || v > maxThrottle:
			return fmt.Errorf("bps/iops/max values must be within [0, %d]", maxThrottle)
		}
	}
	for _, rate := range []string{"iops-total", "iops-read", "iops-write", "bps-total", "bps-read", "bps-write"} {
		if burst := limits[rate+"-max"]; burst != 0 && limits[rate] == 0 {
			return errors.New("bps_max/iops_max require corresponding bps/iops values")
		} else if burst != 0 && burst < limits[rate] {
			return errors.New("bps_max/iops_max cannot be lower than bps/iops")
		}
	}
	return nil
}
