package commands

import (
	"errors"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/qmp"
)

// fds registers what takes file descriptors over a unix socket, of
// qapi/misc.json.
func (c *Commands) fds() {
	qmp.Register(c.set, "getfd", 0, c.getFD)
	qmp.Register(c.set, "closefd", 0, c.closeFD)
	qmp.Register(c.set, "add-fd", 0, c.addFD)
	qmp.Register(c.set, "remove-fd", 0, c.removeFD)
	qmp.Register(c.set, "query-fdsets", 0, c.queryFDSets)
}

// descriptor takes the descriptor that came with a command.
func descriptor(call *qmp.Call) (int, error) {
	if call == nil { // a line typed at a monitor for people
		return -1, errNoDescriptor
	}
	if source, ok := call.Session.Conn().(chardev.DescriptorSource); ok {
		if fd, ok := source.TakeDescriptor(); ok {
			return fd, nil
		}
	}
	return -1, errNoDescriptor
}

var errNoDescriptor = errors.New("No file descriptor supplied via SCM_RIGHTS")

type fdNameArgs struct {
	Name string `json:"fdname"`
}

func (c *Commands) getFD(call *qmp.Call, a fdNameArgs) (none, error) {
	fd, err := descriptor(call)
	if err != nil {
		return none{}, err
	}
	return none{}, c.m.Files.Name(a.Name, fd)
}

func (c *Commands) closeFD(_ *qmp.Call, a fdNameArgs) (none, error) {
	return none{}, c.m.Files.CloseNamed(a.Name)
}

type addFDArgs struct {
	Set    *int64 `json:"fdset-id"`
	Opaque string `json:"opaque"`
}

// addFDInfo is QEMU's AddfdInfo.
type addFDInfo struct {
	Set int64 `json:"fdset-id"`
	FD  int   `json:"fd"`
}

func (c *Commands) addFD(call *qmp.Call, a addFDArgs) (addFDInfo, error) {
	fd, err := descriptor(call)
	if err != nil {
		return addFDInfo{}, err
	}
	set, err := c.m.Files.Add(a.Set, a.Opaque, fd)
	return addFDInfo{set, fd}, err
}

type removeFDArgs struct {
	Set int64  `json:"fdset-id"`
	FD  *int64 `json:"fd"`
}

func (c *Commands) removeFD(_ *qmp.Call, a removeFDArgs) (none, error) {
	return none{}, c.m.Files.Remove(a.Set, a.FD)
}

func (c *Commands) queryFDSets(*qmp.Call, none) ([]chardev.FDSet, error) {
	return c.m.Files.Sets(), nil
}
