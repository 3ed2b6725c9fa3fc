package qdev

import (
	"fmt"

	"github.com/qomd/qomd/qom"
)

// counter numbers devices that have no name of their own. As in QEMU a number
// is not used again, even when its device has gone or failed.
type counter struct{ n int }

// next returns the name for the next device in a container.
func (c *counter) next(container *qom.Object) string {
	for {
		name := fmt.Sprintf("device[%d]", c.n)
		c.n++
		if !container.HasProperty(name) {
			return name
		}
	}
}
