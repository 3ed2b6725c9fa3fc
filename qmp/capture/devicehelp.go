package capture

import (
	"errors"
	"regexp"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp"
)

var (
	helpHeading = regexp.MustCompile(`^(.+) devices:$`)
	helpLine    = regexp.MustCompile(`^name "([^"]+)"(?:, bus ([^,]+))?(?:, alias "([^"]+)")?`)
)

// deviceHelp reads "-device help", which lists what users may create.
func (c *capture) deviceHelp() (map[string]*catalog.DeviceFacts, error) {
	out, err := c.output("-device", "help")
	if err != nil {
		return nil, err
	}
	facts := map[string]*catalog.DeviceFacts{}
	category := ""
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if m := helpHeading.FindStringSubmatch(line); m != nil {
			category = m[1]
			continue
		}
		if m := helpLine.FindStringSubmatch(line); m != nil {
			facts[m[1]] = &catalog.DeviceFacts{
				UserCreatable: true, Bus: m[2], Alias: m[3], Category: category,
			}
		}
	}
	return facts, nil
}

// Refusals of device_add on a running machine, in the order QEMU looks: the
// bus first, then whether the type can be hot-plugged, then all the rest. Up to
// 7.2 it looks at the type first, and says the same of types that users cannot
// make at all.
var (
	noAnswer = regexp.MustCompile(`^(No '.*' bus found|Bus '.*' does not support hotplugging|` +
		`Parameter 'driver' expects (a non|a dynamic))`)
	notHotpluggable = regexp.MustCompile(`^(Device '.*' does not support hotplugging|Parameter 'driver' expects a pluggable)`)
)

// rich makes a machine with many kinds of buses that take devices while it
// runs, as far as QEMU has them.
func rich(facts map[string]*catalog.DeviceFacts) []string {
	args := []string{"-machine", "pc"}
	for _, dev := range []string{"virtio-scsi-pci", "qemu-xhci", "usb-ccid", "virtio-serial-pci",
		"nvme,serial=s", "tpci200", "sdhci-pci", "ufs,serial=s"} {
		if driver, _, _ := strings.Cut(dev, ","); facts[driver] != nil {
			args = append(args, "-device", dev)
		}
	}
	return args
}

// hotplug tries device_add for types without properties: what refuses it, if
// anything, tells whether the type can be hot-plugged at all.
func (c *capture) hotplug(facts map[string]*catalog.DeviceFacts, names []string) error {
	var q *qemu
	defer func() { q.stop() }()
	return each(c, "hot-plug", names, func(name string) error {
		if facts[name] == nil {
			return nil
		}
		if q == nil {
			var err error
			if q, err = start(c.ctx, c.command, c.plugged(rich(facts)...)...); err != nil {
				return err
			}
		}
		f := facts[name]
		err := q.run("device_add", map[string]string{"driver": name, "id": "dut"}, nil)
		var refused *qmp.Error
		if errors.As(err, &refused) {
			f.HotplugTold = !noAnswer.MatchString(refused.Desc) && (f.UserCreatable || !notHotpluggable.MatchString(refused.Desc))
			f.Hotpluggable = f.HotplugTold && !notHotpluggable.MatchString(refused.Desc)
			return nil
		}
		// It was plugged, or it took QEMU down: either way the type passed,
		// and the next one gets a fresh machine.
		f.HotplugTold, f.Hotpluggable = true, true
		q.stop()
		q = nil
		return nil
	})
}
