package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/qomd/qomd/devices/tlscreds/tlstest"
	"github.com/qomd/qomd/qmp/client"
)

// tlsPair starts a source and a destination that have credentials of one
// authority, and opens the door at the destination.
func tlsPair(t *testing.T) (source, target *client.Client, uri string) {
	t.Helper()
	dir := tlstest.Good(t).Path
	args := []string{
		"-machine", "q35", "-nodefaults", "-display", "none", "-device", "qemu-xhci,id=xhci",
		"-object", "tls-creds-x509,id=server,endpoint=server,dir=" + dir,
		"-object", "tls-creds-x509,id=client,endpoint=client,dir=" + dir,
		"-object", "authz-simple,id=friend,identity=O=acme,,CN=client",
		"-object", "authz-simple,id=enemy,identity=CN=client",
	}
	_, source = monitor(t, "source", args...)
	_, target = monitor(t, "target", append(args, "-incoming", "defer")...)
	uri = "unix:" + filepath.Join(t.TempDir(), "stream")
	ask[dict](t, target, "migrate-incoming", dict{"uri": uri, "exit-on-error": false})
	return source, target, uri
}

// TestMigrateTLS moves a machine over TLS, after tries that must not succeed and
// leave the destination waiting.
func TestMigrateTLS(t *testing.T) {
	source, target, uri := tlsPair(t)
	for _, try := range []struct{ source, target, hostname, authz, want string }{
		{"server", "server", "localhost", "", "Expected TLS credentials for a client endpoint"},
		{"nobody", "server", "localhost", "", "No TLS credentials with id 'nobody'"},
		{"friend", "server", "localhost", "", "Object with id 'friend' is not TLS credentials"},
		{"client", "server", "localhost", "enemy", "Unable to write to socket: "},
		{"", "server", "", "", "Unable to write to socket: "},
		{"client", "server", "localhost", "friend", ""},
	} {
		ask[dict](t, source, "migrate-set-parameters", dict{"tls-creds": try.source, "tls-hostname": try.hostname})
		ask[dict](t, target, "migrate-set-parameters", dict{"tls-creds": try.target, "tls-authz": try.authz})
		ask[dict](t, source, "migrate", dict{"uri": uri})
		if try.want == "" {
			arrived(t, source, target)
			continue
		}
		got := await(t, source, "failed")
		if !strings.HasPrefix(got.Error, try.want) {
			t.Errorf("%+v: %q", try, got.Error)
		}
		if s := ask[status](t, target, "query-migrate", nil); s.Status != "setup" {
			t.Fatalf("%+v: the destination is %+v", try, s)
		}
	}
}

// TestMigrateElsewhere is a source that does not find whom it wants; the
// destination has let it in and fails.
func TestMigrateElsewhere(t *testing.T) {
	for hostname, want := range map[string]string{
		"":          "No hostname for certificate validation",
		"elsewhere": "Certificate does not match the hostname elsewhere",
	} {
		source, target, uri := tlsPair(t)
		ask[dict](t, source, "migrate-set-parameters", dict{"tls-creds": "client", "tls-hostname": hostname})
		ask[dict](t, target, "migrate-set-parameters", dict{"tls-creds": "server"})
		ask[dict](t, source, "migrate", dict{"uri": uri})
		if got := await(t, source, "failed"); got.Error != want {
			t.Errorf("%q: %+v", hostname, got)
		}
		await(t, target, "failed")
	}
}

// TestMigrateWrongCredentials ends the wait of a destination that cannot encrypt
// anything.
func TestMigrateWrongCredentials(t *testing.T) {
	source, target, uri := tlsPair(t)
	ask[dict](t, target, "migrate-set-parameters", dict{"tls-creds": "client"})
	ask[dict](t, source, "migrate", dict{"uri": uri})
	await(t, source, "failed")
	if got := await(t, target, "failed"); got.Error != "Expected TLS credentials for a server endpoint" {
		t.Errorf("%+v", got)
	}
}
