package lifetime_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Random programs of users, guests, holders and the reclaimer against a plain
// model: every device's end is told once, when the last holder let go and not
// before, children first; the tree is sound after every step; in the end nothing
// drains. Run with -rapid.checks=10000 for the acceptance; ordinary runs try a few
// hundred programs.
func TestAcceptance11RandomPrograms(t *testing.T) {
	for _, rule := range []string{"storage-ref", "aggregate"} {
		t.Run(rule, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { runProgram(rt, rule, map[string]func(*world, *rapid.T){}) })
		})
	}
}

// The same with a reclaimer that is stalled and stepped at random, and with one
// that is stalled from the first step to the last.
func TestAcceptance12Reclaimer(t *testing.T) {
	for _, rule := range []string{"storage-ref", "aggregate"} {
		t.Run(rule+" stepped", func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				runProgram(rt, rule, map[string]func(*world, *rapid.T){"stall": (*world).stall, "grace period": (*world).gracePeriod})
			})
		})
		t.Run(rule+" stalled", func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { runProgram(rt, rule, nil) })
		})
	}
}

// runProgram runs one program; without more actions, not even an empty list, the
// reclaimer is stalled all the time.
func runProgram(rt *rapid.T, rule string, more map[string]func(*world, *rapid.T)) {
	w, err := newWorld(rule)
	if err != nil {
		rt.Fatal(err)
	}
	defer w.m.Close() // again, after a failure
	if more == nil {
		w.m.Do(func() { w.m.Env().Memory.Reclaimer.Stall(true) })
		w.stalled = true
	}
	actions := map[string]func(*rapid.T){"": w.check}
	for name, f := range map[string]func(*world, *rapid.T){
		"plug": (*world).plug, "unplug": (*world).unplug, "eject": (*world).eject, "reset": (*world).reset,
		"hold": (*world).hold, "map": (*world).mapBAR, "look up": (*world).lookUp, "request": (*world).request,
		"let go": (*world).letGo, "access": (*world).access, "late access": (*world).lateAccess, "clock": (*world).step,
	} {
		actions[name] = func(rt *rapid.T) { f(w, rt) }
	}
	for name, f := range more {
		actions[name] = func(rt *rapid.T) { f(w, rt) }
	}
	rt.Repeat(actions)
	w.finish(rt)
}

var (
	drawID   = rapid.SampledFrom([]string{"a", "b", "c"})
	drawSlot = rapid.IntRange(6, 9)
)

func (w *world) expect(rt *rapid.T, what string, err error, want string) bool {
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		rt.Fatalf("%s: %q, want %q", what, got, want)
	}
	return err == nil
}

func (w *world) plug(rt *rapid.T) {
	driver := rapid.SampledFrom([]string{"edu", "qemu-xhci", "e1000"}).Draw(rt, "driver")
	id, slot := drawID.Draw(rt, "id"), drawSlot.Draw(rt, "slot")
	want := ""
	if w.plugged(id) != nil || w.draining(id) != nil {
		want = fmt.Sprintf("Duplicate device ID '%s'", id)
	} else if d := w.inSlot(slot); d != nil {
		want = fmt.Sprintf("PCI: slot %d function 0 not available for %s, in use by %s,id=%s", slot, driver, d.driver, d.id)
	}
	var dev *qdev.Device
	var err error
	w.m.Do(func() { dev, err = qdev.Add(w.m.Env(), request(driver, id, "addr", fmt.Sprintf("%x", slot))) })
	if !w.expect(rt, "plug", err, want) {
		return
	}
	d := &incarnation{id: id, driver: driver, slot: slot, storage: dev.Storage(), ends: []string{id}}
	if driver == "qemu-xhci" {
		d.ends = []string{id + "/xhci-core", id}
	}
	w.devices = append(w.devices, d)
	placeBAR(w, slot, bar(slot))
}

func (w *world) unplug(rt *rapid.T) {
	id := drawID.Draw(rt, "id")
	d, want := w.plugged(id), ""
	switch {
	case d == nil:
		want = fmt.Sprintf("Device '%s' not found", id)
	case d.pending && d.forever:
		want = busy(id)
	}
	var err error
	w.m.Do(func() { err = qdev.Del(w.m.Env(), id) })
	if w.expect(rt, "unplug", err, want) {
		d.pending, d.forever = true, w.now < time.Millisecond
	}
}

func (w *world) eject(rt *rapid.T) {
	slot := drawSlot.Draw(rt, "slot")
	w.out(pcHotplug+0x10, 4, 0)
	w.out(pcHotplug+8, 4, 1<<slot)
	if d := w.inSlot(slot); d != nil {
		w.leave(d)
	}
}

func (w *world) reset(*rapid.T) {
	w.m.Do(func() { w.m.SystemReset(machine.HostQMPSystemReset) })
	for _, d := range w.devices {
		if !d.left && d.pending {
			w.leave(d)
		}
	}
	w.resets++
	w.disk = startDisk(w, 5)
	for _, d := range w.devices {
		if !d.left {
			placeBAR(w, d.slot, bar(d.slot))
		}
	}
}

// pick draws a device that is in the tree.
func (w *world) pick(rt *rapid.T, fits func(*incarnation) bool) *incarnation {
	var list []*incarnation
	for _, d := range w.devices {
		if !d.left && fits(d) {
			list = append(list, d)
		}
	}
	if len(list) == 0 {
		rt.Skip("no such device")
	}
	return list[rapid.IntRange(0, len(list)-1).Draw(rt, "device")]
}

