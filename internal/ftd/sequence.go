package ftd

// Lengths of the fixed items of each field, in bytes.
const (
	errorTargetLen = 2 + 4
	pointLen       = 2 + 4
)

// MaxResumePoints is how many flows one ResumePoints field names at most: a message has a known FID once.
const MaxResumePoints = 8

// ErrorTargetSequence is which business request an Error of the front's is about (JR/T 0016).
type ErrorTargetSequence struct {
	Series uint16 // w2
	Number int32  // i4
}

// Decode reads the data of a field.
func (f *ErrorTargetSequence) Decode(data []byte) error {
	r, err := readItems(FIDErrorTargetSequence, data, errorTargetLen)
	if err != nil {
		return err
	}
	f.Series, f.Number = r.uint16(), r.int32()
	return nil
}

// ErrorTargetSequence appends the field.
func (e *Encoder) ErrorTargetSequence(f *ErrorTargetSequence) {
	if e.begin(FIDErrorTargetSequence, errorTargetLen) {
		e.uint16(f.Series)
		e.int32(f.Number)
	}
}

// Point is how far a flow has come. As a terminal's ResumePoint, 0 asks for the flow from its beginning and
// -1 from now on.
type Point struct {
	Series uint16 // w2, 1 and above
	Number int32  // i4, the last number that was received
}

// ResumePoints is a run of 1 to MaxResumePoints points, the flows that a terminal or a resumed session wants.
type ResumePoints struct {
	Count  int
	Points [MaxResumePoints]Point
}

// All are the points that are there; they alias f.
func (f *ResumePoints) All() []Point { return f.Points[:f.Count] }

// Decode reads the data of a field. It is FaultFieldShort if the run ends within a point, and a
// *FieldError if there are more than MaxResumePoints.
func (f *ResumePoints) Decode(data []byte) error {
	r, err := readItems(FIDResumePoints, data, pointLen)
	if err != nil {
		return err
	}
	return r.points(f)
}

// points reads a run of points to the end of the field.
func (r *items) points(f *ResumePoints) error {
	f.Count = 0
	if len(r.data)%pointLen != 0 {
		return FaultFieldShort
	}
	for ; len(r.data) > 0; f.Count++ {
		if f.Count == MaxResumePoints {
			r.fail("ResumePoints", "more than 8 points")
			return r.err
		}
		f.Points[f.Count] = Point{r.uint16(), r.int32()}
	}
	return r.err
}

// ResumePoints appends the field.
func (e *Encoder) ResumePoints(f *ResumePoints) {
	if e.begin(FIDResumePoints, f.Count*pointLen) {
		e.points(f)
	}
}

func (e *Encoder) points(f *ResumePoints) {
	for _, p := range f.All() {
		e.uint16(p.Series)
		e.int32(p.Number)
	}
}

const passwordUpdateLen = 10 + 18 + 40 + 40

// PasswordUpdate is the field of the message of that name: a customer's new password. Items alias the input
// of Decode.
type PasswordUpdate struct {
	BrokerID    []byte // s10
	UserID      []byte // s18
	OldPassword []byte // s40
	NewPassword []byte // s40
}

// Decode reads the data of a field.
func (f *PasswordUpdate) Decode(data []byte) error {
	r, err := readItems(FIDPasswordUpdate, data, passwordUpdateLen)
	if err != nil {
		return err
	}
	f.BrokerID = r.text("BrokerID", 10)
	f.UserID = r.text("UserID", 18)
	f.OldPassword = r.text("OldPassword", 40)
	f.NewPassword = r.text("NewPassword", 40)
	return r.err
}

// PasswordUpdate appends the field.
func (e *Encoder) PasswordUpdate(f *PasswordUpdate) {
	if !e.begin(FIDPasswordUpdate, passwordUpdateLen) {
		return
	}
	e.text("BrokerID", 10, f.BrokerID)
	e.text("UserID", 18, f.UserID)
	e.text("OldPassword", 40, f.OldPassword)
	e.text("NewPassword", 40, f.NewPassword)
}
