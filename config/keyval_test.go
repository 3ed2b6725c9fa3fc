package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp/qjson"
)

func TestParseKeyval(t *testing.T) {
	for _, c := range []struct{ text, implied, want, err string }{
		{"", "type", `{}`, ""},
		{"q35", "type", `{"type": "q35"}`, ""},
		{"q35,usb=on", "type", `{"type": "q35", "usb": "on"}`, ""},
		{"a=b,,c,d=", "", `{"a": "b,c", "d": ""}`, ""},
		{"a=1,a=2", "", `{"a": "2"}`, ""},
		{"a=1,", "", `{"a": "1"}`, ""},
		{"a.b.c=1,a.d=2", "", `{"a": {"b": {"c": "1"}, "d": "2"}}`, ""},
		{"l.1=y,l.0=x", "", `{"l": ["x", "y"]}`, ""},
		{"l.0.a=x,l.1.a=y", "", `{"l": [{"a": "x"}, {"a": "y"}]}`, ""},
		{"__org.qomd_x=1", "", `{"__org.qomd_x": "1"}`, ""},
		{"a", "", "", "Expected '=' after parameter 'a'"},
		{"=1", "", "", "Invalid parameter ''"},
		{"1=1", "", "", "Invalid parameter '1'"},
		{"a..b=1", "", "", "Invalid parameter 'a..b'"},
		{"a=1,a.b=2", "", "", "Parameters 'a.*' used inconsistently"},
		{"a.b=1,a=2", "", "", "Parameters 'a.*' used inconsistently"},
		{"a.0=1,a.b=1", "", "", "Parameters 'a.*' used inconsistently"},
		{"a.1=1", "", "", "Parameter 'a.0' missing"},
		{strings.Repeat("x", 128) + "=1", "", "", "Parameter '" + strings.Repeat("x", 128) + "' is too long"},
	} {
		got, _, err := config.ParseKeyval(c.text, c.implied)
		if errorText(err) != c.err {
			t.Errorf("%q: error %v, want %q", c.text, err, c.err)
		}
		if err != nil {
			continue
		}
		want, err := qjson.Parse([]byte(c.want))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(qjson.Append(nil, want, false)), string(qjson.Append(nil, got, false))); diff != "" {
			t.Errorf("%q:\n%s", c.text, diff)
		}
	}
}

func TestParseSize(t *testing.T) {
	for _, c := range []struct {
		text  string
		shift uint
		want  uint64
		bad   bool
	}{
		{"0", 0, 0, false}, {"4096", 0, 4096, false}, {"64k", 0, 65536, false}, {"1.5G", 0, 3 << 29, false},
		{"0x10", 0, 16, false}, {"128", 20, 128 << 20, false}, {"100b", 20, 100, false}, {"15E", 0, 15 << 60, false},
		{"16E", 0, 0, true}, {"1.5", 0, 0, true}, {"-1", 0, 0, true}, {"", 0, 0, true}, {"k", 0, 0, true},
		{"1kk", 0, 0, true}, {"99999999999T", 0, 0, true}, {"1 M", 0, 0, true},
	} {
		got, err := config.ParseSize(c.text, c.shift)
		if (err != nil) != c.bad || got != c.want {
			t.Errorf("%q: %d, %v, want %d", c.text, got, err, c.want)
		}
	}
}

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		machine  string
		in, want config.SMP
	}{
		{"q35", config.SMP{CPUs: 4}, config.SMP{CPUs: 4, Sockets: 1, Cores: 4, Threads: 1, MaxCPUs: 4}},
		{"q35", config.SMP{MaxCPUs: 8, Sockets: 2}, config.SMP{CPUs: 8, Sockets: 2, Cores: 4, Threads: 1, MaxCPUs: 8}},
		{"q35", config.SMP{Sockets: 2, Cores: 2}, config.SMP{CPUs: 4, Sockets: 2, Cores: 2, Threads: 1, MaxCPUs: 4}},
		{"pc", config.SMP{CPUs: 1, MaxCPUs: 4, Cores: 2, Threads: 2}, config.SMP{CPUs: 1, Sockets: 1, Cores: 2, Threads: 2, MaxCPUs: 4}},
		{"none", config.SMP{}, config.SMP{CPUs: 1, Sockets: 1, Cores: 1, Threads: 1, MaxCPUs: 1}},
	} {
		c.want.Drawers, c.want.Books, c.want.Dies, c.want.Clusters, c.want.Modules = 1, 1, 1, 1, 1
		got, err := c.in.Resolve(catalog.Default(), c.machine)
		if err != nil {
			t.Errorf("%+v: %v", c.in, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%+v:\n%s", c.in, diff)
		}
	}
}

func FuzzParseKeyval(f *testing.F) {
	for _, seed := range []string{"q35,usb=on", "a.0.b=1,a.1=,", "a=,,,", "__x.y_z=?", "help,a.b.c=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, _, err := config.ParseKeyval(text, "type")
		if err != nil && err.Error() == "" {
			t.Error("an error without text")
		}
	})
}

// FuzzParseArgs reads whole command lines, whose words are separated by lines.
func FuzzParseArgs(f *testing.F) {
	f.Add("-machine\nq35\n-device\n{'driver':'e1000'}\n-smp\n2,cores=2")
	f.Add("-chardev\nsocket,id=a,path=/x,server,nowait\n-mon\na\n-serial\nmon:stdio\n-nographic")
	f.Add("-smp\ndies=4294967296,modules=4294967296,cores=4294967296")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "readconfig") {
			t.Skip("reads files")
		}
		m, err := config.ParseArgs(prog, strings.Split(text, "\n"))
		if err == nil {
			describeMachine(m)
		}
	})
}

func FuzzParseFile(f *testing.F) {
	f.Add("a.cfg", "[device \"x\"]\n driver = \"e1000\"\n[machine]\n type = \"q35\"\n")
	f.Add("a.yaml", "machines:\n- {type: q35, count: 2, devices: [{driver: e1000, a: [1]}]}\n")
	f.Add("a.toml", "[[machines]]\ntype = \"q35\"\n[machines.smp]\ncpus = 1\n")
	f.Add("a.json", "{\"machines\": [{\"memory\": {\"size\": \"1M\"}}]}")
	f.Fuzz(func(t *testing.T, name, text string) {
		if strings.Contains(text, "count") && len(text) > 200 {
			t.Skip("a fleet takes long")
		}
		c, err := config.Parse(name, []byte(text), nil)
		if err == nil {
			config.Describe(c)
		}
	})
}
