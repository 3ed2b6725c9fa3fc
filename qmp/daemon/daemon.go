package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/guard"
	"github.com/qomd/qomd/devices/guest"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/commands"
	"github.com/qomd/qomd/qmp/hmp"
	"github.com/qomd/qomd/qmp/qtest"
	"github.com/qomd/qomd/qmp/schema"
	"github.com/qomd/qomd/qom"
)

// Shared is what all machines of a process have in common. The zero value is
// ready to use, and safe for concurrent use.
type Shared struct {
	catalogs catalog.Set
	mu       sync.Mutex
	types    map[*catalog.Catalog]*qom.Types
	schemas  commands.Schemas
}

func (s *Shared) typesOf(cat *catalog.Catalog) *qom.Types {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.types[cat]; t != nil {
		return t
	}
	if s.types == nil {
		s.types = map[*catalog.Catalog]*qom.Types{}
	}
	t := machine.NewTypes(cat)
	s.types[cat] = t
	return t
}

// Options are what a configuration does not say.
type Options struct {
	Log    *slog.Logger // nil: silent
	Shared *Shared      // nil: the machine shares with nobody
	// Guest plays the operating system where the configuration names none.
	Guest string
	// NewGuest makes a guest of the caller's own, whatever the configuration
	// says; nil: the one that is named.
	NewGuest func(guest.Hardware) guest.Guest
	// Stepped makes virtual time move only by [machine.Machine.Step].
	Stepped bool
	// Now is the time of events; nil: time.Now.
	Now func() time.Time
	// Failed is told why the machine cannot start, before its sockets close:
	// whoever waits at one of them looks for the reason when that ends.
	Failed func(error)
	// OnViolation is told of broken lifetime rules.
	OnViolation func(qom.Violation)
	// OnMisfit is told of every reply and event that does not fit the schema, before
	// any client is: of a mistake of ours. It may be called under the machine's lock.
	// nil: nothing is compared, which costs time.
	OnMisfit func(error)
	// OnEvent is told of events, before any client is.
	OnEvent func(name string, data any)
	// OnExit is told when the machine has ended, under its lock; Done and Wait
	// tell as well.
	OnExit func(vm *VM)
	// Wait is how long to wait for the first client of a socket that says so
	// (wait=on) before the machine starts; nil: not at all.
	Wait context.Context
	// Redirected is told of the path of every pseudo-terminal that the
	// configuration asks for, with the name of its character device.
	Redirected func(label, path string)
	// Threads gives processors and iothreads threads of their own, so that they
	// can be pinned.
	Threads bool
	// Grace is how long after its cause DEVICE_DELETED is sent, or what else tells
	// how a request for a device went, unless somebody gives a command before; 0:
	// at once. libvirt 12 misses an event that comes
	// right behind the reply to device_del.
	Grace time.Duration
	// Busy tells at the end of a grace whether the client may not have come to
	// its turn since the reply: another grace follows then, until there were
	// thirty-two. nil: one is enough.
	Busy func() bool
	// OnKept is told of messages that an armed fault keeps back, by the name of
	// the monitor; nil: nobody is. It must not block.
	OnKept func(monitor string, message []byte)
	// WrapConn is given every connection that speaks QMP; nil: none is wrapped.
	WrapConn func(net.Conn) net.Conn
}

// VM is a machine that is being served.
type VM struct {
	Machine *machine.Machine

	cfg    config.Machine
	opts   Options
	log    *slog.Logger
	server *qmp.Server
	human  *hmp.Human
	qtest  *qtest.Server // nil without -qtest
	schema *schema.Schema

	ctx     context.Context
	cancel  context.CancelFunc
	serving sync.WaitGroup

	servingMu sync.Mutex
	closing   bool          // nobody new is served
	ready     chan struct{} // closed when the machine is complete
	host      *monitorHost
	started   bool                     // set once by Start, when it has gone well
	cards     []card                   // network cards that -nic and -net ask for
	hubPorts  int                      // ports that hub 0 has by itself
	drives    map[string]config.Origin // where drives were written down, by name

	late []lateEvent // in order; guarded by the machine's lock
	sent int         // how often late was sent; guarded likewise

	faultyMu    sync.Mutex
	faultyConns []*faultyConn
	crashed     bool
	mayCrash    bool // by a command that -compat forbids

	exitOnce sync.Once
	exited   chan struct{}
	status   int

	closeOnce sync.Once
	leaks     []*qom.Storage
}

