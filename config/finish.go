package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/qomd/qomd/devices/lifetime"
	"github.com/qomd/qomd/qmp/qjson"
)

// mib is the shift of -m, which counts in mebibytes.
const mib = 20

// defaultMemory is how much a PC has unless told otherwise.
const defaultMemory = 128 << 20

// memoryUnit is what QEMU rounds the size of memory up to.
const memoryUnit = 8192

// finish makes the machine of everything gathered. The order of its steps is
// that in which QEMU finds mistakes.
func (b *builder) finish() (*Machine, error) {
	steps := []func() error{
		b.finishMessages, b.finishLog, b.finishActions, b.finishRTC, b.finishLoading, b.finishType, b.finishDescriptors, b.finishChardevs, b.finishFolders, b.finishAccels,
		b.finishMemory, b.finishMemoryPath, b.finishTopology, b.finishMonitors, b.finishPorts, b.finishObjects,
	}
	if err := b.run(steps); err != nil {
		return nil, err
	}
	b.finishOptions()
	b.finishNICs()
	if b.m.Type != "none" && !b.all {
		if err := b.finishBoot(); err != nil {
			return nil, err
		}
	}
	if err := b.finishVNC(); err != nil {
		return nil, err
	}
	if err := b.finishDevices(); err != nil {
		return nil, err
	}
	if b.lateError != nil {
		return nil, b.lateError
	}
	b.addDefaults()
	for _, w := range b.warnings {
		b.m.Warnings = append(b.m.Warnings, Warning{w.err.Error(), w.origin, w.plain})
	}
	return &b.m, nil
}

// run takes the steps in turn. A command line is refused at the first mistake,
// as QEMU does; a file hears of all of them, unless not even the type is known.
func (b *builder) run(steps []func() error) error {
	var errs []error
	for _, step := range steps {
		err := step()
		if err == nil {
			continue
		}
		errs = append(errs, err)
		if !b.all || b.m.Type == "" {
			break
		}
	}
	return errors.Join(errs...)
}

// finishLoading refuses two ways of not beginning at the beginning.
func (b *builder) finishLoading() error {
	switch m := &b.m; {
	case m.LoadVM != "" && m.Incoming != "":
		return errors.New("'incoming' and 'loadvm' options are mutually exclusive")
	case m.LoadVM != "" && m.Preconfig:
		return errors.New("'preconfig' and 'loadvm' options are mutually exclusive")
	}
	return nil
}

// finishType settles the machine type. Without one it is the catalog's default.
func (b *builder) finishType() error {
	_, given := b.machine.Get("type")
	b.m.Type = stringOf(b.machine, "type")
	b.machine.Delete("type")
	if !given {
		if facts, ok := b.catalog.DefaultMachine(); ok {
			b.m.Type = facts.Alias
		}
	}
	if _, ok := b.catalog.Machine(b.m.Type); !ok {
		kind := b.m.Type
		b.m.Type = ""
		return fmt.Errorf("unsupported machine type: \"%s\"\nUse -machine help to list supported machines", kind)
	}
	return b.finishVGA()
}

// finishVGA checks -vga, which may say how retraces are timed.
func (b *builder) finishVGA() error {
	kind, rest, more := strings.Cut(b.m.VGA, ",")
	if b.vgaGiven && !contains(adapters, kind) {
		return fmt.Errorf("unknown vga type: %s", b.m.VGA)
	}
	if message := absentAdapters[kind]; message != "" {
		return errors.New(message)
	}
	if retrace, ok := strings.CutPrefix(rest, "retrace="); more && (!ok || retrace != "dumb" && retrace != "precise") {
		return fmt.Errorf("unknown vga type: %s", b.m.VGA)
	}
	b.m.VGA = kind
	return nil
}

