package block

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/qmp/qjson"
)

// defaultNBDPort is where NBD servers listen (IANA).
const defaultNBDPort = "10809"

// nbdWords are the options of older QEMUs, which say where the server is.
var nbdWords = []string{"host", "port", "path"}

// nameNBD reads the name of an export: "nbd:HOST:PORT:exportname=NAME" or
// "nbd:unix:PATH:exportname=NAME", or an URL (doc/uri.md of the NetworkBlockDevice
// project).
func nameNBD(o *qjson.Object, file string) error {
	for _, word := range nbdWords {
		if o.Has(word) {
			return fmt.Errorf("Option '%s' cannot be used with a file name", word)
		}
	}
	if o.Has("server") {
		return errors.New("Option 'server.' cannot be used with a file name")
	}
	if strings.Contains(file, "://") {
		if !nameNBDURL(o, file) {
			return errors.New("No valid URL specified")
		}
		return nil
	}
	rest, ok := strings.CutPrefix(file, "nbd:")
	if !ok {
		return errors.New("File name string for NBD must start with 'nbd:'")
	}
	if at, export, ok := strings.Cut(rest, ":exportname="); ok {
		if export != "" {
			o.Set("export", export)
		}
		rest = at
	}
	if rest == "" {
		return nil
	}
	if path, ok := strings.CutPrefix(rest, "unix:"); ok {
		o.Set("server", nbdServerAt("unix", "path", path))
		return nil
	}
	if before, _, ok := strings.Cut(rest, "="); ok {
		return fmt.Errorf("Invalid parameter '%s'", before)
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil || port == "" {
		return fmt.Errorf("error parsing address '%s'", rest)
	}
	o.Set("server", nbdServerAt("inet", "host", host, "port", port))
	return nil
}

func nbdServerAt(kind string, pairs ...string) *qjson.Object {
	server := qjson.NewObject(qjson.Member{Name: "type", Value: kind})
	for i := 0; i < len(pairs); i += 2 {
		server.Set(pairs[i], pairs[i+1])
	}
	return server
}

// nameNBDURL reads an URL, false for none that leads anywhere.
func nameNBDURL(o *qjson.Object, s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	if export := strings.TrimPrefix(u.Path, "/"); export != "" {
		o.Set("export", export)
	}
	query := u.Query()
	switch u.Scheme {
	case "nbd", "nbd+tcp":
		port := u.Port()
		if port == "" {
			port = defaultNBDPort
		}
		o.Set("server", nbdServerAt("inet", "host", u.Hostname(), "port", port))
		return u.Hostname() != "" && len(query) == 0
	case "nbd+unix":
		o.Set("server", nbdServerAt("unix", "path", query.Get("socket")))
		return u.Host == "" && len(query) == 1 && query.Has("socket")
	}
	return false
}

// nbdServer returns where the server of a node is.
func nbdServer(o *qjson.Object) (*qjson.Object, error) {
	if v, ok := o.Get("server"); ok {
		server, ok := v.(*qjson.Object)
		if !ok {
			return nil, errors.New("Invalid parameter type for 'server', expected: object")
		}
		return server, nil
	}
	host, hosted := text(o, "host")
	port, ported := text(o, "port")
	path, local := text(o, "path")
	switch {
	case local && hosted:
		return nil, errors.New("path and host may not be used at the same time")
	case local && ported:
		return nil, errors.New("port may not be used without host")
	case local:
		return nbdServerAt("unix", "path", path), nil
	case !hosted:
		return nil, errors.New("NBD server address missing")
	case !ported:
		port = defaultNBDPort
	}
	return nbdServerAt("inet", "host", host, "port", port), nil
}

// nbdAddress reads where a server is, QEMU's SocketAddress.
func nbdAddress(server *qjson.Object) (chardev.SocketOptions, error) {
	var a chardev.SocketAddress
	kind, ok := text(server, "type")
	if !ok {
		return a.Options(), errors.New("Parameter 'type' is missing")
	}
	need := func(to *string, key string) (err error) {
		if *to, ok = text(server, key); !ok {
			err = fmt.Errorf("Parameter '%s' is missing", key)
		}
		return err
	}
	var err error
	switch a.Type = kind; kind {
	case "unix":
		err = need(&a.Path, "path")
	case "inet":
		if err = need(&a.Host, "host"); err == nil {
			err = need(&a.Port, "port")
		}
	case "vsock", "fd":
		err = fmt.Errorf("socket type '%s' is not supported", kind)
	default:
		err = fmt.Errorf("Parameter 'type' does not accept value '%s'", kind)
	}
	return a.Options(), err
}
