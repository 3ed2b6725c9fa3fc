package hmp

import "github.com/qomd/qomd/devices/vnc"

// vncTopics is "info vnc".
func vncTopics() []*command {
	return []*command{{
		names: "vnc", help: "VNC servers and who is connected",
		run: func(r *run) error {
			if len(r.h.m.VNC) == 0 {
				r.printf("None\n")
			}
			for _, s := range r.h.m.VNC {
				e := s.Endpoint()
				r.printf("%s:\n  Server: %s\n    Auth: %s (Sub: none)\n", s.ID(), vncEnd(e.Endpoint), e.Auth)
				for _, c := range s.Clients() {
					r.printf("  Client: %s\n    x509_dname: none\n    sasl_username: none\n", vncEnd(c))
				}
			}
			return nil
		},
	}}
}

func vncEnd(e vnc.Endpoint) string { return e.Host + ":" + e.Service + " (" + e.Family + ")" }
