package commands

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/qmp/schema"
)

// Formats lists the drivers of block nodes that there are, as QEMU does for
// -drive format=help: those that can be written, and those that can be read.
func Formats(s *schema.Schema) string {
	all := s.Choices("blockdev-add", "driver")
	list := strings.Join(slices.DeleteFunc(all, func(name string) bool { return !block.HasDriver(name) }), " ")
	return fmt.Sprintf("Supported formats: %s\nSupported formats (read-only): %s\n", list, list)
}
