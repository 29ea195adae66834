package cognitoidp_test

import (
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

// TestWhoseAddressCounts: an app tells the address of its user only where its client
// is set to, and proves who it is; to everybody else's word nothing is given, so that
// no caller gets out of a refused network, or into one that is not judged, by naming
// another address.
func TestWhoseAddressCounts(t *testing.T) {
	const refused, elsewhere = "192.0.2.1", "198.51.100.1"
	for _, tt := range []struct {
		name      string
		client    string
		propagate string
		caller    string
		told      string
		in        bool
	}{
		{"nobody tells", authSecret, "true", refused, "", false},
		{"the client may tell", authSecret, "true", refused, elsewhere, true},
		{"the client may tell the worst", authSecret, "true", elsewhere, refused, false},
		{"not set to", authSecret, "false", refused, elsewhere, false},
		{"not set at all", authSecret, "", refused, elsewhere, false},
		{"no secret", authClient, "true", refused, elsewhere, false},
		{"no address", authSecret, "true", refused, "elsewhere", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newGate(t)
			d.protect(refused)
			_, err := d.store.UpdateClient(t.Context(), authPool, userpool.ClientID(tt.client), func(c *userpool.Client) error {
				if tt.propagate != "" {
					c.Settings = map[string]json.RawMessage{"EnablePropagateAdditionalUserContextData": json.RawMessage(tt.propagate)}
				}
				return nil
			})
			d.check(err)
			params := map[string]string{"USERNAME": "alice", "PASSWORD": rightPassword}
			if tt.client == authSecret {
				params["SECRET_HASH"] = userpool.SecretHash("s3cret", authSecret, "alice")
			}
			ctx := awsapi.WithCall(t.Context(), &awsapi.Call{SourceIP: tt.caller})
			_, err = d.InitiateAuth(ctx, &cognitoidp.InitiateAuthInput{ClientId: &tt.client, AuthFlow: awsapi.Ptr("USER_PASSWORD_AUTH"), AuthParameters: params,
				UserContextData: &cognitoidp.UserContextDataType{IpAddress: &tt.told, EncodedData: awsapi.Ptr("trust me")}})
			if !tt.in {
				wantCode(t, err, 400, "NotAuthorizedException", "Unable to login because of security reasons.")
				return
			}
			d.check(err)
		})
	}
}

// protect refuses sign-ins from an address.
func (d *gate) protect(refused string) {
	d.Helper()
	d.Auth.Risk = &userpool.Risk{Store: d.store, Ephemeral: d.Auth.Ephemeral, Now: d.clock.Now, Log: slog.New(slog.DiscardHandler)}
	_, err := d.store.UpdatePool(d.Context(), authPool, func(p *userpool.Pool) error {
		p.Tier, p.ThreatProtection = userpool.TierPlus, userpool.ThreatsEnforced
		return nil
	})
	d.check(err)
	d.check(d.store.PutRiskConfiguration(d.Context(), &userpool.RiskConfiguration{Pool: authPool, Exceptions: &userpool.RiskExceptions{Blocked: []string{refused + "/32"}}}))
}
