package input

import "slices"

// KeyName is a key as QMP calls it, by its place on a keyboard of the US.
type KeyName string

// Code is what a key is to those who ask.
type Code struct {
	Linux uint16 // in linux/input-event-codes.h
	Set1  uint16 // as a PC's keyboard tells it in scan code set 1; 0xe0NN: after 0xe0
	USB   uint8  // in the HID usage tables, page 7; 0: none
}

type key struct {
	name KeyName
	code Code
}

// CodeOf returns the codes of a key, all 0 for one that nobody has.
func CodeOf(name KeyName) Code {
	for _, k := range keys {
		if k.name == name {
			return k.code
		}
	}
	return Code{}
}

// grey marks numbers of keys that have 0xe0 before their scan code.
const grey = 0x80

// KeyOf returns the key that a number stands for: its scan code, with bit 7 for
// one behind 0xe0. Empty when there is none.
func KeyOf(number int) KeyName {
	code := uint16(number)
	if number&grey != 0 {
		code = 0xe000 | uint16(number&^grey)
	}
	if i := slices.IndexFunc(keys, func(k key) bool { return k.code.Set1 == code }); i >= 0 {
		return keys[i].name
	}
	return ""
}

// Names lists all keys.
func Names() []KeyName {
	list := make([]KeyName, len(keys))
	for i, k := range keys {
		list[i] = k.name
	}
	return list
}

