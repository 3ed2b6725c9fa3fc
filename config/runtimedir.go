package config

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// RuntimeDir is what {runtime} stands for: the folder qomd below
// $XDG_RUNTIME_DIR, or a folder of the user's own below the folder for
// temporary files.
func RuntimeDir() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "qomd")
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("qomd-%d", os.Getuid()))
}

// MakeRuntimeDir makes the folder of RuntimeDir if it is missing. A folder
// that others could have put there is refused: whoever owns the folder could
// replace the sockets in it.
func MakeRuntimeDir() (string, error) {
	dir := RuntimeDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || ok && int(stat.Uid) != os.Getuid() || info.Mode().Perm()&0o022 != 0 {
		return "", fmt.Errorf("%s is not a folder that only this user can write to", dir)
	}
	return dir, nil
}
