package result

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tradefront/tradefront/internal/chinese"
)

// Proof is what was found when the answers of a run were compared with the store, item by item.
type Proof struct {
	Answers int64    `json:"answers"` // logins that were answered
	Proven  int64    `json:"proven"`  // of them those with exactly one record that equals the answer in every item
	Opened  int64    `json:"opened"`  // records of answers whose supplement a test key opened
	Waiting int64    `json:"waiting"` // records of answers that PostgreSQL does not have yet, and the local store has
	Others  int64    `json:"others"`  // records of those days that no answer names
	Days    []string `json:"trading_days"`

	Faults int64         `json:"faults"`
	Kinds  []ProofCount  `json:"kinds"`       // that there are, in the order of ProofKinds
	First  []Discrepancy `json:"differences"` // the first of each kind
}

// ProofKind is a way in which answer and store differ. The set is closed.
type ProofKind string

// The kinds.
const (
	Missing       ProofKind = "missing"        // answered, not stored
	Changed       ProofKind = "changed"        // stored otherwise than answered
	Doubled       ProofKind = "doubled"        // one login has two records
	AnsweredTwice ProofKind = "answered_twice" // one login, or one RecordID, was answered twice
	Unopened      ProofKind = "unopened"       // no key that was given opens the supplement
	Supplement    ProofKind = "supplement"     // what is in the supplement is not what the terminal had
	Unanswered    ProofKind = "unanswered"     // stored, not answered, where nothing else may be stored
)

// ProofKinds are all kinds, the gravest first.
func ProofKinds() []ProofKind {
	return []ProofKind{Missing, Changed, Doubled, AnsweredTwice, Unopened, Supplement, Unanswered}
}

// ProofCount is how many differences of a kind there are.
type ProofCount struct {
	Kind  ProofKind `json:"kind"`
	Count int64     `json:"count"`
}

// Discrepancy is one difference.
type Discrepancy struct {
	Kind     ProofKind `json:"kind"`
	RecordID string    `json:"record_id"`
	Account  string    `json:"account,omitempty"`
	Detail   string    `json:"detail"`
}

// Add counts a difference, and keeps it while there are fewer than limit of its kind.
func (p *Proof) Add(d Discrepancy, limit int) {
	p.Faults++
	p.count(d.Kind, 1)
	kept := 0
	for i := range p.First {
		if p.First[i].Kind == d.Kind {
			kept++
		}
	}
	if kept < limit {
		p.First = append(p.First, d)
	}
}

func (p *Proof) count(kind ProofKind, n int64) {
	for i := range p.Kinds {
		if p.Kinds[i].Kind == kind {
			p.Kinds[i].Count += n
			return
		}
	}
	p.Kinds = append(p.Kinds, ProofCount{kind, n})
	order := ProofKinds()
	slices.SortFunc(p.Kinds, func(a, b ProofCount) int { return slices.Index(order, a.Kind) - slices.Index(order, b.Kind) })
}

// partProven is Unproven of a run of which only some generators' answers were compared.
const partProven = "the answers of only some of the generators were compared with the store; compare all with tradefront loadtest verify"

// mergeProof adds that of another generator. Where one has none nothing is proven of the whole, and what the other found stays.
func (r *Result) mergeProof(other *Result) {
	if r.Unproven == "" {
		r.Unproven = other.Unproven
	}
	if (r.Proof == nil) != (other.Proof == nil) && r.Unproven == "" {
		r.Unproven = partProven
	}
	if r.Proof == nil || other.Proof == nil {
		r.Proof = cmp.Or(r.Proof, other.Proof)
		return
	}
	to, from := r.Proof, other.Proof
	to.Answers += from.Answers
	to.Proven += from.Proven
	to.Opened += from.Opened
	to.Waiting += from.Waiting
	to.Others = max(to.Others, from.Others) // each has the other's records among them
	to.Faults += from.Faults
	for _, k := range from.Kinds {
		to.count(k.Kind, k.Count)
	}
	to.First = append(to.First, from.First...)
	for _, day := range from.Days {
		if !slices.Contains(to.Days, day) {
			to.Days = append(to.Days, day)
		}
	}
	slices.Sort(to.Days)
}

