package machine

import (
	"fmt"
	"strconv"

	"github.com/qomd/qomd/qmp/qjson"
)

// bootConfig is QEMU's BootConfiguration as the property "boot" shows it.
type bootConfig struct {
	Order         string `json:"order,omitempty"`
	Once          string `json:"once,omitempty"`
	Splash        string `json:"splash,omitempty"`
	RebootTimeout *int64 `json:"reboot-timeout,omitempty"` // ms
	Menu          *bool  `json:"menu,omitempty"`
	SplashTime    *int64 `json:"splash-time,omitempty"` // ms
	Strict        *bool  `json:"strict,omitempty"`
}

// with returns c with what -boot says, which has been checked.
func (c bootConfig) with(said *qjson.Object) bootConfig {
	text := func(name string, into *string) {
		if v, ok := said.Get(name); ok {
			*into = fmt.Sprint(v)
		}
	}
	text("order", &c.Order)
	text("once", &c.Once)
	text("splash", &c.Splash)
	for name, into := range map[string]**int64{"reboot-timeout": &c.RebootTimeout, "splash-time": &c.SplashTime} {
		v, _ := said.Get(name)
		if n, err := strconv.ParseInt(fmt.Sprint(v), 0, 64); err == nil {
			*into = &n
		}
	}
	for name, into := range map[string]**bool{"menu": &c.Menu, "strict": &c.Strict} {
		if v, ok := said.Get(name); ok {
			on := v == true || v == "on" || v == "yes" || v == "true" || v == "y"
			*into = &on
		}
	}
	return c
}

// boot is what the machine boots from.
func (m *Machine) boot() bootConfig {
	c, _ := m.object.Stored("boot").(bootConfig)
	return c
}
