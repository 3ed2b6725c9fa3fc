package libvirttest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

const (
	// rootVariable names the folder of another system, such as debootstrap
	// makes, whose libvirt is tested instead of the machine's. Only root may.
	rootVariable = "QOMDTEST_LIBVIRT_ROOT"
	// emulatorVariable tells the tests there which program to test.
	emulatorVariable = "QOMDTEST_LIBVIRT_EMULATOR"
)

// exchange puts the folders of another system in the place of the machine's own,
// for the command that it runs and nobody else. All other paths stay: /tmp, /dev
// and /run are the machine's.
const exchange = `for d in usr etc var; do mount --bind "$0/$d" "/$d" || exit; done; exec "$@"`

// runElsewhere runs this program again, where the libvirt of another system is.
func runElsewhere(root string) int {
	cmd := exec.Command("unshare", append([]string{"--mount", "sh", "-c", exchange, root}, os.Args...)...)
	cmd.Env = append(os.Environ(), emulatorVariable+"="+emulator)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	var exit *exec.ExitError
	switch err := cmd.Run(); {
	case errors.As(err, &exit):
		return exit.ExitCode()
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
