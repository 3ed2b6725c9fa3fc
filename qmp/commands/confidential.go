package commands

import (
	"errors"

	"github.com/qomd/qomd/qmp"
)

// confidential registers the queries of qapi/misc-i386.json about encrypted
// guests and enclaves, of which there are none. libvirt gives an emulator up
// that has the types for them and does not know these commands.
func (c *Commands) confidential() {
	qmp.Register(c.set, "query-sev", 0, func(*qmp.Call, none) (sevInfo, error) {
		return sevInfo{State: "uninit", Type: "sev"}, nil
	})
	qmp.Register(c.set, "query-sev-capabilities", 0, func(*qmp.Call, none) (none, error) {
		if c.m.Options().Accel == "kvm" {
			return none{}, errors.New("SEV is not enabled in KVM")
		}
		return none{}, errors.New("KVM not enabled")
	})
	qmp.Register(c.set, "query-sev-launch-measure", 0, func(*qmp.Call, none) (none, error) {
		return none{}, errors.New("SEV launch measurement is not available")
	})
	qmp.Register(c.set, "query-sgx", 0, func(*qmp.Call, none) (none, error) {
		if !c.m.IsPC() && !c.m.IsQ35() {
			return none{}, errors.New("SGX is only supported on PC machines")
		}
		return none{}, errors.New("No EPC regions defined, SGX not available")
	})
	qmp.Register(c.set, "query-sgx-capabilities", 0, func(*qmp.Call, none) (none, error) {
		return none{}, errors.New("Could not open '/dev/sgx_vepc': No such file or directory")
	})
}

// sevInfo is QEMU's SevInfo.
type sevInfo struct {
	Enabled  bool   `json:"enabled"`
	APIMajor int    `json:"api-major"`
	APIMinor int    `json:"api-minor"`
	BuildID  int    `json:"build-id"`
	State    string `json:"state"`
	Type     string `json:"sev-type"`
	Policy   int    `json:"policy"`
	Handle   int    `json:"handle"`
}
