package migration

import (
	"cmp"
	"hash/maphash"
	"maps"
	"math"
	"slices"

	"github.com/qomd/qomd/devices/memory"
)

// walk goes through guest memory: once through all of it, then through the pages
// that differ from what was sent. A page is known by its sum; a machine without
// processors touches little of its memory.
type walk struct {
	blocks []Block
	seed   maphash.Seed
	sums   map[place]uint64 // of the pages that were sent
	queue  []place          // pages to send again
	at     place            // where the first walk is
}

func newWalk(blocks []Block) *walk {
	return &walk{blocks: blocks, seed: maphash.MakeSeed(), sums: map[place]uint64{}}
}

// total is the size of all memory, in bytes.
func (w *walk) total() uint64 {
	var n uint64
	for _, b := range w.blocks {
		n += b.Region.Size()
	}
	return n
}

const unlimited = math.MaxUint64

// next returns the records of what is to be sent next, until they cost budget.
func (w *walk) next(budget uint64, f *figures) (out []byte, cost uint64, done bool) {
	for cost < budget && len(out) < chunk || budget == unlimited {
		switch {
		case len(w.queue) > 0:
			p := w.queue[0]
			w.queue = w.queue[1:]
			out = w.send(out, p, w.page(p), f)
			cost += pageCost
		case int(w.at.block) < len(w.blocks):
			out, cost = w.advance(out, cost, budget, f)
		default:
			return out, cost, true
		}
	}
	return out, cost, false
}

// page returns the content of a page.
func (w *walk) page(p place) []byte {
	buf := make([]byte, memory.PageSize)
	return buf[:w.blocks[p.block].Region.Dump(p.offset, buf)]
}

// advance takes the first walk past one page with content, and the zeros in
// front of it.
func (w *walk) advance(out []byte, cost, budget uint64, f *figures) ([]byte, uint64) {
	region := w.blocks[w.at.block].Region
	end, content := region.Size(), []byte(nil)
	for off, p := range region.Pages(w.at.offset) {
		if !memory.IsZero(p) {
			end, content = off, p
			break
		}
	}
	zeros := (end - w.at.offset + memory.PageSize - 1) / memory.PageSize
	if most := (budget-cost)/zeroCost + 1; zeros > most {
		zeros, content, end = most, nil, w.at.offset+most*memory.PageSize
	}
	f.zero += zeros
	cost += zeros * zeroCost
	w.at.offset = end
	f.left -= min(f.left, zeros*memory.PageSize)
	if content != nil {
		out = w.send(out, w.at, content, f)
		cost += pageCost
		w.at.offset += memory.PageSize
	}
	if w.at.offset >= region.Size() {
		w.at = place{block: w.at.block + 1}
	}
	return out, cost
}

// send adds the record of a page.
func (w *walk) send(out []byte, p place, content []byte, f *figures) []byte {
	w.sums[p] = maphash.Bytes(w.seed, content)
	f.normal++
	f.left -= min(f.left, memory.PageSize)
	return appendRecord(out, recordPages, p.encode(), content)
}

// scan looks for pages that changed since they were sent, among those that the
// first walk has passed, and returns how many are to be sent again.
func (w *walk) scan() int {
	var list []place
	for i, b := range w.blocks {
		if i > int(w.at.block) {
			break
		}
		for off, content := range b.Region.Pages(0) {
			p := place{uint32(i), off}
			if i == int(w.at.block) && off >= w.at.offset {
				break
			}
			sum, sent := w.sums[p]
			if sent && maphash.Bytes(w.seed, content) != sum || !sent && !memory.IsZero(content) {
				list = append(list, p)
			}
		}
	}
	w.queue = slices.Clip(list)
	return len(list)
}

// restart sends again what was sent: nobody knows how much of it arrived.
func (w *walk) restart() {
	w.queue = slices.SortedFunc(maps.Keys(w.sums), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.block, b.block), cmp.Compare(a.offset, b.offset))
	})
}
