package client_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/ports"
)

// wholeLogin is a front that checks each request and lets the terminal through.
func wholeLogin(f *front) error {
	ask, err := f.message()
	if err != nil {
		return err
	}
	asked, _ := ask.Field(ftd.FIDAuthIdentity)
	if err := f.send(ftd.TIDAuthenticate, challenge); err != nil {
		return err
	}
	answer, err := f.message()
	if err != nil {
		return err
	}
	if err := checkAnswer(answer, asked); err != nil {
		return err
	}
	if err := f.send(ftd.TIDAuthenticate, admitted); err != nil {
		return err
	}
	login, err := f.message()
	if err != nil {
		return err
	}
	if err := checkLogin(login); err != nil {
		return err
	}
	if err := f.send(ftd.TIDUserLogin, recorded); err != nil {
		return err
	}
	logout, err := f.message()
	if err != nil {
		return err
	}
	var who ftd.LogoutRequest
	data, _ := logout.Field(ftd.FIDLogoutRequest)
	if err := who.Decode(data); err != nil || string(who.BrokerID) != "9999" || string(who.UserID) != "88888888" {
		return fmt.Errorf("logout %+v: %w", who, err)
	}
	return f.send(ftd.TIDUserLogout, said(0, "正确"))
}

func checkAnswer(m ftd.Message, asked []byte) error {
	repeated, _ := m.Field(ftd.FIDAuthIdentity)
	data, _ := m.Field(ftd.FIDAuthInfo)
	block, err := aes.NewCipher([]byte(authCode))
	if err != nil {
		return err
	}
	want := make([]byte, ftd.ChallengeLen)
	for i := range want {
		want[i] = byte(i)
	}
	for at := 0; at < len(want); at += 16 {
		block.Encrypt(want[at:], want[at:])
	}
	if !bytes.Equal(repeated, asked) || !bytes.Equal(data, want) || bytes.Contains(m.Fields, []byte(authCode)) {
		return fmt.Errorf("answer % x", m.Fields)
	}
	return nil
}

func checkLogin(m ftd.Message) error {
	var req ftd.LoginRequest
	var info ftd.TerminalInfo
	rawRequest, _ := m.Field(ftd.FIDLoginRequest)
	rawInfo, _ := m.Field(ftd.FIDTerminalInfo)
	if err := errors.Join(req.Decode(rawRequest), info.Decode(rawInfo)); err != nil {
		return err
	}
	want := loginRequest()
	got := client.LoginRequest{
		BrokerID: string(req.BrokerID), UserID: string(req.UserID), Password: string(req.Password),
		Remark: string(req.Remark), HeartbeatSeconds: req.HeartbeatSeconds,
		KeyVersion: string(info.KeyVersion), AbnormalFlag: info.AbnormalFlag, Ciphertext: info.Ciphertext,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return errors.New(diff)
	}
	return nil
}

func TestWholeLogin(t *testing.T) { wholeLoginOn(t, dial(t, wholeLogin)) }

func wholeLoginOn(t *testing.T, c *client.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	result, err := c.Authenticate(ctx, identity, authCode)
	if err != nil || result != (client.AuthResult{AppID: "client_demo_1.0", AppType: '1'}) {
		t.Fatalf("%+v, %v", result, err)
	}
	if err := c.Err(); err != nil {
		t.Fatalf("Err before the end: %v", err)
	}
	login, err := c.Login(ctx, loginRequest())
	if err != nil {
		t.Fatal(err)
	}
	want := client.LoginResult{
		BrokerID: "9999", UserID: "88888888", UserType: '1', TradingDay: "20260105",
		LoginTime:  time.Date(2026, 1, 5, 0, 45, 0, 0, time.UTC),
		PublicAddr: netip.MustParseAddrPort("192.0.2.7:50001"), AbnormalFlag: '0', FrontID: 1, SessionID: 7,
		RecordID: "0197fc1e-5c00-7d4e-8a3b-0123456789ab", SystemName: "示例期货",
	}
	if diff := cmp.Diff(want, login, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Error(diff)
	}
	if _, offset := login.LoginTime.Zone(); offset != 8*60*60 {
		t.Errorf("login time is %d s east of UTC", offset)
	}
	if err := c.Logout(ctx); err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	var closed *client.ClosedError
	if err := c.Err(); !errors.Is(err, net.ErrClosed) && !errors.As(err, &closed) {
		t.Errorf("Err after logout: %v", err)
	}
}

// bytewise writes one byte at a time.
type bytewise struct{ net.Conn }

func (b bytewise) Write(p []byte) (int, error) {
	for i := range p {
		if _, err := b.Conn.Write(p[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(p), nil
}

func TestFrontThatAnswersByteByByte(t *testing.T) {
	wholeLoginOn(t, dial(t, func(f *front) error {
		f.conn = bytewise{f.conn}
		return wholeLogin(f)
	}))
}

// TestBytesBetweenAnswers: heartbeats, and frames of types the client does not know, make
// no difference, and neither does a long one.
func TestBytesBetweenAnswers(t *testing.T) {
	noise := ftd.AppendHeartbeat(nil)
	for _, typ := range []ftd.FrameType{ftd.FrameNone, ftd.FrameCompressed, 0x77} {
		var err error
		if noise, err = ftd.AppendFrame(noise, typ, []byte{0x7F, 1, 2}, make([]byte, ftd.MaxBodyLen)); err != nil {
			t.Fatal(err)
		}
	}
	wholeLoginOn(t, dial(t, func(f *front) error {
		f.conn = noisy{f.conn, noise}
		return wholeLogin(f)
	}))
}

// noisy writes noise before everything.
type noisy struct {
	net.Conn
	noise []byte
}

func (n noisy) Write(p []byte) (int, error) {
	if _, err := n.Conn.Write(n.noise); err != nil {
		return 0, err
	}
	return n.Conn.Write(p)
}

func TestLoginResultIPv6(t *testing.T) {
	c := dial(t, then(answers(recordedAs("2001:0DB8:0000:0000:0000:0000:0000:0007", 443)), (*front).untilClosed))
	got, err := c.Login(context.Background(), loginRequest())
	if want := netip.MustParseAddrPort("[2001:db8::7]:443"); err != nil || got.PublicAddr != want {
		t.Errorf("%v, %v; want %v", got.PublicAddr, err, want)
	}
	c.Close()
}

func TestSourceAddr(t *testing.T) {
	from := make(chan net.Addr, 1)
	addr := listen(t, func(f *front) error {
		from <- f.conn.RemoteAddr()
		return f.untilClosed()
	})
	c, err := client.Dial(context.Background(), addr, client.WithDialer(&net.Dialer{}),
		client.WithSourceAddr(netip.MustParseAddr("127.0.0.7")))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	seen := (<-from).String()
	if netip.MustParseAddrPort(seen).Addr() != netip.MustParseAddr("127.0.0.7") {
		t.Errorf("the front sees %v", seen)
	}
	if c.LocalAddr().String() != seen || c.RemoteAddr().String() != addr {
		t.Errorf("addresses %v, %v; the front has %v, %v", c.LocalAddr(), c.RemoteAddr(), seen, addr)
	}
	c.Close()
}

func TestDialFails(t *testing.T) {
	if c, err := client.Dial(context.Background(), ports.Address(t)); err == nil {
		c.Close()
		t.Error("connected where no server listens")
	}
}
