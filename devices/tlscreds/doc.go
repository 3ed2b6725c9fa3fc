// Package tlscreds holds credentials for TLS, the objects tls-creds-x509 and its
// kin, and encrypts connections with them by crypto/tls. It corresponds to
// QEMU's crypto/tlscreds*.c and crypto/tlssession.c.
//
// [Find] returns the credentials that somebody names in an option tls-creds,
// and [Creds.Client] and [Creds.Server] shake hands over a connection. Files are
// read and checked when an object is made, in QEMU's order and with its words.
//
// # Differences from QEMU
//
// QEMU has GnuTLS behind it. Go has neither anonymous nor PSK cipher suites, so
// tls-creds-anon, tls-creds-psk and tls-cipher-suites can be made, and are
// refused where they would be used. Of the priority strings of GnuTLS only those
// that choose versions of TLS are understood, see priority.go. Diffie-Hellman
// parameters are looked for and not used. Keys may be encrypted as PKCS #8 only.
//
// # Concurrency
//
// Objects need the machine's lock, handshakes must not have it.
package tlscreds
