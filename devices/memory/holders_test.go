package memory

import (
	"fmt"
	"testing"

	"github.com/qomd/qomd/qom"
	"pgregory.net/rapid"
)

// holder is somebody who keeps a card: a mapping, a look-up or a cache.
type holder struct {
	of      *device
	cache   bool
	release func(async bool)
}

// Cards with a BAR owned by an embedded core come and go while others map,
// cache and look up their memory, while readers pin and the reclaimer stalls
// or steps. At rest exactly those are left that are plugged or held.
func TestHoldersModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(t)
		const slots = 4
		var plugged [slots]*device
		var gone []*device
		var held []holder
		var pins []Pin
		n := 0
		base := func(slot int) uint64 { return 0xe0000000 + uint64(slot)<<16 }
		drawSlot := func(t *rapid.T) int { return rapid.IntRange(0, slots-1).Draw(t, "slot") }
		hold := func(t *rapid.T, cache bool, take func(d *device, addr uint64, who string) func(bool)) {
			slot := drawSlot(t)
			d := plugged[slot]
			if d == nil {
				t.Skip("empty slot")
			}
			n++
			// Offset 0 is the core's, 0x3000 the card's.
			addr := base(slot) + rapid.SampledFrom([]uint64{0, 0x3000}).Draw(t, "block")
			if release := take(d, addr, fmt.Sprint("holder ", n)); release != nil {
				held = append(held, holder{d, cache, release})
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				m.t = t
				for err := range m.treeErrors() {
					t.Fatal(err)
				}
				for _, h := range held {
					if h.of.Storage().Freed() {
						t.Fatal("a held card was freed")
					}
				}
			},
			"plug": func(t *rapid.T) {
				slot := drawSlot(t)
				if plugged[slot] != nil {
					t.Skip("slot in use")
				}
				n++
				plugged[slot] = m.plug(fmt.Sprint("card", n))
				mapCard(m, plugged[slot], base(slot))
			},
			"unplug": func(t *rapid.T) {
				slot := drawSlot(t)
				if plugged[slot] == nil {
					t.Skip("empty slot")
				}
				unplug(m, plugged[slot])
				gone = append(gone, plugged[slot])
				plugged[slot] = nil
			},
			"access": func(t *rapid.T) {
				slot := drawSlot(t)
				want := DecodeError
				if plugged[slot] != nil {
					want = OK
				}
				if _, res := m.memory.ReadN(base(slot), 4); res != want {
					t.Fatalf("slot %d: %d, want %d", slot, res, want)
				}
			},
			"map": func(t *rapid.T) {
				dir := Direction(rapid.Bool().Draw(t, "dir"))
				hold(t, false, func(_ *device, addr uint64, who string) func(bool) {
					dma, err := DMAMap(m.memory, addr, 64, dir, who)
					if err != nil {
						return nil
					}
					return func(async bool) {
						if async {
							dma.UnmapAsync(64)
						} else {
							dma.Unmap(64)
						}
					}
				})
			},
			"find": func(t *rapid.T) {
				hold(t, false, func(_ *device, addr uint64, who string) func(bool) {
					s, ok := Find(m.memory, addr, 4, who)
					if !ok {
						t.Fatal("nothing found")
					}
					return func(bool) { s.Release() }
				})
			},
			"cache": func(t *rapid.T) {
				hold(t, true, func(d *device, addr uint64, who string) func(bool) {
					s, ok := NewCache(m.memory, addr, 4, who)
					if !ok {
						t.Fatal("nothing to cache")
					}
					return func(bool) {
						if _, res := s.ReadN(0, 4); (res == OK) == d.gate.Closed() {
							t.Fatalf("cache: %d, gate closed %v", res, d.gate.Closed())
						}
						s.Release()
					}
				})
			},
			"release": func(t *rapid.T) {
				if len(held) == 0 {
					t.Skip("nobody holds")
				}
				i := rapid.IntRange(0, len(held)-1).Draw(t, "holder")
				held[i].release(rapid.Bool().Draw(t, "async"))
				held = append(held[:i:i], held[i+1:]...)
			},
			"pin": func(*rapid.T) { pins = append(pins, m.Pin()) },
			"unpin": func(t *rapid.T) {
				if len(pins) == 0 {
					t.Skip("nobody reads")
				}
				i := rapid.IntRange(0, len(pins)-1).Draw(t, "pin")
				pins[i].Unpin()
				pins = append(pins[:i:i], pins[i+1:]...)
			},
			"stall":  func(t *rapid.T) { m.Reclaimer.Stall(rapid.Bool().Draw(t, "stalled")) },
			"step":   func(*rapid.T) { m.Reclaimer.Step() },
			"settle": func(*rapid.T) { m.Settle() },
			"rest": func(t *rapid.T) {
				m.Reclaimer.Stall(false)
				for _, p := range pins {
					p.Unpin()
				}
				pins = nil
				m.Settle()
				if m.Reclaimer.Len() != 0 {
					t.Fatalf("not at rest: %s", &m.Reclaimer)
				}
				want, caches := map[*device]bool{}, 0
				for _, h := range held {
					want[h.of] = true
					if h.cache {
						caches++
					}
				}
				left := gone[:0]
				for _, d := range gone {
					freed := d.Storage().Freed()
					// A cache keeps its view, which may show other cards.
					if freed && want[d] || !freed && !want[d] && !(caches > 0 && viewsOnly(d)) {
						t.Fatalf("%s: freed %v, held %v by %v", d.Name(), freed, want[d], holders(&d.core.Object))
					}
					if !freed {
						left = append(left, d)
					}
				}
				gone = left
			},
		})
		m.t = t
		for _, h := range held {
			h.release(false)
		}
		for _, p := range pins {
			p.Unpin()
		}
		m.Reclaimer.Stall(false)
		for slot, d := range plugged {
			if d != nil {
				unplug(m, d)
				plugged[slot] = nil
			}
		}
		m.Settle()
		m.check(0)
		if b := m.memory.Bounced(); b != 0 {
			t.Fatalf("%d bytes bounced", b)
		}
		m.finish()
	})
}

// viewsOnly reports whether a card stays only because of old views.
func viewsOnly(d *device) bool {
	for _, o := range []*qom.Object{&d.Object, &d.core.Object} {
		if o.Phase() != qom.Live {
			continue
		}
		for _, h := range o.Holds() {
			if h.Kind() != qom.HoldFlatRange && h.Kind() != qom.HoldViewRoot {
				return false
			}
		}
	}
	return true
}
