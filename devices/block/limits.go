package block

import (
	"errors"
	"fmt"
)

// Limits of throttling, by QEMU's names: bytes or operations per second, 0 for
// no limit; how much of that there may be for some seconds; and how many bytes
// count as one operation, 0 for any number.
type Limits struct {
	BPS    int64 `json:"bps"`
	BPSRd  int64 `json:"bps_rd"`
	BPSWr  int64 `json:"bps_wr"`
	IOPS   int64 `json:"iops"`
	IOPSRd int64 `json:"iops_rd"`
	IOPSWr int64 `json:"iops_wr"`
	Bursts

	ZeroTime bool `json:"-"` // one of the lengths was given, as 0
}

// Bursts are the parts of [Limits] that need not be there.
type Bursts struct {
	BPSMax     int64 `json:"bps_max,omitempty"`
	BPSRdMax   int64 `json:"bps_rd_max,omitempty"`
	BPSWrMax   int64 `json:"bps_wr_max,omitempty"`
	IOPSMax    int64 `json:"iops_max,omitempty"`
	IOPSRdMax  int64 `json:"iops_rd_max,omitempty"`
	IOPSWrMax  int64 `json:"iops_wr_max,omitempty"`
	BPSTime    int64 `json:"bps_max_length,omitempty"` // seconds; 0 is QEMU's default, 1
	BPSRdTime  int64 `json:"bps_rd_max_length,omitempty"`
	BPSWrTime  int64 `json:"bps_wr_max_length,omitempty"`
	IOPSTime   int64 `json:"iops_max_length,omitempty"`
	IOPSRdTime int64 `json:"iops_rd_max_length,omitempty"`
	IOPSWrTime int64 `json:"iops_wr_max_length,omitempty"`
	IOPSSize   int64 `json:"iops_size,omitempty"`
}

// maxLimit is the highest limit that QEMU takes.
const maxLimit = int64(1e15)

// bucket is one of the limits.
type bucket struct{ rate, burst, time int64 }

// buckets lists the limits: of bytes all, read and written, then of operations.
func (l *Limits) buckets() [6]bucket {
	return [6]bucket{
		{l.BPS, l.BPSMax, l.BPSTime}, {l.BPSRd, l.BPSRdMax, l.BPSRdTime}, {l.BPSWr, l.BPSWrMax, l.BPSWrTime},
		{l.IOPS, l.IOPSMax, l.IOPSTime}, {l.IOPSRd, l.IOPSRdMax, l.IOPSRdTime}, {l.IOPSWr, l.IOPSWrMax, l.IOPSWrTime},
	}
}

// Check refuses limits that do not fit together.
func (l *Limits) Check() error {
	b := l.buckets()
	for i := 0; i < 6; i += 3 {
		all, read, write := b[i], b[i+1], b[i+2]
		if all.rate != 0 && (read.rate != 0 || write.rate != 0) || all.burst != 0 && (read.burst != 0 || write.burst != 0) {
			return errors.New("bps/iops/max total values and read/write values cannot be used at the same time")
		}
	}
	if l.IOPSSize != 0 && b[3].rate == 0 && b[4].rate == 0 && b[5].rate == 0 {
		return errors.New("iops size requires an iops value to be set")
	}
	if l.ZeroTime {
		return errors.New("the burst length cannot be 0")
	}
	for _, b := range b {
		if err := b.check(); err != nil {
			return err
		}
	}
	return nil
}

func (b bucket) check() error {
	switch {
	case b.rate < 0 || b.rate > maxLimit || b.burst < 0 || b.burst > maxLimit:
		return fmt.Errorf("bps/iops/max values must be within [0, %d]", maxLimit)
	case b.time > 1 && b.burst == 0:
		return errors.New("burst length set without burst rate")
	case b.time > 1 && b.burst > maxLimit/b.time:
		return errors.New("burst length too high for this burst rate")
	case b.burst != 0 && b.rate == 0:
		return errors.New("bps_max/iops_max require corresponding bps/iops values")
	case b.burst != 0 && b.burst < b.rate:
		return errors.New("bps_max/iops_max cannot be lower than bps/iops")
	}
	return nil
}

// room is how much may come at once: what a burst has, or a tenth of a second, as
// with QEMU.
func (b bucket) room() float64 {
	if b.burst > 0 {
		return float64(b.burst) * float64(max(b.time, 1))
	}
	return float64(b.rate) / 10
}

// shown are the bursts as queries tell of them: with their length.
func (l *Limits) shown() Bursts {
	s := l.Bursts
	for _, p := range []struct{ burst, time *int64 }{
		{&s.BPSMax, &s.BPSTime}, {&s.BPSRdMax, &s.BPSRdTime}, {&s.BPSWrMax, &s.BPSWrTime},
		{&s.IOPSMax, &s.IOPSTime}, {&s.IOPSRdMax, &s.IOPSRdTime}, {&s.IOPSWrMax, &s.IOPSWrTime},
	} {
		if *p.burst != 0 {
			*p.time = max(*p.time, 1)
		} else {
			*p.time = 0
		}
	}
	return s
}
