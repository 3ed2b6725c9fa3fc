package qom

import (
	"cmp"
	"fmt"
)

// NotFoundError says that a path leads to no object. On the wire its class is
// DeviceNotFound.
type NotFoundError struct {
	Path string
	What string // what was looked for; empty: "Device"
}

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("%s '%s' not found", cmp.Or(e.What, "Device"), e.Path)
}

// AmbiguousPathError says that a partial path leads to several objects.
type AmbiguousPathError struct {
	Path string
	Link bool // the path was to be the target of a link
}

func (e *AmbiguousPathError) Error() string {
	if e.Link {
		return fmt.Sprintf("Path '%s' does not uniquely identify an object", e.Path)
	}
	return fmt.Sprintf("Path '%s' is ambiguous", e.Path)
}

// invalidType is QEMU's text for a value of the wrong kind.
func invalidType(name, expected string) error {
	return fmt.Errorf("Invalid parameter type for '%s', expected: %s", name, expected)
}