// finishMessages reads -name and -msg, which say how mistakes are told of.
func (b *builder) finishMessages() error {
	for _, o := range b.groups["name"].list {
		b.m.Name, b.m.ProcessName, b.m.DebugThreads = o.text("guest"), o.text("process"), o.flag("debug-threads", false)
	}
	for _, o := range b.groups["msg"].list {
		b.m.Timestamps, b.m.GuestNames = o.flag("timestamp", false), o.flag("guest-name", false)
	}
	return nil
}

// finishDescriptors reads -add-fd.
func (b *builder) finishDescriptors() error {
	for _, o := range b.groups["add-fd"].list {
		f, err := fdSet(o)
		if err != nil {
			return at(o.origin, err)
		}
		b.m.FDs = append(b.m.FDs, f)
	}
	return nil
}

func (b *builder) finishChardevs() error {
	for _, o := range b.groups["chardev"].list {
		if err := b.addChardev(o); err != nil {
			return at(o.origin, err)
		}
	}
	return nil
}

// addChardev makes a chardev and checks what it shares with others.
func (b *builder) addChardev(o *opts) error {
	c, err := newChardev(o)
	if err == nil {
		err = checkFD(c.Socket)
	}
	if err != nil {
		return err
	}
	if c.Backend == "stdio" {
		if b.m.Daemonize {
			return errors.New("cannot use stdio with -daemonize")
		}
		for _, other := range b.m.Chardevs {
			if other.Backend == "stdio" {
				return errors.New("cannot use stdio by multiple character devices")
			}
		}
	}
	b.m.Chardevs = append(b.m.Chardevs, c)
	return nil
}

// finishAccels settles the accelerators: those of -accel or the names between
// colons in -machine accel=, but not both.
func (b *builder) finishAccels() error {
	names := take(b.machine, "accel")
	uses := b.groups["accel"].list
	if names != "" && len(uses) > 0 {
		return errors.New("The -accel and \"-machine accel=\" options are incompatible")
	}
	if names != "" {
		for _, name := range strings.Split(names, ":") {
			uses = append(uses, &opts{pairs: []pair{{"accel", name}}})
		}
	}
	more := b.takeSugar()
	found, missed := false, false // QEMU looks no further than the first that works
	for i, o := range uses {
		name := o.text("accel")
		if _, ok := o.get("accel"); !ok {
			return at(o.origin, errors.New("Parameter 'accel' is missing"))
		}
		_, ok := b.catalog.Type(name + "-accel")
		if ok && !found {
			err := b.checkAccel(name+"-accel", o)
			if err == nil {
				err = b.checkSugar(name+"-accel", more[name+"-accel"])
			}
			if err != nil {
				return at(o.origin, err)
			}
		}
		if !found && !ok {
			err := fmt.Errorf("invalid accelerator %s", name)
			if i == len(uses)-1 {
				return at(o.origin, err)
			}
			b.warnings = append(b.warnings, &located{origin: o.origin, err: err, plain: true})
			missed = true
			continue
		}
		if !found && missed {
			b.warnings = append(b.warnings, &located{err: errors.New("falling back to " + name), plain: true})
		}
		found = true
		b.m.Accels = append(b.m.Accels, Accel{Name: name, Options: o.object("accel"), Origin: o.origin})
	}
	return nil
}

// checkAccel holds the properties that an accelerator is given to those it has.
func (b *builder) checkAccel(typ string, o *opts) error {
	facts, _ := b.catalog.Type(typ)
	for _, p := range o.pairs {
		if p.name == "accel" {
			continue
		}
		known, ok := facts.Property(p.name)
		switch {
		case !ok:
			return fmt.Errorf("Property '%s.%s' not found", typ, p.name)
		case known.Type == "bool":
			if _, err := parseBool(p.name, p.value); err != nil {
				return err
			}
		case typ == "tcg-accel" && p.name == "thread" && p.value != "single" && p.value != "multi":
			return fmt.Errorf("Invalid 'thread' setting %s", p.value)
		case p.name == "kernel-irqchip" && p.value != "on" && p.value != "off" && p.value != "split":
			return fmt.Errorf("Parameter '%s' does not accept value '%s'", p.name, p.value)
		case p.name == "kvm-shadow-mem":
			if _, err := parseNumber(p.name, p.value); err != nil {
				return fmt.Errorf("Parameter '%s' expects int64", p.name)
			}
		}
	}
	return nil
}

