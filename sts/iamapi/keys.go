package iamapi

import (
	"context"
	"reflect"

	"github.com/poolhouse/poolhouse/sts"
)

// keys returns the condition keys of IAM's own operations. Administrators share out
// their power by them: a policy may let somebody attach all policies but one, change
// only who has a certain boundary, or set all tags but those that other policies go
// by. Without the keys such a denial would never apply.
func (a *API) keys(_ string, in any) map[string][]string {
	v := reflect.Indirect(reflect.ValueOf(in))
	if v.Kind() != reflect.Struct {
		return nil
	}
	out := map[string][]string{}
	tags, boundary := a.target(v)
	for _, t := range tags {
		out["aws:ResourceTag/"+t.Key] = []string{t.Value}
		out["iam:ResourceTag/"+t.Key] = []string{t.Value}
	}
	if asked := text(v, "PermissionsBoundary"); asked != "" {
		boundary = asked
	}
	if boundary != "" {
		out["iam:PermissionsBoundary"] = []string{boundary}
	}
	if arn := text(v, "PolicyArn"); arn != "" && (text(v, "RoleName") != "" || text(v, "UserName") != "") {
		out["iam:PolicyARN"] = []string{arn}
	}
	if service := text(v, "AWSServiceName"); service != "" {
		out["iam:AWSServiceName"] = []string{service}
	}
	addRequestTags(out, v)
	return out
}

// target returns tags and boundary of the entity that an operation is about; none
// where there is no such entity.
func (a *API) target(v reflect.Value) (tags []sts.Tag, boundary string) {
	ctx := context.Background()
	if name := text(v, "RoleName"); name != "" {
		if r, err := a.STS.Role(ctx, name); err == nil {
			return r.Tags, r.Permissions.Boundary
		}
		return nil, ""
	}
	if name := text(v, "UserName"); name != "" {
		if u, err := a.STS.User(ctx, name); err == nil {
			return u.Tags, u.Permissions.Boundary
		}
		return nil, ""
	}
	if key := text(v, "AccessKeyId"); key != "" {
		if u, err := a.STS.AccessKeyOwner(ctx, key); err == nil {
			return u.Tags, u.Permissions.Boundary
		}
		return nil, ""
	}
	if p, err := a.STS.Policy(ctx, text(v, "PolicyArn")); err == nil {
		return p.Tags, ""
	}
	if p, err := a.STS.SAMLProvider(ctx, text(v, "SAMLProviderArn")); err == nil {
		return p.Tags, ""
	}
	if p, err := a.STS.OIDCProvider(ctx, text(v, "OpenIDConnectProviderArn")); err == nil {
		return p.Tags, ""
	}
	return nil, ""
}

// addRequestTags adds the tags that an operation sets, and the keys of those that
// it removes.
func addRequestTags(out map[string][]string, v reflect.Value) {
	if f := v.FieldByName("Tags"); f.IsValid() {
		list, _ := f.Interface().([]Tag)
		for _, t := range tagsIn(list) {
			out["aws:RequestTag/"+t.Key] = []string{t.Value}
			out["aws:TagKeys"] = append(out["aws:TagKeys"], t.Key)
		}
	}
	if f := v.FieldByName("TagKeys"); f.IsValid() {
		list, _ := f.Interface().([]string)
		out["aws:TagKeys"] = append(out["aws:TagKeys"], list...)
	}
	if len(out["aws:TagKeys"]) == 0 {
		delete(out, "aws:TagKeys")
	}
}
