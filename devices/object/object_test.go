package object_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qmp/schema"
	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/qomtest"
)

func newEnv(t *testing.T) *qdev.Env {
	t.Helper()
	tree := qomtest.NewTree(t, devices.NewTypes(catalog.Default()))
	env := &qdev.Env{Tree: tree, Memory: memory.NewSystem(tree), Log: slog.New(slog.DiscardHandler)}
	tree.Context = env
	object.Container(tree)
	t.Cleanup(env.Memory.Settle)
	return env
}

// add is object-add with single-quoted JSON for arguments.
func add(t *testing.T, env *qdev.Env, args string) error {
	t.Helper()
	v, err := qjson.Parse([]byte(args))
	if err != nil {
		t.Fatal(err)
	}
	r, err := object.NewRequest(v.(*qjson.Object), false)
	if err != nil {
		return err
	}
	_, err = object.Add(env, r)
	return err
}

// The sessions recorded from a real QEMU, as far as they are about objects.
func TestRecorded(t *testing.T) {
	files, err := filepath.Glob("testdata/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatal("no recordings", err)
	}
	sch := schema.New(catalog.Default().SchemaJSON)
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			env := newEnv(t)
			f, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			lines := bufio.NewScanner(f)
			var sent string
			for lines.Scan() {
				var step struct {
					Send string
					Recv json.RawMessage
				}
				if err := json.Unmarshal(lines.Bytes(), &step); err != nil {
					t.Fatal(err)
				}
				if step.Send != "" {
					sent = step.Send
				} else if sent != "" {
					replay(t, env, sch, sent, step.Recv)
					sent = ""
				}
			}
		})
	}
}

func replay(t *testing.T, env *qdev.Env, sch *schema.Schema, sent string, want []byte) {
	t.Helper()
	v, err := qjson.Parse([]byte(sent))
	if err != nil {
		t.Fatal(err)
	}
	command, _ := v.(*qjson.Object).Get("execute")
	a, _ := v.(*qjson.Object).Get("arguments")
	args, _ := a.(*qjson.Object)
	value, known, err := execute(env, sch, command.(string), args)
	if !known {
		return
	}
	reply := qjson.NewObject()
	if err != nil {
		class := "GenericError"
		if nf := (*qom.NotFoundError)(nil); errors.As(err, &nf) {
			class = "DeviceNotFound"
		}
		reply.Set("error", qjson.NewObject(qjson.Member{Name: "class", Value: class}, qjson.Member{Name: "desc", Value: err.Error()}))
	} else {
		reply.Set("return", value)
	}
	var got, expected any
	if err := json.Unmarshal(qjson.Append(nil, reply, false), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(want, &expected); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("%s(-want +got):\n%s", sent, diff)
	}
}

func execute(env *qdev.Env, sch *schema.Schema, command string, args *qjson.Object) (value any, known bool, err error) {
	get := func(name string) string { v, _ := args.Get(name); s, _ := v.(string); return s }
	value = qjson.NewObject()
	switch command {
	case "object-add", "object-del", "qom-get", "qom-set":
		if err := sch.CheckArguments(command, args); err != nil {
			return nil, true, err
		}
	default:
		return nil, false, nil
	}
	switch command {
	case "object-add":
		r, err := object.NewRequest(args, false)
		if err == nil {
			_, err = object.Add(env, r)
		}
		return value, true, err
	case "object-del":
		return value, true, object.Del(env, get("id"))
	}
	o, _ := env.Tree.Resolve(get("path"), "")
	if o == nil {
		return nil, true, &qom.NotFoundError{Path: get("path")}
	}
	if command == "qom-get" {
		value, err := o.Get(get("property"))
		return value, true, err
	}
	v, _ := args.Get("value")
	return value, true, o.Set(get("property"), qom.Value(v))
}

