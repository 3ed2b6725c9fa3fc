package memory

import (
	"sync"
	"testing"
)

// Readers off the lock look at views, and workers finish mappings, while
// devices come and go and the reclaimer runs. What a reader sees under a pin
// is never taken down: the RAM of an unplugged device still has its bytes.
func TestOffLockReaders(t *testing.T) {
	m := newMachine(t)
	var lock sync.Mutex
	wake := make(chan struct{}, 1)
	m.Reclaimer.Wake = func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	m.tree.OnAsync = m.Reclaimer.Wake

	const readers, rounds = 4, 300
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			var buf [16]byte
			for {
				select {
				case <-stop:
					return
				default:
				}
				pin := m.Pin()
				v := m.memory.View()
				if v == nil {
					pin.Unpin()
					lock.Lock()
					m.memory.Current()
					lock.Unlock()
					continue
				}
				if v.ReadRAM(0x1000, buf[:]) && buf[0] != 0xaa {
					t.Errorf("read %#x under a pin", buf[0])
				}
				pin.Unpin()
			}
		})
	}
	jobs := make(chan *Mapping)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for dma := range jobs {
				if _, err := dma.WriteAt([]byte{1, 2, 3, 4}, 0); err != nil {
					t.Error(err)
				}
				dma.UnmapAsync(4)
			}
		})
	}
	for i := range rounds {
		lock.Lock()
		d := m.plug("card")
		d.r.InitRAM(m.System, &d.Object, "ram", 0x2000)
		d.r.Load(0, []byte{0xaa})
		mapCardIO(m, d)
		m.mem.AddSubregion(0x1000, &d.r)
		var jobsNow []*Mapping
		for _, at := range []uint64{0x2000, 0x9000} {
			dma, err := DMAMap(m.memory, at, 4, FromDevice, "worker")
			if err == nil {
				jobsNow = append(jobsNow, dma)
			}
		}
		d.gate.Close()
		m.mem.DelSubregion(&d.r)
		m.mem.DelSubregion(&d.other)
		d.Unparent()
		if i%3 == 0 {
			m.Settle()
		}
		lock.Unlock()
		for _, dma := range jobsNow {
			jobs <- dma
		}
		select {
		case <-wake:
			lock.Lock()
			m.Settle()
			lock.Unlock()
		default:
		}
	}
	close(jobs)
	workers.Wait()
	close(stop)
	wg.Wait()
	m.Settle()
	m.check(0)
	if m.memory.Bounced() != 0 {
		t.Errorf("%d bytes bounced", m.memory.Bounced())
	}
	m.finish()
}

// mapCardIO gives the card an I/O region, which mappings bounce.
func mapCardIO(m *machine, d *device) {
	d.other.InitIO(m.System, &d.Object, d, "io", 0x1000)
	m.mem.AddSubregion(0x9000, &d.other)
}

func TestViewRAMOffLock(t *testing.T) {
	m := newMachine(t)
	var a, b, rom Region
	a.InitRAM(m.System, nil, "a", 0x1000)
	b.InitRAM(m.System, nil, "b", 0x1000)
	rom.InitROM(m.System, nil, "rom", 0x1000)
	m.mem.AddSubregion(0, &a)
	m.mem.AddSubregion(0x1000, &b)
	m.mem.AddSubregion(0x2000, &rom)
	v := m.memory.Current()
	p := []byte{1, 2, 3, 4}
	for _, tc := range []struct {
		addr        uint64
		read, write bool
	}{{0xffe, true, true}, {0x1ffe, true, false}, {0x2000, true, false}, {0x2ffe, false, false}, {0x5000, false, false}} {
		if r, w := v.ReadRAM(tc.addr, make([]byte, 4)), v.WriteRAM(tc.addr, p); r != tc.read || w != tc.write {
			t.Errorf("%#x: read %v, write %v", tc.addr, r, w)
		}
	}
	if got, _ := m.memory.ReadN(0xffe, 4); got != 0x04030201 {
		t.Errorf("got %#x", got)
	}
	m.finish()
}
