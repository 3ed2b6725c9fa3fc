package qmptest_test

import (
	"testing"
	"time"

	"github.com/qomd/qomd/qmp/qmptest"
)

// The machine's real-time clock goes with its virtual time.
func TestRealTimeClockFollowsVirtualTime(t *testing.T) {
	t.Parallel()
	m, c := q35(t)
	read := func() time.Time {
		var tm struct {
			Year  int `json:"tm_year"`
			Month int `json:"tm_mon"`
			Day   int `json:"tm_mday"`
			Hour  int `json:"tm_hour"`
			Min   int `json:"tm_min"`
			Sec   int `json:"tm_sec"`
		}
		c.Must("qom-get", qmptest.A{"path": "/machine", "property": "rtc-time"}, &tm)
		return time.Date(tm.Year+1900, time.Month(tm.Month+1), tm.Day, tm.Hour, tm.Min, tm.Sec, 0, time.UTC)
	}
	before := read()
	m.Step(90 * time.Minute)
	wantEqual(t, 90*time.Minute, read().Sub(before))
	wantEqual(t, 90*time.Minute, read().Sub(before))
}
