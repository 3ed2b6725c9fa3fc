package scenario_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp/scenario"
)

// head is the beginning of the stories of these tests; steps begin on line 10.
const head = `name: a test
machine:
  type: q35
  nodefaults: true
  guest: {kind: linux, delay-ms: 10}
  devices:
    - {driver: pcie-root-port, id: rp0, chassis: 1}
    - {driver: virtio-rng-pci, id: r0, bus: rp0}
steps:
`

// TestFailures holds what is said about stories that do not go as told.
func TestFailures(t *testing.T) {
	for _, c := range []struct{ name, steps, want string }{
		{"an answer", "  - qmp: query-status\n    returns: {status: paused}\n",
			"a.yaml:10: after query-status: answer differs at \".status\"\n" +
				"  want returns: {\"status\": \"paused\"}\n  got  returns: {\"status\":\"running\",\"running\":true}"},
		{"an unexpected error", "  - qmp: device_del\n    arguments: {id: nope}\n",
			"a.yaml:10: after device_del: answer\n  want returns: null\n" +
				"  got  error: {class: DeviceNotFound, desc: \"Device 'nope' not found\"}"},
		{"no error", "  - qmp: stop\n    error: no way\n    events: [STOP]\n",
			"a.yaml:10: after stop: answer\n  want error: {class: (any), desc: \"no way\"}\n  got  returns: {}"},
		{"an unannounced event", "  - qmp: stop\n",
			"a.yaml:10: after stop: events\n  want none\n  got  {\"timestamp\": {\"seconds\": 0, \"microseconds\": 0}, \"event\": \"STOP\"}"},
		{"a missing event", "  - clock: 1s\n    events: [STOP, RESET: {guest: true}]\n",
			"a.yaml:10: after 1s: events\n  want STOP\n  want RESET: {\"guest\": true}\n  got  none"},
		{"a state", "  - qmp: device_del\n    arguments: {id: r0}\n    devices: {r0: gone, r1: gone}\n",
			"a.yaml:10: after device_del: device r0\n  want gone\n" +
				"  got  plugged: qom-list has it, query-pci has it, no DEVICE_DELETED came\nthere never was a device r1"},
		{"an order", "  - qmp: stop\n    events: [STOP]\n    order: [reply, STOP]\n",
			"a.yaml:10: after stop: order\n  want reply, STOP\n  got  STOP, reply"},
		{"a register", "  - register: outl 0xcf8 0x80000000\n  - register: inl 0xcf8\n    answer: OK 0x1234\n",
			"a.yaml:11: after register inl 0xcf8: answer\n  want OK 0x1234\n  got  OK 0x80000000"},
		{"a wrong register", "  - register: peek 1\n", "a.yaml:10: after register peek 1: FAIL Unknown command 'peek'"},
		{"an end", "  - qmp: quit\n    events: [SHUTDOWN]\n", "a.yaml:10: after quit: the machine ended with status 0"},
		{"no end", "  - look: true\n    ended: 0\n", "a.yaml:10: after look: the machine did not end"},
		{"after the end", "  - qmp: quit\n    events: [SHUTDOWN]\n    ended: 0\n  - clock: 1s\n", "a.yaml:13: after 1s: the machine has ended"},
		{"a hold", "  - hold: /machine/peripheral/r9\n", "a.yaml:10: after hold /machine/peripheral/r9: nothing is at /machine/peripheral/r9"},
		{"a leak of the story's own", "  - hold: /machine/peripheral/r0\n  - qmp: query-status\n", ""},
		{"a guest's option", "  - guest: {temper: sad}\n",
			"a.yaml:10: after guest: unknown temper 'sad', known are accept, ignore, refuse, busy, die, hang, eject, surprise, misread"},
		{"a client", "  - qmp: stop\n    client: b\n", "a.yaml:10: after stop: there is no client b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := scenario.Parse("a.yaml", []byte(head+c.steps))
			if err != nil {
				t.Fatal(err)
			}
			_, err = scenario.Run(s, scenario.Options{})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestMistakes holds what is said about files that are no stories.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "a.yaml: the file is empty"},
		{"not a map", "- 1\n", "a.yaml:1: expected a map\na.yaml:1: no machine is described\na.yaml:1: the story has no name"},
		{"yaml", "name: [\n", "a.yaml: line 1: did not find expected node content"},
		{"machine", "name: x\nmachine:\n  type: q35\n  colour: red\n", "a.yaml:4: machine.colour: unknown key"},
		{"clock", "name: x\nmachine:\n  type: q35\n  clock: real\n", "a.yaml:3: the clock of a story's machine moves by steps"},
		{"file", "name: x\nmachine: nowhere.yaml\n", "open nowhere.yaml: no such file or directory"},
		{"unknown key", head + "  - qmp: stop\n    expect: all\n", `a.yaml:11: unknown key "expect"`},
		{"twice", head + "  - qmp: stop\n    qmp: cont\n", "a.yaml:11: qmp is given twice"},
		{"two verbs", head + "  - qmp: stop\n    clock: 1s\n", "a.yaml:11: a step does one thing, this one qmp and clock"},
		{"no verb", head + "  - events: [STOP]\n", "a.yaml:10: the step does nothing; to only look, write look: true"},
		{"time", head + "  - clock: soon\n", `a.yaml:10: "soon" is not a time like 5s or 250ms`},
		{"state", head + "  - look: true\n    devices: {r0: lost}\n", `a.yaml:11: "lost" is none of plugged, draining, gone`},
		{"returns of a clock", head + "  - clock: 1s\n    returns: {}\n", "a.yaml:10: returns is for qmp"},
		{"both", head + "  - qmp: stop\n    returns: {}\n    error: x\n", "a.yaml:10: a command either returns or fails"},
		{"arguments", head + "  - clock: 1s\n    arguments: {}\n", "a.yaml:11: arguments are for qmp"},
		{"event", head + "  - look: true\n    events: [[STOP]]\n", "a.yaml:11: expected the name of an event, or a map of it and its data"},
		{"alias", head + "  - qmp: stop\n    arguments: {a: &x 1, b: *x}\n", "a.yaml:11: aliases are not understood here"},
	} {
		_, err := scenario.Parse("a.yaml", []byte(c.text))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
}

// TestSeeds: another seed is another moment, the same seed the same.
func TestSeeds(t *testing.T) {
	const text = head + `  - guest: {delay-ms: 0, jitter-ms: 1000000}
  - qmp: device_del
    arguments: {id: r0}
  - clock: 1000s
    events: [DEVICE_DELETED, DEVICE_DELETED]
`
	tell := func(seed uint64) string {
		t.Helper()
		s, err := scenario.Parse("a.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var record strings.Builder
		if _, err := scenario.Run(s, scenario.Options{Seed: &seed, Record: &record}); err != nil {
			t.Fatal(err)
		}
		return record.String()
	}
	first := tell(1)
	if tell(1) != first {
		t.Error("the same seed gives another record")
	}
	if tell(2) == first {
		t.Error("another seed gives the same record")
	}
}
