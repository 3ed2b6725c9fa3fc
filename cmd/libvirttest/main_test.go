package libvirttest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/qomd/qomd/cmd/cmdtest"
)

// emulator is the program under test, built once for all tests; empty where
// libvirt is missing.
var emulator string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if emulator = os.Getenv(emulatorVariable); emulator != "" {
		return m.Run()
	}
	root := os.Getenv(rootVariable)
	if ok, err := libvirtIsThere(); root == "" && (!ok || err != nil) {
		return m.Run() // each test skips or fails
	}
	dir, err := os.MkdirTemp("", "qomd-lv")
	if err == nil {
		defer os.RemoveAll(dir)
		// libvirt runs it as another user.
		err = os.Chmod(dir, 0o755)
	}
	path := filepath.Join(dir, "qomd-system-x86_64")
	if err == nil {
		build := exec.Command("go", "build", "-o", path, "../qomd-system-x86_64")
		build.Stderr = os.Stderr
		err = build.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	emulator = path
	if root != "" {
		return runElsewhere(root)
	}
	return m.Run()
}

func libvirtIsThere() (bool, error) {
	for _, program := range []string{"virsh", "libvirtd", "stdbuf", "setpriv"} {
		if ok, err := cmdtest.Peer(program); !ok || err != nil {
			return ok, err
		}
	}
	return true, nil
}

// needLibvirt skips the test where libvirt is missing; in CI it fails.
func needLibvirt(t *testing.T) {
	t.Helper()
	switch ok, err := libvirtIsThere(); {
	case err != nil:
		t.Fatal(err)
	case !ok:
		t.Skip("libvirt is not installed")
	}
}
