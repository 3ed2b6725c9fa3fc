package tlscreds_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/youmark/pkcs8"

	"github.com/qomd/qomd/devices"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/tlscreds"
	"github.com/qomd/qomd/devices/tlscreds/tlstest"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom/qomtest"
)

func newEnv(t *testing.T) *qdev.Env {
	t.Helper()
	tree := qomtest.NewTree(t, devices.NewTypes(catalog.Default()))
	env := &qdev.Env{Tree: tree, Memory: memory.NewSystem(tree)}
	tree.Context = env
	t.Cleanup(env.Memory.Settle)
	return env
}

// add makes an object; props alternate names and values.
func add(env *qdev.Env, typ, id string, props ...any) error {
	r := object.Request{Type: typ, ID: id, Props: qjson.NewObject()}
	for i := 0; i < len(props); i += 2 {
		r.Props.Set(props[i].(string), props[i+1])
	}
	_, err := object.Add(env, r)
	return err
}

func past(c *x509.Certificate)  { c.NotAfter = time.Now().Add(-time.Minute) }
func later(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }

func extension(oid asn1.ObjectIdentifier, critical bool, value any) tlstest.Change {
	return func(c *x509.Certificate) {
		der, err := asn1.Marshal(value)
		if err != nil {
			panic(err)
		}
		c.KeyUsage, c.ExtKeyUsage = 0, nil
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: oid, Critical: critical, Value: der})
	}
}

