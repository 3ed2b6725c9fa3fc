package commands_test

import (
	"bytes"
	"debug/elf"
	"os"
	"path/filepath"
	"testing"

	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp/commands"
	"github.com/qomd/qomd/qmp/qjson"
)

// Memory that is written to files is what the guest sees.
func TestMemoryInFiles(t *testing.T) {
	m, err := machine.New(machine.Options{Type: "q35"})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	completed := make(chan any, 1)
	m.OnEvent = func(name string, data any) {
		if name == "DUMP_COMPLETED" {
			completed <- data
		}
	}
	set := commands.New(m, commands.Schema(m.Options().Catalog), nil)
	run := func(name string, args ...qjson.Member) {
		t.Helper()
		m.Do(func() {
			if _, err := set.Call(nil, name, qjson.NewObject(args...)); err != nil {
				t.Fatal(err)
			}
		})
	}
	is := func(name string, value any) qjson.Member { return qjson.Member{Name: name, Value: value} }
	const addr = int64(0x1ffff8)
	text := []byte("across two megabytes")
	m.Do(func() {
		if err := m.Build(); err != nil {
			t.Fatal(err)
		}
		m.MemorySpace().Write(uint64(addr), text)
	})
	dir := t.TempDir()
	for _, command := range []string{"memsave", "pmemsave"} {
		name := filepath.Join(dir, command)
		run(command, is("val", addr-0x100000), is("size", int64(0x200000)), is("filename", name))
		got, err := os.ReadFile(name)
		if err != nil || len(got) != 0x200000 || !bytes.Equal(got[0x100000:][:len(text)], text) {
			t.Errorf("%s: %d bytes, %v", command, len(got), err)
		}
	}
	for name, detach := range map[string]bool{"waited": false, "detached": true} {
		file := filepath.Join(dir, name)
		run("dump-guest-memory", is("paging", false), is("protocol", "file:"+file), is("detach", detach),
			is("begin", int64(0x100000)), is("length", int64(0x200000)))
		<-completed
		f, err := elf.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		got := make([]byte, len(text))
		if _, err := f.Progs[1].ReadAt(got, addr-0x100000); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
