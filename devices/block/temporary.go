package block

import (
	"os"

	"github.com/qomd/qomd/qmp/qjson"
)

// overTemporary puts a layer over a node that nobody uses yet, in a file which
// goes with it: what is written is forgotten.
func (g *Graph) overTemporary(base *Node, readOnly bool) (*Node, error) {
	dir := os.TempDir()
	if dir == "/tmp" {
		dir = "/var/tmp" // as QEMU has it: /tmp may be in memory
	}
	f, err := os.CreateTemp(dir, "vl.")
	if err == nil {
		defer os.Remove(f.Name())
		err = f.Close()
	}
	if err == nil {
		err = g.makeImage(f.Name(), "qcow2", base.Size(), nil)
	}
	if err != nil {
		g.release(base)
		return nil, err
	}
	file := qjson.NewObject(qjson.Member{Name: "driver", Value: "file"}, qjson.Member{Name: "filename", Value: f.Name()})
	layer, err := g.open(qjson.NewObject(
		qjson.Member{Name: "driver", Value: "qcow2"}, qjson.Member{Name: "file", Value: file},
		qjson.Member{Name: "backing", Value: base.name},
	), inherited{readOnly: readOnly, cache: Cache{NoFlush: true, Writeback: true}})
	if err != nil {
		g.release(base)
	}
	return layer, err
}
