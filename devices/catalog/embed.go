package catalog

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
)

// Names of the embedded catalogs.
const (
	QEMU111 = "qemu-11.1"
	QEMU72  = "qemu-7.2"

	// DefaultName is the catalog used where none is named.
	DefaultName = QEMU111
)

//go:embed qemu-11.1.cat
var qemu111 string

//go:embed qemu-7.2.cat
var qemu72 string

// The loaders are immutable: each opens its file once and then keeps giving
// the same catalog.
var (
	load111 = sync.OnceValues(func() (*Catalog, error) { return open(QEMU111, qemu111, false) })
	load72  = sync.OnceValues(func() (*Catalog, error) { return open(QEMU72, qemu72, false) })
)

// Names lists the embedded catalogs, the default one first.
func Names() []string { return []string{QEMU111, QEMU72} }

// Load returns an embedded catalog by name; the empty name means the default.
// Every call with one name returns the same catalog.
func Load(name string) (*Catalog, error) {
	switch name {
	case "", QEMU111:
		return load111()
	case QEMU72:
		return load72()
	}
	return nil, fmt.Errorf("unknown catalog %q (embedded: %s)", name, strings.Join(Names(), ", "))
}

// Default returns the catalog of the newest embedded QEMU. It cannot fail
// unless the program was built from a damaged source tree; it then answers an
// empty catalog that knows no type.
func Default() *Catalog {
	c, err := load111()
	if err != nil {
		return &Catalog{name: QEMU111}
	}
	return c
}
