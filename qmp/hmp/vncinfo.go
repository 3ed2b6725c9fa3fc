package hmp

import (
	"cmp"
	"errors"
	"slices"

	"github.com/qomd/qomd/devices/vnc"
)

// vncTopics is "info vnc".
func vncTopics() []*command {
	return []*command{{
		names: "vnc", help: "VNC servers and who is connected",
		run: func(r *run) error {
			if len(r.h.m.VNC) == 0 {
				r.printf("None\n")
			}
			for _, s := range slices.Backward(r.h.m.VNC) {
				r.printf("%s:\n", s.ID())
				if len(s.Endpoints()) == 0 {
					k := s.Security()
					r.printf("  Auth: %s (Sub: %s)\n", k.Auth, cmp.Or(k.VeNCrypt, "none"))
				}
				for _, e := range s.Endpoints() {
					r.printf("  Server: %s\n    Auth: %s (Sub: %s)\n", vncEnd(e.Endpoint), e.Auth, cmp.Or(e.VeNCrypt, "none"))
				}
				for _, c := range s.Clients() {
					r.printf("  Client: %s\n    x509_dname: none\n    sasl_username: none\n", vncEnd(c))
				}
			}
			return nil
		},
	}}
}

func vncEnd(e vnc.Endpoint) string {
	family := e.Family
	if e.WebSocket {
		family += " (Websocket)"
	}
	return e.Host + ":" + e.Service + " (" + family + ")"
}

// changeVNC is "change vnc password SECRET".
func changeVNC(r *run) error {
	target := r.args.text("target")
	switch {
	case r.has("read-only-mode"):
		return errors.New("Parameter 'read-only-mode' is invalid for VNC")
	case target != "password" && target != "passwd":
		return errors.New("Expected 'password' after 'vnc'")
	case !r.has("arg"):
		r.printf("terminal does not support password prompting\n")
		return nil
	}
	return r.ask("change-vnc-password", with("password", r.args.text("arg")))
}
