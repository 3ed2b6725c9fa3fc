package cmdtest

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/qomd/qomd/cmd/logging"
)

// patience is how long anything may take on a busy machine.
const patience = time.Minute

// Main runs the tests of a package whose scripts use the given commands, and
// fails when they leave a goroutine behind. It does not return.
func Main(m *testing.M, commands map[string]func()) {
	testscript.Main(leakChecker{m}, commands)
}

type leakChecker struct{ *testing.M }

func (m leakChecker) Run() int {
	// For every program that a test starts:
	os.Setenv(logging.StrictEnv, "1")
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0") // or each sleeps for a second before it ends
	}
	status := m.M.Run()
	if status == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return status
}

// Run runs the scripts *.txtar of a folder, in parallel.
func Run(t *testing.T, dir string) {
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(env *testscript.Env) error {
			// A folder of its own for sockets, and nothing of the user's.
			env.Setenv("XDG_RUNTIME_DIR", env.WorkDir)
			env.Setenv(logging.StrictEnv, "1")
			return nil
		},
		Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"qmp": qmp, "await": await, "gone": gone, "signal": signal,
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// Peer reports whether a program that is not ours is there to test against; in
// CI it has to be.
func Peer(program string) (bool, error) {
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") != "" {
			return false, fmt.Errorf("CI needs %s: %w", program, err)
		}
		return false, nil
	}
	return true, nil
}

// NeedPeer skips the test when the program is missing.
func NeedPeer(t testing.TB, program string) {
	t.Helper()
	switch ok, err := Peer(program); {
	case err != nil:
		t.Fatal(err)
	case !ok:
		t.Skipf("%s is not installed", program)
	}
}

func condition(cond string) (bool, error) {
	if program, ok := strings.CutPrefix(cond, "peer:"); ok {
		return Peer(program)
	}
	return false, fmt.Errorf("unknown condition %q", cond)
}

// poll tries until it works.
func poll(try func() error) error {
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		<-tick.C
	}
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await FILE")
	}
	ts.Check(poll(func() error {
		_, err := os.Stat(ts.MkAbs(args[0]))
		return err
	}))
}

func gone(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: gone FILE")
	}
	ts.Check(poll(func() error {
		if _, err := os.Lstat(ts.MkAbs(args[0])); err == nil {
			return fmt.Errorf("%s is still there", args[0])
		}
		return nil
	}))
}

var signals = map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "HUP": syscall.SIGHUP}

func signal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 || signals[args[0]] == 0 {
		ts.Fatalf("usage: signal TERM|INT|HUP [FILE]")
	}
	if len(args) == 1 {
		for _, cmd := range ts.BackgroundCmds() {
			ts.Check(cmd.Process.Signal(signals[args[0]]))
		}
		return
	}
	ts.Check(signalFile(ts.ReadFile(args[1]), signals[args[0]]))
}

// signalFile signals the process whose number is the text of a file.
func signalFile(text string, sig syscall.Signal) error {
	pid, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return err
	}
	return syscall.Kill(pid, sig)
}
