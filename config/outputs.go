package config

import (
	"errors"
	"fmt"
	"strings"
)

// What has no effect beyond being accepted: there is nothing to look at or to
// listen to, and the names are only held to those QEMU has.
var (
	displays = []string{"none", "curses", "dbus", "default", "egl-headless", "gtk", "sdl", "spice-app", "vnc"}
	adapters = []string{"none", "std", "cirrus", "vmware", "qxl", "tcx", "cg3", "virtio"}
	audios   = []string{"none", "alsa", "coreaudio", "dbus", "dsound", "jack", "oss", "pa", "pipewire", "sdl", "sndio", "spice", "wav"}
)

func (b *builder) display(a argument) error {
	if address, ok := strings.CutPrefix(a.value, "vnc="); ok {
		b.m.Display = "vnc"
		a.value = address
		return b.vnc(a)
	}
	object, err := keyvalOrJSON(a, "type")
	if err != nil {
		return err
	}
	if !object.Has("type") {
		return errors.New("Parameter 'type' is missing")
	}
	b.m.Display = stringOf(object, "type")
	if !contains(displays, b.m.Display) {
		return fmt.Errorf("Parameter 'type' does not accept value '%s'", b.m.Display)
	}
	if object.Len() == 1 {
		return nil
	}
	b.m.DisplayOptions = &Option{Name: a.name, Options: object, FromJSON: isJSON(a.value), Origin: a.origin}
	return nil
}

func (b *builder) vga(a argument) error {
	if isHelp(a.value) {
		return &HelpRequest{Option: a.name}
	}
	b.m.VGA, b.vgaGiven = a.value, true
	return nil
}

func (b *builder) audio(a argument) error {
	object, help, err := ParseKeyval(a.value, "driver") // never JSON
	if err != nil {
		return err
	}
	if help || isHelp(stringOf(object, "driver")) {
		return &HelpRequest{Option: a.name}
	}
	if !object.Has("driver") {
		return errors.New("Parameter 'driver' is missing")
	}
	if driver := stringOf(object, "driver"); !contains(audios, driver) {
		return fmt.Errorf("Parameter 'driver' does not accept value '%s'", driver)
	}
	if model := stringOf(object, "model"); model != "" {
		return errors.New("not supported by qomd: a sound card from -audio; use -device")
	}
	b.m.Audio = a.value
	return nil
}

// absentAdapters are those that the QEMU of the recordings was built without, with
// what it says then.
var absentAdapters = map[string]string{
	"qxl": "QXL VGA not available. Perhaps you want to install qemu-system-modules-spice package?",
	"cg3": "CG3 framebuffer not available. Perhaps you want to install qemu-system-modules-opengl package?",
	"tcx": "TCX framebuffer not available",
}

// actionValues are the members of -action with what each may be.
var actionValues = map[string][]string{
	"reboot":   {"reset", "shutdown"},
	"shutdown": {"poweroff", "pause"},
	"panic":    {"pause", "shutdown", "exit-failure", "none"},
	"watchdog": {"reset", "shutdown", "poweroff", "pause", "debug", "none", "inject-nmi"},
}

func checkAction(name, value string) error {
	if !contains(actionValues[name], value) {
		return fmt.Errorf("Parameter '%s' does not accept value '%s'", name, value)
	}
	return nil
}

// finishActions reads what the uses of -action add up to.
func (b *builder) finishActions() error {
	for _, o := range b.groups["action"].list {
		for _, p := range o.pairs {
			if err := checkAction(p.name, p.value); err != nil {
				return at(o.origin, err)
			}
		}
		a := &b.m.Actions
		for name, field := range map[string]*string{
			"reboot": &a.Reboot, "shutdown": &a.Shutdown, "panic": &a.Panic, "watchdog": &a.Watchdog,
		} {
			if v, ok := o.get(name); ok {
				*field = v
			}
		}
	}
	return nil
}

// finishRTC checks the members of -rtc that are one of a few words.
func (b *builder) finishRTC() error {
	for _, o := range b.groups["rtc"].list {
		b.m.RTC = o.object()
	}
	for name, values := range map[string][]string{"clock": {"host", "rt", "vm"}, "driftfix": {"none", "slew"}} {
		if v := stringOf(b.m.RTC, name); v != "" && !contains(values, v) {
			return fmt.Errorf("invalid option value '%s'", v)
		}
	}
	if stringOf(b.m.RTC, "driftfix") == "slew" {
		b.m.Globals = append(b.m.Globals, Global{Driver: "mc146818rtc", Property: "lost_tick_policy", Value: "slew"})
	}
	base := stringOf(b.m.RTC, "base")
	if base == "" || base == "utc" || base == "localtime" || datetime().MatchString(base) {
		return nil
	}
	return errors.New("invalid datetime format\nvalid formats: '2006-06-17T16:01:21' or '2006-06-17'")
}

// finishOptions turns the groups that are kept as they are into options.
func (b *builder) finishOptions() {
	for _, o := range b.groups["drive"].list {
		d := Option{Name: "drive", ID: o.id, Options: o.object(), Origin: o.origin}
		if b.m.Snapshot && !d.Options.Has("snapshot") {
			d.Options.Set("snapshot", "on")
		}
		b.m.Drives = append(b.m.Drives, d)
	}
	for _, o := range b.groups["netdev"].list {
		b.m.Netdevs = append(b.m.Netdevs, Option{Name: "netdev", ID: o.id, Options: o.all(), Origin: o.origin})
	}
	for _, o := range b.groups["tpmdev"].list {
		b.m.TPMs = append(b.m.TPMs, Option{Name: "tpmdev", ID: o.id, Options: o.all(), Origin: o.origin})
	}
	for _, o := range b.groups["numa"].list {
		b.m.NUMA = append(b.m.NUMA, Option{Name: "numa", ID: o.id, Options: o.all(), Origin: o.origin})
	}
	for _, o := range b.groups["audiodev"].list {
		b.m.Audiodevs = append(b.m.Audiodevs, Option{Name: "audiodev", ID: o.id, Options: o.object(), Origin: o.origin})
	}
}
