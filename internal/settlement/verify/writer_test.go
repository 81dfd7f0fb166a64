package verify

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	mathrand "math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/settlement/settlementtest"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/internal/supplement/testkey"
	"github.com/tradefront/tradefront/internal/terminalinfo"
	"github.com/tradefront/tradefront/test/keypair"
	"github.com/tradefront/tradefront/test/opener"
	"github.com/tradefront/tradefront/test/testmain"
)

// keyPair is made once: the public half as a front has it, the private one as a test has it.
var keyPair = sync.OnceValue(func() (pair struct {
	public  supplement.Encrypter
	private testkey.Decrypter
	pem     []byte
},
) {
	made := keypair.RSA(0)
	var err error
	if pair.private, err = testkey.Parse(made.Private); err != nil {
		panic(err)
	}
	if pair.public, err = supplement.ParsePublicKey(made.Public); err != nil {
		panic(err)
	}
	pair.pem = made.Private
	return pair
})

// loginAt makes the record that the gateway would: assess, build, encrypt.
func loginAt(t *rapid.T, ring *supplement.KeyRing, id uint64, at time.Time) store.Record {
	public := keyPair().public
	kind := regulation.TerminalType(rapid.IntRange('1', '7').Draw(t, "type"))
	text := terminalinfo.Build(kind, mathrand.New(mathrand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)), at)
	info := supplement.TerminalInfo{KeyVersion: []byte("1.0"), Flag: '0'}
	var err error
	if info.Ciphertext, err = public.Encrypt(nil, []byte(text)); err != nil {
		t.Fatal(err)
	}
	switch rapid.IntRange(0, 5).Draw(t, "oddity") {
	case 0:
		info.Ciphertext = nil
	case 1:
		info.KeyVersion = []byte("0.1")
	case 2:
		info.Ciphertext = info.Ciphertext[:rapid.IntRange(1, 255).Draw(t, "length")]
	case 3:
		info.Flag = rapid.SampledFrom([]byte("123x")).Draw(t, "own flag")
	}
	judged, err := supplement.Assess(info, ring, at)
	if err != nil {
		t.Fatal(err)
	}
	s := supplement.Supplement{
		Flag: judged.Flag, AppID: "client_xsb_1.0", LoginTime: at, UserType: rapid.SampledFrom([]regulation.UserType{'1', '2'}).Draw(t, "user"),
		Public:  drawPeer(t),
		Account: regulation.Account(rapid.StringMatching(`[0-9A-Za-z]{1,18}`).Draw(t, "account")),
	}
	if rapid.Bool().Draw(t, "relayed") {
		// Many-to-many the relay logs in with the customer; an operator may have logged in days before. The terminal did so at
		// the relay, whose clock may be ahead.
		s.Relay = &supplement.Relay{AppID: "relay_r_2.0", Addr: drawPeer(t), LoginTime: at}
		s.LoginTime = at.Add(time.Duration(rapid.IntRange(-96*3600, 60).Draw(t, "at the relay")) * time.Second)
		if s.UserType == regulation.UserOperator {
			s.Relay.LoginTime = at.Add(-time.Duration(rapid.IntRange(0, 10*24*3600).Draw(t, "operator since")) * time.Second)
			if s.Offline = kind == regulation.TerminalOffline; s.Offline {
				s.Public = netip.AddrPort{}
			}
		}
	}
	plain, err := s.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := store.Record{TradingDay: 20260105, VendorID: "TF01", KeyVersion: judged.Key.Version, Flag: judged.Flag, Terminal: info.Ciphertext}
	binary.BigEndian.PutUint64(r.ID[8:], id)
	if r.Supplement, err = public.Encrypt(nil, plain); err != nil {
		t.Fatal(err)
	}
	return r
}

func drawPeer(t *rapid.T) netip.AddrPort {
	b := rapid.SliceOfN(rapid.ByteRange(1, 255), 16, 16).Draw(t, "address")
	addr := netip.AddrFrom16([16]byte(b))
	if rapid.Bool().Draw(t, "IPv4") {
		addr = netip.AddrFrom4([4]byte(b[:4]))
	}
	return netip.AddrPortFrom(addr, rapid.Uint16Range(1, 65535).Draw(t, "port"))
}

