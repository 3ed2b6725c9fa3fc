package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
)

// Set opens catalogs by name or file, each once. The zero value is ready to
// use, and safe for concurrent use.
type Set struct {
	mu    sync.Mutex
	files map[string]*Catalog
}

// Open returns a catalog: an embedded one ("qemu-7.2", or just "7.2"), the
// default one for "", or else the one in the named file, as "qomd capture"
// writes them. Every call with one name returns the same catalog.
func (s *Set) Open(name string) (*Catalog, error) {
	for _, embedded := range []string{name, "qemu-" + name} {
		if name == "" || slices.Contains(Names(), embedded) {
			return Load(embedded)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.files[name]; c != nil {
		return c, nil
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no catalog %q: neither embedded (%s) nor a file", name, strings.Join(Names(), ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	c, err := Open(name, data)
	if err != nil {
		return nil, err
	}
	if s.files == nil {
		s.files = map[string]*Catalog{}
	}
	s.files[name] = c
	return c, nil
}
