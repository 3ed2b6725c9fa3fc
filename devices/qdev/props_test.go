package qdev

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// What values of each kind are refused, in QEMU's words: from JSON, from an
// option, and as the plain text of -global.
func TestPropertyErrors(t *testing.T) {
	r := newRig(t)
	o, err := r.Tree.New("test-leaf")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Unref()
	number := func(name string) string { return "Parameter '" + name + "' expects " }
	invalid := func(name, want string) string { return "Invalid parameter type for '" + name + "', expected: " + want }
	for _, tc := range []struct {
		name string
		in   qom.Input
		want string
	}{
		{"u32", qom.Value("x"), number("u32") + "uint64"},
		{"u32", qom.Value(nil), number("u32") + "uint64"},
		{"u32", qom.Value(true), number("u32") + "uint64"},
		{"u32", qom.Value(1.5), number("u32") + "uint64"},
		{"u32", qom.Value([]any{int64(1)}), number("u32") + "uint64"},
		{"u32", qom.Value("4"), number("u32") + "uint64"},
		{"u32", qom.Value(int64(-1)), number("u32") + "uint32_t"},
		{"u32", qom.Value(int64(1) << 32), number("u32") + "uint32_t"},
		{"u32", qom.Text("x"), number("u32") + "integer"},
		{"u32", qom.Text(""), number("u32") + "integer"},
		{"u32", qom.Text("4x"), number("u32") + "integer"},
		{"u32", qom.Text("4294967296"), number("u32") + "uint32_t"},
		{"u32", qom.Text("-1"), number("u32") + "uint32_t"},
		{"u32", qom.Plain("x"), number("u32") + "uint64"},
		{"u32", qom.Text("0x10"), ""},
		{"u8", qom.Value(int64(256)), number("u8") + "uint8_t"},
		{"u8", qom.Value(int64(255)), ""},
		{"s32", qom.Value("x"), invalid("s32", "integer")},
		{"s32", qom.Value(int64(1) << 31), number("s32") + "int32_t"},
		{"s32", qom.Text("x"), number("s32") + "integer"},
		{"s32", qom.Plain("x"), number("s32") + "int64"},
		{"s32", qom.Value(int64(-5)), ""},
		{"flag", qom.Value("on"), invalid("flag", "boolean")},
		{"flag", qom.Value(int64(1)), invalid("flag", "boolean")},
		{"flag", qom.Text("maybe"), "Parameter 'flag' expects 'on' or 'off'"},
		{"flag", qom.Text("off"), ""},
		{"msi", qom.Value("maybe"), "Parameter 'msi' does not accept value 'maybe'"},
		{"msi", qom.Value(""), "Parameter 'msi' does not accept value ''"},
		{"msi", qom.Value(true), invalid("msi", "string")},
		{"msi", qom.Text("On"), "Parameter 'msi' does not accept value 'On'"},
		{"msi", qom.Text("off"), ""},
		{"serial", qom.Value(int64(1)), invalid("serial", "string")},
		{"serial", qom.Value(nil), invalid("serial", "string")},
		{"x-max-bounce-buffer-size", qom.Value("x"), number("x-max-bounce-buffer-size") + "uint64"},
		{"x-max-bounce-buffer-size", qom.Value(int64(-1)), "Property test-leaf.x-max-bounce-buffer-size doesn't take value 18446744073709551615 (maximum: 4294967295)"},
		{"x-max-bounce-buffer-size", qom.Text("99G"), "Property test-leaf.x-max-bounce-buffer-size doesn't take value 106300440576 (maximum: 4294967295)"},
		{"x-max-bounce-buffer-size", qom.Text("x"), number("x-max-bounce-buffer-size") + "size"},
		{"x-max-bounce-buffer-size", qom.Plain("x"), number("x-max-bounce-buffer-size") + "a non-negative number below 2^64"},
		{"x-max-bounce-buffer-size", qom.Text("1.5K"), ""},
		{"logical_block_size", qom.Value(int64(500)), "parameter logical_block_size must be a power of 2 between 512 and 2097152"},
		{"logical_block_size", qom.Value(int64(4 << 20)), "parameter logical_block_size must be a power of 2 between 512 and 2097152"},
		{"logical_block_size", qom.Value("4k"), number("logical_block_size") + "uint64"},
		{"logical_block_size", qom.Text("4k"), ""},
		{"ports", qom.Value(int64(1)), invalid("ports", "array")},
		{"ports", qom.Value([]any{int64(1)}), ""},
		{"iothread-vq-mapping", qom.Value(int64(1)), invalid("iothread-vq-mapping", "array")},
		{"iothread-vq-mapping", parse(t, `[1]`), invalid("iothread-vq-mapping[0]", "object")},
		{"iothread-vq-mapping", parse(t, `[{}]`), "Parameter 'iothread-vq-mapping[0].iothread' is missing"},
		{"iothread-vq-mapping", parse(t, `[{'iothread': 'io', 'x': 1}]`), "Parameter 'iothread-vq-mapping[0].x' is unexpected"},
		{"iothread-vq-mapping", parse(t, `[{'iothread': 'io', 'vqs': [-1]}]`), number("iothread-vq-mapping[0].vqs[0]") + "uint16_t"},
		{"iothread-vq-mapping", parse(t, `[{'iothread': 'io', 'vqs': [1]}]`), ""},
		{"mac", qom.Value("nope"), "Property 'test-leaf.mac' doesn't take value 'nope'"},
		{"mac", qom.Value("52:54:00:12:34"), "Property 'test-leaf.mac' doesn't take value '52:54:00:12:34'"},
		{"mac", qom.Value("52:54:00:12:34:56:78"), "Property 'test-leaf.mac' doesn't take value '52:54:00:12:34:56:78'"},
		{"mac", qom.Value("52:54:00:12:34:gg"), "Property 'test-leaf.mac' doesn't take value '52:54:00:12:34:gg'"},
		{"mac", qom.Value("52.54.00.12.34.56"), "Property 'test-leaf.mac' doesn't take value '52.54.00.12.34.56'"},
		{"mac", qom.Value(int64(5)), invalid("mac", "string")},
		{"mac", qom.Value("52-54-00-aB-34-56"), ""},
		{"netdev", qom.Value("nope"), "Property 'test-leaf.netdev' can't find value 'nope'"},
		{"netdev", qom.Value(""), "Property 'test-leaf.netdev' can't find value ''"},
		{"chardev", qom.Value("nope"), "Property 'test-leaf.chardev' can't find value 'nope'"},
		{"chardev", qom.Value(int64(1)), invalid("chardev", "string")},
		{"drive", qom.Value("nope"), "Property 'test-leaf.drive' can't find value 'nope'"},
		{"drive", qom.Value(""), ""},
		{"peer", qom.Value("zz"), "Device 'zz' not found"},
		{"peer", qom.Value("/peripheral"), invalid("peer", "test-leaf")},
		{"peer", qom.Value(int64(3)), invalid("peer", "string")},
		{"peer", qom.Value(""), ""},
		{"zz", qom.Value(int64(3)), "Property 'test-leaf.zz' not found"},
		{"parent_bus", qom.Value(""), "Property 'test-leaf.parent_bus' is not writable"},
	} {
		err := o.Set(tc.name, tc.in)
		if got := message(err); got != tc.want {
			t.Errorf("%s=%v (text %v):\n got %s\nwant %s", tc.name, tc.in.Raw(), tc.in.IsText(), got, tc.want)
		}
	}
	for name, want := range map[string]any{
		"u8": uint64(255), "u32": uint64(16), "s32": int64(-5), "flag": false, "msi": "off", "serial": "",
		"mac": "52:54:00:ab:34:56", "peer": "", "drive": "", "x-max-bounce-buffer-size": uint64(1536),
		"ports": []any{int64(1)}, "parent_bus": "", "type": "test-leaf",
	} {
		got, err := o.Get(name)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func parse(t *testing.T, text string) qom.Input {
	t.Helper()
	v, err := qjson.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return qom.Value(v)
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestDefaults(t *testing.T) {
	r := newRig(t)
	r.mustAdd(`{'driver': 'controller', 'id': 'c'}`)
	d := r.mustAdd(`{'driver': 'test-leaf', 'bus': 'c.0'}`)
	for name, want := range map[string]any{
		"u8": int64(3), "s32": int64(-1), "flag": true, "msi": "auto", "serial": "", "netdev": "", "peer": "",
		"mac": "52:54:00:12:34:56", "ports": []any{}, "parent_bus": "/peripheral/c/c.0",
	} {
		got, err := d.Get(name)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// A setting of -global that does not fit fails a device that is made with the
// machine, and is only warned about later; others apply to descendants too.
func TestGlobals(t *testing.T) {
	r := newRig(t)
	r.mustAdd(`{'driver': 'controller', 'id': 'c'}`)
	r.Env.Defaults = []Default{
		{Type: "device", Property: "u8", Value: "9", User: false},
		{Type: "test-leaf", Property: "u32", Value: "x", User: true},
		{Type: "busless", Property: "zz", Value: "x", User: true},
	}
	d := r.mustAdd(`{'driver': 'test-leaf', 'bus': 'c.0'}`)
	if v, _ := d.Get("u8"); v != uint64(9) {
		t.Errorf("u8 is %v", v)
	}
	r.Ready = false
	_, err := r.add(`{'driver': 'test-leaf', 'bus': 'c.0', 'zz': 1}`, false)
	if got, want := message(err), "can't apply global test-leaf.u32=x: Parameter 'u32' expects uint64"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	_, err = r.add(`{'driver': 'busless'}`, false)
	if got, want := message(err), "can't apply global busless.zz=x: Property 'busless.zz' not found"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestFixedAfterRealize(t *testing.T) {
	r := newRig(t)
	r.mustAdd(`{'driver': 'controller', 'id': 'c'}`)
	named := r.mustAdd(`{'driver': 'test-leaf', 'id': 'm0', 'bus': 'c.0'}`)
	anonymous := r.mustAdd(`{'driver': 'test-leaf', 'bus': 'c.0'}`)
	for _, tc := range []struct {
		d     *Device
		name  string
		value any
		want  string
	}{
		{named, "serial", "x", "Attempt to set property 'serial' on device 'm0' (type 'test-leaf') after it was realized"},
		{named, "u32", "nonsense", "Attempt to set property 'u32' on device 'm0' (type 'test-leaf') after it was realized"},
		{anonymous, "serial", "x", "Attempt to set property 'serial' on anonymous device (type 'test-leaf') after it was realized"},
		{named, "peer", "m0", "Attempt to set link property 'peer' on device 'm0' (type 'test-leaf') after it was realized"},
		{anonymous, "peer", "m0", "Attempt to set link property 'peer' on device '(null)' (type 'test-leaf') after it was realized"},
		{anonymous, "peer", "zz", "Device 'zz' not found"},
	} {
		if got := message(tc.d.Set(tc.name, qom.Value(tc.value))); got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", tc.name, got, tc.want)
		}
	}
}

// A link holds its target until its owner is finalized.
func TestLinkHolds(t *testing.T) {
	r := newRig(t)
	r.mustAdd(`{'driver': 'controller', 'id': 'c'}`)
	r.mustAdd(`{'driver': 'test-leaf', 'id': 'a', 'bus': 'c.0'}`)
	b := r.mustAdd(`{'driver': 'test-leaf', 'id': 'b', 'bus': 'c.0', 'peer': 'a'}`)
	if err := r.del("a"); err != nil {
		t.Fatal(err)
	}
	if e := r.take(); e != nil {
		t.Errorf("events: %v", e)
	}
	if v, _ := b.Get("peer"); v != "" {
		t.Errorf("link to an object without path reads %v", v)
	}
	if err := r.del("b"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b"}, r.take()); diff != "" {
		t.Error(diff)
	}
}

// Addresses are given out in order, around those in use, and given back.
func TestAutomaticMAC(t *testing.T) {
	r := newRig(t)
	r.mustAdd(`{'driver': 'controller', 'id': 'c'}`)
	mac := func(args string) string {
		v, _ := r.mustAdd(args).Get("mac")
		return v.(string)
	}
	got := []string{
		mac(`{'driver': 'test-leaf', 'id': 'n0'}`),
		mac(`{'driver': 'test-leaf', 'id': 'n1', 'mac': '52:54:00:12:34:58'}`),
		mac(`{'driver': 'test-leaf', 'id': 'n2'}`),
		mac(`{'driver': 'test-leaf', 'id': 'n3'}`),
	}
	if err := r.del("n0"); err != nil {
		t.Fatal(err)
	}
	got = append(got, mac(`{'driver': 'test-leaf', 'id': 'n4'}`))
	want := []string{"52:54:00:12:34:56", "52:54:00:12:34:58", "52:54:00:12:34:57", "52:54:00:12:34:59", "52:54:00:12:34:56"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// backend serves one device at a time.
type backend struct {
	name string
	user *qom.Object
	err  error
}

func (b *backend) Name() string { return b.name }
func (b *backend) Attach(o *qom.Object, _ string) error {
	if b.user != nil {
		return b.err
	}
	b.user = o
	return nil
}
func (b *backend) Detach(*qom.Object, string) { b.user = nil }

type backends struct{ net, char *backend }

func (b backends) find(x *backend, name string) Backend {
	if x.name == name {
		return x
	}
	return nil
}
func (b backends) Netdev(name string) Backend  { return b.find(b.net, name) }
func (b backends) Chardev(name string) Backend { return b.find(b.char, name) }
func (b backends) TPM(string) Backend          { return nil }
func (b backends) Drive(string) Backend        { return nil }

func TestBackends(t *testing.T) {
	r := newRig(t)
	all := backends{&backend{name: "n0", err: ErrInUse}, &backend{name: "c0", err: errors.New("chardev 'c0' is already in use")}}
	r.Backends = all
	r.mustAdd(`{'driver': 'controller', 'id': 'c'}`)
	d := r.mustAdd(`{'driver': 'test-leaf', 'id': 'a', 'netdev': 'n0', 'chardev': 'c0'}`)
	if v, _ := d.Get("netdev"); v != "n0" || BackendOf(&d.Object, "netdev") != all.net {
		t.Errorf("netdev is %v", v)
	}
	for args, want := range map[string]string{
		`{'driver': 'test-leaf', 'netdev': 'n0'}`:  "Property 'test-leaf.netdev' can't take value 'n0', it's in use",
		`{'driver': 'test-leaf', 'chardev': 'c0'}`: "Property 'test-leaf.chardev' can't take value 'c0': chardev 'c0' is already in use",
	} {
		if _, err := r.add(args, false); message(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := r.del("a"); err != nil {
		t.Fatal(err)
	}
	if all.net.user != nil || all.char.user != nil {
		t.Error("backends are still in use")
	}
}

func TestEnums(t *testing.T) {
	// Every enumerated type of both catalogs that has defaults knows them.
	for _, name := range catalog.Names() {
		cat, err := catalog.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for typ := range cat.Types() {
			facts, _ := cat.Type(typ)
			for _, p := range facts.Properties {
				values := EnumValues(p.Type)
				if s, ok := p.Default.(string); ok && values != nil {
					if _, err := ParseEnum(p.Name, p.Type, qom.Value(s)); err != nil {
						t.Errorf("%s: %s %s: %v", name, typ, p.Type, err)
					}
				}
			}
		}
	}
}