func testRing(t interface{ Fatal(...any) }) *supplement.KeyRing {
	ring, err := supplement.NewKeyRing([]supplement.Key{{Version: "1.0", Encrypter: keyPair().public}})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// For any logins in the day's window, the front's own code and an export make a
// file in which nothing is found, and each line is opened.
func TestExportVerifies(t *testing.T) {
	dir, cal := t.TempDir(), testCalendar(t)
	start, end, err := cal.Window(20260105)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		var all settlementtest.Records
		for i := range rapid.IntRange(0, 6).Draw(t, "logins") {
			at := start.Add(time.Duration(rapid.Int64Range(0, int64(end.Sub(start))-1).Draw(t, "at")))
			all = append(all, loginAt(t, testRing(t), uint64(i+1), at))
		}
		out, err := os.MkdirTemp(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		x := settlement.Exporter{
			Store: settlementtest.Store{Scanner: all}, Calendar: cal, UnitID: "0001", OutDir: out,
			Now: func() time.Time { return end },
		}
		file, err := x.Export(context.Background(), 20260105, store.FullExport)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Verify(context.Background(), Options{
			Path: file.Path, UnitID: "0001", VendorIDs: []string{"TF01"}, Calendar: cal, Complete: true, TempDir: dir,
			Versions: []Version{{Name: "1.0", Decrypter: keyPair().private}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if !r.Verdict.Good || r.Lines.Total != file.Rows || r.Opened != nil && r.Opened.Lines != file.Rows || (r.Opened == nil) != (file.Rows == 0) {
			t.Fatalf("%+v: %v %s", r.Verdict, told(r), problems(r))
		}
		if slices.ContainsFunc(told(r), func(s string) bool { return strings.HasPrefix(s, RelayLoginTime.String()) }) {
			t.Fatalf("%v", told(r))
		}
	})
}

// memory remembers what a key said: a mutation leaves most ciphertexts as they were.
type memory struct {
	key   Decrypter
	mu    sync.Mutex
	known map[string][]byte
}

func (m *memory) Decrypt(c []byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	text, ok := m.known[string(c)]
	if !ok {
		text, _ = m.key.Decrypt(c)
		m.known[string(c)] = text
	}
	if text == nil {
		return nil, errors.New("not opened")
	}
	return text, nil
}

// Each bit of a good file, one at a time: the file with that bit flipped has a fault on the
// line that was hit. None is harmless, as long
// as the flag of the line claims that its terminal item is in order.
func TestEachBitFlipped(t *testing.T) {
	t.Parallel() // thousands of decryptions
	encrypt := func(text string) []byte {
		b, err := keyPair().public.Encrypt(nil, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	line := func() string {
		return "TF01@1.0@" + text64(encrypt(goodTerminal)) + "@" + text64(encrypt(goodSupplement)) + "\n"
	}
	content := []byte(line() + line())
	second := bytes.IndexByte(content, '\n') + 1
	o := options(t, write(t, reportName, string(content)), &memory{key: keyPair().private, known: openedFlipped(t, content[second:])})
	expect(t, mustVerify(t, o), nil, "")

	byKind := map[string]int{}
	for at := second; at < len(content); at++ {
		for bit := range testmain.Fewer(8, 1) {
			mutated := slices.Clone(content)
			mutated[at] ^= 1 << bit
			if err := os.WriteFile(o.Path, mutated, 0o600); err != nil {
				t.Fatal(err)
			}
			r := mustVerify(t, o)
			found := told(r)
			hit := slices.ContainsFunc(found, func(s string) bool { return strings.HasSuffix(s, ":2") })
			if r.Verdict.Good || !hit {
				t.Fatalf("byte %d, bit %d: %v", at-second, bit, found)
			}
			byKind[r.Faults[0].Kind]++
		}
	}
	t.Logf("%d bits: %v", 8*(len(content)-second), byKind)
}

// openedFlipped is what the key says of each ciphertext that the line has when one of its bits is flipped. OpenSSL opens thousands in a
// third of the time, and is not the implementation that reports are verified by.
func openedFlipped(t *testing.T, line []byte) map[string][]byte {
	t.Helper()
	seen := map[string]bool{}
	for at := range line {
		for bit := range testmain.Fewer(8, 1) {
			mutated := slices.Clone(line)
			mutated[at] ^= 1 << bit
			for _, item := range bytes.Split(bytes.TrimSuffix(mutated, []byte("\n")), []byte("@")) {
				if c, err := base64.StdEncoding.DecodeString(string(item)); err == nil && len(c) == 256 {
					seen[string(c)] = true
				}
			}
		}
	}
	var flipped [][]byte
	for c := range seen {
		flipped = append(flipped, []byte(c))
	}
	known := map[string][]byte{}
	for i, text := range opener.Open(t, keypair.RSA(0).RSA, flipped) {
		known[string(flipped[i])] = text
	}
	return known
}

// Each cut of a good file is found, but for one between two lines, which no reader can see:
// that takes the number of rows that the export told.
func TestEachCut(t *testing.T) {
	s := newSealer()
	first := s.good()
	content := first + s.good()
	o := options(t, write(t, reportName, content), nil)
	for n := range len(content) {
		if err := os.WriteFile(o.Path, []byte(content[:n]), 0o600); err != nil {
			t.Fatal(err)
		}
		r := mustVerify(t, o)
		switch found := told(r); n {
		case 0:
			expect(t, r, []string{"file_empty:0"}, "")
		case len(first):
			expect(t, r, nil, "")
		default:
			if r.Verdict.Good || !strings.HasPrefix(found[0], "truncated:") {
				t.Fatalf("cut at %d: %v", n, found)
			}
		}
	}
}
