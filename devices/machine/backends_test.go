package machine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qmptest"
	"github.com/qomd/qomd/qom/qomtest"
)

// A model is a plain picture of one kind of backends and of who uses them. It
// does random things to a machine, knows what must come of them, and compares.
// Further kinds join by being added to models.
type model interface {
	// step does one thing, and fails the test when its outcome is another than
	// the picture says.
	step(r *random)
	// compare holds the picture against what the machine tells.
	compare(r *random)
	// clear takes everything away again.
	clear(r *random)
}

// models makes the kinds of backends for one machine.
var models = map[string]func(r *random) model{
	"block": newBlockModel,
}

// random is one machine under random operations.
type random struct {
	*rapid.T
	c   *qmptest.Client
	dir string
}

// do runs a command and expects an error that begins as given; empty for
// success.
func (r *random) do(fails, command string, args qmptest.A) {
	r.Helper()
	got := ""
	_, err := r.c.Execute(command, args)
	var refusal *qmp.Error
	switch {
	case errors.As(err, &refusal):
		got = refusal.Desc
	case err != nil:
		r.Fatal(err)
	}
	if got == fails || fails != "" && strings.HasPrefix(got, fails) {
		return
	}
	r.Fatalf("%s %v:\n got %q\nwant %q", command, args, got, fails)
}

// pick draws one of some names.
func (r *random) pick(what string, names ...string) string {
	return rapid.SampledFrom(names).Draw(r.T, what)
}

// TestBackends does random things to the backends of machines and to the
// devices on them. When all is taken away nothing is left open.
func TestBackends(t *testing.T) {
	for name, make := range models {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				once := &once{TB: t}
				defer once.end()
				vm := qmptest.Start(once, qmptest.PC(), qmptest.Device("virtio-scsi-pci,id=hba"))
				run(&random{T: rt, c: vm.Client(), dir: once.TempDir()}, make)
			})
		})
	}
}

// once is the test of one machine among many: what it leaves behind is cleaned
// up when the machine is done with.
type once struct {
	testing.TB
	cleanups []func()
}

func (o *once) Cleanup(f func()) { o.cleanups = append(o.cleanups, f) }

func (o *once) TempDir() string {
	dir, err := os.MkdirTemp("", "backends")
	if err != nil {
		o.Fatal(err)
	}
	o.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (o *once) end() {
	for _, f := range slices.Backward(o.cleanups) {
		f()
	}
}

// run does random things to one machine.
func run(r *random, make func(*random) model) {
	r.do("", "query-status", nil)
	m := make(r)
	files, before := qomtest.Descriptors(r), goleak.IgnoreCurrent()
	for range rapid.IntRange(1, 100).Draw(r.T, "steps") {
		m.step(r)
		m.compare(r)
	}
	m.clear(r)
	m.compare(r)
	if now := qomtest.Descriptors(r); now != files {
		r.Fatalf("%d files are open, %d were", now, files)
	}
	if err := goleak.Find(before); err != nil {
		r.Fatal(err)
	}
}

// await waits for an event whose data contain some members.
func (r *random) await(event string, want qmptest.A) {
	r.Helper()
	for {
		var data map[string]any
		if err := json.Unmarshal(r.c.Await(event).Data, &data); err != nil {
			r.Fatal(err)
		}
		same := true
		for k, v := range want {
			same = same && fmt.Sprint(data[k]) == fmt.Sprint(v)
		}
		if same {
			return
		}
	}
}