// finishMemory reads -m.
func (b *builder) finishMemory() error {
	for _, o := range b.groups["memory"].list {
		m := &b.m.Memory
		m.Origin = o.origin
		if s, ok := o.get("size"); ok {
			// QEMU puts an M behind a last digit, which does not go with hexadecimal.
			if hex().MatchString(s) && s[len(s)-1] <= '9' {
				return errors.New("Parameter 'memory.size' expects size")
			}
			n, err := ParseSize(s, mib)
			if err != nil {
				return at(o.origin, errors.New("ram size too large"))
			}
			m.Size = roundUp(n, memoryUnit)
		}
		if s, ok := o.get("maxmem"); ok {
			m.MaxSize, _ = ParseSize(s, 0)
			b.maxGiven = true
		}
		if s, ok := o.get("slots"); ok {
			m.Slots, _ = parseNumber("slots", s)
		}
	}
	if err := b.m.Memory.check(b.maxGiven); err != nil && b.all {
		return at(b.m.Memory.Origin, err)
	} else if err != nil {
		return err
	}
	return nil
}

func roundUp(n, unit uint64) uint64 {
	if rest := n % unit; rest != 0 && n <= ^uint64(0)-unit {
		return n + unit - rest
	}
	return n
}

// check holds the sizes against each other; the maximum may be given, and be 0.
func (m *Memory) check(maxGiven bool) error {
	switch {
	case m.MaxSize == 0 && m.Slots > 0 && !maxGiven:
		return errors.New("slots specified but no max-size")
	case maxGiven && m.MaxSize == 0:
		size := m.Size
		if size == 0 {
			size = defaultMemory
		}
		return fmt.Errorf("invalid value of maxmem: maximum memory size (0x0) must be at least the initial memory size (0x%x)", size)
	case m.MaxSize > 0 && m.MaxSize == m.Size && m.Slots > 0:
		return fmt.Errorf("invalid value of maxmem: memory slots were specified but maximum memory size (0x%x) is equal to the initial memory size (0x%x)", m.MaxSize, m.Size)
	case m.MaxSize > 0 && m.MaxSize < m.Size:
		return fmt.Errorf("invalid value of maxmem: maximum memory size (0x%x) must be at least the initial memory size (0x%x)", m.MaxSize, m.Size)
	}
	return nil
}

// finishTopology reads -smp and -boot and leaves the rest of -machine as the
// options of the type.
func (b *builder) finishTopology() error {
	if v, ok := b.machine.Get("smp"); ok {
		values, ok := v.(*qjson.Object)
		if !ok {
			return errors.New("Invalid parameter type for 'smp', expected: object")
		}
		b.machine.Delete("smp")
		s, err := newSMP(values)
		if err != nil {
			return err
		}
		s.Origin = b.m.SMP.Origin
		b.m.SMP = s
	}
	if s := b.m.SMP; s != (SMP{}) {
		if _, err := s.Resolve(b.catalog, b.m.Type); err != nil {
			return at(s.Origin, err)
		}
	}
	if v, ok := b.machine.Get("boot"); ok {
		boot, ok := v.(*qjson.Object)
		if !ok {
			return errors.New("Invalid parameter type for 'boot', expected: object")
		}
		b.machine.Delete("boot")
		if err := checkBoot(boot); err != nil {
			return err
		}
		b.m.Boot = orNil(boot)
	}
	for _, name := range []string{"append", "initrd", "shim"} {
		if b.machine.Has(name) && !b.machine.Has("kernel") {
			return fmt.Errorf("-%s only allowed with -kernel option", name)
		}
	}
	if v, ok := b.machine.Get(lifetimeMember); ok {
		b.m.Lifetime = stringOf(b.machine, lifetimeMember)
		if _, isText := v.(string); !isText {
			return fmt.Errorf("Invalid parameter type for '%s', expected: string", lifetimeMember)
		}
		b.machine.Delete(lifetimeMember)
		if _, err := lifetime.ParseRules(b.m.Lifetime); err != nil {
			return err
		}
	}
	b.m.TypeOptions = orNil(b.machine)
	return nil
}

