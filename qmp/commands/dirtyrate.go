package commands

import (
	"errors"
	"math"
	"time"

	"github.com/qomd/qomd/devices/dirtyrate"
	"github.com/qomd/qomd/qmp"
)

// dirtyRate registers the commands of qapi/migration.json about how fast memory
// changes. Limits for processors are enforced by KVM alone.
func (c *Commands) dirtyRate() {
	qmp.Register(c.set, "calc-dirty-rate", 0, c.calcDirtyRate)
	qmp.Register(c.set, "query-dirty-rate", 0, c.queryDirtyRate)
	qmp.Register(c.set, "set-vcpu-dirty-limit", 0, func(*qmp.Call, dirtyLimitArgs) (none, error) {
		return none{}, errors.New("dirty page limit feature requires KVM with accelerator property 'dirty-ring-size' set'")
	})
	qmp.Register(c.set, "cancel-vcpu-dirty-limit", 0, func(*qmp.Call, cancelLimitArgs) (none, error) { return none{}, nil })
	qmp.Register(c.set, "query-vcpu-dirty-limit", 0, func(*qmp.Call, none) ([]none, error) { return []none{}, nil })
}

type dirtyLimitArgs struct {
	CPU  *int64 `json:"cpu-index"`
	Rate uint64 `json:"dirty-rate"` // MiB a second
}

type cancelLimitArgs struct {
	CPU *int64 `json:"cpu-index"`
}

// timeUnit is QEMU's TimeUnit.
type timeUnit string

const unitMillisecond timeUnit = "millisecond"

func (u timeUnit) orSeconds() timeUnit {
	if u == "" {
		return "second"
	}
	return u
}

func (u timeUnit) duration() time.Duration {
	if u == unitMillisecond {
		return time.Millisecond
	}
	return time.Second
}

type calcRateArgs struct {
	Time  int64          `json:"calc-time"`
	Unit  timeUnit       `json:"calc-time-unit"`
	Pages *int64         `json:"sample-pages"`
	Mode  dirtyrate.Mode `json:"mode"`
}

func (c *Commands) calcDirtyRate(_ *qmp.Call, a calcRateArgs) (none, error) {
	if a.Mode == "" {
		a.Mode = dirtyrate.Sampling
	}
	unit := a.Unit.duration()
	period := time.Duration(math.MaxInt64)
	if a.Time < int64(period/unit) {
		period = time.Duration(a.Time) * unit
	}
	return none{}, c.m.DirtyRate.Start(a.Mode, period, a.Pages)
}

type queryRateArgs struct {
	Unit timeUnit `json:"calc-time-unit"`
}

// dirtyRateInfo is QEMU's DirtyRateInfo.
type dirtyRateInfo struct {
	Rate    *int64           `json:"dirty-rate,omitempty"` // MiB a second
	Status  dirtyrate.Status `json:"status"`
	Started int64            `json:"start-time"` // seconds since 1970
	Time    int64            `json:"calc-time"`
	Unit    timeUnit         `json:"calc-time-unit"`
	Pages   int64            `json:"sample-pages"` // in a GiB
	Mode    dirtyrate.Mode   `json:"mode"`
}

func (c *Commands) queryDirtyRate(_ *qmp.Call, a queryRateArgs) (dirtyRateInfo, error) {
	r := c.m.DirtyRate.Result()
	info := dirtyRateInfo{
		Status: r.Status, Started: r.Started, Time: int64(r.Period / a.Unit.duration()), Unit: a.Unit.orSeconds(),
		Pages: r.Pages, Mode: r.Mode,
	}
	if r.Status == dirtyrate.Measured {
		info.Rate = &r.Rate
	}
	return info, nil
}