// Start boots a machine. An error names what is to blame, see [Error].
func Start(cfg config.Machine, opts Options) (*VM, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Shared == nil {
		opts.Shared = new(Shared)
	}
	vm := &VM{cfg: cfg, opts: opts, log: opts.Log, exited: make(chan struct{}), ready: make(chan struct{})}
	vm.host = newMonitorHost(vm)
	if cfg.Name != "" {
		vm.log = vm.log.With("machine", cfg.Name)
	}
	vm.ctx, vm.cancel = context.WithCancel(context.Background())

	mo, err := machineOptions(cfg, opts, vm.log)
	if err != nil {
		vm.cancel()
		return nil, err
	}
	if vm.Machine, err = machine.New(mo); err != nil {
		vm.cancel()
		return nil, &Error{Err: err}
	}
	vm.Machine.OnViolation = opts.OnViolation
	vm.Machine.OnExit = vm.exit

	var set *qmp.CommandSet
	sc := opts.Shared.schemas.Of(mo.Catalog)
	vm.schema = sc
	vm.human = hmp.New(vm.Machine, sc, func() *qmp.CommandSet { return set })
	set = qmp.LazyCommandSet(func() *qmp.CommandSet { return commands.New(vm.Machine, sc, vm.human.Command) })
	vm.server = qmp.NewServer(qmp.Config{
		Commands: set, Schema: sc, Policy: vm.policy(cfg.Compat, mo.Catalog), Logger: vm.log, Do: vm.Machine.Do,
		Now: vm.now(), AfterFunc: vm.afterFunc(),
		Version: commands.Version(mo.Catalog), Allowed: vm.allowed, Answered: vm.answered,
		Words: words(mo.Catalog), LateSyntax: mo.Catalog.Ways().LateSyntax,
		Heard: vm.tracer().Heard, Starting: vm.tracer().Starting,
		Running: vm.host.running, Connected: vm.host.connected, Disconnected: vm.host.disconnected,
	})
	if err := vm.trace(set); err != nil {
		vm.Close()
		return nil, &Error{Err: err}
	}
	vm.Machine.OnEvent = vm.emit
	vm.Machine.Characters.Monitors = vm.host
	vm.Machine.Characters.Terminal = vm.terminal()

	if err := vm.build(); err != nil {
		if opts.Failed != nil {
			opts.Failed(err)
		}
		vm.Close()
		return nil, err
	}
	vm.started = true
	return vm, nil
}

// build adds what the configuration lists, and starts to serve. Clients that
// connect meanwhile wait, so that nobody sees the machine half made, nor the
// RESUME of its start.
func (vm *VM) build() error {
	vm.Machine.Files.Starting(true)
	defer vm.Machine.Files.Starting(false)
	if err := vm.addFiles(); err != nil {
		return err
	}
	if err := inTurn(vm.checkDisplay, vm.addEarlyObjects, vm.openChardevs, vm.addFolders, vm.openVNC); err != nil {
		return err
	}
	var err error
	vm.Machine.Do(func() { err = inTurn(vm.attachMonitors, vm.prepare) })
	if err != nil {
		return err
	}
	if err := vm.addTPMs(); err != nil {
		return err
	}
	vm.Machine.Do(func() {
		if vm.cfg.Preconfig {
			vm.Machine.WaitForConfiguration(vm.complete)
			return
		}
		err = vm.complete()
	})
	if err == nil {
		err = vm.startTPM()
	}
	if err == nil {
		close(vm.ready)
	}
	return err
}

// prepare makes what comes before the machine, under its lock.
func (vm *VM) prepare() error {
	if vm.cfg.Incoming != "" {
		vm.Machine.Migration.Await(vm.cfg.Incoming == "defer")
	}
	return inTurn(vm.addAudiodevs, vm.addNetdevs, vm.addNICs, vm.addObjects, vm.openBlocks, vm.addNUMA)
}

// complete makes the machine with the devices of the configuration, and starts
// it, under its lock.
func (vm *VM) complete() error {
	if vm.cfg.Incoming != "" {
		vm.Machine.Await()
	}
	if err := inTurn(vm.buildMachine, vm.plug, vm.checkFirmware, vm.checkDrives, vm.equipVNC, vm.warnUnused, vm.startDebuggers); err != nil {
		return err
	}
	if vm.cfg.LoadVM != "" {
		return vm.loadSnapshot()
	}
	if err := vm.Machine.Ready(!vm.cfg.Paused); err != nil {
		return err
	}
	return vm.receive()
}

