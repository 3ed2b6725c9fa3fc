package machine

import (
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/fsdev"
	"github.com/qomd/qomd/devices/qdev"
)

// backends finds what properties of devices name.
type backends struct{ m *Machine }

// Chardev implements [qdev.Backends].
func (b backends) Chardev(name string) qdev.Backend {
	if c := b.m.Characters.Find(name); c != nil {
		return c
	}
	return nil
}

// Netdev implements [qdev.Backends].
func (b backends) Netdev(name string) qdev.Backend {
	return b.m.Network.Netdev(name)
}

// Drive implements [qdev.Backends].
func (b backends) Drive(name string) qdev.Backend {
	if b.m.FindDrive == nil {
		return nil
	}
	return b.m.FindDrive(name)
}

// TPM implements [qdev.Backends].
func (b backends) TPM(name string) qdev.Backend {
	if t := b.m.TPM.Find(name); t != nil {
		return t
	}
	return nil
}

// CharacterDevices implements [chardev.Keeper].
func (b backends) CharacterDevices() *chardev.Set { return b.m.Characters }

// SharedFolders implements [fsdev.Keeper].
func (b backends) SharedFolders() *fsdev.Set { return b.m.Folders }
