package commands

import (
	"github.com/qomd/qomd/devices/vnc"
	"github.com/qomd/qomd/qmp"
)

// vnc registers the queries about VNC servers of qapi/ui.json.
func (c *Commands) vnc() {
	qmp.Register(c.set, "query-vnc", 0, c.queryVNC)
	qmp.Register(c.set, "query-vnc-servers", 0, c.queryVNCServers)
}

// vncInfo is QEMU's VncInfo, about the first server.
type vncInfo struct {
	Enabled bool           `json:"enabled"`
	Host    *string        `json:"host,omitempty"`
	Family  string         `json:"family,omitempty"`
	Service string         `json:"service,omitempty"`
	Auth    string         `json:"auth,omitempty"`
	Clients []vnc.Endpoint `json:"clients,omitzero"`
}

func (c *Commands) queryVNC(*qmp.Call, none) (vncInfo, error) {
	if len(c.m.VNC) == 0 {
		return vncInfo{}, nil
	}
	s := c.m.VNC[0]
	e := s.Endpoint()
	return vncInfo{Enabled: true, Host: &e.Host, Family: e.Family, Service: e.Service, Auth: e.Auth, Clients: s.Clients()}, nil
}

// vncServer is QEMU's VncInfo2.
type vncServer struct {
	ID      string               `json:"id"`
	Server  []vnc.ServerEndpoint `json:"server"`
	Clients []vnc.Endpoint       `json:"clients"`
	Auth    string               `json:"auth"`
}

func (c *Commands) queryVNCServers(*qmp.Call, none) ([]vncServer, error) {
	list := []vncServer{}
	for _, s := range c.m.VNC {
		e := s.Endpoint()
		list = append(list, vncServer{ID: s.ID(), Server: []vnc.ServerEndpoint{e}, Clients: s.Clients(), Auth: e.Auth})
	}
	return list, nil
}
