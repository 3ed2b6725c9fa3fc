package daemon_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/client"
)

// otherwise are the queries that QEMU answers otherwise, and why.
var otherwise = map[string]string{
	"query-dump-guest-memory-capability": "core files are not compressed",
	"query-chardev":                      "QEMU's order is that of a hash table",
	"query-cpus-fast":                    "thread-id names a process",
}

// TestQueries asks what needs no arguments, of machines with their default
// devices, and compares with what QEMU 11.1.3 answered.
func TestQueries(t *testing.T) {
	for name, args := range map[string][]string{
		"none": {"-machine", "none"}, "q35": {"-machine", "q35", "-S"}, "pc": {"-machine", "pc", "-S"},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("testdata/queries/" + name + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want map[string]json.RawMessage
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			dir, c := connected(t, args)
			for query, reply := range want {
				if otherwise[query] != "" {
					continue
				}
				if diff := cmp.Diff(decoded(t, reply), ask(t, c, query, dir)); diff != "" {
					t.Errorf("%s (-QEMU +qomd):\n%s", query, diff)
				}
			}
		})
	}
}

// ask returns the reply to a command as it came over the wire.
func ask(t *testing.T, c *client.Client, command, dir string) any {
	t.Helper()
	var result json.RawMessage
	err := c.Execute(context.Background(), command, nil, &result)
	var refused *qmp.Error
	switch {
	case errors.As(err, &refused):
		return map[string]any{"error": map[string]any{"class": string(refused.Class), "desc": refused.Desc}}
	case err != nil:
		t.Fatalf("%s: %v", command, err)
	}
	return map[string]any{"return": decoded(t, []byte(strings.ReplaceAll(string(result), dir, "{dir}")))}
}

func decoded(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// connected boots a machine with the recorder's own socket, which is part of
// what was recorded, and connects to it.
func connected(t *testing.T, args []string) (dir string, c *client.Client) {
	t.Helper()
	dir = t.TempDir()
	bootTree(t, append(args, "-display", "none", "-qmp", "unix:"+filepath.Join(dir, "qmp.sock")+",server=on,wait=off"))
	c, err := client.Dial(context.Background(), "unix", filepath.Join(dir, "qmp.sock"), client.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Disconnect() })
	return dir, c
}
