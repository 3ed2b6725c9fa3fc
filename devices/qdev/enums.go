package qdev

// enums are the values of QEMU's enumerated property types, in QEMU's order.
// QMP does not tell them; -device TYPE,help does for most.
var enums = map[string][]string{
	"BiosAtaTranslation":      {"auto", "none", "lba", "large", "rechs"},
	"BlockdevOnError":         {"report", "ignore", "enospc", "stop", "auto"},
	"ChardevVCEncoding":       {"utf8", "cp437"},
	"FloppyDriveType":         {"144", "288", "120", "none", "auto"},
	"GrabToggleKeys":          {"ctrl-ctrl", "alt-alt", "shift-shift", "meta-meta", "scrolllock", "ctrl-scrolllock"},
	"GranuleMode":             {"4k", "8k", "16k", "64k", "host"},
	"HostMemPolicy":           {"default", "preferred", "bind", "interleave"},
	"LostTickPolicy":          {"discard", "delay", "slew"},
	"MigMode":                 {"normal", "cpr-reboot", "cpr-transfer", "cpr-exec"},
	"MonitorQMPCloseAction":   {"none", "delete"},
	"MultiFDCompression":      {"none", "zlib", "zstd", "qatzip", "qpl", "uadk"},
	"NetFilterDirection":      {"all", "rx", "tx"},
	"NotifyVMexitOption":      {"run", "internal-error", "disable"},
	"OffAutoPCIBAR":           {"off", "auto", "bar0", "bar1", "bar2", "bar3", "bar4", "bar5"},
	"OnOffAuto":               {"auto", "on", "off"},
	"PCIELinkSpeed":           {"2_5", "5", "8", "16", "32", "64"},
	"PCIELinkWidth":           {"1", "2", "4", "8", "12", "16", "32"},
	"PCSouthBridgeOption":     {"PIIX3", "piix4-isa"},
	"QAuthZListFormat":        {"exact", "glob"},
	"QAuthZListPolicy":        {"deny", "allow"},
	"QCryptoSecretFormat":     {"raw", "base64"},
	"QCryptoTLSCredsEndpoint": {"client", "server"},
	"SpdmTransportType":       {"unspecified", "mctp", "doe", "scsi", "nvme"},
	"ZeroPageDetection":       {"none", "legacy", "multifd"},
	"on|off|split":            {"on", "off", "split"},
}

// EnumValues returns the values of an enumerated type; nil when typ is none
// that is known.
func EnumValues(typ string) []string { return enums[typ] }
