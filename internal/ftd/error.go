package ftd

// Lengths of the fixed items of each field, in bytes.
const (
	errorLen     = 10 + 100 + 20
	forceExitLen = 1 + 100
)

// TimeStampLayout is the form of Error.TimeStamp, for package time: YYYYMMDDHHmmss.
const TimeStampLayout = "20060102150405"

// Error is the standard's result field: every answer has it, with Code 0 for
// success. Items alias the input of Decode.
type Error struct {
	Code      int    // s10, decimal: 0..2147483647
	Text      []byte // s100
	TimeStamp []byte // s20, TimeStampLayout in UTC+8
}

// Decode reads the data of a field.
func (f *Error) Decode(data []byte) error {
	r, err := readItems(FIDError, data, errorLen)
	if err != nil {
		return err
	}
	f.Code = r.decimalText("ErrorCode", 10)
	f.Text = r.text("ErrorText", 100)
	f.TimeStamp = r.text("TimeStamp", 20)
	return r.err
}

// Error appends the field.
func (e *Encoder) Error(f *Error) {
	if !e.begin(FIDError, errorLen) {
		return
	}
	e.decimalText("ErrorCode", 10, f.Code)
	e.text("ErrorText", 100, f.Text)
	e.text("TimeStamp", 20, f.TimeStamp)
}

// ForceExit is the message by which the front ends a session. Items alias the input of
// Decode.
type ForceExit struct {
	Code byte   // c1
	Msg  []byte // s100
}

// Decode reads the data of a field.
func (f *ForceExit) Decode(data []byte) error {
	r, err := readItems(FIDForceExit, data, forceExitLen)
	if err != nil {
		return err
	}
	f.Code = r.char()
	f.Msg = r.text("ForceExitMsg", 100)
	return r.err
}

// ForceExit appends the field.
func (e *Encoder) ForceExit(f *ForceExit) {
	if !e.begin(FIDForceExit, forceExitLen) {
		return
	}
	e.char(f.Code)
	e.text("ForceExitMsg", 100, f.Msg)
}
