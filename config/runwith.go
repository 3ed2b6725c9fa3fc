package config

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"strings"
)

// RunWith is what -run-with asks of the process.
type RunWith struct {
	// UID and GID are whom to become, and Groups the groups besides, where User is
	// not empty.
	User   string
	UID    int
	GID    int
	Groups []int
	// Chroot is the folder to take for the root, empty for none.
	Chroot string
	// ExitWithParent ends the process when its parent ends.
	ExitWithParent bool
}

// runWith applies -run-with.
func (b *builder) runWith(a argument) error {
	o, err := b.add("run-with", a)
	if err != nil {
		return err
	}
	r := &b.m.RunWith
	r.ExitWithParent, r.Chroot = o.flag("exit-with-parent", false), o.text("chroot")
	if name, ok := o.get("user"); ok {
		return r.become(name, "user="+name)
	}
	return nil
}

// runas applies -runas, and chroot -chroot, which -run-with has replaced.
func (b *builder) runas(a argument) error { return b.m.RunWith.become(a.value, a.value) }

func (b *builder) chroot(a argument) error {
	b.m.RunWith.Chroot = a.value
	return nil
}

// become looks a user up, by name or as "UID:GID"; given is what was written.
func (r *RunWith) become(name, given string) error {
	r.User = name
	if u, err := user.Lookup(name); err == nil {
		groups, _ := u.GroupIds()
		for _, g := range groups {
			if n, err := strconv.Atoi(g); err == nil {
				r.Groups = append(r.Groups, n)
			}
		}
		var bad error
		r.UID, err = strconv.Atoi(u.Uid)
		r.GID, bad = strconv.Atoi(u.Gid)
		return errors.Join(err, bad)
	}
	uid, gid, _ := strings.Cut(name, ":")
	u, err := strconv.ParseUint(uid, 10, 31)
	g, err2 := strconv.ParseUint(gid, 10, 31)
	if err != nil || err2 != nil {
		return fmt.Errorf("User \"%s\" doesn't exist (and is not <uid>:<gid>)", given)
	}
	r.UID, r.GID = int(u), int(g)
	return nil
}
