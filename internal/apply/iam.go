package apply

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func (a *Applier) iam(ctx context.Context, action string, in map[string]string, out any) error {
	return a.Client.Query(ctx, "iam", action, in, out, &a.Key)
}

func (a *Applier) applyProviders(ctx context.Context) error {
	for _, p := range a.file.SAMLProviders {
		if err := a.applySAMLProvider(ctx, p); err != nil {
			return err
		}
	}
	for _, p := range a.file.OIDCProviders {
		if err := a.applyOIDCProvider(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (a *Applier) applySAMLProvider(ctx context.Context, p SAMLProvider) error {
	arn := "arn:aws:iam::" + a.account + ":saml-provider/" + p.Name
	var have struct {
		Metadata string `xml:"GetSAMLProviderResult>SAMLMetadataDocument"`
	}
	err := a.iam(ctx, "GetSAMLProvider", map[string]string{"SAMLProviderArn": arn}, &have)
	if isMissing(err) {
		return a.change(func() error {
			metadata, err := a.metadata(ctx, p)
			if err != nil {
				return err
			}
			return a.iam(ctx, "CreateSAMLProvider", map[string]string{"Name": p.Name, "SAMLMetadataDocument": metadata}, nil)
		}, "+ SAML provider %s", p.Name)
	}
	if err != nil || p.Pool != "" { // a pool's own metadata is renewed by its times alone
		return err
	}
	metadata, err := a.metadata(ctx, p)
	if err != nil || strings.TrimSpace(metadata) == strings.TrimSpace(have.Metadata) {
		return err
	}
	return a.change(func() error {
		return a.iam(ctx, "UpdateSAMLProvider", map[string]string{"SAMLProviderArn": arn, "SAMLMetadataDocument": metadata}, nil)
	}, "~ SAML provider %s: metadata", p.Name)
}

// metadata reads the provider's file, or the metadata that a pool serves.
func (a *Applier) metadata(ctx context.Context, p SAMLProvider) (string, error) {
	if p.MetadataFile != "" {
		return a.file.text(p.MetadataFile)
	}
	id, ok := a.pools[p.Pool]
	if !ok {
		return "", fmt.Errorf("there is no pool %q", p.Pool)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.Client.Endpoint+"/"+id+"/saml/metadata", nil)
	if err != nil {
		return "", err
	}
	resp, err := a.Client.HTTP.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("metadata of pool %s: status %d", p.Pool, resp.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return string(b), err
}

func (a *Applier) applyOIDCProvider(ctx context.Context, p OIDCProvider) error {
	_, host, _ := strings.Cut(p.URL, "://")
	arn := "arn:aws:iam::" + a.account + ":oidc-provider/" + host
	var have struct {
		ClientIDs []string `xml:"GetOpenIDConnectProviderResult>ClientIDList>member"`
	}
	err := a.iam(ctx, "GetOpenIDConnectProvider", map[string]string{"OpenIDConnectProviderArn": arn}, &have)
	if isMissing(err) {
		in := map[string]string{"Url": p.URL}
		list(in, "ClientIDList", p.ClientIDs)
		list(in, "ThumbprintList", p.Thumbprints)
		return a.change(func() error { return a.iam(ctx, "CreateOpenIDConnectProvider", in, nil) }, "+ OpenID provider %s", p.URL)
	}
	if err != nil {
		return err
	}
	for _, id := range p.ClientIDs {
		if slices.Contains(have.ClientIDs, id) {
			continue
		}
		err := a.change(func() error {
			return a.iam(ctx, "AddClientIDToOpenIDConnectProvider", map[string]string{"OpenIDConnectProviderArn": arn, "ClientID": id}, nil)
		}, "~ OpenID provider %s: client %s", p.URL, id)
		if err != nil {
			return err
		}
	}
	return nil
}

// list writes a list as the query protocol does.
func list(in map[string]string, name string, values []string) {
	for i, v := range values {
		in[name+".member."+strconv.Itoa(i+1)] = v
	}
}

func (a *Applier) applyRoles(ctx context.Context) error {
	for _, r := range a.file.Roles {
		if err := a.applyRole(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// roleAnswer is what GetRole and CreateRole answer with.
type roleAnswer struct {
	Got  role `xml:"GetRoleResult>Role"`
	Made role `xml:"CreateRoleResult>Role"`
}

type role struct {
	Arn, AssumeRolePolicyDocument, Description string
	MaxSessionDuration                         int
}

func (a *Applier) applyRole(ctx context.Context, r Role) error {
	trust, err := a.document(r.Trust)
	if err != nil {
		return fmt.Errorf("role %s: trust: %w", r.Name, err)
	}
	var have roleAnswer
	err = a.iam(ctx, "GetRole", map[string]string{"RoleName": r.Name}, &have)
	switch {
	case isMissing(err):
		err = a.change(func() error { return a.createRole(ctx, r, trust) }, "+ role %s", r.Name)
	case err == nil:
		a.roles[r.Name] = have.Got.Arn
		err = a.updateRole(ctx, r, have.Got, trust)
	}
	if err != nil {
		return err
	}
	return a.applyPolicies(ctx, r)
}

func (a *Applier) updateRole(ctx context.Context, r Role, have role, trust string) error {
	in, names := map[string]string{"RoleName": r.Name}, []string{}
	if r.Description != "" && r.Description != have.Description {
		names = append(names, "description")
		in["Description"] = r.Description
	}
	if r.MaxSessionDuration != 0 && r.MaxSessionDuration != have.MaxSessionDuration {
		names = append(names, "maxSessionDuration")
		in["MaxSessionDuration"] = strconv.Itoa(r.MaxSessionDuration)
	}
	if len(names) > 0 {
		err := a.change(func() error { return a.iam(ctx, "UpdateRole", in, nil) }, "~ role %s: %s", r.Name, strings.Join(names, ", "))
		if err != nil {
			return err
		}
	}
	if sameDocument(have.AssumeRolePolicyDocument, trust) {
		return nil
	}
	return a.change(func() error {
		return a.iam(ctx, "UpdateAssumeRolePolicy", map[string]string{"RoleName": r.Name, "PolicyDocument": trust}, nil)
	}, "~ role %s: trust", r.Name)
}

func (a *Applier) createRole(ctx context.Context, r Role, trust string) error {
	in := map[string]string{"RoleName": r.Name, "AssumeRolePolicyDocument": trust}
	if r.Path != "" {
		in["Path"] = r.Path
	}
	if r.Description != "" {
		in["Description"] = r.Description
	}
	if r.MaxSessionDuration != 0 {
		in["MaxSessionDuration"] = strconv.Itoa(r.MaxSessionDuration)
	}
	var out roleAnswer
	err := a.iam(ctx, "CreateRole", in, &out)
	a.roles[r.Name] = out.Made.Arn
	return err
}

func (a *Applier) applyPolicies(ctx context.Context, r Role) error {
	for _, name := range slices.Sorted(maps.Keys(r.Policies)) {
		document, err := a.document(r.Policies[name])
		if err != nil {
			return fmt.Errorf("role %s: policy %s: %w", r.Name, name, err)
		}
		var have struct {
			Document string `xml:"GetRolePolicyResult>PolicyDocument"`
		}
		err = a.iam(ctx, "GetRolePolicy", map[string]string{"RoleName": r.Name, "PolicyName": name}, &have)
		if err != nil && !isMissing(err) {
			return err
		}
		if err == nil && sameDocument(have.Document, document) {
			continue
		}
		err = a.change(func() error {
			return a.iam(ctx, "PutRolePolicy", map[string]string{"RoleName": r.Name, "PolicyName": name, "PolicyDocument": document}, nil)
		}, "~ role %s: policy %s", r.Name, name)
		if err != nil {
			return err
		}
	}
	return nil
}

// poolID is how a policy of the file names an identity pool of the file, whose
// ID the server chooses.
var poolID = regexp.MustCompile(`IDENTITY_POOL\(([^()]+)\)`)

// document writes a policy as JSON, with the IDs of identity pools filled in.
// One that is yet to be made keeps its name: then only the difference is shown.
func (a *Applier) document(v any) (string, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	var err error
	text := poolID.ReplaceAllStringFunc(strings.TrimSpace(buf.String()), func(ref string) string {
		name := poolID.FindStringSubmatch(ref)[1]
		id, ok, fault := known(a.idPools, "identity pool", name)
		switch {
		case fault != nil:
			err = fault
		case ok:
			return id
		case !slices.ContainsFunc(a.file.IdentityPools, func(p IdentityPool) bool { return p.Name == name }):
			err = fmt.Errorf("there is no identity pool %q", name)
		}
		return ref
	})
	return text, err
}

// sameDocument compares policies by content. have is URL-encoded, as IAM answers.
func sameDocument(have, want string) bool {
	text, err := url.QueryUnescape(strings.ReplaceAll(have, "+", "%2B"))
	if err != nil {
		return false
	}
	var x, y any
	return json.Unmarshal([]byte(text), &x) == nil && json.Unmarshal([]byte(want), &y) == nil && reflect.DeepEqual(x, y)
}
