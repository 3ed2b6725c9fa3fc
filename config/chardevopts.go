package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// backends are the kinds of character devices QEMU's x86 binary has, with the
// old names of some. What is listed can be described; which of them can be
// opened is for the monitors and machines to say.
var backends = map[string]string{
	"file": "file", "hub": "hub", "memory": "ringbuf", "msmouse": "msmouse", "mux": "mux", "null": "null",
	"parallel": "parallel", "pipe": "pipe", "pty": "pty", "qemu-vdagent": "qemu-vdagent",
	"ringbuf": "ringbuf", "serial": "serial", "socket": "socket", "stdio": "stdio", "testdev": "testdev",
	"udp": "udp", "vc": "vc", "wctablet": "wctablet",
}

// ChardevBackends lists the kinds of character devices there are, by name.
func ChardevBackends() []string { return slices.Sorted(maps.Keys(backends)) }

// newChardev makes a chardev of checked members, with QEMU's complaints about
// those that do not go together.
func newChardev(o *opts) (Chardev, error) {
	c := Chardev{ID: o.id, Origin: o.origin}
	if c.ID == "" {
		return c, errors.New("chardev: no id specified")
	}
	kind, ok := o.get("backend")
	if !ok {
		return c, fmt.Errorf("chardev: \"%s\" missing backend", c.ID)
	}
	if c.Backend, ok = backends[kind]; !ok {
		return c, fmt.Errorf("'%s' is not a valid char driver name", kind)
	}
	c.Mux = o.flag("mux", false)
	if c.Backend == "socket" {
		s, err := newSocket(o)
		c.Socket = s
		c.Options = o.object(append(socketParams, "backend", "mux")...)
		return c, err
	}
	c.Path = o.text("path")
	c.Options = o.object("backend", "mux", "path")
	return c, checkBackend(c, o)
}

// checkBackend holds the members of the kinds that need some.
func checkBackend(c Chardev, o *opts) error {
	switch c.Backend {
	case "file":
		if c.Path == "" {
			return errors.New("chardev: file: no filename given")
		}
	case "pipe", "serial", "parallel":
		if name := c.Backend; c.Path == "" {
			if name == "serial" {
				name = "serial/tty"
			}
			return fmt.Errorf("chardev: %s: no device path given", name)
		}
	case "mux":
		if o.text("chardev") == "" {
			return errors.New("chardev: mux: no chardev given")
		}
	case "udp":
		if o.text("port") == "" {
			return errors.New("chardev: udp: remote port not specified")
		}
	case "ringbuf":
		if s, ok := o.get("size"); ok {
			if n, err := ParseSize(s, 0); err == nil && n&(n-1) != 0 {
				return errors.New("size of ringbuf chardev must be power of two")
			}
		}
	}
	return nil
}

// socketParams are the members that a Socket has fields for.
var socketParams = []string{"path", "abstract", "tight", "host", "port", "to", "ipv4", "ipv6", "fd", "server",
	"wait", "delay", "nodelay", "reconnect", "reconnect-ms", "telnet", "tn3270", "websocket"}

func newSocket(o *opts) (*Socket, error) {
	s := &Socket{
		Path: o.text("path"), Host: o.text("host"), Port: o.text("port"), FD: o.text("fd"),
		Server: o.flag("server", false),
		Telnet: o.flag("telnet", false), TN3270: o.flag("tn3270", false), WebSocket: o.flag("websocket", false),
		NoDelay: o.flag("nodelay", !o.flag("delay", true)),
	}
	_, hasPath := o.get("path")
	_, hasHost := o.get("host")
	_, hasFD := o.get("fd")
	// A listening socket may leave out the host and takes every address.
	hasHost = hasHost || s.Server && s.Port != "" && !hasPath && !hasFD
	n := 0
	for _, has := range []bool{hasPath, hasHost, hasFD} {
		if has {
			n++
		}
	}
	switch {
	case n > 1:
		return nil, errors.New("None or one of 'path', 'fd' or 'host' option required.")
	case hasHost && s.Port == "":
		return nil, errors.New("chardev: socket: no port given")
	}
	if s.Path != "" {
		s.Abstract, s.Tight = o.flag("abstract", false), o.flag("tight", true)
	}
	if !hasHost {
		s.Port = ""
	} else if err := newInet(s, o); err != nil {
		return nil, err
	}
	if _, ok := o.get("wait"); ok && !s.Server {
		return nil, errors.New("'wait' option is incompatible with socket in client connect mode")
	}
	// Up to QEMU 9.2 it was a number of seconds.
	name, unit := "reconnect-ms", time.Millisecond
	if _, former := o.get("reconnect"); former {
		name, unit = "reconnect", time.Second
	}
	if r, ok := o.get(name); ok {
		if s.Server {
			return nil, fmt.Errorf("'%s' option is incompatible with socket in server listen mode", name)
		}
		n, err := parseNumber(name, r)
		if err != nil {
			return nil, err
		}
		s.Reconnect = time.Duration(n) * unit
	}
	if s.WebSocket && !s.Server {
		return nil, errors.New("Websocket client is not implemented")
	}
	if _, creds := o.get("tls-creds"); !creds {
		if _, ok := o.get("tls-authz"); ok {
			return nil, errors.New("'tls_authz' option requires 'tls_creds' option")
		}
	}
	s.Wait = s.Server && o.flag("wait", true)
	return s, nil
}

