package ftd

// ChallengeLen is the length in bytes of a challenge and of its answer (B.2).
const ChallengeLen = 128

// Lengths of the fixed items of each field, in bytes.
const (
	authIdentityLen = 10 + 30 + 10
	authResultLen   = 30 + 1
)

// AuthIdentity names the terminal software that wants to be admitted. Items alias the input of Decode.
type AuthIdentity struct {
	BrokerID    []byte // s10
	AppID       []byte // s30
	ProductInfo []byte // s10
}

// Decode reads the data of a field. The error is FaultFieldShort, or a *FieldError for the
// first illegal item; then the text items are set all the same, as they came, for the
// caller that logs what was refused. This is so for every Decode here.
func (f *AuthIdentity) Decode(data []byte) error {
	r, err := readItems(FIDAuthIdentity, data, authIdentityLen)
	if err != nil {
		return err
	}
	f.BrokerID = r.text("BrokerID", 10)
	f.AppID = r.text("AppID", 30)
	f.ProductInfo = r.text("ProductInfo", 10)
	return r.err
}

// AuthIdentity appends the field.
func (e *Encoder) AuthIdentity(f *AuthIdentity) {
	if !e.begin(FIDAuthIdentity, authIdentityLen) {
		return
	}
	e.text("BrokerID", 10, f.BrokerID)
	e.text("AppID", 30, f.AppID)
	e.text("ProductInfo", 10, f.ProductInfo)
}

// AuthChallenge is the front's 128 random bytes (B.2, figure B-4).
type AuthChallenge struct {
	TimeStamp [ChallengeLen]byte // b128
}

// Decode reads the data of a field.
func (f *AuthChallenge) Decode(data []byte) error {
	r, err := readItems(FIDAuthChallenge, data, ChallengeLen)
	if err != nil {
		return err
	}
	copy(f.TimeStamp[:], r.raw(ChallengeLen))
	return nil
}

// AuthChallenge appends the field.
func (e *Encoder) AuthChallenge(f *AuthChallenge) {
	if e.begin(FIDAuthChallenge, ChallengeLen) {
		e.raw(f.TimeStamp[:])
	}
}

// AuthInfo is the terminal's answer to a challenge (B.2, figure B-4).
type AuthInfo struct {
	AuthInfo [ChallengeLen]byte // b128
}

// Decode reads the data of a field.
func (f *AuthInfo) Decode(data []byte) error {
	r, err := readItems(FIDAuthInfo, data, ChallengeLen)
	if err != nil {
		return err
	}
	copy(f.AuthInfo[:], r.raw(ChallengeLen))
	return nil
}

// AuthInfo appends the field.
func (e *Encoder) AuthInfo(f *AuthInfo) {
	if e.begin(FIDAuthInfo, ChallengeLen) {
		e.raw(f.AuthInfo[:])
	}
}

// AuthResult is as what the front admitted the terminal software. Items alias the input of
// Decode.
type AuthResult struct {
	AppID   []byte // s30
	AppType byte   // c1: '1' direct, '2' investor relay, '3' operator relay
}

// Decode reads the data of a field.
func (f *AuthResult) Decode(data []byte) error {
	r, err := readItems(FIDAuthResult, data, authResultLen)
	if err != nil {
		return err
	}
	f.AppID = r.text("AppID", 30)
	f.AppType = r.char()
	return r.err
}

// AuthResult appends the field.
func (e *Encoder) AuthResult(f *AuthResult) {
	if !e.begin(FIDAuthResult, authResultLen) {
		return
	}
	e.text("AppID", 30, f.AppID)
	e.char(f.AppType)
}
