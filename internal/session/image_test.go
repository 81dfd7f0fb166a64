package session

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

// imageSettings are those under which images are resumed.
var imageSettings = &Settings{
	AuthTimeout: time.Second, LoginTimeout: time.Second, ChallengeTTL: time.Second, BodyBeforeAuth: 512, PendingFrames: 8, Refusals: 10,
}

// TestImageHasEveryField: a field that is added to a session is in its image, or is left out with a reason.
func TestImageHasEveryField(t *testing.T) {
	t.Parallel()
	without := map[string]string{
		"settings": "the new process has its own",
		"pending":  "of a login that is on its way: such a session does not move",
		"target":   "of the step that is under way",
		"relay":    "an operator relay does not move",
		"asked":    "Challenge",
		"changes":  "the new process sends a terminal away that may only change its password",
	}
	image := reflect.TypeFor[Image]()
	session := reflect.TypeFor[Session]()
	for i := range session.NumField() {
		name := session.Field(i).Name
		if _, left := without[name]; left {
			continue
		}
		if _, has := image.FieldByNameFunc(func(s string) bool { return s == string(name[0]-'a'+'A')+name[1:] }); !has {
			t.Errorf("a session's %s is not in its image", name)
		}
	}
}

// FuzzImage: no image makes Resume panic, and what it resumes has the same image again.
func FuzzImage(f *testing.F) {
	now := time.Now()
	s := New(imageSettings, now)
	for _, state := range []State{Connected, Authenticated, LoggedIn, PasswordOnly} {
		s.state, s.dialog, s.business = state, 7, true
		s.userID.set([]byte("7000001"))
		i := s.Image()
		data, err := json.Marshal(&i)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	s.state, s.asked = Challenged, &challenge{drawnAt: now}
	i := s.Image()
	data, _ := json.Marshal(&i)
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		var i Image
		if json.Unmarshal(data, &i) != nil {
			return
		}
		s, err := Resume(imageSettings, &i, now)
		if err != nil {
			return
		}
		again := s.Image()
		s2, err := Resume(imageSettings, &again, now)
		if err != nil {
			t.Fatalf("its own image: %v", err)
		}
		if third := s2.Image(); !reflect.DeepEqual(again, third) {
			t.Errorf("%+v became %+v", again, third)
		}
	})
}