// keys are those of QMP's QKeyCode.
var keys = []key{
	{"shift", Code{42, 0x2a, 0xe1}},
	{"shift_r", Code{54, 0x36, 0xe5}},
	{"alt", Code{56, 0x38, 0xe2}},
	{"alt_r", Code{100, 0xe038, 0xe6}},
	{"ctrl", Code{29, 0x1d, 0xe0}},
	{"ctrl_r", Code{97, 0xe01d, 0xe4}},
	{"menu", Code{139, 0xe01e, 0x76}},
	{"esc", Code{1, 0x1, 0x29}},
	{"1", Code{2, 0x2, 0x1e}},
	{"2", Code{3, 0x3, 0x1f}},
	{"3", Code{4, 0x4, 0x20}},
	{"4", Code{5, 0x5, 0x21}},
	{"5", Code{6, 0x6, 0x22}},
	{"6", Code{7, 0x7, 0x23}},
	{"7", Code{8, 0x8, 0x24}},
	{"8", Code{9, 0x9, 0x25}},
	{"9", Code{10, 0xa, 0x26}},
	{"0", Code{11, 0xb, 0x27}},
	{"minus", Code{12, 0xc, 0x2d}},
	{"equal", Code{13, 0xd, 0x2e}},
	{"backspace", Code{14, 0xe, 0x2a}},
	{"tab", Code{15, 0xf, 0x2b}},
	{"q", Code{16, 0x10, 0x14}},
	{"w", Code{17, 0x11, 0x1a}},
	{"e", Code{18, 0x12, 0x8}},
	{"r", Code{19, 0x13, 0x15}},
	{"t", Code{20, 0x14, 0x17}},
	{"y", Code{21, 0x15, 0x1c}},
	{"u", Code{22, 0x16, 0x18}},
	{"i", Code{23, 0x17, 0xc}},
	{"o", Code{24, 0x18, 0x12}},
	{"p", Code{25, 0x19, 0x13}},
	{"bracket_left", Code{26, 0x1a, 0x2f}},
	{"bracket_right", Code{27, 0x1b, 0x30}},
	{"ret", Code{28, 0x1c, 0x28}},
	{"a", Code{30, 0x1e, 0x4}},
	{"s", Code{31, 0x1f, 0x16}},
	{"d", Code{32, 0x20, 0x7}},
	{"f", Code{33, 0x21, 0x9}},
	{"g", Code{34, 0x22, 0xa}},
	{"h", Code{35, 0x23, 0xb}},
	{"j", Code{36, 0x24, 0xd}},
	{"k", Code{37, 0x25, 0xe}},
	{"l", Code{38, 0x26, 0xf}},
	{"semicolon", Code{39, 0x27, 0x33}},
	{"apostrophe", Code{40, 0x28, 0x34}},
	{"grave_accent", Code{41, 0x29, 0x35}},
	{"backslash", Code{43, 0x2b, 0x31}},
	{"z", Code{44, 0x2c, 0x1d}},
	{"x", Code{45, 0x2d, 0x1b}},
	{"c", Code{46, 0x2e, 0x6}},
	{"v", Code{47, 0x2f, 0x19}},
	{"b", Code{48, 0x30, 0x5}},
	{"n", Code{49, 0x31, 0x11}},
	{"m", Code{50, 0x32, 0x10}},
	{"comma", Code{51, 0x33, 0x36}},
	{"dot", Code{52, 0x34, 0x37}},
	{"slash", Code{53, 0x35, 0x38}},
	{"asterisk", Code{55, 0x37, 0x55}},
	{"spc", Code{57, 0x39, 0x2c}},
	{"caps_lock", Code{58, 0x3a, 0x39}},
	{"f1", Code{59, 0x3b, 0x3a}},
	{"f2", Code{60, 0x3c, 0x3b}},
	{"f3", Code{61, 0x3d, 0x3c}},
	{"f4", Code{62, 0x3e, 0x3d}},
	{"f5", Code{63, 0x3f, 0x3e}},
	{"f6", Code{64, 0x40, 0x3f}},
	{"f7", Code{65, 0x41, 0x40}},
	{"f8", Code{66, 0x42, 0x41}},
	{"f9", Code{67, 0x43, 0x42}},
	{"f10", Code{68, 0x44, 0x43}},
	{"num_lock", Code{69, 0x45, 0x53}},
	{"scroll_lock", Code{70, 0x46, 0x47}},
	{"kp_divide", Code{98, 0xe035, 0x54}},
	{"kp_multiply", Code{55, 0x37, 0x55}},
	{"kp_subtract", Code{74, 0x4a, 0x56}},
	{"kp_add", Code{78, 0x4e, 0x57}},
	{"kp_enter", Code{96, 0xe01c, 0x58}},
	{"kp_decimal", Code{83, 0x53, 0x63}},
	{"sysrq", Code{99, 0x54, 0x46}},
	{"kp_0", Code{82, 0x52, 0x62}},
	{"kp_1", Code{79, 0x4f, 0x59}},
	{"kp_2", Code{80, 0x50, 0x5a}},
	{"kp_3", Code{81, 0x51, 0x5b}},
	{"kp_4", Code{75, 0x4b, 0x5c}},
	{"kp_5", Code{76, 0x4c, 0x5d}},
	{"kp_6", Code{77, 0x4d, 0x5e}},
	{"kp_7", Code{71, 0x47, 0x5f}},
	{"kp_8", Code{72, 0x48, 0x60}},
	{"kp_9", Code{73, 0x49, 0x61}},
	{"less", Code{86, 0x56, 0x64}},
	{"f11", Code{87, 0x57, 0x44}},
	{"f12", Code{88, 0x58, 0x45}},
	{"print", Code{99, 0xe037, 0x46}},
	{"home", Code{102, 0xe047, 0x4a}},
	{"pgup", Code{104, 0xe049, 0x4b}},
	{"pgdn", Code{109, 0xe051, 0x4e}},
	{"end", Code{107, 0xe04f, 0x4d}},
	{"left", Code{105, 0xe04b, 0x50}},
	{"up", Code{103, 0xe048, 0x52}},
	{"down", Code{108, 0xe050, 0x51}},
	{"right", Code{106, 0xe04d, 0x4f}},
	{"insert", Code{110, 0xe052, 0x49}},
	{"delete", Code{111, 0xe053, 0x4c}},
	{"stop", Code{128, 0xe068, 0x78}},
	{"again", Code{129, 0xe005, 0x79}},
	{"props", Code{130, 0xe006, 0xa3}},
	{"undo", Code{131, 0xe007, 0x7a}},
	{"front", Code{132, 0xe00c, 0x0}},
	{"copy", Code{133, 0xe078, 0x7c}},
	{"open", Code{134, 0x64, 0x74}},
	{"paste", Code{135, 0x65, 0x7d}},
	{"find", Code{136, 0xe041, 0x7e}},
	{"cut", Code{137, 0xe03c, 0x7b}},
	{"lf", Code{101, 0x5b, 0x0}},
	{"help", Code{138, 0xe075, 0x75}},
	{"meta_l", Code{125, 0xe05b, 0xe3}},
	{"meta_r", Code{126, 0xe05c, 0xe7}},
	{"compose", Code{127, 0xe05d, 0x65}},
	{"pause", Code{119, 0xe046, 0x48}},
	{"ro", Code{89, 0x73, 0x87}},
	{"hiragana", Code{91, 0x77, 0x93}},
	{"henkan", Code{92, 0x79, 0x8a}},
	{"yen", Code{124, 0x7d, 0x89}},
	{"muhenkan", Code{94, 0x7b, 0x8b}},
	{"katakanahiragana", Code{93, 0x70, 0x88}},
	{"kp_comma", Code{121, 0x7e, 0x85}},
	{"kp_equals", Code{117, 0x59, 0x67}},
	{"power", Code{116, 0xe05e, 0x66}},
	{"sleep", Code{142, 0xe05f, 0x0}},
	{"wake", Code{143, 0xe063, 0x0}},
	{"audionext", Code{163, 0xe019, 0x0}},
	{"audioprev", Code{165, 0xe010, 0x0}},
	{"audiostop", Code{166, 0xe024, 0x0}},
	{"audioplay", Code{164, 0xe022, 0x0}},
	{"audiomute", Code{113, 0xe020, 0x7f}},
	{"volumeup", Code{115, 0xe030, 0x80}},
	{"volumedown", Code{114, 0xe02e, 0x81}},
	{"mediaselect", Code{226, 0xe06d, 0x0}},
	{"mail", Code{155, 0xe06c, 0x0}},
	{"calculator", Code{140, 0xe021, 0x0}},
	{"computer", Code{157, 0xe06b, 0x0}},
	{"ac_home", Code{172, 0xe032, 0x0}},
	{"ac_back", Code{158, 0xe06a, 0x0}},
	{"ac_forward", Code{159, 0xe069, 0x0}},
	{"ac_refresh", Code{173, 0xe067, 0x0}},
	{"ac_bookmarks", Code{156, 0xe066, 0x0}},
	{"lang1", Code{122, 0x72, 0x90}},
	{"lang2", Code{123, 0x71, 0x91}},
	{"f13", Code{183, 0x5d, 0x68}},
	{"f14", Code{184, 0x5e, 0x69}},
	{"f15", Code{185, 0x5f, 0x6a}},
	{"f16", Code{186, 0x55, 0x6b}},
	{"f17", Code{187, 0xe003, 0x6c}},
	{"f18", Code{188, 0xe077, 0x6d}},
	{"f19", Code{189, 0xe004, 0x6e}},
	{"f20", Code{190, 0x5a, 0x6f}},
	{"f21", Code{191, 0x74, 0x70}},
	{"f22", Code{192, 0xe079, 0x71}},
	{"f23", Code{193, 0x6d, 0x72}},
	{"f24", Code{194, 0x6f, 0x73}},
}