// TestFiles holds what QEMU 11.1 says of files that are missing or wrong. D is
// the directory.
func TestFiles(t *testing.T) {
	otherPurpose := extension(asn1.ObjectIdentifier{2, 5, 29, 37}, true,
		[]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	noSigning := extension(asn1.ObjectIdentifier{2, 5, 29, 15}, false, asn1.BitString{Bytes: []byte{0x80}, BitLength: 1})
	for _, test := range []struct {
		name, end string
		make      func(d tlstest.Dir)
		props     []any
		want      string
	}{
		{"good", "server", nil, nil, ""},
		{"good client", "client", nil, nil, ""},
		{"an empty directory", "server", nil, []any{"dir", ""}, "Unable to access credentials /ca-cert.pem: No such file or directory"},
		{"no authority", "server", func(d tlstest.Dir) { d.Remove("ca-cert.pem") }, nil,
			"Unable to access credentials D/ca-cert.pem: No such file or directory"},
		{"no authority in the file", "client", func(d tlstest.Dir) { d.File("ca-cert.pem", nil) }, nil,
			"Unable to import certificate D/ca-cert.pem: No certificate was found."},
		{"an authority of nonsense", "client", func(d tlstest.Dir) {
			d.File("ca-cert.pem", []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
		}, nil, "Unable to import certificate D/ca-cert.pem: ASN1 parser: Error in TAG."},
		{"no identity", "server", func(d tlstest.Dir) { d.Remove("server-cert.pem"); d.Remove("server-key.pem") }, nil,
			"Missing server cert 'D/server-cert.pem' & key 'D/server-key.pem'"},
		{"a client without identity", "client", func(d tlstest.Dir) { d.Remove("client-cert.pem"); d.Remove("client-key.pem") }, nil, ""},
		{"no key", "client", func(d tlstest.Dir) { d.Remove("client-key.pem") }, nil,
			"Cert 'D/client-cert.pem' without corresponding key 'D/client-key.pem'"},
		{"no certificate", "server", func(d tlstest.Dir) { d.Remove("server-cert.pem") }, nil,
			"Key 'D/server-key.pem' without corresponding cert 'D/server-cert.pem'"},
		{"no key of the second identity", "server", func(d tlstest.Dir) { d.Certs("server-cert-0.pem", tlstest.Authority(d)) }, nil,
			"Cert 'D/server-cert-0.pem' without corresponding key 'D/server-key-0.pem'"},
		{"no key in the file", "server", func(d tlstest.Dir) { d.File("server-key.pem", []byte("x")) }, nil,
			"Unable to import private key D/server-key.pem"},
		{"another's key", "server", func(d tlstest.Dir) { d.Key("server-key.pem", tlstest.Authority(d)) }, nil,
			"Cannot set certificate 'D/server-cert.pem' & key 'D/server-key.pem': The certificate and the given key do not match."},
		{"expired authority", "server", chain(nil, past), nil, "The CA certificate D/ca-cert.pem has expired"},
		{"expired server", "server", chain(past), nil, "The server certificate D/server-cert.pem has expired"},
		{"expired, and nobody looks", "server", chain(past), []any{"sanity-check", false}, ""},
		{"young server", "server", chain(later), nil, "The server certificate D/server-cert.pem is not yet active"},
		{"a server that is an authority", "server", chain(func(c *x509.Certificate) { c.IsCA = true }), nil,
			"The certificate D/server-cert.pem basic constraints show a CA, but we need one for a server"},
		{"an authority that is none", "server", chain(nil, func(c *x509.Certificate) { c.IsCA = false }), nil,
			"The certificate D/ca-cert.pem basic constraints do not show a CA"},
		{"an authority that does not say so", "server", chain(nil, func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = false, false }), nil,
			"The certificate D/ca-cert.pem is missing basic constraints for a CA"},
		{"an authority that must not sign", "server", chain(nil, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }), nil,
			"Certificate D/ca-cert.pem usage does not permit certificate signing"},
		{"an authority that should not sign", "server", chain(nil, noSigning), nil,
			"Our own certificate D/server-cert.pem failed validation against D/ca-cert.pem: The certificate is not trusted"},
		{"a server that must not sign", "server", chain(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), nil,
			"Certificate D/server-cert.pem usage does not permit digital signature"},
		{"for another purpose", "server", chain(otherPurpose), nil,
			"Certificate D/server-cert.pem purpose does not allow use with a TLS server"},
		{"signed by a stranger", "server", func(d tlstest.Dir) { d.Certs("ca-cert.pem", tlstest.Authority(d)) }, nil,
			"Cert 'O=acme,CN=localhost' has no issuer in CA chain"},
		{"an authority between", "server", func(d tlstest.Dir) {
			ca := tlstest.Authority(d)
			between := ca.Between(d)
			d.Certs("ca-cert.pem", ca)
			d.Identity("server", between.Server(d), between)
		}, nil, ""},
		{"an expired one between", "server", func(d tlstest.Dir) {
			ca := tlstest.Authority(d)
			between := ca.Between(d, past)
			d.Certs("ca-cert.pem", ca)
			d.Identity("server", between.Server(d), between)
		}, nil, "The CA certificate D/server-cert.pem has expired"},
		{"a list of nonsense", "server", func(d tlstest.Dir) { d.File("ca-crl.pem", []byte("x")) }, nil,
			"Cannot load CRL 'D/ca-crl.pem': Base64 decoding error."},
		{"parameters of nonsense", "server", func(d tlstest.Dir) { d.File("dh-params.pem", []byte("x")) }, nil,
			"Unable to load DH parameters from D/dh-params.pem: Base64 unexpected header error."},
		{"which clients do not read", "client", func(d tlstest.Dir) { d.File("dh-params.pem", []byte("x")); d.File("ca-crl.pem", []byte("x")) }, nil, ""},
		{"no password", "server", encrypted, nil, "Unable to import private key D/server-key.pem"},
		{"password", "server", encrypted, []any{"passwordid", "right"}, ""},
		{"wrong password", "server", encrypted, []any{"passwordid", "wrong"}, "Unable to import private key D/server-key.pem"},
		{"password of nobody", "server", encrypted, []any{"passwordid", "nobody"}, "No secret with id 'nobody'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			env := newEnv(t)
			for _, s := range []string{"right", "wrong"} {
				if err := add(env, "secret", s, "data", s); err != nil {
					t.Fatal(err)
				}
			}
			d := tlstest.Good(t)
			if test.make != nil {
				test.make(d)
			}
			err := add(env, "tls-creds-x509", "c", append([]any{"dir", d.Path, "endpoint", test.end}, test.props...)...)
			got := ""
			if err != nil {
				got = strings.ReplaceAll(err.Error(), d.Path, "D")
			}
			if got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// chain makes other certificates: the first change is of the server's, the second of the
// authority's.
func chain(changes ...tlstest.Change) func(tlstest.Dir) {
	return func(d tlstest.Dir) {
		list := [2][]tlstest.Change{}
		for i, c := range changes {
			if c != nil {
				list[i] = []tlstest.Change{c}
			}
		}
		ca := tlstest.Authority(d, list[1]...)
		d.Certs("ca-cert.pem", ca)
		d.Identity("server", ca.Server(d, list[0]...))
	}
}

func encrypted(d tlstest.Dir) {
	ca := tlstest.Authority(d)
	server := ca.Server(d)
	d.Certs("ca-cert.pem", ca)
	d.Certs("server-cert.pem", server)
	der, err := pkcs8.MarshalPrivateKey(server.Key, []byte("right"), nil)
	if err != nil {
		d.Fatal(err)
	}
	d.File("server-key.pem", pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}))
}

// TestOtherKinds holds what QEMU checks of credentials that Go cannot use.
func TestOtherKinds(t *testing.T) {
	env := newEnv(t)
	d := tlstest.NewDir(t)
	d.File("keys.psk", []byte("qemu:0123456789abcdef\n"))
	for _, test := range []struct {
		typ   string
		props []any
		want  string
	}{
		{"tls-creds-anon", []any{"endpoint", "server"}, ""},
		{"tls-creds-psk", []any{"endpoint", "server"}, "Missing 'dir' property value"},
		{"tls-creds-psk", []any{"endpoint", "server", "dir", d.Path}, ""},
		{"tls-creds-psk", []any{"endpoint", "server", "dir", d.Path, "username", "x"}, "username should not be set when endpoint=server"},
		{"tls-creds-psk", []any{"endpoint", "client", "dir", d.Path, "username", "x"}, "Username x not found in PSK file D/keys.psk"},
		{"tls-creds-psk", []any{"endpoint", "client", "dir", "/nowhere"}, "Unable to access credentials /nowhere/keys.psk: No such file or directory"},
		{"tls-cipher-suites", []any{"endpoint", "server"}, "'priority' property is not set"},
	} {
		err := add(env, test.typ, "c", test.props...)
		got := ""
		if err != nil {
			got = strings.ReplaceAll(err.Error(), d.Path, "D")
		}
		if got != test.want {
			t.Errorf("%s %v: got %q, want %q", test.typ, test.props, got, test.want)
		}
		if err == nil {
			if _, err := tlscreds.Find(env.Tree, "c", true); err == nil || !strings.Contains(err.Error(), "not supported by qomd") {
				t.Errorf("%s can be used: %v", test.typ, err)
			}
			object.Del(env, "c")
		}
	}
}

func TestFind(t *testing.T) {
	env := newEnv(t)
	d := tlstest.Good(t)
	must(t, add(env, "tls-creds-x509", "c", "dir", d.Path))
	must(t, add(env, "tls-creds-x509", "nonsense", "dir", d.Path, "priority", "nonsense"))
	must(t, add(env, "authz-simple", "z", "identity", "x"))
	for _, test := range []struct {
		id     string
		server bool
		want   string
	}{
		{"c", false, ""},
		{"c", true, "Expected TLS credentials for a server endpoint"},
		{"x", false, "No TLS credentials with id 'x'"},
		{"z", false, "Object with id 'z' is not TLS credentials"},
		{"nonsense", false, "Unable to set TLS session priority nonsense: The request is invalid."},
	} {
		got := ""
		if _, err := tlscreds.Find(env.Tree, test.id, test.server); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.id, got, test.want)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestHandshake lets two ends meet who trust each other, or not.
func TestHandshake(t *testing.T) {
	good := tlstest.Good(t)
	for _, test := range []struct {
		name           string
		client         []any // properties, besides dir
		server         []any
		change         func(d tlstest.Dir) // of the client's directory
		host           string              // empty: localhost
		nobody         bool                // no host after all
		authz          string
		clientE, serve string // errors
	}{
		{name: "good", host: "localhost"},
		{name: "by address", host: "127.0.0.1"},
		{name: "nobody in particular", nobody: true, clientE: "No hostname for certificate validation"},
		{name: "anybody", client: []any{"verify-peer", false}},
		{name: "TLS 1.2", server: []any{"priority", "NORMAL:-VERS-TLS1.3"}},
		{name: "no common version", server: []any{"priority", "NORMAL:-VERS-TLS1.3"}, client: []any{"priority", "@SYSTEM:-VERS-ALL:+VERS-TLS1.3"},
			clientE: "TLS handshake failed: A TLS fatal alert has been received.",
			serve:   "TLS handshake failed: tls: client offered only unsupported versions: [304]"},
		{name: "another host", host: "elsewhere", clientE: "Certificate does not match the hostname elsewhere"},
		{name: "another host, and nobody looks", host: "elsewhere", client: []any{"verify-peer", false}},
		{name: "a stranger", change: func(d tlstest.Dir) { d.Certs("ca-cert.pem", tlstest.Authority(d)) },
			client:  []any{"sanity-check", false},
			clientE: "The certificate hasn't got a known issuer"},
		{name: "a client without a name", change: func(d tlstest.Dir) { d.Remove("client-cert.pem"); d.Remove("client-key.pem") },
			serve: "Verify failed: No certificate was found."},
		{name: "a client without a name, and nobody looks", server: []any{"verify-peer", false},
			change: func(d tlstest.Dir) { d.Remove("client-cert.pem"); d.Remove("client-key.pem") }},
		{name: "allowed", authz: "friends"},
		{name: "denied", authz: "enemies", serve: "TLS x509 authz check for O=acme,CN=client is denied"},
		{name: "nobody to ask", authz: "nobody", serve: "Cannot find QAuthZ object ID nobody"},
		{name: "the wrong one to ask", authz: "server", serve: "Object 'server' is not a QAuthZ subtype"},
	} {
		t.Run(test.name, func(t *testing.T) {
			env := newEnv(t)
			dir := good
			if test.change != nil {
				dir = good.Copy()
				test.change(dir)
			}
			must(t, add(env, "authz-list", "friends", "rules", rules("O=acme,*", "allow", "glob")))
			must(t, add(env, "authz-list", "enemies", "rules", rules("O=acme,CN=clien", "allow", "exact")))
			must(t, add(env, "tls-creds-x509", "server", append([]any{"endpoint", "server", "dir", good.Path}, test.server...)...))
			must(t, add(env, "tls-creds-x509", "client", append([]any{"dir", dir.Path}, test.client...)...))
			client, err := tlscreds.Find(env.Tree, "client", false)
			must(t, err)
			server, err := tlscreds.Find(env.Tree, "server", true)
			must(t, err)
			here, there := pipe(t)
			served := make(chan error)
			go func() {
				conn, err := server.Server(context.Background(), there, tlscreds.Ask(env.Tree, func(f func()) { f() }, test.authz))
				served <- err
				if err == nil {
					io.Copy(conn, conn)
					conn.Close()
				}
			}()
			host := test.host
			if !test.nobody {
				host = cmp.Or(host, "localhost")
			}
			conn, err := client.Client(context.Background(), here, host)
			compare(t, "server", <-served, test.serve)
			compare(t, "client", err, test.clientE)
			if err != nil || test.serve != "" {
				if conn != nil {
					if _, err := conn.Read(make([]byte, 1)); err == nil {
						t.Error("the connection is still there")
					}
				}
				return
			}
			if _, err := io.WriteString(conn, "hello"); err != nil {
				t.Fatal(err)
			}
			var echo [5]byte
			if _, err := io.ReadFull(conn, echo[:]); err != nil || string(echo[:]) != "hello" {
				t.Errorf("got %q, %v", echo, err)
			}
			conn.Close()
		})
	}
}

func rules(match, policy, format string) []any {
	return []any{qjson.NewObject(qjson.Member{Name: "match", Value: match}, qjson.Member{Name: "policy", Value: policy},
		qjson.Member{Name: "format", Value: format})}
}

func compare(t *testing.T, who string, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("%s: got %q, want %q", who, got, want)
	}
}

// pipe is a connection with buffers, as sockets have.
func pipe(t *testing.T) (a, b net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer ln.Close()
	a, err = net.Dial("tcp", ln.Addr().String())
	must(t, err)
	b, err = ln.Accept()
	must(t, err)
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// TestRevoked turns a client away that is on the server's list.
func TestRevoked(t *testing.T) {
	env := newEnv(t)
	d := tlstest.NewDir(t)
	ca := tlstest.Authority(t)
	client := ca.Client(t)
	d.Certs("ca-cert.pem", ca)
	d.Identity("server", ca.Server(t))
	d.Identity("client", client)
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: client.SerialNumber, RevocationTime: time.Now()}},
	}, ca.Certificate, ca.Key)
	must(t, err)
	d.File("ca-crl.pem", pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}))
	must(t, add(env, "tls-creds-x509", "server", "endpoint", "server", "dir", d.Path))
	must(t, add(env, "tls-creds-x509", "client", "dir", d.Path))
	s, err := tlscreds.Find(env.Tree, "server", true)
	must(t, err)
	c, err := tlscreds.Find(env.Tree, "client", false)
	must(t, err)
	here, there := pipe(t)
	go c.Client(context.Background(), here, "localhost")
	_, err = s.Server(context.Background(), there, nil)
	compare(t, "server", err, "The certificate has been revoked")
}
