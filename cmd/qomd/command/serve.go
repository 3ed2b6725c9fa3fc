package command

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/qomd/qomd/cmd/logging"
	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp/daemon"
)

// serveOptions are the flags of the root command.
type serveOptions struct {
	file      string
	catalog   string
	set       []string
	logLevel  string
	logFormat string
}

func (o *serveOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.set, "set", nil, "set KEY=VALUE for every machine, over the file and the environment (memory.size=256M)")
	f.StringVar(&o.catalog, "catalog", "", "the QEMU to be: qemu-11.1, qemu-7.2, or a file from \"qomd capture\"")
	f.StringVar(&o.logLevel, "log-level", "", "least severe level that is logged: debug (commands and events), info, warn, error")
	f.StringVar(&o.logFormat, "log-format", "", "text, json, or auto: text on a terminal")
}

// settings are the flags that override the file.
func (o *serveOptions) settings() (config.Settings, error) {
	s := config.Settings{}
	for _, kv := range o.set {
		key, value, ok := strings.Cut(kv, "=")
		if !ok {
			return nil, fmt.Errorf("--set %s: want KEY=VALUE", kv)
		}
		s[key] = value
	}
	if o.catalog != "" {
		s["catalog"] = o.catalog
	}
	if o.logLevel != "" {
		s["log.level"] = o.logLevel
	}
	if o.logFormat != "" {
		s["log.format"] = o.logFormat
	}
	return s, nil
}

// configEnv names the file when the command line does not.
const configEnv = "QOMD_CONFIG"

// load reads the file, or the example machine without one.
func (o *serveOptions) load() (*config.Config, error) {
	s, err := o.settings()
	if err != nil {
		return nil, err
	}
	if o.file == "" {
		o.file = os.Getenv(configEnv)
	}
	if o.file == "" {
		return config.Default(s)
	}
	return config.Load(o.file, s)
}

// serve boots the machines and waits until all of them have ended, or a signal
// ends them.
func serve(cmd *cobra.Command, o serveOptions) error {
	cfg, err := o.load()
	if err == nil {
		err = config.Check(cfg)
	}
	if err != nil {
		return err
	}
	log, closer, err := logging.New(cfg.Log, os.Stderr)
	if err != nil {
		return err
	}
	if closer != nil {
		defer closer.Close()
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := makeSocketFolders(cfg); err != nil {
		return err
	}

	var shared daemon.Shared
	var vms []*daemon.VM
	defer func() {
		for _, vm := range vms {
			vm.Close()
		}
	}()
	for _, m := range cfg.Machines {
		vm, err := daemon.Start(m, daemon.Options{Log: log, Shared: &shared, OnMisfit: logging.Misfits()})
		if err != nil {
			return err
		}
		vms = append(vms, vm)
	}
	log.Info("machines are ready", "count", len(vms))
	introduce(cmd.OutOrStdout(), cfg)

	ended := make(chan struct{})
	go func() {
		for _, vm := range vms {
			vm.Wait()
		}
		close(ended)
	}()
	for {
		select {
		case s := <-signals:
			log.Info("ending", "signal", s.String())
			for _, vm := range vms {
				vm.Quit(machine.HostSignal)
			}
		case <-ended:
			return worst(vms)
		}
	}
}

// worst is the exit status of a process whose machines have ended: the first
// that is not 0.
func worst(vms []*daemon.VM) error {
	for _, vm := range vms {
		if status := vm.Wait(); status != 0 {
			return exitStatus(status)
		}
	}
	return nil
}

// makeSocketFolders makes the folder of the sockets, where it is ours.
func makeSocketFolders(cfg *config.Config) error {
	for _, m := range cfg.Machines {
		for _, c := range m.Chardevs {
			if c.Socket == nil || !c.Socket.Server || c.Socket.Abstract {
				continue
			}
			if dir := filepath.Dir(c.Socket.Path); dir == config.RuntimeDir() {
				if _, err := config.MakeRuntimeDir(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
