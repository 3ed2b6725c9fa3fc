package chipset

import (
	"time"

	"github.com/qomd/qomd/qom"
)

// rtc is the real-time clock. Of what it does only the time can be seen.
type rtc struct{ wired }

// brokenTime is C's struct tm, as QEMU shows it.
type brokenTime struct {
	Year  int `json:"tm_year"` // since 1900
	Month int `json:"tm_mon"`  // 0 to 11
	Day   int `json:"tm_mday"`
	Hour  int `json:"tm_hour"`
	Min   int `json:"tm_min"`
	Sec   int `json:"tm_sec"`
}

func newBrokenTime(t time.Time) brokenTime {
	return brokenTime{t.Year() - 1900, int(t.Month()) - 1, t.Day(), t.Hour(), t.Minute(), t.Second()}
}

func registerRTC(t *qom.Types) {
	t.Add(qom.TypeInfo{
		Name: "mc146818rtc", Parent: "isa-device", New: func() qom.Instance { return new(rtc) },
		Properties: []*qom.Property{{Name: "date", Type: "struct tm", Get: func(o *qom.Object) (any, error) {
			b := o.Self().(*rtc).board
			if b == nil || b.opts.Time == nil {
				return brokenTime{}, nil
			}
			return newBrokenTime(b.opts.Time()), nil
		}}},
	})
}