// newInet fills in what only TCP has.
func newInet(s *Socket, o *opts) error {
	if to, ok := o.get("to"); ok {
		n, err := parseNumber("to", to)
		if err != nil {
			return err
		}
		s.To = uint16(min(n, 65535))
	}
	for name, field := range map[string]**bool{"ipv4": &s.IPv4, "ipv6": &s.IPv6} {
		if _, ok := o.get(name); ok {
			b := o.flag(name, false)
			*field = &b
		}
	}
	return nil
}

// checkFD refuses a descriptor that is not a number: only a monitor has names for
// some.
func checkFD(s *Socket) error {
	if s == nil || s.Path != "" || s.Host != "" || s.Port != "" {
		return nil
	}
	if _, err := strconv.ParseUint(s.FD, 10, 31); err != nil {
		return fmt.Errorf("Unable to parse FD number %s", s.FD)
	}
	return nil
}

// protocols are the beginnings of TCP addresses in the old one-word syntax,
// with the member each sets.
var protocols = []struct{ prefix, param string }{
	{"tcp:", ""}, {"telnet:", "telnet"}, {"tn3270:", "tn3270"}, {"websocket:", "websocket"},
}

// words are old names that are complete in themselves.
var words = map[string]bool{"null": true, "pty": true, "msmouse": true, "wctablet": true,
	"testdev": true, "stdio": true, "vc": true}

// compatPairs turns the one-word syntax of -qmp, -monitor, -serial and -qtest
// into the members of -chardev: "unix:PATH,server=on", "tcp:HOST:PORT",
// "stdio". Nil without an error means that the word is not understood; known
// tells whether at least its beginning was.
func compatPairs(word string) (pairs []pair, known bool) {
	if rest, ok := strings.CutPrefix(word, "mon:"); ok {
		pairs, known = compatPairs(rest)
		if pairs != nil {
			pairs = append(pairs, pair{"mux", "on"})
		}
		return pairs, known
	}
	if words[word] {
		return []pair{{"backend", word}}, true
	}
	for _, p := range []struct{ prefix, backend string }{
		{"file:", "file"}, {"pipe:", "pipe"}, {"pty:", "pty"}, {"/dev/parport", "parallel"}, {"/dev/", "serial"},
	} {
		if rest, ok := strings.CutPrefix(word, p.prefix); ok {
			if strings.HasPrefix(p.prefix, "/") {
				rest = word
			}
			return []pair{{"backend", p.backend}, {"path", rest}}, true
		}
	}
	if rest, ok := strings.CutPrefix(word, "unix:"); ok {
		more, _, _ := splitOpts(rest, "path")
		return append([]pair{{"backend", "socket"}}, more...), true
	}
	for _, p := range protocols {
		if rest, ok := strings.CutPrefix(word, p.prefix); ok {
			return inetPairs(rest, p.param), true
		}
	}
	if rest, ok := strings.CutPrefix(word, "vc:"); ok {
		return vcPairs(rest), true
	}
	if rest, ok := strings.CutPrefix(word, "udp:"); ok {
		return udpPairs(rest), true
	}
	return nil, false
}

// inetPairs reads "HOST:PORT,MEMBER…"; HOST may be empty.
func inetPairs(text, param string) []pair {
	address, more, _ := strings.Cut(text, ",")
	host, port, ok := strings.Cut(address, ":")
	if !ok || port == "" || len(host) > 64 || len(port) > 32 {
		return nil
	}
	pairs := []pair{{"backend", "socket"}, {"host", host}, {"port", port}}
	rest, _, _ := splitOpts(more, "")
	pairs = append(pairs, rest...)
	if param != "" {
		pairs = append(pairs, pair{param, "on"})
	}
	return pairs
}

// vcPairs reads "WIDTHxHEIGHT", in pixels or, with a C behind each, characters.
func vcPairs(text string) []pair {
	w, h, ok := strings.Cut(text, "x")
	if !ok {
		return nil
	}
	pairs := []pair{{"backend", "vc"}, {"width", w}, {"height", h}}
	cw, okw := strings.CutSuffix(w, "C")
	ch, okh := strings.CutSuffix(h, "C")
	if okw && okh {
		pairs = []pair{{"backend", "vc"}, {"cols", cw}, {"rows", ch}}
	} else if okw || okh {
		return nil
	}
	for _, p := range pairs[1:] {
		if p.value == "" || digits(p.value) < len(p.value) {
			return nil
		}
	}
	return pairs
}

// udpPairs reads "[HOST]:PORT[@[LOCALADDR]:LOCALPORT]".
func udpPairs(text string) []pair {
	remote, local, hasLocal := strings.Cut(text, "@")
	host, port, ok := strings.Cut(remote, ":")
	if !ok || port == "" {
		return nil
	}
	pairs := []pair{{"backend", "udp"}, {"host", host}, {"port", port}}
	if hasLocal {
		host, port, ok := strings.Cut(local, ":")
		if !ok {
			return nil
		}
		pairs = append(pairs, pair{"localaddr", host}, pair{"localport", port})
	}
	return pairs
}
