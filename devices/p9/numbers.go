package p9

// Types of messages; that of an answer is one higher.
const (
	rlerror      = 7
	tstatfs      = 8
	tlopen       = 12
	tlcreate     = 14
	tsymlink     = 16
	tmknod       = 18
	trename      = 20
	treadlink    = 22
	tgetattr     = 24
	tsetattr     = 26
	txattrwalk   = 30
	txattrcreate = 32
	treaddir     = 40
	tfsync       = 50
	tlock        = 52
	tgetlock     = 54
	tlink        = 70
	tmkdir       = 72
	trenameat    = 74
	tunlinkat    = 76
	tversion     = 100
	tauth        = 102
	tattach      = 104
	rerror       = 107
	tflush       = 108
	twalk        = 110
	tread        = 116
	twrite       = 118
	tclunk       = 120
	tremove      = 122
)

// Sizes in bytes.
const (
	// MaxMessage is the longest message: what 1022 pages hold, for a queue of
	// QEMU's device has room for no more.
	MaxMessage = 1022 << 12

	minMessage  = 4096
	header      = 7
	readHeader  = header + 4  // of an answer with data
	writeHeader = header + 16 // of a message with data
	ioHeader    = 24          // what QEMU keeps free for either
	direntFixed = 24          // of an entry of a folder, without its name
	maxXattr    = 64 << 10
	maxNames    = 16 // of one walk
)

// Bits of the type in a qid.
const (
	qidDir  = 0x80
	qidLink = 0x02
)

// Types of files, in [Stat.Mode].
const (
	ModeType    = 0o170000
	ModeDir     = 0o040000
	ModeRegular = 0o100000
	ModeSymlink = 0o120000
)

// Flags with which a file is opened, on the wire and in [FS].
const (
	OpenWrite     = 0o1
	OpenReadWrite = 0o2
	OpenExclusive = 0o200
	OpenTruncate  = 0o1000
	OpenAppend    = 0o2000
	OpenDataSync  = 0o10000
	OpenDirectory = 0o200000
	OpenSync      = 0o4000000
)

// Bits of Tsetattr.
const (
	setMode    = 1 << 0
	setUID     = 1 << 1
	setGID     = 1 << 2
	setSize    = 1 << 3
	setAtime   = 1 << 4
	setMtime   = 1 << 5
	setCtime   = 1 << 6
	setAtimeTo = 1 << 7 // ... the time that follows, not now
	setMtimeTo = 1 << 8
)

const (
	noFid        = 0xffffffff
	basicAttrs   = 0x7ff
	lockBlock    = 1 // flag of Tlock
	unlocked     = 2 // type of a lock that nobody has
	removeFolder = 0x200
)
