package daemon_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/qmp/daemon"
)

// TestNUMA tries command lines, and compares what x-query-numa says of the
// machine, or why there is none, with what QEMU 11.1.3 said.
func TestNUMA(t *testing.T) {
	text, err := os.ReadFile("testdata/numa.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		line, want, _ := strings.Cut(c, "\n")
		want = strings.ReplaceAll(strings.TrimPrefix(want, "\t"), "\n\t", "\n")
		if diff := cmp.Diff(want, strings.TrimSpace(nodes(t, strings.Fields(line)))); diff != "" {
			t.Errorf("%s (-QEMU +got)\n%s", line, diff)
		}
	}
}

// nodes boots a machine and returns what it says of its nodes, or its error.
func nodes(t *testing.T, args []string) string {
	t.Helper()
	cfg, err := config.ParseArgs("numa", append(args, "-nodefaults", "-display", "none", "-accel", "qtest"))
	if err != nil {
		return err.Error()
	}
	vm, err := daemon.Start(*cfg, daemon.Options{Shared: &shared})
	if err != nil {
		return err.Error()
	}
	defer vm.Close()
	c := converse(t, vm)
	if _, err := c.conn.Write([]byte(`{"execute": "x-query-numa"}`)); err != nil {
		t.Fatal(err)
	}
	var reply struct {
		Return struct {
			Text string `json:"human-readable-text"`
		} `json:"return"`
	}
	if err := json.NewDecoder(c.r).Decode(&reply); err != nil {
		t.Fatal(err)
	}
	return reply.Return.Text
}
