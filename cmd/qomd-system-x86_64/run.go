package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/qomd/qomd/cmd/logging"
	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/trace"
	"github.com/qomd/qomd/qmp/daemon"
)

// run is the process: it returns its exit status.
func run(argv []string) int {
	prog := filepath.Base(argv[0])
	cfg, err := config.ParseArgs(prog, argv[1:])
	if err != nil {
		var help *config.HelpRequest
		if errors.As(err, &help) {
			return printHelp(os.Stdout, os.Stderr, prog, help)
		}
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if cfg.Daemonize && !isDaemonChild() {
		return daemonize(prog, argv)
	}
	status, err := serve(prog, cfg)
	var listing *daemon.Listing
	if errors.As(err, &listing) {
		fmt.Print(listing.Text)
		return 0
	}
	if err != nil {
		tell(prog, cfg, err)
		return 1
	}
	return status
}

// tell prints why the machine cannot start: with the place where that was asked
// for, and with QEMU's hint where it has one.
func tell(prog string, cfg *config.Machine, err error) {
	var placed *daemon.Error
	var hinted interface{ Hint() string }
	origin := config.Origin{}
	if errors.As(err, &placed) {
		origin, err = placed.Origin, placed.Err
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range several.Unwrap() {
			tell(prog, cfg, &daemon.Error{Origin: origin, Err: err})
		}
		return
	}
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for _, err := range all {
		text := words(cfg)(err.Error())
		if errors.As(err, &hinted) {
			text += "\n" + strings.TrimSuffix(hinted.Hint(), "\n")
		}
		fmt.Fprintf(os.Stderr, "%s%s%s\n", cfg.MessagePrefix(), origin.Prefix(prog), text)
	}
}

// words puts mistakes as the machine's QEMU does.
func words(cfg *config.Machine) func(string) string {
	cat, err := new(catalog.Set).Open(cfg.Catalog)
	if err != nil {
		return func(text string) string { return text }
	}
	return cat.Words
}

// say prints a message as QEMU does: about the program, on standard error.
func say(prog string, cfg *config.Machine, text string) {
	fmt.Fprintf(os.Stderr, "%s%s: %s\n", cfg.MessagePrefix(), prog, text)
}

// endSignals end the machine, as they end QEMU.
var endSignals = []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP}

// serve boots the machine and waits for its end.
func serve(prog string, cfg *config.Machine) (status int, err error) {
	for _, w := range cfg.Warnings {
		fmt.Fprintln(os.Stderr, w.Line(prog))
	}
	for _, n := range cfg.Notices {
		fmt.Println(n)
	}
	// Like QEMU, the program says nothing unless something is wrong.
	log := slog.New(logging.Strict(warnings{
		say:   func(text string) { say(prog, cfg, text) },
		print: func(text string) { fmt.Fprint(os.Stderr, text) },
	}))
	if cfg.LogFile != "" {
		name := strings.ReplaceAll(cfg.LogFile, "%d", strconv.Itoa(os.Getpid()))
		file, closer, err := logging.New(config.Log{Level: "warning", Format: "text", File: name}, os.Stderr)
		if err != nil {
			return 1, &trace.OpenError{Name: cfg.LogFile, Err: err}
		}
		defer closer.Close()
		log = file
	}
	if cfg.RunWith.ExitWithParent {
		if err := exitWithParent(); err != nil {
			return 1, err
		}
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, endSignals...)
	defer signal.Stop(signals)
	noteSenders(endSignals)

	if cfg.PIDFile != "" {
		path, err := filepath.Abs(cfg.PIDFile) // -daemonize leaves this folder
		if err != nil {
			return 1, err
		}
		file, err := writePIDFile(cfg.PIDFile)
		if err != nil {
			return 1, err
		}
		defer file.Close() // collected, it would not be locked any more
		defer os.Remove(path)
	}
	if cfg.Guest == "" {
		if err := cfg.SetGuest(os.Getenv(guestEnv)); err != nil {
			return 1, fmt.Errorf("%s: %w", guestEnv, err)
		}
	}
	cfg.Accels = chooseAccel(cfg.Accels, hostDevices(), func(text string) { say(prog, cfg, text) })
	grace, stretch, err := eventGrace()
	if err != nil {
		return 1, err
	}
	var others clients
	// A socket with wait=on holds the start up until its first client is there;
	// a signal ends the wait.
	waiting, stop := signal.NotifyContext(context.Background(), endSignals...)
	defer stop()
	failed := false // and said so
	opts := daemon.Options{
		Log: log, Guest: defaultGuest, Wait: waiting, Redirected: redirected, Grace: grace, Threads: true,
		OnMisfit: logging.Misfits(),
		Failed: func(err error) {
			if failed = waiting.Err() == nil && !errors.As(err, new(*daemon.Listing)); failed {
				tell(prog, cfg, err)
			}
		},
	}
	if stretch {
		opts.WrapConn, opts.Busy = others.note, others.busy
	}
	vm, err := daemon.Start(*cfg, opts)
	if waiting.Err() != nil && err != nil {
		return 0, nil
	}
	if failed {
		return 1, nil
	}
	if err != nil {
		return 1, err
	}
	defer vm.Close()
	confine := func() error { return runWith(cfg.RunWith) }
	if isDaemonChild() {
		err = detach(confine)
	} else {
		err = confine()
	}
	if err != nil {
		return 1, err
	}
	for {
		select {
		case sig := <-signals:
			if !onQTest(cfg) {
				say(prog, cfg, fmt.Sprintf("terminating on signal %d%s", sig, from(lastSender())))
			}
			vm.Quit(machine.HostSignal)
		case <-vm.Done():
			if err := vm.Failure(); err != nil {
				fmt.Fprintf(os.Stderr, "%s: %v\n", prog, err)
			}
			return vm.Wait(), nil
		}
	}
}

// from says who a signal is from, by the number of the process.
func from(pid int) string {
	if pid == 0 {
		return ""
	}
	name := "<unknown process>"
	if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil {
		name, _, _ = strings.Cut(string(line), "\x00")
	}
	return fmt.Sprintf(" from pid %d (%s)", pid, name)
}

// redirected tells where a character device of the command line is to be found.
func redirected(label, path string) {
	fmt.Printf("char device redirected to %s (label %s)\n", path, label)
}

// onQTest reports whether a test plays the processor; such a machine ends
// without a word.
func onQTest(cfg *config.Machine) bool { return len(cfg.Accels) > 0 && cfg.Accels[0].Name == "qtest" }

// guestEnv says who plays the operating system of machines whose command line
// does not, as [config.Machine.SetGuest] reads it; without it there is a guest
// that acknowledges everything at once.
const (
	guestEnv     = "QOMD_GUEST"
	defaultGuest = "linux"
)

// writePIDFile writes our process number, and refuses a file that another
// running process has locked, as QEMU does. The file is locked while it is open.
func writePIDFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cannot create PID file: Could not create '%s': %s", path, object.Strerror(err))
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		err = fmt.Errorf("Cannot lock pid file: %s", object.Strerror(err))
	} else if err = f.Truncate(0); err == nil {
		_, err = f.WriteString(strconv.Itoa(os.Getpid()) + "\n")
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("cannot create PID file: %w", err)
	}
	return f, nil
}
