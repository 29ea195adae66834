package profile

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsclient"
)

// exchange gets credentials for an ID token, where the profile says.
func exchange(ctx context.Context, c *awsclient.Client, cfg Config, idToken string) (*Credentials, error) {
	switch {
	case cfg.RoleARN != "":
		return assume(ctx, c, cfg, idToken)
	case cfg.IdentityPool != "":
		return identify(ctx, c, cfg, idToken)
	}
	return nil, errors.New("the profile has neither a role nor an identity pool to get credentials from: sign in again with --role-arn or --identity-pool")
}

// assume takes a role by AssumeRoleWithWebIdentity.
func assume(ctx context.Context, c *awsclient.Client, cfg Config, idToken string) (*Credentials, error) {
	in := map[string]string{"RoleArn": cfg.RoleARN, "RoleSessionName": cfg.SessionName, "WebIdentityToken": idToken}
	if cfg.SessionName == "" {
		in["RoleSessionName"] = sessionName(idToken)
	}
	if cfg.Duration > 0 {
		in["DurationSeconds"] = strconv.FormatInt(int64(cfg.Duration/time.Second), 10)
	}
	var out struct {
		Result struct {
			Credentials struct {
				AccessKeyId, SecretAccessKey, SessionToken string
				Expiration                                 time.Time
			}
		} `xml:"AssumeRoleWithWebIdentityResult"`
	}
	if err := c.Query(ctx, "sts", "AssumeRoleWithWebIdentity", in, &out, nil); err != nil {
		return nil, err
	}
	got := out.Result.Credentials
	return &Credentials{AccessKeyID: got.AccessKeyId, SecretAccessKey: got.SecretAccessKey, SessionToken: got.SessionToken, Expires: got.Expiration}, nil
}

// identify gets the credentials of an identity, by the enhanced flow.
func identify(ctx context.Context, c *awsclient.Client, cfg Config, idToken string) (*Credentials, error) {
	const target = "AWSCognitoIdentityService."
	logins := map[string]string{cfg.login(): idToken}
	var id struct{ IdentityId string }
	if err := c.JSON(ctx, target+"GetId", map[string]any{"IdentityPoolId": cfg.IdentityPool, "Logins": logins}, &id, nil); err != nil {
		return nil, err
	}
	var out struct {
		Credentials struct {
			AccessKeyId, SecretKey, SessionToken string
			Expiration                           float64 // seconds since 1970
		}
	}
	if err := c.JSON(ctx, target+"GetCredentialsForIdentity", map[string]any{"IdentityId": id.IdentityId, "Logins": logins}, &out, nil); err != nil {
		return nil, err
	}
	got := out.Credentials
	return &Credentials{AccessKeyID: got.AccessKeyId, SecretAccessKey: got.SecretKey, SessionToken: got.SessionToken, IdentityID: id.IdentityId,
		Expires: time.UnixMilli(int64(got.Expiration * 1000)).UTC()}, nil
}

// sessionName is whom an ID token names, as a role session name: 2 to 64 characters
// that STS takes.
func sessionName(idToken string) string {
	var claims struct {
		Username  string `json:"cognito:username"`
		Preferred string `json:"preferred_username"`
		Email     string `json:"email"`
		Subject   string `json:"sub"`
	}
	if parts := strings.Split(idToken, "."); len(parts) == 3 {
		if text, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			_ = json.Unmarshal(text, &claims) // verified when it was received
		}
	}
	for _, name := range []string{claims.Username, claims.Preferred, claims.Email, claims.Subject} {
		name = strings.Map(sessionRune, name)
		if name = name[:min(len(name), 64)]; len(name) >= 2 {
			return name
		}
	}
	return "poolhouse"
}

func sessionRune(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("_+=,.@-", r):
		return r
	}
	return '-'
}
