package tlscreds

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"strings"
)

// attributes are the short names of parts of a distinguished name, as GnuTLS
// writes them.
var attributes = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "sn", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
	"2.5.4.9": "street", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.17": "postalCode",
	"2.5.4.41": "name", "2.5.4.42": "givenName", "2.5.4.43": "initials", "2.5.4.44": "generationQualifier",
	"2.5.4.46": "dnQualifier", "2.5.4.65": "pseudonym", "0.9.2342.19200300.100.1.1": "UID",
	"0.9.2342.19200300.100.1.25": "DC", "1.2.840.113549.1.9.1": "EMAIL",
}

// distinguishedName writes a name as QEMU tells it, and as the rules of authz
// objects match it: with the escapes of RFC 4514, but in the order of the
// certificate.
func distinguishedName(raw []byte) string {
	var name pkix.RDNSequence
	if _, err := asn1.Unmarshal(raw, &name); err != nil {
		return ""
	}
	var parts []string
	for _, set := range name {
		var values []string
		for _, a := range set {
			values = append(values, attribute(a))
		}
		parts = append(parts, strings.Join(values, "+"))
	}
	return strings.Join(parts, ",")
}

func attribute(a pkix.AttributeTypeAndValue) string {
	oid := a.Type.String()
	name, known := attributes[oid]
	text, isText := a.Value.(string)
	if !known || !isText {
		der, err := asn1.Marshal(a.Value)
		if err != nil {
			return oid
		}
		return fmt.Sprintf("%s=#%s", oid, hex.EncodeToString(der))
	}
	return name + "=" + escape(text)
}

// escape is that of RFC 4514, section 2.4.
func escape(text string) string {
	var b strings.Builder
	for i, r := range text {
		edge := r == ' ' && (i == 0 || i == len(text)-1) || r == '#' && i == 0
		if edge || strings.ContainsRune(`,+"\<>;`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