// inTurn runs steps until one fails.
func inTurn(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// allowed refuses commands that make no sense before the machine is complete.
// It is asked before every command.
func (vm *VM) allowed(c *qmp.Command) error {
	vm.sendLate()
	if vm.Machine.Preconfig() && c.Flags&qmp.AllowPreconfig == 0 {
		return fmt.Errorf("The command '%s' is permitted only after machine initialization has completed", c.Name)
	}
	return vm.crashOn(c)
}

// answered looks at what a command returned.
func (vm *VM) answered(call *qmp.Call, result any, err error) {
	vm.logCommand(call, err)
	vm.tracer().Answered(call, result, err)
	if f := vm.opts.OnMisfit; f != nil && err == nil {
		if err := vm.schema.CheckReply(call.Command.Name, result); err != nil {
			f(fmt.Errorf("a reply does not fit the schema: %w", err))
		}
	}
}

// emit sends an event to all clients.
func (vm *VM) emit(name string, data any) {
	// The catalog's list, for the schema is not read before somebody needs it.
	if _, known := slices.BinarySearch(vm.Machine.Options().Catalog.Events(), name); !known && !strings.HasPrefix(name, "X_") {
		return
	}
	if f := vm.opts.OnMisfit; f != nil {
		if err := vm.schema.CheckEvent(name, data); err != nil {
			f(fmt.Errorf("an event does not fit the schema: %w", err))
		}
	}
	vm.logEvent(name, data)
	if f := vm.opts.OnEvent; f != nil {
		f(name, data)
	}
	if !vm.delayed(name, data) {
		vm.server.Emit(name, data)
	}
}

// exit is told by the machine that it ends; the machine's lock is held.
func (vm *VM) exit(status int) {
	vm.exitOnce.Do(func() {
		vm.status = status
		vm.human.Ended(status)
		vm.sendLate()
		vm.server.End()
		close(vm.exited)
		if f := vm.opts.OnExit; f != nil {
			f(vm)
		}
	})
}

// Done is closed when the machine has ended: by quit, by its guest, or by
// [VM.Quit]. It still has to be closed.
func (vm *VM) Done() <-chan struct{} { return vm.exited }

// Failure is why the machine ended, nil when it did so in good order.
func (vm *VM) Failure() (err error) {
	vm.Machine.Do(func() { err = vm.Machine.Failure() })
	return err
}

// Wait waits for the machine's end and returns the status a process should
// exit with.
func (vm *VM) Wait() int {
	<-vm.exited
	return vm.status
}

// Quit ends the machine, with a SHUTDOWN event of the given cause.
func (vm *VM) Quit(cause machine.Cause) {
	vm.Machine.Do(func() {
		if !vm.Machine.Exiting() {
			vm.Machine.Quit(cause)
		}
	})
}

// flushTime is how long clients have to read what is still to be said.
const flushTime = 2 * time.Second

// Close takes the machine down: clients get what is queued for them, sockets
// are closed and removed, devices go. It returns the storages that somebody
// still holds. Only the first call does something; others wait for it.
func (vm *VM) Close() []*qom.Storage {
	vm.closeOnce.Do(func() { vm.leaks = vm.close() })
	return vm.leaks
}

func (vm *VM) close() []*qom.Storage {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	if err := vm.server.Shutdown(ctx); err != nil {
		vm.log.Warn("clients did not read their last replies", "error", err)
	}
	if vm.qtest != nil {
		vm.qtest.Drain(time.Now().Add(flushTime))
	}
	vm.closeVNC()
	vm.cancel()
	vm.servingMu.Lock()
	vm.closing = true
	vm.servingMu.Unlock()
	vm.serving.Wait()
	leaks := vm.Machine.Close()
	vm.reportLeaks(leaks)
	return leaks
}

// ServeConn serves QMP on a connection of any origin, until it ends or the
// machine does; of a machine that has been closed it is hung up on. It returns at
// once, and any goroutine may call it.
func (vm *VM) ServeConn(conn net.Conn, m qmp.Monitor) {
	if !vm.serve(func() { vm.session(vm.ctx, conn, m) }) {
		conn.Close()
	}
}

// ServeSocket serves QMP on a socket, one client at a time, until the machine
// ends; then the socket is closed. It returns at once.
func (vm *VM) ServeSocket(s *chardev.Socket, m qmp.Monitor) {
	if !vm.serve(func() {
		s.Serve(vm.ctx, func(ctx context.Context, conn net.Conn) { vm.session(ctx, conn, m) })
		s.Close()
	}) {
		s.Close()
	}
}

// serve runs f on a goroutine that Close waits for, unless it is too late.
func (vm *VM) serve(f func()) bool {
	vm.servingMu.Lock()
	defer vm.servingMu.Unlock()
	if vm.closing {
		return false
	}
	vm.serving.Go(func() { guard.Run(vm.log, "a connection", func() error { f(); return nil }) })
	return true
}

// describedConn is a wrapped connection, with the descriptors that came over
// the one inside.
type describedConn struct {
	net.Conn
	chardev.DescriptorSource
}

// session serves one client.
func (vm *VM) session(ctx context.Context, conn net.Conn, m qmp.Monitor) {
	source, ok := conn.(chardev.DescriptorSource)
	if !ok {
		c := chardev.NewConn(conn)
		conn, source = c, c
	}
	if f := vm.opts.WrapConn; f != nil {
		if wrapped := f(conn); wrapped != conn {
			conn = describedConn{wrapped, source}
		}
	}
	switch wrapped := vm.faulty(conn, m.Name); wrapped {
	case nil:
		return
	case conn:
	default:
		conn = describedConn{wrapped, source}
	}
	if err := vm.server.ServeConn(ctx, conn, m); err != nil {
		vm.log.Debug("session ended", "monitor", m.Name, "error", err)
	}
}
