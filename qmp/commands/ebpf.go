package commands

import (
	"encoding/base64"

	"github.com/qomd/qomd/devices/rss"
	"github.com/qomd/qomd/qmp"
)

// ebpf registers qapi/ebpf.json. The only program there is spreads packets over
// queues.
func (c *Commands) ebpf() {
	qmp.Register(c.set, "request-ebpf", 0, func(*qmp.Call, ebpfArgs) (ebpfObject, error) {
		object, err := rss.Object()
		return ebpfObject{base64.StdEncoding.EncodeToString(object)}, err
	})
}

type ebpfArgs struct {
	ID string `json:"id"`
}

// ebpfObject is QEMU's EbpfObject: an ELF file.
type ebpfObject struct {
	Object string `json:"object"`
}
