package block

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"time"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/qmp/qjson"
)

// How long a server may take to connect and to shake hands: while the machine
// waits, and while only its user does.
const (
	nbdTimeout      = time.Second
	nbdAsideTimeout = 30 * time.Second
)

// nbdTarget is an export to connect to.
type nbdTarget struct {
	at     chardev.SocketOptions
	export string
	exact  string // its name, with the server's
	secure nbdSecure
}

// nbdTarget reads the options of a node.
func (g *Graph) nbdTarget(o *qjson.Object) (t nbdTarget, err error) {
	server, err := nbdServer(o)
	if err != nil {
		return t, err
	}
	t.export, _ = text(o, "export")
	if t.at, err = nbdAddress(server); err != nil {
		return t, err
	}
	if t.at.Path != "" || t.at.Port == "" {
		t.exact = "nbd+unix:///" + t.export + "?socket=" + t.at.Path
	} else {
		t.exact = "nbd://" + net.JoinHostPort(t.at.Host, t.at.Port)
		if t.export != "" {
			t.exact += "/" + t.export
		}
	}
	t.secure, err = g.nbdSecurity(o, server)
	return t, err
}

// connect connects to the server and asks for the export. It needs no lock.
func (t nbdTarget) connect(ctx context.Context, limit time.Duration) (*nbdImage, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	conn, err := chardev.Dial(ctx, t.at)
	if err != nil {
		return nil, err
	}
	img := &nbdImage{conn: conn}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	if err := img.handshake(t.export, t.secure); err != nil {
		stop()
		img.conn.Close()
		return nil, err
	}
	if !stop() {
		img.conn.Close()
		return nil, fmt.Errorf("Failed to connect to '%s': %s", cmp.Or(t.at.Path, t.at.Host+":"+t.at.Port), reason(ctx.Err()))
	}
	return img, nil
}

// Reach are servers that options name, to be connected to before the nodes are
// opened, so that the machine does not wait.
type Reach struct {
	targets map[*qjson.Object]nbdTarget
	reached map[*qjson.Object]reached
}

type reached struct {
	img *nbdImage
	err error
}

// Servers finds the servers that options name; nil when there are none.
func (g *Graph) Servers(o *qjson.Object) *Reach {
	r := &Reach{map[*qjson.Object]nbdTarget{}, map[*qjson.Object]reached{}}
	var look func(o *qjson.Object)
	look = func(o *qjson.Object) {
		if driver, _ := text(o, "driver"); driver == "nbd" {
			if t, err := g.nbdTarget(o); err == nil { // else it is told when the node is opened
				r.targets[o] = t
			}
		}
		for _, v := range o.All() {
			if child, ok := v.(*qjson.Object); ok {
				look(child)
			}
		}
	}
	if look(o); len(r.targets) == 0 {
		return nil
	}
	return r
}

// Connect connects to all of them. It needs no lock, and is tried once.
func (r *Reach) Connect(ctx context.Context) {
	for o, t := range r.targets {
		img, err := t.connect(ctx, nbdAsideTimeout)
		r.reached[o] = reached{img, err}
	}
}

// AddReached is [Graph.Add] with the servers that were connected to.
func (g *Graph) AddReached(o *qjson.Object, r *Reach) error {
	g.reached = r.reached
	defer func() {
		g.reached = nil
		for _, c := range r.reached { // nobody wanted it
			if c.img != nil {
				c.img.conn.Close()
			}
		}
	}()
	return g.Add(o)
}

// connectNBD returns the connection of a node: one that was made ahead, or a new
// one, for which the machine waits.
func (g *Graph) connectNBD(o *qjson.Object, t nbdTarget) (*nbdImage, error) {
	if c, ok := g.reached[o]; ok {
		delete(g.reached, o)
		return c.img, c.err
	}
	return t.connect(context.Background(), nbdTimeout)
}
