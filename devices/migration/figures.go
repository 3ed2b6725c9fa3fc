package migration

import (
	"math"
	"time"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/memory"
)

// What a page costs on QEMU's wire, in bytes: one of zeros its place and a byte,
// others their place and their content.
const (
	zeroCost = 9
	pageCost = 8 + memory.PageSize
)

// figures count what a source has done. Memory is counted in pages of
// [memory.PageSize] bytes, and in what they would cost on QEMU's wire: pages of
// zeros do not travel at all here.
type figures struct {
	started  time.Time
	setup    time.Duration
	halted   time.Time // when the machine was stopped
	downtime time.Duration
	ended    time.Time

	total     uint64 // bytes of guest memory
	left      uint64 // bytes that were not looked at yet
	zero      uint64 // pages of zeros
	normal    uint64 // other pages
	syncs     int64  // times that changed pages were looked for
	precopy   uint64 // bytes, while the machine ran
	stopped   uint64 // bytes, after that
	postcopy  uint64 // bytes, after the destination had the state
	devices   uint64 // bytes of everything else
	dirty     uint64 // pages that changed meanwhile
	expecting time.Duration
}

func (f *figures) transferred() uint64 { return f.precopy + f.stopped + f.postcopy + f.devices }

// RAM is QEMU's MigrationStats.
type RAM struct {
	Transferred    uint64  `json:"transferred"`
	Remaining      uint64  `json:"remaining"`
	Total          uint64  `json:"total"`
	Duplicate      uint64  `json:"duplicate"`
	Normal         uint64  `json:"normal"`
	NormalBytes    uint64  `json:"normal-bytes"`
	DirtyPagesRate uint64  `json:"dirty-pages-rate"`
	Mbps           float64 `json:"mbps"`
	SyncCount      int64   `json:"dirty-sync-count"`
	Requests       int64   `json:"postcopy-requests"`
	PageSize       int64   `json:"page-size"`
	Multifd        uint64  `json:"multifd-bytes"`
	PagesPerSecond uint64  `json:"pages-per-second"`
	PrecopyBytes   uint64  `json:"precopy-bytes"`
	DowntimeBytes  uint64  `json:"downtime-bytes"`
	PostcopyBytes  uint64  `json:"postcopy-bytes"`
	MissedZeroCopy int64   `json:"dirty-sync-missed-zero-copy"`
}

// Cache is QEMU's XBZRLECacheStats. No page goes by its changes here, so that only
// the size is not 0.
type Cache struct {
	Size     int64   `json:"cache-size"`
	Bytes    int64   `json:"bytes"`
	Pages    int64   `json:"pages"`
	Miss     int64   `json:"cache-miss"`
	MissRate float64 `json:"cache-miss-rate"`
	Rate     float64 `json:"encoding-rate"`
	Overflow int64   `json:"overflow"`
}

// Info is QEMU's MigrationInfo.
type Info struct {
	Status           Status                  `json:"status,omitempty"`
	Blocked          []string                `json:"blocked-reasons,omitempty"`
	RAM              *RAM                    `json:"ram,omitempty"`
	Cache            *Cache                  `json:"xbzrle-cache,omitempty"`
	TotalTime        *int64                  `json:"total-time,omitempty"` // ms, as the other times
	ExpectedDowntime *int64                  `json:"expected-downtime,omitempty"`
	Downtime         *int64                  `json:"downtime,omitempty"`
	SetupTime        *int64                  `json:"setup-time,omitempty"`
	Remaining        *uint64                 `json:"remaining,omitempty"`
	Error            string                  `json:"error-desc,omitempty"`
	Address          []chardev.SocketAddress `json:"socket-address,omitempty"`
}

func ms(d time.Duration) *int64 {
	n := d.Milliseconds()
	return &n
}

// tell adds what is known of a source of the given status.
func (f *figures) tell(info *Info, status Status, now time.Time) {
	switch status {
	case Setup, Cancelling, Cancelled, Failing, Failed:
		return
	}
	elapsed := now.Sub(f.started)
	if status == Completed {
		elapsed = f.ended.Sub(f.started)
	}
	seconds := math.Max(elapsed.Seconds(), 0.001)
	info.TotalTime, info.SetupTime = ms(elapsed), ms(f.setup)
	switch {
	case status == Completed || status.postcopy():
		info.Downtime = ms(f.downtime)
	case f.halted.IsZero():
		info.ExpectedDowntime = ms(f.expecting)
	default:
		never := int64(math.MaxInt64)
		info.ExpectedDowntime = &never
	}
	if status != Completed {
		left := f.left
		info.Remaining = &left
	}
	info.RAM = &RAM{
		Transferred: f.transferred(), Remaining: f.left, Total: f.total, Duplicate: f.zero,
		Normal: f.normal, NormalBytes: f.normal * memory.PageSize, SyncCount: f.syncs, PageSize: memory.PageSize,
		PrecopyBytes: f.precopy, DowntimeBytes: f.stopped, PostcopyBytes: f.postcopy,
		Mbps:           float64(f.transferred()) * 8 / seconds / 1e6,
		PagesPerSecond: uint64(float64(f.zero+f.normal) / seconds),
		DirtyPagesRate: uint64(float64(f.dirty) / seconds),
	}
}
