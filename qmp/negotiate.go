package qmp

import "github.com/qomd/qomd/qmp/qjson"

const capabilitiesCommand = "qmp_capabilities"

// capabilityOOB is the only capability of QMP so far.
const capabilityOOB = "oob"

// Version is what the greeting and query-version say of the server.
type Version struct {
	Major, Minor, Micro int
	Package             string
}

// Info returns the version in the form of VersionInfo.
func (v Version) Info() *qjson.Object {
	return qjson.NewObject(
		qjson.Member{Name: "qemu", Value: qjson.NewObject(
			qjson.Member{Name: "major", Value: int64(v.Major)},
			qjson.Member{Name: "minor", Value: int64(v.Minor)},
			qjson.Member{Name: "micro", Value: int64(v.Micro)},
		)},
		qjson.Member{Name: "package", Value: v.Package},
	)
}

// VersionInfo is the server's version in the form query-version answers.
func (s *Server) VersionInfo() *qjson.Object { return s.cfg.Version.Info() }

// greeting is the first message of every session.
func (s *Server) greeting(m Monitor) *qjson.Object {
	capabilities := []any{}
	if !m.WithoutOOB {
		capabilities = append(capabilities, capabilityOOB)
	}
	return qjson.NewObject(qjson.Member{Name: "QMP", Value: qjson.NewObject(
		qjson.Member{Name: "version", Value: s.cfg.Version.Info()},
		qjson.Member{Name: "capabilities", Value: capabilities},
	)})
}

// negotiate is qmp_capabilities. The session counts as negotiated from its reply
// on: no event may come before that.
func negotiate(c *Call) (any, error) {
	if ready, _ := c.Session.state(); ready {
		return nil, Errorf(CommandNotFound, "Capabilities negotiation is already complete, command ignored")
	}
	var args struct {
		Enable []string `json:"enable"`
	}
	if err := qjson.Unmarshal(c.Args, &args); err != nil {
		return nil, err
	}
	oob := false
	for _, name := range args.Enable {
		if name != capabilityOOB {
			return nil, Errorf(GenericError, "Parameter 'null' does not accept value '%s'", name)
		}
		if c.Session.monitor.WithoutOOB {
			return nil, Errorf(GenericError, "Capability not available: %s", name)
		}
		oob = true
	}
	c.onReply = func() { c.Session.negotiated(oob) }
	return struct{}{}, nil
}
