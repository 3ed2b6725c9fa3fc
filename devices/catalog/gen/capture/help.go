package main

import (
	"errors"
	"fmt"
	"os/exec"
	"regexp"
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

// notPluggable is how QEMU refuses a type before it looks at anything else of
// a device_add: it is not for users, or not for a machine that is ready.
const notPluggable = "Parameter 'driver' expects a pluggable device type"

// hotplug tries device_add for every type on the empty machine. That cannot
// succeed for lack of a bus, but what refuses it tells the types apart.
func hotplug(command []string, facts map[string]*catalog.DeviceFacts) error {
	var s *session
	defer func() {
		if s != nil {
			s.stop()
		}
	}()
	for name, f := range facts {
		if s == nil {
			var err error
			if s, err = start(command, "-machine", "none"); err != nil {
				return err
			}
		}
		err := s.run("device_add", map[string]string{"driver": name, "id": "dut"}, nil)
		var refused *qmpError
		f.HotplugTold = true
		f.Hotpluggable = true
		switch {
		case errors.As(err, &refused) && strings.Contains(refused.Desc, notPluggable):
			f.Hotpluggable = false
		case errors.As(err, &refused):
		default:
			// It was plugged, or it took QEMU down: either way the type
			// passed, and the next one gets a fresh machine.
			s.stop()
			s = nil
		}
	}
	return nil
}
