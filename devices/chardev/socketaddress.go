package chardev

// SocketAddress is QEMU's SocketAddress, a union by Type: inet, unix, vsock or
// fd. Commands take it, properties and events show it.
type SocketAddress struct {
	Type     string `json:"type"`
	Path     string `json:"path,omitempty"`
	Abstract *bool  `json:"abstract,omitempty"`
	Tight    *bool  `json:"tight,omitempty"`
	Host     string `json:"host,omitempty"`
	Port     string `json:"port,omitempty"`
	To       uint16 `json:"to,omitempty"`
	IPv4     *bool  `json:"ipv4,omitempty"`
	IPv6     *bool  `json:"ipv6,omitempty"`
	CID      string `json:"cid,omitempty"`
	Str      string `json:"str,omitempty"` // of fd: its name or number
}

// Options returns where the socket is. What Str names is looked up by name.
func (a SocketAddress) Options() SocketOptions {
	return SocketOptions{
		Path: a.Path, Abstract: a.Abstract != nil && *a.Abstract, Loose: a.Tight != nil && !*a.Tight,
		Host: a.Host, Port: a.Port, To: a.To, IPv4: a.IPv4, IPv6: a.IPv6, CID: a.CID,
		FDName: a.Str, ByName: a.Type == "fd",
	}
}
