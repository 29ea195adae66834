package cognitoidentity_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/sp/oidcrp"
	"github.com/poolhouse/poolhouse/sts/cognitoidentity"
	"github.com/poolhouse/poolhouse/sts/identity"
)

// What the services say becomes what identity pools know.
func TestAccessTokens(t *testing.T) {
	status := http.StatusOK
	graph := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		w.Write([]byte(`{"id":"` + r.URL.Path[1:] + `"}`))
	}))
	defer graph.Close()
	asker := oidcrp.NewAccessTokens(outbound.New(true))
	asker.Graph = graph.URL
	a := cognitoidentity.AccessTokens{Asker: asker}
	apps, subject, err := a.Bearer(t.Context(), "graph.facebook.com", "x")
	if err != nil || !slices.Equal(apps, []string{"app"}) || subject != "me" {
		t.Errorf("got %v, %s, %v", apps, subject, err)
	}
	for code, want := range map[int]error{400: identity.ErrNotAuthorized, 401: identity.ErrNotAuthorized, 302: identity.ErrExternalService,
		429: identity.ErrExternalService, 500: identity.ErrExternalService} {
		status = code
		if _, _, err := a.Bearer(t.Context(), "graph.facebook.com", "x"); !errors.Is(err, want) {
			t.Errorf("status %d: %v, want %v", code, err, want)
		}
	}
}
