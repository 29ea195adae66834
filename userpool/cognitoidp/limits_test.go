package cognitoidp_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
	"github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

// Every operation of the model counts against a ceiling that can be provisioned,
// also those that are not written yet.
func TestEveryOperationHasACategory(t *testing.T) {
	for _, m := range models.All() {
		if m.Service != "cognito-idp" {
			continue
		}
		for _, op := range m.Operations {
			if cognitoidp.Category(op.Name, nil) == "" {
				t.Errorf("%s has no category", op.Name)
			}
		}
	}
}

func TestRefreshCountsAsToken(t *testing.T) {
	flow := func(name string) *cognitoidp.InitiateAuthInput { return &cognitoidp.InitiateAuthInput{AuthFlow: &name} }
	for name, want := range map[string]string{"REFRESH_TOKEN_AUTH": "UserToken", "REFRESH_TOKEN": "UserToken", "USER_SRP_AUTH": "UserAuthentication"} {
		if got := cognitoidp.Category("InitiateAuth", flow(name)); string(got) != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
