package memory

// Pin marks a reader that looks at views without the machine's lock. While it
// lasts nothing that the reader may have seen is taken down.
type Pin struct {
	r     *Reclaimer
	epoch uint64
}

// Pin starts reading, on any goroutine. Pins nest freely.
func (s *System) Pin() Pin {
	r := &s.Reclaimer
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.pins); n > 0 && r.pins[n-1].epoch == r.epoch {
		r.pins[n-1].n++
	} else {
		r.pins = append(r.pins, pinCount{r.epoch, 1})
	}
	return Pin{r, r.epoch}
}

// Unpin ends reading, once per pin; views seen since then must not be used
// any more.
func (p Pin) Unpin() {
	r := p.r
	r.mu.Lock()
	wake := false
	for i := range r.pins {
		if r.pins[i].epoch != p.epoch {
			continue
		}
		if r.pins[i].n--; r.pins[i].n == 0 {
			r.pins = append(r.pins[:i], r.pins[i+1:]...)
			wake = i == 0 && r.waiting
		}
		break
	}
	if wake {
		r.waiting = false
	}
	r.mu.Unlock()
	if wake && r.Wake != nil {
		r.Wake()
	}
}
