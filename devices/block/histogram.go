package block

import (
	"errors"
	"fmt"
	"slices"
)

// histogram counts requests by how long they took. Nil counts nothing.
type histogram struct {
	Bins       []int64  `json:"bins"`       // one more than boundaries
	Boundaries []uint64 `json:"boundaries"` // nanoseconds, ascending; each begins the next bin
}

func (h *histogram) count(ns int64) {
	if h == nil {
		return
	}
	n, found := slices.BinarySearch(h.Boundaries, uint64(max(ns, 0)))
	if found {
		n++
	}
	h.Bins[n]++
}

func newHistogram(boundaries []uint64) (*histogram, error) {
	before := uint64(0)
	for _, b := range boundaries {
		if b <= before {
			return nil, errNotAscending
		}
		before = b
	}
	if len(boundaries) == 0 {
		return nil, errNotAscending
	}
	return &histogram{make([]int64, len(boundaries)+1), boundaries}, nil
}

var errNotAscending = errors.New("boundaries must ascend")

// HistogramOptions are the boundaries of the bins of a device's histograms, in
// nanoseconds: of all requests, or of those of a kind; nil says nothing.
type HistogramOptions struct {
	All        []uint64 `json:"boundaries"`
	Read       []uint64 `json:"boundaries-read"`
	Write      []uint64 `json:"boundaries-write"`
	ZoneAppend []uint64 `json:"boundaries-zap"`
	Flush      []uint64 `json:"boundaries-flush"`
}

// SetHistograms makes a device count requests by how long they take, from now
// on; or not at all where no boundaries are given.
func (g *Graph) SetHistograms(id string, o HistogramOptions) error {
	b, err := g.backendFor(nil, &id)
	if err != nil {
		return err
	}
	// As QEMU has it, those of zone appends alone count for nothing.
	if o.All == nil && o.Read == nil && o.Write == nil && o.Flush == nil {
		b.stats.histograms = [accountKinds]*histogram{}
		return nil
	}
	for _, k := range []struct {
		kind accountKind
		own  []uint64
		fail string
	}{
		{accountRead, o.Read, "set read boundaries fail"}, {accountWrite, o.Write, "set write boundaries fail"},
		{accountZoneAppend, o.ZoneAppend, "set append write boundaries fail"}, {accountFlush, o.Flush, "set flush boundaries fail"},
	} {
		list := k.own
		if list == nil {
			list = o.All
		}
		if list == nil {
			continue
		}
		h, err := newHistogram(list)
		if err != nil {
			return fmt.Errorf("Device '%s' %s", id, k.fail)
		}
		b.stats.histograms[k.kind] = h
	}
	return nil
}
