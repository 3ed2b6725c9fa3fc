package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	goqemu "github.com/digitalocean/go-qemu/qmp"
)

// Where the devices are, and what is in memory.
const (
	diskSlot, victimSlot = 5, 6

	diskPorts = 0xc000     // BAR 0 of virtio-blk, legacy registers
	bar       = 0xe0000000 // BAR 0 of the victim
	ring      = 0x100000   // descriptors; the available ring follows
	header    = 0x200000   // of the request
	status    = 0x200800   // of the request
	ejectPort = 0xae08     // ACPI hot-plug: eject slots
	busPort   = 0xae10     // ACPI hot-plug: of this bus
)

// wait is how long the end may take: the request's two seconds and a bit.
const wait = 4 * time.Second

// round is one run of the case.
type round struct {
	p      *program
	victim string
	events <-chan goqemu.Event
	begin  time.Time // of the eject
}

// say prints a line with the time since the eject.
func (r *round) say(format string, args ...any) {
	at := "         "
	if !r.begin.IsZero() {
		at = fmt.Sprintf("%+8.2fs", time.Since(r.begin).Seconds())
	}
	fmt.Println(at, "", fmt.Sprintf(format, args...))
}

func (r *round) run(ctx context.Context) error {
	var err error
	if r.events, err = r.p.qmp.Events(ctx); err != nil {
		return err
	}
	if err := r.submit(); err != nil {
		return err
	}
	r.say("request submitted: 512 bytes to 0x%x", bar)
	if err := r.p.qmp.Execute(ctx, "device_del", map[string]any{"id": "victim"}, nil); err != nil {
		return err
	}
	r.begin = time.Now()
	if err := r.registers("outl 0x%x 0", busPort, "outl 0x%x 0x40", ejectPort); err != nil {
		return err
	}
	r.say("ejected")
	early, err := r.collect(ctx, time.Second)
	if err != nil {
		return err
	}
	r.holders(ctx)
	// The latency is real time in QEMU. For a program where it is virtual time
	// the clock has to be moved on.
	time.Sleep(time.Second)
	if err := r.registers("clock_step %d", 2_000_000_000); err != nil {
		return err
	}
	late, err := r.collect(ctx, wait-time.Since(r.begin))
	if err != nil {
		return err
	}
	return r.judge(early, late)
}

// registers sends lines, each with its argument.
func (r *round) registers(pairs ...any) error {
	for i := 0; i+1 < len(pairs); i += 2 {
		if _, err := r.p.register(pairs[i].(string), pairs[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// config writes to configuration space.
func (r *round) config(slot, reg int, width string, value uint32) error {
	return r.registers("outl 0xcf8 0x%x", 0x80000000|slot<<11|reg&^3, "out"+width+" 0xcfc 0x%x", value)
}

// submit places the BARs, starts the disk as a legacy driver does, and makes
// one request available that reads a sector to the victim's BAR.
func (r *round) submit() error {
	for _, c := range []struct {
		slot, reg int
		width     string
		value     uint32
	}{
		{diskSlot, 0x10, "l", diskPorts}, {diskSlot, 0x04, "w", 7},
		{victimSlot, 0x10, "l", bar}, {victimSlot, 0x04, "w", 6},
	} {
		if err := r.config(c.slot, c.reg, c.width, c.value); err != nil {
			return err
		}
	}
	const next, write = 1, 2 // flags of descriptors
	lines := []string{
		"outb 0xc012 1", "outb 0xc012 3", // acknowledged, driver
		"outw 0xc00e 0", fmt.Sprintf("outl 0xc008 0x%x", ring>>12), "outb 0xc012 7", // queue 0, driver ok
	}
	for i, d := range []struct {
		addr, size, flags int
	}{{header, 16, next}, {bar, 512, next | write}, {status, 1, write}} {
		at := ring + 16*i
		lines = append(lines, fmt.Sprintf("writeq 0x%x 0x%x", at, d.addr), fmt.Sprintf("writel 0x%x %d", at+8, d.size),
			fmt.Sprintf("writew 0x%x %d", at+12, d.flags), fmt.Sprintf("writew 0x%x %d", at+14, i+1))
	}
	size, err := r.p.register("inw 0xc00c")
	if err != nil {
		return err
	}
	var n int
	if _, err := fmt.Sscanf(size, "0x%x", &n); err != nil || n == 0 {
		return fmt.Errorf("the disk offers a queue of %q buffers", size)
	}
	avail := ring + 16*n
	lines = append(lines, fmt.Sprintf("memset 0x%x 16 0", header), fmt.Sprintf("writew 0x%x 0", avail+4),
		fmt.Sprintf("writew 0x%x 1", avail+2), "outw 0xc010 0")
	for _, l := range lines {
		if _, err := r.p.register("%s", l); err != nil {
			return err
		}
	}
	return nil
}

// collect prints events for a while and returns the paths of those that tell of
// a device's end.
func (r *round) collect(ctx context.Context, d time.Duration) ([]string, error) {
	var paths []string
	timeout := time.After(d)
	for {
		select {
		case e, ok := <-r.events:
			if !ok {
				return paths, fmt.Errorf("the monitor hung up")
			}
			path, _ := e.Data["path"].(string)
			r.say("%s %s", e.Event, path)
			if text, ok := e.Data["text"].(string); ok {
				fmt.Printf("             %v #%v: %s\n", e.Data["type"], e.Data["generation"], text)
			}
			if e.Event == "DEVICE_DELETED" {
				paths = append(paths, path)
			}
		case <-ctx.Done():
			return paths, ctx.Err()
		case <-timeout:
			return paths, nil
		}
	}
}

// holders prints who holds the victim, where the program can tell.
func (r *round) holders(ctx context.Context) {
	var text string
	err := r.p.qmp.Execute(ctx, "human-monitor-command", map[string]any{"command-line": "info refs"}, &text)
	if err != nil || strings.HasPrefix(text, "info ") || strings.Contains(text, "unknown command") {
		r.say("(this program has no way to ask who holds the device)")
		return
	}
	r.say("info refs")
	for line := range strings.Lines(text) {
		fmt.Print("             ", line)
	}
}

// judge compares what was told with the rule: nothing before the request ends,
// then embedded children, then the device.
func (r *round) judge(early, late []string) error {
	const path = "/machine/peripheral/victim"
	want := []string{path}
	if r.victim == "qemu-xhci" || r.victim == "nec-usb-xhci" {
		want = []string{path + "/xhci-core", path}
	}
	switch {
	case len(early) > 0:
		return fmt.Errorf("the end of %s was announced while the request still had its BAR mapped", strings.Join(early, ", "))
	case len(late) == 0:
		r.holders(context.Background())
		return fmt.Errorf("the device's end was never announced")
	case !slices.Equal(late, want):
		return fmt.Errorf("announced %v, want %v", late, want)
	}
	r.say("ok: announced when the request had ended, and not before")
	return nil
}
