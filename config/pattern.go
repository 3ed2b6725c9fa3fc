package config

import (
	"regexp"
	"sync"
)

// pattern returns a regular expression that is compiled when it is first
// needed: most starts of a machine need none.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
