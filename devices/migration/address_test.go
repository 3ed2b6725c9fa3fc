package migration

import "testing"

// What a real QEMU 11.1.3 answered.
func TestParseURI(t *testing.T) {
	for uri, want := range map[string]string{
		"":                      "unknown migration protocol: ",
		"nonsense":              "unknown migration protocol: nonsense",
		"TCP:foo":               "unknown migration protocol: TCP:foo",
		"tcp:":                  "error parsing address ''",
		"tcp:foo":               "error parsing address 'foo'",
		"tcp::":                 "error parsing address ':'",
		"tcp:127.0.0.1:1,zz=1":  "Invalid parameter 'zz'",
		"unix:":                 "invalid Unix socket address",
		"fd:":                   "invalid file descriptor address",
		"file:/tmp/x,offset=zz": "file URI has bad offset zz: Invalid argument",
		"vsock:2":               "error parsing address '2'",
		"tcp::4444":             "",
		"tcp:[::1]:4444":        "",
		"tcp:127.0.0.1:1,to=4":  "",
		"unix:/x":               "",
		"exec:":                 "",
		"file:/tmp/x,offset=1M": "",
	} {
		_, err := ParseURI(uri)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", uri, got, want)
		}
	}
	if a, err := ParseURI("file:/tmp/x,offset=1M"); err != nil || a.Path != "/tmp/x" || a.Offset != 1<<20 {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := ParseURI("tcp:[::1]:44"); err != nil || a.Socket.Host != "::1" || a.Socket.Port != "44" {
		t.Errorf("%+v, %v", a, err)
	}
	uri := "unix:/x"
	if _, err := Where(&uri, []Channel{{Type: "main"}}); err == nil || err.Error() != "need either 'uri' or 'channels' argument" {
		t.Error(err)
	}
}
