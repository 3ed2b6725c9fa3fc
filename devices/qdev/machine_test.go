package qdev

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/qomd/qomd/qom"
)

// modelDev is what a plain model knows of a device.
type modelDev struct {
	dev        *Device
	storage    *qom.Storage
	id, path   string
	on         *modelDev // the controller it sits on, nil for controllers
	holds      []*qom.Hold
	peer       *modelDev // held by a link until this one is freed
	unrealized bool
	gone       bool // left the tree
	freed      bool
}

func (m *modelDev) name() string {
	if m.id != "" {
		return m.id
	}
	return m.path
}

// lifecycle compares devices that come, go and are held with the model.
type lifecycle struct {
	r    *rig
	devs []*modelDev
	want map[string]int // events, by name
	base int
}

func TestLifecycle(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t)
		r.Tree.OnViolation = func(v qom.Violation) { rt.Errorf("%v", v) }
		l := &lifecycle{r: r, want: map[string]int{}, base: r.Tree.Live()}
		rt.Repeat(map[string]func(*rapid.T){
			"":               l.check,
			"add controller": func(rt *rapid.T) { l.add(rt, nil) },
			"add leaf":       func(rt *rapid.T) { l.addLeaf(rt) },
			"delete":         l.delete,
			"hold":           l.hold,
			"hold core":      l.holdCore,
			"release":        l.release,
			"unrealize":      func(rt *rapid.T) { l.setRealized(rt, false) },
			"realize":        func(rt *rapid.T) { l.setRealized(rt, true) },
		})
		for _, m := range l.devs {
			for _, h := range m.holds {
				h.Release()
			}
		}
	})
}

// pick draws one of the devices that fit, nil when there is none.
func (l *lifecycle) pick(rt *rapid.T, fits func(*modelDev) bool) *modelDev {
	var list []*modelDev
	for _, m := range l.devs {
		if fits(m) {
			list = append(list, m)
		}
	}
	if len(list) == 0 {
		rt.Skip("none")
	}
	return list[rapid.IntRange(0, len(list)-1).Draw(rt, "device")]
}

func (l *lifecycle) addLeaf(rt *rapid.T) {
	on := l.pick(rt, func(m *modelDev) bool { return m.on == nil && !m.gone })
	l.add(rt, on)
}

func (l *lifecycle) add(rt *rapid.T, on *modelDev) {
	id := rapid.SampledFrom([]string{"", "a", "b", "c", "d"}).Draw(rt, "id")
	args := `{'driver': 'controller'`
	var peer *modelDev
	if on != nil {
		args = fmt.Sprintf(`{'driver': 'test-leaf', 'bus': '%s'`, on.dev.Buses()[0].BusName())
		if rapid.Bool().Draw(rt, "linked") {
			peer = l.pick(rt, func(m *modelDev) bool { return m.on != nil && !m.gone })
			args += fmt.Sprintf(`, 'peer': '%s'`, peer.path)
		}
	}
	taken := false
	if id != "" {
		args += fmt.Sprintf(`, 'id': '%s'`, id)
		taken = slices.ContainsFunc(l.devs, func(m *modelDev) bool { return m.id == id && !m.freed })
	}
	d, err := l.r.add(args+"}", false)
	if taken {
		if want := fmt.Sprintf("Duplicate device ID '%s'", id); err == nil || err.Error() != want {
			rt.Fatalf("add: %v, want %s", err, want)
		}
		return
	}
	if err != nil {
		rt.Fatal(err)
	}
	l.devs = append(l.devs, &modelDev{dev: d, storage: d.Storage(), id: id, path: d.Path(), on: on, peer: peer})
}

func (l *lifecycle) delete(rt *rapid.T) {
	m := l.pick(rt, func(m *modelDev) bool { return !m.gone })
	err := l.r.del(m.path)
	if m.unrealized {
		if err == nil {
			rt.Fatal("an unrealized device was deleted")
		}
		return
	}
	if err != nil {
		rt.Fatal(err)
	}
	for _, k := range l.devs {
		if k == m || k.on == m {
			k.gone = true
		}
	}
}

func (l *lifecycle) hold(rt *rapid.T) {
	m := l.pick(rt, func(m *modelDev) bool { return !m.gone })
	m.holds = append(m.holds, m.dev.Hold(qom.HoldUser, "test"))
}

func (l *lifecycle) holdCore(rt *rapid.T) {
	m := l.pick(rt, func(m *modelDev) bool { return !m.gone && m.on == nil })
	m.holds = append(m.holds, m.dev.Self().(*controller).core.Hold(qom.HoldDMAMap, "test"))
}

func (l *lifecycle) release(rt *rapid.T) {
	m := l.pick(rt, func(m *modelDev) bool { return len(m.holds) > 0 })
	i := rapid.IntRange(0, len(m.holds)-1).Draw(rt, "hold")
	h := m.holds[i]
	m.holds = slices.Delete(m.holds, i, i+1)
	if rapid.Bool().Draw(rt, "from elsewhere") {
		h.ReleaseAsync()
		l.r.settle()
		return
	}
	h.Release()
}

func (l *lifecycle) setRealized(rt *rapid.T, v bool) {
	m := l.pick(rt, func(m *modelDev) bool { return m.on != nil && !m.gone && m.unrealized == v })
	if err := m.dev.Set("realized", qom.Value(v)); err != nil {
		rt.Fatal(err)
	}
	m.unrealized = !v
}

// check frees in the model what has no holder left, until nothing changes, and
// compares.
func (l *lifecycle) check(rt *rapid.T) {
	for again := true; again; {
		again = false
		for _, m := range l.devs {
			linked := slices.ContainsFunc(l.devs, func(k *modelDev) bool { return k.peer == m && !k.freed })
			if !m.gone || m.freed || len(m.holds) > 0 || linked {
				continue
			}
			m.freed, again = true, true
			l.want[m.name()]++
			if m.on == nil {
				l.want[m.path+"/core"]++
			}
		}
	}
	live := l.base
	for _, m := range l.devs {
		if !m.freed {
			live++
		}
		if m.storage.Freed() != m.freed {
			rt.Errorf("%s: freed %v, want %v", m.name(), m.storage.Freed(), m.freed)
		}
		if _, draining := m.storage.DrainingSince(); draining != (m.gone && !m.freed) {
			rt.Errorf("%s: draining %v", m.name(), draining)
		}
	}
	if got := l.r.Tree.Live(); got != live {
		rt.Errorf("%d storages, want %d", got, live)
	}
	got := map[string]int{}
	for _, e := range l.r.events {
		got[e]++
	}
	if diff := cmp.Diff(l.want, got); diff != "" {
		rt.Errorf("events (-want +got):\n%s", diff)
	}
	for err := range qom.Check(l.r.Tree) {
		rt.Errorf("check: %v", err)
	}
}
