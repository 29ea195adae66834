package tour

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/poolhouse/poolhouse/internal/awsclient"
)

// identityCredentials goes from an ID token to an identity and its credentials.
func (t *Tour) identityCredentials(ctx context.Context) (err error) {
	t.sent("GetId with the ID token, then GetCredentialsForIdentity")
	if t.alice, err = t.identify(ctx, t.idToken); err != nil {
		return err
	}
	t.got("alice is %s, key %s", t.alice.identity, t.alice.key.AccessKeyID)
	token, err := t.passwordSignIn(ctx, t.at.bob.Username, t.at.bob.Password)
	if err != nil {
		return err
	}
	if t.bob, err = t.identify(ctx, token); err != nil {
		return err
	}
	t.got("bob is %s, key %s", t.bob.identity, t.bob.key.AccessKeyID)
	if t.alice.identity == t.bob.identity {
		return errors.New("two users share one identity")
	}
	return nil
}

func (t *Tour) identify(ctx context.Context, idToken string) (d device, err error) {
	logins := obj{t.provider(): idToken}
	var id struct{ IdentityId string }
	if err := t.JSON(ctx, identityTarget+"GetId", obj{"IdentityPoolId": t.at.identityPool, "Logins": logins}, &id, nil); err != nil {
		return d, err
	}
	var out struct {
		Credentials struct{ AccessKeyId, SecretKey, SessionToken string }
	}
	err = t.JSON(ctx, identityTarget+"GetCredentialsForIdentity", obj{"IdentityId": id.IdentityId, "Logins": logins}, &out, nil)
	c := out.Credentials
	return device{id.IdentityId, awsclient.Key{AccessKeyID: c.AccessKeyId, SecretAccessKey: c.SecretKey, SessionToken: c.SessionToken}}, err
}

func (t *Tour) passwordSignIn(ctx context.Context, username, password string) (idToken string, err error) {
	var out struct {
		AuthenticationResult struct{ IdToken string }
	}
	err = t.JSON(ctx, idpTarget+"InitiateAuth", obj{"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": t.at.client,
		"AuthParameters": obj{"USERNAME": username, "PASSWORD": password}}, &out, nil)
	return out.AuthenticationResult.IdToken, err
}

const dataset = "settings"

// records is an answer of ListRecords and UpdateRecords.
type records struct {
	Records []struct {
		Key, Value string
		SyncCount  int64
	}
	DatasetSyncCount int64
	SyncSessionToken string
}

func (t *Tour) datasetPath(d device) string {
	return "/identitypools/" + url.PathEscape(t.at.identityPool) + "/identities/" + url.PathEscape(d.identity) + "/datasets/" + dataset
}

func (t *Tour) list(ctx context.Context, d device, key awsclient.Key) (out records, err error) {
	err = t.REST(ctx, "GET", t.datasetPath(d)+"/records", nil, &out, &key)
	return out, err
}

func (t *Tour) put(ctx context.Context, d device, from records, name, key, value string, count int64) (out records, err error) {
	err = t.REST(ctx, "POST", t.datasetPath(d), obj{"SyncSessionToken": from.SyncSessionToken, "DeviceId": name,
		"RecordPatches": []obj{{"Op": "replace", "Key": key, "Value": value, "SyncCount": count}}}, &out, &d.key)
	return out, err
}

func (from records) count(key string) int64 {
	for _, r := range from.Records {
		if r.Key == key {
			return r.SyncCount
		}
	}
	return 0
}

// syncDevices has a phone and a tablet change the same record.
func (t *Tour) syncDevices(ctx context.Context) error {
	phone, err := t.list(ctx, t.alice, t.alice.key)
	if err != nil {
		return err
	}
	tablet, err := t.list(ctx, t.alice, t.alice.key)
	if err != nil {
		return err
	}
	seen := phone.count("theme")
	t.sent("phone: UpdateRecords theme=dark, last seen at count %d", seen)
	wrote, err := t.put(ctx, t.alice, phone, "phone", "theme", "dark", seen)
	if err != nil {
		return err
	}
	t.got("stored, count %d", wrote.count("theme"))

	t.sent("tablet: UpdateRecords theme=light, last seen at count %d", seen)
	_, err = t.put(ctx, t.alice, tablet, "tablet", "theme", "light", seen)
	if err := t.refused(err, 409, "ResourceConflictException"); err != nil {
		return err
	}
	tablet, err = t.list(ctx, t.alice, t.alice.key)
	if err != nil {
		return err
	}
	t.sent("tablet: reads again, sees count %d, and writes theme=light", tablet.count("theme"))
	wrote, err = t.put(ctx, t.alice, tablet, "tablet", "theme", "light", tablet.count("theme"))
	if err != nil {
		return err
	}
	if got, want := wrote.count("theme"), tablet.count("theme")+1; got != want {
		return fmt.Errorf("count %d after the write, want %d", got, want)
	}
	t.got("stored, count %d", wrote.count("theme"))
	return nil
}

func (t *Tour) refuseForeignDataset(ctx context.Context) error {
	t.sent("ListRecords of bob's dataset, signed with alice's credentials")
	_, err := t.list(ctx, t.bob, t.alice.key)
	return t.refused(err, 403, "NotAuthorizedException")
}

func (t *Tour) refuseWrongPassword(ctx context.Context) error {
	t.sent("InitiateAuth as %s with a wrong password", t.at.alice.Username)
	_, err := t.passwordSignIn(ctx, t.at.alice.Username, "Not-alices-password-1")
	return t.refused(err, 400, "NotAuthorizedException")
}