func TestErrors(t *testing.T) {
	env := newEnv(t)
	dir := t.TempDir()
	if err := add(t, env, `{'qom-type': 'memory-backend-ram', 'id': 'm', 'size': 4097}`); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ args, want string }{
		{`{'qom-type': 'memory-backend-ram', 'id': 'n'}`, "Parameter 'size' is missing"},
		{`{'qom-type': 'memory-backend-ram', 'id': 'n', 'size': 0}`, "property 'size' of memory-backend-ram doesn't take value '0'"},
		{`{'qom-type': 'memory-backend-ram', 'id': 'n', 'size': 'x'}`, "Parameter 'size' expects uint64"},
		{`{'qom-type': 'memory-backend-ram', 'id': 'n', 'size': 1, 'host-nodes': [0]}`, "host-nodes must be empty for policy default, or you should explicitly specify a policy other than default"},
		{`{'qom-type': 'memory-backend-file', 'id': 'n', 'size': 1, 'mem-path': ''}`, "can't open backing store  for guest RAM: No such file or directory"},
		{`{'qom-type': 'input-linux', 'id': 'n', 'evdev': '` + dir + `'}`, "Could not open '" + dir + "': Is a directory"},
		{`{'qom-type': 'input-linux', 'id': 'n', 'evdev': '/dev/null'}`, "/dev/null: is not an evdev device"},
		{`{'qom-type': 'memory-backend-file', 'id': 'n', 'size': 1, 'mem-path': '` + dir + `/a/b'}`, "can't open backing store " + dir + "/a/b for guest RAM: No such file or directory"},
		{`{'qom-type': 'iothread', 'id': 'n', 'poll-weight': -1}`, "poll-weight value must be in range [0, 63]"},
		{`{'qom-type': 'iothread', 'id': 'n', 'thread-pool-min': 100}`, "bad thread-pool-min/thread-pool-max values"},
		{`{'qom-type': 'authz-pam', 'id': 'n', 'service': 'x'}`, "invalid object type: authz-pam"},
		{`{'qom-type': 'authz-simple', 'id': 'n'}`, "Parameter 'identity' is missing"},
		{`{'qom-type': 'tls-creds-x509', 'id': 'n', 'endpoint': 'server', 'dir': '` + dir + `'}`, "Unable to access credentials " + dir + "/ca-cert.pem: No such file or directory"},
		{`{'qom-type': 'tls-cipher-suites', 'id': 'n'}`, "'priority' property is not set"},
		{`{'qom-type': 'secret', 'id': 'n', 'data': 'x', 'keyid': 'zz'}`, "No secret with id 'zz'"},
		{`{'qom-type': 'secret', 'id': 'n', 'file': '` + dir + `/a'}`, "Unable to read " + dir + "/a: Failed to open file “" + dir + "/a”: No such file or directory"},
		{`{'qom-type': 'cryptodev-backend-builtin', 'id': 'n', 'queues': 2}`, "Only support one queue in cryptdov-builtin backend"},
		{`{'qom-type': 'can-host-socketcan', 'id': 'n', 'if': 'x', 'canbus': 'c'}`, "Device 'c' not found"},
		{`{'qom-type': 'secret_keyring', 'id': 'n', 'serial': 1}`, "Unable to read serial key 00000001: Required key not available"},
		{`{'qom-type': 'throttle-group', 'id': 'n', 'limits': {'iops-total': 5, 'iops-read': 3}}`, "bps/iops/max total values and read/write values cannot be used at the same time"},
		{`{'qom-type': 'x-hold', 'id': 'n'}`, "Parameter 'target' is missing"},
		{`{'qom-type': 'x-hold', 'id': 'n', 'target': '/nope'}`, "Device '/nope' not found"},
		{`{'qom-type': 'usb-tablet', 'id': 'n'}`, "Parameter 'qom-type' does not accept value 'usb-tablet'"},
	} {
		before := env.Tree.Live()
		err := add(t, env, tc.args)
		if err == nil || err.Error() != tc.want {
			t.Errorf("%s:\n got %v\nwant %s", tc.args, err, tc.want)
		}
		if env.Tree.Live() != before {
			t.Errorf("%s: something is left", tc.args)
		}
		qomtest.Check(t, env.Tree)
	}
}