// lifetimeMember is the member of -machine that chooses how objects end. It is
// no property: QEMU's machines have none of that name.
const lifetimeMember = "x-lifetime"

// bootMembers are the members of -boot.
var bootMembers = map[string]bool{"order": true, "once": true, "menu": true, "splash": true, "splash-time": true,
	"reboot-timeout": true, "strict": true}

func checkBoot(boot *qjson.Object) error {
	for _, name := range []string{"menu", "strict"} {
		if s := stringOf(boot, name); s != "" {
			if _, err := parseBool("boot."+name, s); err != nil {
				return err
			}
		}
	}
	for _, name := range []string{"splash-time", "reboot-timeout"} {
		if s := stringOf(boot, name); s != "" {
			if _, err := parseInteger(s); err != nil {
				return fmt.Errorf("Parameter 'boot.%s' expects integer", name)
			}
		}
	}
	for _, limit := range []struct {
		member, what string
		least        int64
	}{{"splash-time", "splash-time", 0}, {"reboot-timeout", "reboot timeout", -1}} {
		if n, _ := parseInteger(stringOf(boot, limit.member)); boot.Has(limit.member) && (int64(n) < limit.least || int64(n) > 65535) {
			return fmt.Errorf("%s is invalid,it should be a value between %d and 65535", limit.what, limit.least)
		}
	}
	for name := range boot.Hashed() {
		if !bootMembers[name] {
			return fmt.Errorf("Parameter 'boot.%s' is unexpected", name)
		}
	}
	for _, member := range []string{"order", "once"} {
		order := stringOf(boot, member)
		for i, c := range order {
			switch {
			case c < 'a' || c > 'p':
				return fmt.Errorf("Invalid boot device '%c'", c)
			case strings.ContainsRune(order[:i], c):
				return fmt.Errorf("Boot device '%c' was given twice", c)
			}
		}
	}
	return nil
}

// finishMonitors adds the monitors of -mon and the like behind those that are
// objects, whose chardevs are checked first.
func (b *builder) finishMonitors() error {
	objects := b.m.Monitors
	b.m.Monitors = nil
	for _, m := range objects {
		if err := b.m.addMonitor(m); err != nil {
			return err
		}
	}
	for _, o := range b.groups["mon"].list {
		if _, err := b.newMonitor(o); err != nil {
			return at(o.origin, err)
		}
	}
	return nil
}

// finishObjects looks for ids given twice.
func (b *builder) finishObjects() error {
	seen := map[string]bool{}
	for _, o := range b.m.Objects {
		if err := checkID(o.ID); err != nil {
			return err
		}
		if seen[o.ID] {
			return at(o.Origin, fmt.Errorf("Duplicate ID '%s' for object", o.ID))
		}
		seen[o.ID] = true
	}
	return nil
}

// finishDevices adds the devices and the defaults of their properties.
func (b *builder) finishDevices() error {
	for _, o := range b.groups["device"].list {
		if _, ok := o.get("driver"); !ok {
			return at(o.origin, errors.New("Parameter 'driver' is missing"))
		}
		d := Device{Driver: o.text("driver"), ID: o.id, Bus: o.text("bus"), Origin: o.origin}
		d.Options = o.object("driver", "bus")
		b.m.Devices = append(b.m.Devices, d)
	}
	b.m.Devices = append(b.m.Devices, b.jsonDevices...)
	for _, o := range b.groups["global"].list {
		b.m.Globals = append(b.m.Globals, Global{Driver: o.text("driver"), Property: o.text("property"), Value: o.text("value"), Origin: o.origin})
	}
	return nil
}
