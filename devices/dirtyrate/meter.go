package dirtyrate

import (
	"errors"
	"time"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
)

// Mode is which pages are looked at.
type Mode string

const (
	Sampling Mode = "page-sampling"
	Bitmap   Mode = "dirty-bitmap" // all of them
	Ring     Mode = "dirty-ring"   // none: only KVM has such rings
)

// Status is where a measurement stands.
type Status string

const (
	Unstarted Status = "unstarted"
	Measuring Status = "measuring"
	Measured  Status = "measured"
)

// Host is the machine that is measured.
type Host struct {
	Regions func() []*memory.Region                    // what can be written to
	After   func(d time.Duration, f func()) qdev.Timer // calls f under the lock, the machine running or not
	Now     func() time.Time                           // the host's time
}

// Meter is the one measurement of a machine. The machine's lock guards it.
type Meter struct {
	host   Host
	result Result
	before []block    // while it measures
	timer  qdev.Timer // that ends it
}

// Result is how the last measurement went, or what is known of the one under way.
type Result struct {
	Status  Status
	Mode    Mode
	Started int64         // seconds since 1970, 0 for never
	Period  time.Duration // how long it takes
	Pages   int64         // samples in a GiB
	Rate    int64         // MiB a second, once measured
}

// New returns a meter that has not measured yet.
func New(h Host) *Meter { return &Meter{host: h, result: Result{Status: Unstarted, Mode: Sampling}} }

// Result tells what is known.
func (m *Meter) Result() Result { return m.result }

// Limits of what can be asked for, as QEMU has them.
const (
	shortest     = 50 * time.Millisecond
	longest      = 60 * time.Second
	fewestPages  = 128
	mostPages    = 16384
	defaultPages = 512
)

// Start begins a measurement. Pages are the samples in a GiB, nil for QEMU's own
// choice.
func (m *Meter) Start(mode Mode, period time.Duration, pages *int64) error {
	switch {
	case m.result.Status == Measuring:
		return errors.New("the dirty rate is already being measured.")
	case period < shortest || period > longest:
		return errors.New("Calculation time is out of range [50ms, 60000ms].")
	case pages != nil && mode != Sampling:
		return errors.New("sample-pages is used only in page-sampling mode")
	case pages != nil && (*pages < fewestPages || *pages > mostPages):
		return errors.New("sample-pages is out of range[128, 16384].")
	case mode == Ring:
		return errors.New("mode dirty-ring is not enabled, use other method instead.")
	}
	m.result = Result{Status: Measuring, Mode: mode, Started: m.host.Now().Unix(), Period: period, Pages: defaultPages}
	if pages != nil {
		m.result.Pages = *pages
	}
	for _, r := range m.host.Regions() {
		m.before = append(m.before, newBlock(r, mode, m.result.Pages))
	}
	m.timer = m.host.After(period, m.finish)
	return nil
}

// Stop ends a measurement without a result: the machine goes.
func (m *Meter) Stop() {
	if m.timer != nil {
		m.timer.Stop()
		m.timer = nil
	}
}

// finish looks at the pages again; memory that has gone does not count.
func (m *Meter) finish() {
	if m.timer == nil {
		return // stopped when its time had come already
	}
	var sampled, dirty, size uint64
	there := map[*memory.Region]bool{}
	for _, r := range m.host.Regions() {
		there[r] = true
	}
	for _, b := range m.before {
		if there[b.region] {
			sampled += uint64(len(b.samples))
			dirty += b.changed()
			size += b.region.Size() >> 20
		}
	}
	m.before, m.timer = nil, nil
	m.result.Status = Measured
	ms := uint64(m.result.Period.Milliseconds())
	if m.result.Mode == Bitmap {
		m.result.Pages = 0
		m.result.Rate = int64(dirty * memory.PageSize * 1000 / ms >> 20)
	} else if sampled > 0 {
		m.result.Rate = int64(dirty * size * 1000 / (sampled * ms))
	}
}
