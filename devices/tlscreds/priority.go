package tlscreds

import (
	"crypto/tls"
	"fmt"
	"strings"
)

// versions are the oldest and newest version of TLS that may be spoken.
type versions struct{ min, max uint16 }

// keywords of GnuTLS choose sets of cipher suites. All that Go has is in each of
// them, or stronger.
var keywords = map[string]bool{"": true, "NORMAL": true, "SECURE": true, "SECURE128": true, "PFS": true, "PERFORMANCE": true}

// parsePriority reads the property priority, a priority string of GnuTLS: a keyword
// or "@NAME", for one of the host's settings, and then "+VERS-TLS1.3",
// "-VERS-ALL" and the like. What cannot be obeyed is refused.
func parsePriority(priority string) (versions, error) {
	keyword, rest, _ := strings.Cut(priority, ":")
	bad := fmt.Errorf("Unable to set TLS session priority %s: The request is invalid.", priority)
	if !keywords[keyword] && !strings.HasPrefix(keyword, "@") {
		return versions{}, bad
	}
	spoken := map[uint16]bool{tls.VersionTLS12: true, tls.VersionTLS13: true}
	for item := range strings.SplitSeq(rest, ":") {
		if item == "" {
			continue
		}
		version, ok := strings.CutPrefix(item[1:], "VERS-")
		if !ok || !strings.Contains("+-!", item[:1]) {
			return versions{}, fmt.Errorf("'%s' of TLS session priority %s is not supported by qomd", item, priority)
		}
		on := item[0] == '+'
		switch version {
		case "TLS1.3":
			spoken[tls.VersionTLS13] = on
		case "TLS1.2":
			spoken[tls.VersionTLS12] = on
		case "ALL", "TLS-ALL":
			spoken[tls.VersionTLS12], spoken[tls.VersionTLS13] = on, on
		}
	}
	switch old, young := spoken[tls.VersionTLS12], spoken[tls.VersionTLS13]; {
	case old && young:
		return versions{tls.VersionTLS12, tls.VersionTLS13}, nil
	case old:
		return versions{tls.VersionTLS12, tls.VersionTLS12}, nil
	case young:
		return versions{tls.VersionTLS13, tls.VersionTLS13}, nil
	}
	return versions{}, bad
}
