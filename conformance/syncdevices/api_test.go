package syncdevices_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolhouse/poolhouse/conformance/harness"
	"github.com/poolhouse/poolhouse/internal/awsclient"
)

// An api calls Cognito Sync as one identity, until it is answered: a call that a dying
// server cut off goes out again, as it would from an SDK.
type api struct {
	client *awsclient.Client
	key    awsclient.Key
	path   string // of the identity's datasets
}

// newAPI signs alice in and gets credentials for her identity.
func newAPI(t *testing.T, f *harness.Fixture) *api {
	t.Helper()
	ctx, anyone := t.Context(), f.Anonymous()
	auth, err := anyone.IDP.InitiateAuth(ctx, &idp.InitiateAuthInput{ClientId: &f.ClientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": f.Alice.Username, "PASSWORD": f.Alice.Password}})
	if err != nil {
		t.Fatal(err)
	}
	logins := map[string]string{f.LoginProvider(): *auth.AuthenticationResult.IdToken}
	id, err := anyone.Identity.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &f.IdentityPoolID, Logins: logins})
	if err != nil {
		t.Fatal(err)
	}
	out, err := anyone.Identity.GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: id.IdentityId, Logins: logins})
	if err != nil {
		t.Fatal(err)
	}
	c := awsclient.New(f.URL, harness.Region)
	c.HTTP = &http.Client{Timeout: 30 * time.Second}
	return &api{client: c,
		key:  awsclient.Key{AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretKey, SessionToken: *out.Credentials.SessionToken},
		path: fmt.Sprintf("/identitypools/%s/identities/%s/datasets", url.PathEscape(f.IdentityPoolID), url.PathEscape(aws.ToString(id.IdentityId)))}
}

type patch struct {
	Op        string // replace or remove
	Key       string
	Value     string `json:",omitempty"`
	SyncCount int64
}

type record struct {
	Key       string
	Value     *string // nil for a removed record
	SyncCount int64
}

type listing struct {
	Records                               []record
	DatasetSyncCount                      int64
	DatasetExists                         bool
	DatasetDeletedAfterRequestedSyncCount bool
	NextToken, SyncSessionToken           string
}

// list asks for what changed since a count; maxResults is 0 for a client that sends none.
func (a *api) list(ctx context.Context, name string, since int64, maxResults int, next string) (*listing, error) {
	q := url.Values{"lastSyncCount": {fmt.Sprint(since)}}
	if maxResults > 0 {
		q.Set("maxResults", fmt.Sprint(maxResults))
	}
	if next != "" {
		q.Set("nextToken", next)
	}
	var out listing
	_, err := a.call(ctx, "GET", "/"+url.PathEscape(name)+"/records?"+q.Encode(), nil, &out)
	return &out, err
}

// update sends patches; sent is how often that took.
func (a *api) update(ctx context.Context, name, device, session string, patches []patch) (records []record, sent int, err error) {
	in := map[string]any{"DeviceId": device, "SyncSessionToken": session, "RecordPatches": patches}
	var out struct{ Records []record }
	sent, err = a.call(ctx, "POST", "/"+url.PathEscape(name), in, &out)
	return out.Records, sent, err
}

func (a *api) delete(ctx context.Context, name string) (sent int, err error) {
	return a.call(ctx, "DELETE", "/"+url.PathEscape(name), nil, nil)
}

// refusedWith is the code of an AWS error, empty for none.
func refusedWith(err error) string {
	var api *awsclient.APIError
	if errors.As(err, &api) {
		return api.Code
	}
	return ""
}

// call sends a request until the server answers it with anything but its own trouble,
// and counts how often it may have arrived.
func (a *api) call(ctx context.Context, method, path string, in, out any) (sent int, err error) {
	for {
		err = a.client.REST(ctx, method, a.path+path, in, out, &a.key)
		if !errors.Is(err, syscall.ECONNREFUSED) {
			sent++
		}
		var refused *awsclient.APIError
		if err == nil || errors.As(err, &refused) && refused.Status < http.StatusInternalServerError {
			return sent, err
		}
		select {
		case <-ctx.Done():
			return sent, fmt.Errorf("%w; the last answer: %w", context.Cause(ctx), err)
		case <-time.After(10 * time.Millisecond): // somebody starts the server again
		}
	}
}
