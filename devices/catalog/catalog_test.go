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

func load(t testing.TB, name string) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLoad(t *testing.T) {
	if load(t, "") != catalog.Default() || load(t, catalog.QEMU111) != catalog.Default() {
		t.Error("the default catalog is loaded more than once")
	}
	if load(t, catalog.QEMU72) == catalog.Default() {
		t.Error("two versions share one catalog")
	}
	_, err := catalog.Load("qemu-1.0")
	if want := `unknown catalog "qemu-1.0" (embedded: qemu-11.1, qemu-7.2)`; err == nil || err.Error() != want {
		t.Errorf("Load of an unknown catalog: %v, want %s", err, want)
	}
}

// census counts what the recorded folders hold in full; the folders themselves
// are not part of the repository.
type census struct {
	Types, Concrete, Interfaces, Devices, UnknownLists, UnknownDevices int
	Properties, Defaults, DeviceProperties, DeviceDefaults             int
	Machines, CompatProps, CPUs, Options, Commands, Events, Schema     int
}

func count(t *testing.T, c *catalog.Catalog) census {
	t.Helper()
	var n census
	defaults := func(list []catalog.Property) (d int) {
		for _, p := range list {
			if p.HasDefault {
				d++
			}
		}
		return d
	}
	for name := range c.Types() {
		f, ok := c.Type(name)
		if !ok {
			t.Fatalf("type %s is listed but not found", name)
		}
		n.Types++
		if !f.Abstract {
			n.Concrete++
		}
		if f.IsInterface {
			n.Interfaces++
		}
		if f.Unknown != "" {
			n.UnknownLists++
		}
		n.Properties += len(f.Properties)
		n.Defaults += defaults(f.Properties)
		list, unknown := c.DeviceProperties(name)
		if unknown != "" {
			n.UnknownDevices++
		}
		if f.IsDevice {
			n.Devices++
		}
		n.DeviceProperties += len(list)
		n.DeviceDefaults += defaults(list)
	}
	for _, m := range c.Machines() {
		n.Machines++
		props, _ := c.CompatProps(m.Name)
		n.CompatProps += len(props)
	}
	array := func(b []byte, err error) int {
		var list []json.RawMessage
		if err == nil {
			err = json.Unmarshal(b, &list)
		}
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	n.CPUs = len(c.CPUDefinitions())
	n.Options = len(c.OptionGroups())
	n.Schema = array(c.SchemaJSON())
	n.Commands, n.Events = len(c.Commands()), len(c.Events())
	return n
}

func TestCensus(t *testing.T) {
	for name, want := range map[string]census{
		catalog.QEMU111: {
			Types: 894, Concrete: 726, Interfaces: 22, Devices: 544, UnknownLists: 23,
			Properties: 114421, Defaults: 20628, DeviceProperties: 106485, DeviceDefaults: 19372,
			Machines: 41, CompatProps: 2003, CPUs: 189, Options: 36, Commands: 242, Events: 57, Schema: 1230,
		},
		catalog.QEMU72: {
			Types: 753, Concrete: 614, Interfaces: 19, Devices: 445, UnknownLists: 26, UnknownDevices: 2,
			Properties: 70088, DeviceProperties: 61983, DeviceDefaults: 12982,
			Machines: 59, CPUs: 132, Options: 35, Commands: 216, Events: 52, Schema: 1051,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, count(t, load(t, name))); diff != "" {
				t.Errorf("catalog differs from the recorded folder (-want +got):\n%s", diff)
			}
		})
	}
}

// extract is a line of testdata/types-*.jsonl: a type as it was recorded.
type extract struct {
	Name       string
	Abstract   bool
	Interface  bool
	Parents    []string
	Interfaces []string
	QOM        json.RawMessage `json:"qom-list-properties"`
	Device     json.RawMessage `json:"device-list-properties"`
}

// recorded renders a list the way the recordings do.
func recorded(list []catalog.Property) any {
	out := []any{}
	for _, p := range list {
		e := map[string]any{"name": p.Name, "type": p.Type}
		if p.HasDefault {
			e["default-value"] = p.Default
		}
		out = append(out, e)
	}
	return out
}

func canonical(t *testing.T, v any) string {
	t.Helper()
	raw, ok := v.(json.RawMessage)
	if ok {
		d := json.NewDecoder(strings.NewReader(string(raw)))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestExtracts(t *testing.T) {
	for name, file := range map[string]string{
		catalog.QEMU111: "testdata/types-11.1.jsonl",
		catalog.QEMU72:  "testdata/types-7.2.jsonl",
	} {
		c := load(t, name)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			var want extract
			if err := json.Unmarshal([]byte(line), &want); err != nil {
				t.Fatal(err)
			}
			t.Run(name+"/"+want.Name, func(t *testing.T) { checkExtract(t, c, want) })
		}
	}
}

func checkExtract(t *testing.T, c *catalog.Catalog, want extract) {
	got, ok := c.Type(want.Name)
	if !ok {
		t.Fatal("type is missing")
	}
	if got.Abstract != want.Abstract || got.IsInterface != want.Interface ||
		!slices.Equal(got.Parents, want.Parents) || !slices.Equal(got.Interfaces, want.Interfaces) {
		t.Errorf("ancestry is %+v", got)
	}
	qom := canonical(t, want.QOM)
	if want.QOM[0] == '[' {
		if diff := cmp.Diff(qom, canonical(t, recorded(got.Properties))); diff != "" {
			t.Errorf("qom-list-properties (-want +got):\n%s", diff)
		}
	} else if got.Unknown == "" || canonical(t, json.RawMessage(got.Unknown)) != qom {
		t.Errorf("Unknown is %q, want %s", got.Unknown, qom)
	}
	list, unknown := c.DeviceProperties(want.Name)
	switch {
	case want.Device == nil:
		if list != nil || unknown != "" || got.IsDevice {
			t.Error("is no concrete device, but has a device list")
		}
	case want.Device[0] == '[':
		if diff := cmp.Diff(canonical(t, want.Device), canonical(t, recorded(list))); diff != "" {
			t.Errorf("device-list-properties (-want +got):\n%s", diff)
		}
	case unknown == "" || canonical(t, json.RawMessage(unknown)) != canonical(t, want.Device):
		t.Errorf("unknown device list is %q", unknown)
	}
}

func TestOpenRefusesDamage(t *testing.T) {
	good, err := os.ReadFile("testdata/small.cat")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := catalog.Open("small", good); err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{nil, []byte("not a catalog"), good[:len(good)/2], append(slices.Clone(good), 0)} {
		if _, err := catalog.Open("small", data); err == nil {
			t.Errorf("a damaged file of %d bytes was accepted", len(data))
		}
	}
}
