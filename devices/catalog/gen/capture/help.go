package main

import (
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
)

var (
	helpHeading = regexp.MustCompile(`^(.+) devices:$`)
	helpLine    = regexp.MustCompile(`^name "([^"]+)"(?:, bus ([^,]+))?(?:, alias "([^"]+)")?`)
)

// help reads "-device help", which lists what users may create.
func help(command []string) (map[string]*catalog.DeviceFacts, error) {
	all := append(command[1:len(command):len(command)], "-device", "help")
	out, err := exec.Command(command[0], all...).Output()
	if err != nil {
		return nil, fmt.Errorf("-device help: %w", err)
	}
	facts := map[string]*catalog.DeviceFacts{}
	category := ""
	for line := range strings.Lines(string(out)) {
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
// bus first, then whether the type can be hot-plugged, then all the rest.
var (
	noAnswer = regexp.MustCompile(`^(No '.*' bus found|Bus '.*' does not support hotplugging|` +
		`Parameter 'driver' expects)`)
	notHotpluggable = regexp.MustCompile(`^Device '.*' does not support hotplugging`)
)

// rich is a machine with many kinds of buses that take devices while it runs.
var rich = []string{
	"-machine", "pc", "-device", "virtio-scsi-pci", "-device", "qemu-xhci", "-device", "usb-ccid",
	"-device", "virtio-serial-pci", "-device", "nvme,serial=s", "-device", "tpci200",
	"-device", "sdhci-pci", "-device", "ufs,serial=s",
}

// hotplug tries device_add for every type without properties: what refuses it,
// if anything, tells whether the type can be hot-plugged at all.
func hotplug(command []string, facts map[string]*catalog.DeviceFacts) error {
	var s *session
	defer func() {
		if s != nil {
			s.stop()
		}
	}()
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		if s == nil {
			var err error
			if s, err = start(command, rich...); err != nil {
				return err
			}
		}
		f := facts[name]
		err := s.run("device_add", map[string]string{"driver": name, "id": "dut"}, nil)
		var refused *qmpError
		if errors.As(err, &refused) {
			f.HotplugTold = !noAnswer.MatchString(refused.Desc)
			f.Hotpluggable = f.HotplugTold && !notHotpluggable.MatchString(refused.Desc)
			continue
		}
		// It was plugged, or it took QEMU down: either way the type passed,
		// and the next one gets a fresh machine.
		f.HotplugTold, f.Hotpluggable = true, true
		s.stop()
		s = nil
	}
	return nil
}
