package gatewayapi_test

import (
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/sts/gatewayapi"
)

func TestResolveIdentity(t *testing.T) {
	g := newRig(t)
	user := g.user("/team/", "ann", "")
	session := g.session("/", "a", allow("s3:*", "*"), nil)
	type found struct {
		Found              bool
		Kind, PrincipalARN string
	}
	var got struct{ Identities []found }
	g.ask(identities, m{"accessKeyIds": []string{"AKIANOBODYNOBODYNOBO", user.ID, session.AccessKeyID, user.ID, ""}}, &got)
	ann := found{true, "user", "arn:aws:iam::000000000000:user/team/ann"}
	if want := []found{{}, ann, {}, ann, {}}; !reflect.DeepEqual(got.Identities, want) {
		t.Errorf("%+v, want %+v", got.Identities, want)
	}
	w := g.send(g.good(identities, m{}))
	if w.Body.String() != `{"identities":[]}` {
		t.Errorf("none: %s", w.Body)
	}
	g.wantRefused(g.good(identities, m{"accessKeyIds": make([]string, 5001)}), http.StatusBadRequest, "BadRequest")
}

func TestResolvePrincipals(t *testing.T) {
	g := newRig(t)
	g.user("/team/", "ann", "")
	g.session("/team/", "Readers", allow("s3:*", "*"), nil)
	valid := []string{
		"000000000000", "arn:aws:iam::000000000000:root", "arn:aws:iam::000000000000:user/team/ann", "arn:aws:iam::000000000000:role/team/Readers",
		"arn:aws:sts::000000000000:assumed-role/Readers/any.session@example.com",
	}
	invalid := []string{
		"", "*", "ann", "111111111111", "arn:aws:iam::111111111111:root", "arn:aws:iam::000000000000:user/ann", "arn:aws:iam::000000000000:user/team/Ann",
		"arn:aws:iam::000000000000:user/team/bob", "arn:aws:iam::000000000000:user/team/*", "arn:aws:iam::000000000000:role/Readers",
		"arn:aws:iam::000000000000:role/team/readers", "arn:aws:iam::000000000000:role/team/ann", "arn:aws:iam::000000000000:user/team/Readers",
		"arn:aws:sts::000000000000:assumed-role/team/Readers/session", "arn:aws:sts::000000000000:assumed-role/readers/session",
		"arn:aws:sts::000000000000:assumed-role/Readers", "arn:aws:sts::000000000000:assumed-role/Readers/", "arn:aws:sts::000000000000:assumed-role/Readers/x",
		"arn:aws:sts::000000000000:assumed-role/Readers/a/b", "arn:aws:sts::000000000000:assumed-role/Nobody/session",
		"arn:aws:sts::111111111111:assumed-role/Readers/session", "arn:aws:sts::000000000000:federated-user/ann",
		"arn:aws-cn:iam::000000000000:root", "arn:aws:iam::000000000000:group/team", "arn:aws:iam::000000000000:user/team/",
	}
	var got struct{ Invalid []string }
	g.ask(principals, m{"principals": slices.Concat(valid, invalid)}, &got)
	if !slices.Equal(got.Invalid, invalid) {
		t.Errorf("invalid: %q", got.Invalid)
	}
	if w := g.send(g.good(principals, m{"principals": valid})); w.Body.String() != `{"invalid":[]}` {
		t.Errorf("none: %s", w.Body)
	}
	g.wantRefused(g.good(principals, m{"principals": make([]string, 5001)}), http.StatusBadRequest, "BadRequest")
}

// A key of the ring stays the same, and is accepted for a while after another took
// its place.
func TestRingKeys(t *testing.T) {
	ring, ctx := keyringtest.New(t), t.Context()
	first, err := gatewayapi.MakeKey(ctx, ring)
	if err != nil || len(first.AccessKeyID) != 20 || len(first.SecretAccessKey) != 40 {
		t.Fatalf("%+v %v", first, err)
	}
	if again, err := gatewayapi.MakeKey(ctx, ring); err != nil || again != first {
		t.Errorf("asked again: %+v %v", again, err)
	}
	second, err := gatewayapi.RotateKey(ctx, ring, 1<<40)
	if err != nil || second.AccessKeyID == first.AccessKeyID || second.SecretAccessKey == first.SecretAccessKey {
		t.Fatalf("%+v %v", second, err)
	}
	if keys, err := gatewayapi.RingKeys(ctx, ring); err != nil || !slices.Equal(keys, []gatewayapi.Key{second, first}) {
		t.Errorf("%+v %v", keys, err)
	}
	if _, err := gatewayapi.RotateKey(ctx, ring, 0); err != nil {
		t.Fatal(err)
	}
	keys, err := gatewayapi.RingKeys(ctx, ring)
	if err != nil || slices.Contains(keys, second) {
		t.Errorf("after a rotation that keeps nothing: %+v %v", keys, err)
	}
}
