package daemon

import (
	"fmt"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/qmp/qjson"
)

// displayPackages are the displays that QEMU has as modules, with the packages of
// Debian's that bring them. The QEMU that machines are here has none of those.
var displayPackages = map[string]string{
	"gtk": "qemu-system-gui", "sdl": "qemu-system-gui", "spice-app": "qemu-system-gui",
	"egl-headless": "qemu-system-modules-opengl", "dbus": "qemu-system-modules-opengl",
}

// checkDisplay refuses what -display asks for and is not there: nothing is shown
// but by VNC.
func (vm *VM) checkDisplay() error {
	o := vm.cfg.DisplayOptions
	if o == nil && (vm.cfg.Display == "" || vm.cfg.Display == "vnc") {
		return nil
	} else if o == nil {
		o = &config.Option{Options: qjson.NewObject(text("type", vm.cfg.Display))}
	}
	if kind, _ := o.Options.Get("type"); kind == "none" && o.Options.Len() == 1 {
		return nil // the usual case does not wait for the schema
	}
	args, err := vm.written().Display(o.Options, !o.FromJSON)
	if err != nil {
		return &Error{o.Origin, err}
	}
	kind, _ := args.Get("type")
	name, _ := kind.(string)
	gl, _ := args.Get("gl")
	switch {
	case displayPackages[name] != "":
		err = fmt.Errorf("Display '%s' is not available. Perhaps you want to install %s package?", name, displayPackages[name])
	case name == "curses":
		err = fmt.Errorf("Display '%s' is not available", name)
	case gl != nil && gl != "off":
		err = fmt.Errorf("OpenGL is not supported by display backend '%s'", name)
	}
	if err != nil {
		return &Error{config.Origin{}, err}
	}
	return nil
}