func hasRegisters(d *incarnation) bool { return d.driver != "e1000" }

func (w *world) hold(rt *rapid.T) {
	d := w.pick(rt, func(*incarnation) bool { return true })
	w.m.Do(func() {
		o := d.storage.Root()
		if members := d.storage.Members(); len(members) > 0 && rapid.Bool().Draw(rt, "child") {
			o = members[0]
		}
		w.take(&token{d: d, kind: "hold", hold: o.Hold(qom.HoldUser, "program")})
	})
}

func (w *world) mapBAR(rt *rapid.T) {
	d := w.pick(rt, hasRegisters)
	dir := memory.Direction(rapid.Bool().Draw(rt, "from device"))
	var m *memory.Mapping
	var err error
	w.m.Do(func() { m, err = memory.DMAMap(w.m.MemorySpace(), bar(d.slot)+0x40, mapSize, dir, "program") })
	if full := w.bounced+mapSize > memory.DefaultBounceLimit; full != errors.Is(err, memory.ErrBounceExhausted) {
		rt.Fatalf("%d bytes are mapped, and mapping more yields %v", w.bounced, err)
	}
	if err == nil {
		w.bounced += mapSize
		w.take(&token{d: d, kind: "map", mapping: m})
	}
}

func (w *world) lookUp(rt *rapid.T) {
	d := w.pick(rt, hasRegisters)
	find, t := memory.Find, &token{d: d, kind: "section"}
	if rapid.Bool().Draw(rt, "cache") {
		// A cache keeps the whole view, and so everything that shows in it.
		find = memory.NewCache
		for _, x := range w.devices {
			if !x.left {
				t.others = append(t.others, x)
			}
		}
	}
	w.m.Do(func() {
		s, ok := find(w.m.MemorySpace(), bar(d.slot)+0x40, 16, "program")
		if !ok {
			rt.Fatalf("nothing at the registers of %s", d.id)
		}
		t.section = s
		w.take(t)
	})
}

// request has the disk read to the registers of a device.
func (w *world) request(rt *rapid.T) {
	d := w.pick(rt, hasRegisters)
	n := 0
	for _, t := range w.tokens {
		if t.kind != "request" {
			continue
		}
		if n++; t.resets < w.resets {
			rt.Skip("the disk ends what it had to do before the reset, and takes nothing yet")
		}
	}
	if (n+1)*requestSize > memory.DefaultBounceLimit {
		rt.Skip("the disk's bounce buffers are used up")
	}
	w.disk.request(bar(d.slot) + 0x40)
	w.take(&token{d: d, kind: "request", end: w.now + latency, resets: w.resets})
}

func (w *world) letGo(rt *rapid.T) {
	var list []*token
	for _, t := range w.tokens {
		if t.kind != "request" {
			list = append(list, t)
		}
	}
	if len(list) == 0 {
		rt.Skip("nothing is held")
	}
	w.release(list[rapid.IntRange(0, len(list)-1).Draw(rt, "token")], rapid.Bool().Draw(rt, "off the lock"))
}

// access reads the first register of a slot by address.
func (w *world) access(rt *rapid.T) {
	slot := drawSlot.Draw(rt, "slot")
	want := answer{0, memory.DecodeError}
	if d := w.inSlot(slot); d != nil {
		switch d.driver {
		case "edu":
			want = answer{0x010000ed, memory.OK}
		case "qemu-xhci":
			want = answer{0x01000040, memory.OK}
		default:
			rt.Skip("a device without known registers")
		}
	}
	w.m.Do(func() {
		if got := answerOf(w.m.MemorySpace().ReadN(bar(slot), 4)); got != want {
			rt.Fatalf("slot %d reads %+v, want %+v", slot, got, want)
		}
	})
}

// lateAccess reads by a look-up result, of a device that may have left.
func (w *world) lateAccess(rt *rapid.T) {
	for _, t := range w.tokens {
		if t.kind != "section" {
			continue
		}
		w.m.Do(func() {
			before := w.m.Env().Memory.Stats().Late
			_, res := t.section.ReadN(0, 4)
			late := w.m.Env().Memory.Stats().Late - before
			if t.d.left != (res == memory.DecodeError) || t.d.left != (late == 1) {
				rt.Fatalf("%s left: %v, a late access yields %d and is counted %d times", t.d.id, t.d.left, res, late)
			}
		})
	}
}

func (w *world) step(rt *rapid.T) {
	d := time.Duration(rapid.SampledFrom([]int64{1, 500, 1999, 2000, 5000}).Draw(rt, "milliseconds")) * time.Millisecond
	w.m.Do(func() { w.m.Step(int64(d)) })
	w.now += d
	for i := 0; i < len(w.tokens); {
		if t := w.tokens[i]; t.kind == "request" && t.end <= w.now {
			w.drop(t)
			continue
		}
		i++
	}
}

func (w *world) stall(rt *rapid.T) {
	w.stalled = rapid.Bool().Draw(rt, "stalled")
	w.m.Do(func() { w.m.Env().Memory.Reclaimer.Stall(w.stalled) })
}

// gracePeriod runs one batch, of a stalled reclaimer too.
func (w *world) gracePeriod(*rapid.T) {
	w.m.Do(func() { w.m.Env().Memory.Reclaimer.Step() })
}
