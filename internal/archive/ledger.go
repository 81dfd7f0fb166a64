package archive

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// Ledger is what the store noted about a day, as ledger.json has it.
type Ledger struct {
	Exports  []export   `json:"exports"`
	HandedIn []handedIn `json:"handed_in"`
	Waivers  []waiver   `json:"waivers"`
}

type export struct {
	Number   int              `json:"number"`
	Kind     store.ExportKind `json:"kind"`
	At       time.Time        `json:"at"`
	Rows     int64            `json:"rows"`
	Bytes    int64            `json:"bytes"`
	SHA256   string           `json:"sha256"`
	File     string           `json:"file"`
	Position store.Position   `json:"position"` // of that database
	Version  string           `json:"version"`
	Host     string           `json:"host"`
	UnitID   string           `json:"report_unit_id"`
}

type handedIn struct {
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Number  int       `json:"number"`
	Receipt string    `json:"receipt,omitempty"`
}

type waiver struct {
	At        time.Time        `json:"at"`
	By        string           `json:"by"`
	Reason    string           `json:"reason"`
	Obstacles []store.Obstacle `json:"obstacles"`
}

func ledgerOf(exports []store.Export, handed []store.HandedIn, waivers []store.Waiver) *Ledger {
	l := &Ledger{Exports: []export{}, HandedIn: []handedIn{}, Waivers: []waiver{}}
	for i := range exports {
		e := &exports[i]
		l.Exports = append(l.Exports, export{
			e.Number, e.Kind, e.At.In(regulation.Zone), e.Rows, e.Bytes, hex.EncodeToString(e.SHA256[:]), e.File, e.Position, e.Version, e.Host, e.UnitID,
		})
	}
	for i := range handed {
		h := &handed[i]
		l.HandedIn = append(l.HandedIn, handedIn{h.At.In(regulation.Zone), h.By, h.Number, h.Receipt})
	}
	for i := range waivers {
		w := &waivers[i]
		l.Waivers = append(l.Waivers, waiver{w.At.In(regulation.Zone), w.By, w.Reason, w.Obstacles})
	}
	return l
}

// rows are the ledger's rows of that day.
func (l *Ledger) rows(day calendar.TradingDay) (exports []store.Export, handed []store.HandedIn, waivers []store.Waiver, err error) {
	for _, e := range l.Exports {
		x := store.Export{
			Day: day, Number: e.Number, Kind: e.Kind, At: e.At, Rows: e.Rows, Bytes: e.Bytes, File: e.File, Position: e.Position,
			Version: e.Version, Host: e.Host, UnitID: e.UnitID,
		}
		if sum, err := hex.DecodeString(e.SHA256); err != nil || copy(x.SHA256[:], sum) != len(sum) || len(sum) != len(x.SHA256) {
			return nil, nil, nil, fmt.Errorf("%s: the sha256 of export %d is none", ledgerMember, e.Number)
		}
		exports = append(exports, x)
	}
	for _, h := range l.HandedIn {
		handed = append(handed, store.HandedIn{Day: day, At: h.At, By: h.By, Number: h.Number, Receipt: h.Receipt})
	}
	for _, w := range l.Waivers {
		waivers = append(waivers, store.Waiver{Day: day, At: w.At, By: w.By, Reason: w.Reason, Obstacles: w.Obstacles})
	}
	return exports, handed, waivers, nil
}
