package lifetime

import (
	"fmt"
	"io"
)

// Unplug is a device that was asked to leave and has not left the tree.
type Unplug struct {
	Type       string `json:"type"`
	Device     string `json:"device"` // its id, empty for none
	Path       string `json:"path"`
	Generation uint64 `json:"generation"`
	Age        int64  `json:"age"` // microseconds since it was asked for
	// Unrealized says that the device is shut down and stays in the tree, as
	// after qom-set realized=false.
	Unrealized bool     `json:"unrealized"`
	BlockedBy  []string `json:"blocked-by"`
}

// WriteUnplugs prints the devices that are asked to leave for people.
func WriteUnplugs(w io.Writer, list []Unplug) {
	for _, u := range list {
		fmt.Fprintf(w, "%s (%s #%d): ", short(u.Path), u.Type, u.Generation)
		if u.Unrealized {
			fmt.Fprintln(w, "unrealized, but not taken out of the tree")
		} else {
			fmt.Fprintf(w, "asked to leave %s ago, waiting for the guest to let it go\n", Age(u.Age))
		}
		for _, b := range u.BlockedBy {
			fmt.Fprintf(w, "  blocked by: %s\n", b)
		}
	}
}