func TestMemoryBackend(t *testing.T) {
	env := newEnv(t)
	if err := add(t, env, `{'qom-type': 'memory-backend-memfd', 'id': 'm', 'size': 4096}`); err != nil {
		t.Fatal(err)
	}
	m := object.Container(env.Tree).Child("m")
	for name, want := range map[string]any{
		"size": uint64(4096), "share": true, "dump": true, "merge": true, "reserve": true, "seal": true,
		"policy": "default", "hugetlb": false, "prealloc": false,
	} {
		if got, err := m.Get(name); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
	if m.Child("m[0]") == nil {
		t.Error("no region")
	}
	for name, want := range map[string]string{
		"size": "cannot change property size of memory-backend-memfd ", "share": "cannot change property value",
	} {
		v := qom.Value(int64(1))
		if name == "share" {
			v = qom.Value(true)
		}
		if err := m.Set(name, v); err == nil || err.Error() != want {
			t.Errorf("set %s: %v, want %s", name, err, want)
		}
	}
	b := m.Self().(*object.MemoryBackend)
	b.SetMapped(true)
	if err := object.Del(env, "m"); err == nil || err.Error() != "Cannot delete host memory backend 'm' which is mapped" {
		t.Errorf("delete while mapped: %v", err)
	}
	b.SetMapped(false)
	if err := object.Del(env, "m"); err != nil {
		t.Error(err)
	}
	if err := object.Del(env, "m"); err == nil || err.Error() != "object 'm' not found" {
		t.Errorf("delete twice: %v", err)
	}
}

func TestText(t *testing.T) {
	env := newEnv(t)
	text := func(typ string, pairs ...string) error {
		r := object.Request{Type: typ, ID: "o", Props: qjson.NewObject(), Text: true}
		for i := 0; i < len(pairs); i += 2 {
			r.Props.Set(pairs[i], pairs[i+1])
		}
		_, err := object.Add(env, r)
		if err == nil {
			return object.Del(env, "o")
		}
		return err
	}
	for _, tc := range []struct {
		typ, name, value, want string
	}{
		{"memory-backend-ram", "size", "1.5M", ""},
		{"memory-backend-ram", "size", "x", "Parameter 'size' expects size"},
		{"memory-backend-ram", "size", "0", "property 'size' of memory-backend-ram doesn't take value '0'"},
		{"iothread", "poll-max-ns", "x", "Parameter 'poll-max-ns' expects integer"},
		{"iothread", "poll-max-ns", "12", ""},
		{"iothread", "zz", "12", "Parameter 'zz' is unexpected"},
	} {
		err := text(tc.typ, tc.name, tc.value)
		if got := ""; err != nil {
			got = err.Error()
			if got != tc.want {
				t.Errorf("%s,%s=%s: %q, want %q", tc.typ, tc.name, tc.value, got, tc.want)
			}
		} else if tc.want != "" {
			t.Errorf("%s,%s=%s: accepted, want %q", tc.typ, tc.name, tc.value, tc.want)
		}
	}
}

// The storage of an object that x-hold holds is freed when the x-hold goes.
func TestHold(t *testing.T) {
	env := newEnv(t)
	for _, args := range []string{
		`{'qom-type': 'iothread', 'id': 'io'}`,
		`{'qom-type': 'x-hold', 'id': 'h0', 'target': 'io', 'note': 'why'}`,
	} {
		if err := add(t, env, args); err != nil {
			t.Fatal(err)
		}
	}
	io, h := object.Container(env.Tree).Child("io"), object.Container(env.Tree).Child("h0")
	if got, _ := h.Get("target"); got != "/objects/io" {
		t.Errorf("target is %v", got)
	}
	if holds := io.Holds(); len(holds) != 1 || holds[0].Kind() != qom.HoldUser || holds[0].Who() != "h0 (why)" {
		t.Errorf("ledger: %v", holds)
	}
	if err := h.Set("target", qom.Value("/")); err == nil {
		t.Error("target changed while held")
	}
	storage := io.Storage()
	if err := object.Del(env, "io"); err != nil {
		t.Fatal(err)
	}
	if storage.Freed() {
		t.Fatal("freed while held")
	}
	if got, _ := h.Get("target"); got != "" {
		t.Errorf("target is %v after it left", got)
	}
	qomtest.Check(t, env.Tree)
	if err := object.Del(env, "h0"); err != nil {
		t.Fatal(err)
	}
	if storage.Freed() {
		t.Error("freed before the command was over")
	}
	env.Tree.Drain()
	if !storage.Freed() {
		t.Error("not freed after the hold went")
	}
}

func TestDecrypt(t *testing.T) {
	env := newEnv(t)
	// "hello" under a key of 32 zero bytes and an IV of 16, made with openssl enc -aes-256-cbc.
	for _, args := range []string{
		`{'qom-type': 'secret', 'id': 'key', 'format': 'base64', 'data': 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='}`,
		`{'qom-type': 'secret', 'id': 's', 'keyid': 'key', 'iv': 'AAAAAAAAAAAAAAAAAAAAAA==', 'format': 'base64', 'data': 'wjXeJNI54DzI43fGBPymew=='}`,
	} {
		if err := add(t, env, args); err != nil {
			t.Fatal(err)
		}
	}
	if got := object.Container(env.Tree).Child("s").Self().(*object.Secret).Data(); string(got) != "hello" {
		t.Errorf("decrypted %q", got)
	}
}

// A secret in a file is read as it is; a pipe that nobody fills does not hang.
func TestSecretFile(t *testing.T) {
	env := newEnv(t)
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/s", []byte("c2VjcmV0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := add(t, env, `{'qom-type': 'secret', 'id': 's', 'format': 'base64', 'file': '`+dir+`/s'}`); err != nil {
		t.Fatal(err)
	}
	if got := object.Container(env.Tree).Child("s").Self().(*object.Secret).Data(); string(got) != "secret" {
		t.Errorf("read %q", got)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if err := add(t, env, fmt.Sprintf(`{'qom-type': 'secret', 'id': 'p', 'file': '/proc/self/fd/%d'}`, r.Fd())); err == nil {
		t.Error("a secret came from an empty pipe")
	}
}
