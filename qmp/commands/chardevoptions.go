package commands

import (
	"strconv"
	"time"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/chardev"
)

// ChardevOptions translates a description, as -chardev and HMP's chardev-add
// take it.
func ChardevOptions(c config.Chardev) (chardev.Options, error) {
	o := chardev.Options{Kind: c.Backend, Path: c.Path}
	text := func(name string) string {
		if c.Options == nil {
			return ""
		}
		v, _ := c.Options.Get(name)
		s, _ := v.(string)
		return s
	}
	flag := func(name string) bool { v := text(name); return v == "on" || v == "yes" || v == "true" || v == "y" }
	o.LogFile, o.LogAppend = text("logfile"), flag("logappend")
	switch c.Backend {
	case "socket":
		s := c.Socket
		o.Socket = chardev.SocketOptions{
			Path: s.Path, Abstract: s.Abstract, Loose: s.Abstract && !s.Tight, Host: s.Host, Port: s.Port, To: s.To,
			IPv4: s.IPv4, IPv6: s.IPv6, Server: s.Server, Reconnect: s.Reconnect,
			Telnet: s.Telnet, TN3270: s.TN3270, WebSocket: s.WebSocket,
			TLSCreds: text("tls-creds"), TLSAuthz: text("tls-authz"),
		}
		if fd, err := strconv.Atoi(s.FD); err == nil {
			o.Socket.FD, o.Socket.UseFD = fd, true
		} else if s.Path == "" && s.Host == "" && s.Port == "" {
			o.Socket.FDName, o.Socket.ByName = s.FD, true
		}
	case "file":
		o.Input, o.Append = text("input-path"), flag("append")
	case "ringbuf":
		if size := text("size"); size != "" {
			n, err := config.ParseSize(size, 0)
			if err != nil {
				return o, err
			}
			o.Size = int64(n)
		}
	case "udp":
		o.UDP = chardev.UDPOptions{
			RemoteHost: text("host"), RemotePort: text("port"), LocalHost: text("localaddr"), LocalPort: text("localport"),
		}
	case "mux":
		o.Base = text("chardev")
	case "hub":
		for i := 0; ; i++ {
			base := text("chardevs." + strconv.Itoa(i))
			if base == "" {
				break
			}
			o.Bases = append(o.Bases, base)
		}
	case "stdio":
		o.NoSignal = text("signal") != "" && !flag("signal")
	}
	return o, nil
}

// chardevBackend is QEMU's ChardevBackend, with the members of all kinds.
type chardevBackend struct {
	Type string `json:"type"`
	Data struct {
		LogFile   string `json:"logfile"`
		LogAppend bool   `json:"logappend"`

		In     string `json:"in"`
		Out    string `json:"out"`
		Append bool   `json:"append"`
		Device string `json:"device"`

		Addr      *socketAddress `json:"addr"`
		TLSCreds  string         `json:"tls-creds"`
		TLSAuthz  string         `json:"tls-authz"`
		Server    *bool          `json:"server"`
		Wait      *bool          `json:"wait"`
		Telnet    bool           `json:"telnet"`
		TN3270    bool           `json:"tn3270"`
		WebSocket bool           `json:"websocket"`
		Reconnect *int64         `json:"reconnect-ms"`
		Seconds   *int64         `json:"reconnect"` // what it was up to QEMU 9.2

		Remote *socketAddress `json:"remote"`
		Local  *socketAddress `json:"local"`

		Chardev  string   `json:"chardev"`
		Chardevs []string `json:"chardevs"`
		Signal   *bool    `json:"signal"`
		Size     int64    `json:"size"`
	} `json:"data"`
}

// socketAddress is QEMU's SocketAddressLegacy.
type socketAddress struct {
	Type string                `json:"type"`
	Data chardev.SocketAddress `json:"data"` // but for its type
}

// options says where a socket is.
func (a *socketAddress) options() chardev.SocketOptions {
	at := a.Data
	at.Type = a.Type
	return at.Options()
}

// options reads the arguments of chardev-add.
func (b *chardevBackend) options() chardev.Options {
	d := &b.Data
	o := chardev.Options{
		Kind: b.Type, LogFile: d.LogFile, LogAppend: d.LogAppend, Path: d.Device, Input: d.In, Append: d.Append,
		Size: d.Size, Base: d.Chardev, Bases: d.Chardevs, NoSignal: d.Signal != nil && !*d.Signal,
	}
	switch b.Type {
	case "file":
		o.Path = d.Out
	case "udp":
		if d.Remote.Type != "inet" || d.Local != nil && d.Local.Type != "inet" {
			o.UDP.NotInet = true
			break
		}
		o.UDP.RemoteHost, o.UDP.RemotePort = d.Remote.Data.Host, d.Remote.Data.Port
		if d.Local != nil {
			o.UDP.LocalHost, o.UDP.LocalPort = d.Local.Data.Host, d.Local.Data.Port
		}
	case "socket":
		s := d.Addr.options()
		s.Server, s.SaysWait = d.Server == nil || *d.Server, d.Wait != nil
		if d.Reconnect != nil {
			s.Reconnect, s.SaysReconnect = time.Duration(*d.Reconnect)*time.Millisecond, true
		}
		if d.Seconds != nil {
			s.Reconnect, s.SaysReconnect = time.Duration(*d.Seconds)*time.Second, true
		}
		s.TLSCreds, s.TLSAuthz = d.TLSCreds, d.TLSAuthz
		s.Telnet, s.TN3270, s.WebSocket = d.Telnet, d.TN3270, d.WebSocket
		o.Socket = s
	}
	return o
}
