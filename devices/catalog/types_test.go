package catalog_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/catalog"
)

// conversation reads the commands and replies of a recorded session.
func conversation(t *testing.T, file string) (commands []command, replies []json.RawMessage) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		var step struct {
			Send string
			Recv struct {
				Return json.RawMessage
				QMP    json.RawMessage
			}
		}
		if err := json.Unmarshal([]byte(line), &step); err != nil {
			t.Fatal(err)
		}
		if step.Send != "" {
			var c command
			if err := json.Unmarshal([]byte(step.Send), &c); err != nil {
				t.Fatal(err)
			}
			commands = append(commands, c)
		}
		if step.Recv.Return != nil {
			replies = append(replies, step.Recv.Return)
		}
	}
	if len(commands) != len(replies) {
		t.Fatalf("%s: %d commands but %d replies", file, len(commands), len(replies))
	}
	return commands, replies
}

type command struct {
	Execute   string
	Arguments struct {
		Implements, Typename string
		Abstract             bool
	}
}

func TestSubtypesAsRecorded(t *testing.T) {
	c := catalog.Default()
	for _, file := range []string{"testdata/292-qom-list-types.jsonl", "testdata/293-qom-list-types-abstract.jsonl"} {
		commands, replies := conversation(t, file)
		for i, cmd := range commands {
			if cmd.Execute != "qom-list-types" {
				continue
			}
			var want []catalog.TypeName
			if err := json.Unmarshal(replies[i], &want); err != nil {
				t.Fatal(err)
			}
			slices.SortFunc(want, func(a, b catalog.TypeName) int { return strings.Compare(a.Name, b.Name) })
			got := c.Subtypes(cmd.Arguments.Implements, cmd.Arguments.Abstract)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%+v (-want +got):\n%s", cmd.Arguments, diff)
			}
		}
	}
}

func TestDevicePropertiesAsRecorded(t *testing.T) {
	commands, replies := conversation(t, "testdata/295-device-list-properties.jsonl")
	for i, cmd := range commands {
		if cmd.Execute != "device-list-properties" {
			continue
		}
		var want []map[string]json.RawMessage
		if err := json.Unmarshal(replies[i], &want); err != nil {
			t.Fatal(err)
		}
		for _, p := range want {
			delete(p, "description") // catalogs hold no prose
		}
		slices.SortFunc(want, func(a, b map[string]json.RawMessage) int {
			return strings.Compare(string(a["name"]), string(b["name"]))
		})
		list, _ := catalog.Default().DeviceProperties(cmd.Arguments.Typename)
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(canonical(t, json.RawMessage(b)), canonical(t, recorded(list))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", cmd.Arguments.Typename, diff)
		}
	}
}

// TestAmbiguousCast: asked for the root of all interfaces, QEMU 11.1.3 lists
// 96 types: 23 are interfaces, the others implement exactly one.
func TestAmbiguousCast(t *testing.T) {
	list := catalog.Default().Subtypes("interface", true)
	if len(list) != 96 {
		t.Errorf("%d types", len(list))
	}
	for _, n := range list {
		f, _ := catalog.Default().Type(n.Name)
		if !f.Implements("interface") || !catalog.Default().Implements(n.Name, "interface") {
			t.Errorf("%s is listed but is none", n.Name)
		}
	}
}

func TestUnknownType(t *testing.T) {
	c := catalog.Default()
	for _, name := range []string{"", "nope", "usb-kb", "usb-kbd ", "zzz"} {
		if f, ok := c.Type(name); ok || f.Name != "" {
			t.Errorf("Type(%q) = %+v", name, f)
		}
		if c.Implements(name, "object") || c.Own(name) != nil {
			t.Errorf("%q has ancestors or properties", name)
		}
		if list, unknown := c.DeviceProperties(name); list != nil || unknown != "" {
			t.Errorf("DeviceProperties(%q) = %v, %q", name, list, unknown)
		}
		if _, ok := c.Device(name); ok {
			t.Errorf("Device(%q) exists", name)
		}
	}
	if got := c.Subtypes("nope", true); len(got) != 0 {
		t.Errorf("Subtypes of an unknown type: %v", got)
	}
}

func TestImplements(t *testing.T) {
	for _, tt := range []struct {
		name, ancestor string
		want           bool
	}{
		{"usb-kbd", "usb-kbd", true},
		{"usb-kbd", "usb-device", true},
		{"usb-kbd", "object", true},
		{"usb-kbd", "vmstate-if", true},
		{"usb-kbd", "pci-device", false},
		{"usb-device", "usb-kbd", false},
		{"iothread", "user-creatable", true},
		{"user-creatable", "interface", true},
	} {
		if got := catalog.Default().Implements(tt.name, tt.ancestor); got != tt.want {
			t.Errorf("Implements(%s, %s) = %v", tt.name, tt.ancestor, got)
		}
		if f, _ := catalog.Default().Type(tt.name); f.Implements(tt.ancestor) != tt.want {
			t.Errorf("%s: facts disagree about %s", tt.name, tt.ancestor)
		}
	}
}

func names(list []catalog.Property) []string {
	var out []string
	for _, p := range list {
		out = append(out, p.Name)
	}
	return out
}

// TestOwnRebuildsLists declares Own along every chain: the result must be each
// type's own list, no name twice.
func TestOwnRebuildsLists(t *testing.T) {
	for _, version := range catalog.Names() {
		c := load(t, version)
		for name := range c.Types() {
			f, _ := c.Type(name)
			if f.Properties == nil {
				continue
			}
			have := map[string]bool{}
			for _, n := range append([]string{name}, f.Parents...) {
				for _, p := range c.Own(n) {
					if have[p.Name] {
						t.Errorf("%s: %s declares %s again", name, n, p.Name)
					}
					have[p.Name] = true
				}
			}
			for _, p := range f.Properties {
				if !have[p.Name] {
					t.Errorf("%s: nobody declares %s", name, p.Name)
				}
			}
		}
	}
}

func TestOverrides(t *testing.T) {
	c := catalog.Default()
	if got := names(c.Own("pci-device")); !slices.Contains(got, "addr") || slices.Contains(got, "realized") {
		t.Errorf("own properties of pci-device: %v", got)
	}
	for _, name := range names(c.Overrides("virtio-net-pci")) {
		f, _ := c.Type("virtio-net-pci")
		parent, _ := c.Type(f.Parent)
		a, _ := f.Property(name)
		b, ok := parent.Property(name)
		if !ok || cmp.Equal(a.Default, b.Default) && a.Type == b.Type {
			t.Errorf("%s is no override: %+v, %+v", name, a, b)
		}
	}
}
