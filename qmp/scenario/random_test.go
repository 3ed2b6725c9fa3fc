package scenario

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/qomd/qomd/devices/guest"
	"github.com/qomd/qomd/qmp/daemon"
	"github.com/qomd/qomd/qmp/qjson"
)

// randomHead describes a machine with two ports; %s is the switch between ACPI's
// hot-plug and that of the ports.
const randomHead = `name: random
machine:
  type: q35
  nodefaults: true
  guest: linux
  globals: [{driver: ICH9-LPC, property: acpi-pci-hotplug-with-bridge-support, value: "%s"}]
  devices:
    - {driver: pcie-root-port, id: rp0, chassis: 1}
    - {driver: pcie-root-port, id: rp1, chassis: 2}
steps: []
`

// randomStep draws one thing to happen.
func randomStep(t *rapid.T) Step {
	id := rapid.SampledFrom([]string{"x0", "x1"}).Draw(t, "id")
	command := func(name string, pairs ...any) Step {
		o := qjson.NewObject()
		for i := 0; i < len(pairs); i += 2 {
			o.Set(pairs[i].(string), pairs[i+1])
		}
		return Step{Client: Main, Verb: Command, Text: name, Arguments: o}
	}
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0, 1:
		return command("device_add", "driver", rapid.SampledFrom([]string{"qemu-xhci", "virtio-rng-pci", "e1000e"}).Draw(t, "driver"),
			"id", id, "bus", "rp"+id[1:])
	case 2, 3:
		return command("device_del", "id", id)
	case 4:
		return command(rapid.SampledFrom([]string{"stop", "cont", "system_reset"}).Draw(t, "command"))
	case 5, 6:
		return Step{Client: Main, Verb: Clock, Duration: time.Duration(rapid.Int64Range(0, int64(6*time.Second)).Draw(t, "time"))}
	case 7:
		return Step{Client: Main, Verb: Guest, Arguments: qjson.NewObject(
			qjson.Member{Name: "temper", Value: string(rapid.SampledFrom(guest.Answers()).Draw(t, "temper"))},
			qjson.Member{Name: "jitter-ms", Value: rapid.Int64Range(0, 3000).Draw(t, "jitter")},
			qjson.Member{Name: "release-ms", Value: rapid.Int64Range(0, 3000).Draw(t, "release")},
			qjson.Member{Name: "power-on-ms", Value: rapid.Int64Range(0, 3000).Draw(t, "power-on")},
		)}
	case 8:
		return Step{Client: Main, Verb: Hold, Text: "/machine/peripheral/" + id}
	}
	return Step{Client: Main, Verb: Release, Text: "/machine/peripheral/" + id}
}

// TestRandomStories does anything in any order: what is to be seen of a device
// must never contradict itself, nothing may leak, and the same story gives the
// same bytes.
func TestRandomStories(t *testing.T) {
	var shared daemon.Shared
	rapid.Check(t, func(t *rapid.T) {
		text := fmt.Sprintf(randomHead, rapid.SampledFrom([]string{"on", "off"}).Draw(t, "acpi"))
		steps := rapid.SliceOfN(rapid.Custom(randomStep), 1, 25).Draw(t, "steps")
		tell := func() string {
			s, err := Parse("random.yaml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			return tellRandom(t, s, steps, &shared)
		}
		if first, second := tell(), tell(); first != second {
			t.Fatalf("told again, it gives something else:\n%s\n%s", first, second)
		}
	})
}

func tellRandom(t *rapid.T, s *Scenario, steps []Step, shared *daemon.Shared) string {
	r, err := start(s, Options{Shared: shared})
	if err != nil {
		t.Fatal(err)
	}
	for i := range steps {
		// Commands may be refused, and there may be nothing to hold.
		if err := r.step(&steps[i]); err != nil {
			if err := r.quiet(&steps[i]); err != nil {
				t.Fatal(err)
			}
		}
		var errs []error
		r.vm.Machine.Do(func() { errs = r.story.look(r.vm.Machine, Want{}) })
		if err := errors.Join(errs...); err != nil {
			t.Fatalf("step %d, %s: %v", i+1, steps[i].title(), err)
		}
	}
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	return string(r.bytes())
}