// proofWords are the texts of a proof in one language.
type proofWords struct {
	head, others, waiting, opened, proven, broken, more string
	kinds                                               map[ProofKind]string
}

var proofTexts = map[string]*proofWords{
	"en": {
		head:    "answered and stored  %d logins were answered on %s; %d of them have exactly one record that equals the answer in every item\n",
		others:  "  %d other records are stored on those days: of logins that were not answered, of other runs, or of other terminals\n",
		waiting: "  %d records are in the local store only: PostgreSQL does not have them yet\n",
		opened:  "  %d supplements were opened: address, port, time, account and AppID are those of the terminal\n",
		proven:  "PROVEN\n", broken: "NOT PROVEN: %d differences\n", more: "    and %d more\n",
		kinds: map[ProofKind]string{
			Missing: "answered, not stored", Changed: "stored otherwise than answered", Doubled: "one login, two records",
			AnsweredTwice: "one login, two answers", Unopened: "the supplement does not open",
			Supplement: "the supplement is not about this terminal", Unanswered: "stored, not answered",
		},
	},
	"zh": {
		head:   "应答与记录核对  %[2]s 共应答登录 %[1]d 次，其中 %[3]d 次恰有一条记录，且各项与应答一致\n",
		others: "  这些交易日另有 %d 条记录：未得到应答的登录、其他测试或其他终端\n", waiting: "  %d 条记录仅在本地库，尚未转发到 PostgreSQL\n",
		opened: "  已解开 %d 条补充获取信息：地址、端口、时间、账户与 AppID 均与终端一致\n",
		proven: "核对一致\n", broken: "核对不一致：%d 处差异\n", more: "    另有 %d 处\n",
		kinds: map[ProofKind]string{
			Missing: "已应答而无记录", Changed: "记录与应答不一致", Doubled: "一次登录两条记录", AnsweredTwice: "一次登录两次应答",
			Unopened: "补充获取信息无法解开", Supplement: "补充获取信息与终端不符", Unanswered: "有记录而未应答",
		},
	},
}

// KindText is what people read for a kind.
func KindText(kind ProofKind, language string) string { return proofWordsOf(language).kinds[kind] }

func proofWordsOf(language string) *proofWords {
	if t := proofTexts[language]; t != nil {
		return t
	}
	return proofTexts["en"]
}

// Text prints p for people; language is one of Languages.
func (p *Proof) Text(w io.Writer, language string) {
	t := proofWordsOf(language)
	fmt.Fprintf(w, t.head, p.Answers, strings.Join(p.Days, ", "), p.Proven)
	for _, more := range []struct {
		text string
		n    int64
	}{{t.opened, p.Opened}, {t.others, p.Others}, {t.waiting, p.Waiting}} {
		if more.n > 0 {
			fmt.Fprintf(w, more.text, more.n)
		}
	}
	for _, k := range p.Kinds {
		fmt.Fprintf(w, "%s: %d\n", t.kinds[k.Kind], k.Count)
		named := int64(0)
		for i := range p.First {
			if d := &p.First[i]; d.Kind == k.Kind {
				named++
				detail := d.Detail
				if language == "zh" {
					detail = chinese.Of(detail)
				}
				fmt.Fprintf(w, "    %s  %s  %s\n", d.RecordID, d.Account, detail)
			}
		}
		if k.Count > named {
			fmt.Fprintf(w, t.more, k.Count-named)
		}
	}
	if p.Faults == 0 {
		fmt.Fprint(w, t.proven)
		return
	}
	fmt.Fprintf(w, t.broken, p.Faults)
}
