package libvirttest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// checkNothingLeft looks for processes of the emulator that work in a folder,
// for sockets and files of domains there, and for words in the domains' logs
// that QEMU would not say.
func checkNothingLeft(t *testing.T, root string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for left := processes(root); len(left) > 0; left = processes(root) {
		if time.Now().After(deadline) {
			t.Errorf("processes %v are left", left)
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			t.Error(err)
			return nil
		}
		name := strings.TrimPrefix(path, root+"/")
		switch {
		case e.Type()&fs.ModeSocket != 0 && !strings.HasSuffix(name, "libvirt-sock"):
			t.Errorf("socket %s is left", name)
		case domainFile.MatchString(name) && name != "run/qemu/driver.pid":
			t.Errorf("file %s is left", name)
		case strings.HasSuffix(name, "-virtiofsd.log"): // virtiofsd's own
		case strings.HasSuffix(name, ".log") && strings.Contains(name, "log/qemu/"):
			checkLog(t, path)
		}
		return nil
	})
}

// domainFile are files that libvirt or the emulator have only for domains.
var domainFile = regexp.MustCompile(`(^|/)(run|lib)/(.*/)?(domain-|[^/]*\.pid$|[^/]*\.xml$)`)

// processes lists the emulators, and the TPMs behind them, whose command line names
// a folder.
func processes(root string) (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range all {
		dir := filepath.Dir(path)
		if exe, err := os.Readlink(dir + "/exe"); err != nil || exe != emulator && filepath.Base(exe) != "swtpm" {
			continue
		}
		if line, err := os.ReadFile(path); err == nil && strings.Contains(string(line), root) {
			pid, _ := strconv.Atoi(filepath.Base(dir))
			pids = append(pids, pid)
		}
	}
	return pids
}

// usual are the lines of a domain's log that are there with QEMU 11 too: what
// libvirt writes, and how the emulator was called.
var usual = []*regexp.Regexp{
	regexp.MustCompile(`^/.*/virtiofsd --fd=\d+ `),
	regexp.MustCompile(`^\d{4}-\d\d-\d\d [\d:.]+\+0000: (starting up libvirt|shutting down, reason=|Starting external device: (TPM Emulator|virtiofsd)$|Domain id=\d+ is tainted: )`),
	regexp.MustCompile(`^[A-Z_]+=.* \\$`),
	regexp.MustCompile(`^/\S+ \\$`),
	regexp.MustCompile(`^-.* \\$`),
	regexp.MustCompile(`^/.*/swtpm socket --ctrl `),
	regexp.MustCompile(`^-msg timestamp=on( \\)?$`),
	regexp.MustCompile(`qomd-system-x86_64: -mon chardev=charmonitor,id=monitor,mode=control: warning: '-mon' is deprecated, use `),
	regexp.MustCompile(`qomd-system-x86_64: -fsdev .*,readonly: warning: short-form boolean option 'readonly' deprecated$`),
	regexp.MustCompile(`^Please use readonly=on instead$`),
	regexp.MustCompile(`^char device redirected to /dev/pts/\d+ \(label char\w+\)$`),
	regexp.MustCompile(`(qomd|qemu)-system-x86_64: terminating on signal 15( from pid \d+ \(virsh\))?$`),
}

// checkLog complains of lines that are not usual.
func checkLog(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
lines:
	for n, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		for _, r := range usual {
			if r.MatchString(line) {
				continue lines
			}
		}
		t.Errorf("%s:%d: %s", filepath.Base(path), n+1, line)
	}
}

// descriptors lists what the process that serves a domain has open, sorted.
func descriptors(t *testing.T, root string) []string {
	t.Helper()
	pids := processes(root)
	if len(pids) != 1 {
		t.Fatalf("processes %v, want one", pids)
	}
	dir := fmt.Sprintf("/proc/%d/fd", pids[0])
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		target, _ := os.Readlink(filepath.Join(dir, e.Name()))
		// Sockets and pipes by kind only.
		target, _, _ = strings.Cut(target, "[")
		list = append(list, target)
	}
	slices.Sort(list)
	return list
}
