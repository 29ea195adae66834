package iamapi

import (
	"context"
	"reflect"
	"strings"
)

// resource returns the ARN that authorisation is asked for: of the entity that
// the input names. It is read from the store, so that a name in another case, or
// one without its path, cannot slip past a policy that denies the entity.
func (a *API) resource(op string, in any) string {
	v := reflect.Indirect(reflect.ValueOf(in))
	if v.Kind() != reflect.Struct {
		return "*"
	}
	if op == "GetAccessKeyLastUsed" {
		return a.keyOwner(text(v, "AccessKeyId"))
	}
	if name := text(v, "RoleName"); name != "" {
		if r, err := a.STS.Role(context.Background(), name); err == nil {
			return r.ARN()
		}
		return a.newARN(v, "role", name)
	}
	if name := text(v, "UserName"); name != "" {
		if u, err := a.STS.User(context.Background(), name); err == nil {
			return u.ARN()
		}
		return a.newARN(v, "user", name)
	}
	for _, arn := range []string{"PolicyArn", "OpenIDConnectProviderArn", "PolicySourceArn"} {
		if s := text(v, arn); s != "" {
			return s
		}
	}
	return a.otherResource(v)
}

// keyOwner is the user whose access key it is, "*" for a key of nobody.
func (a *API) keyOwner(key string) string {
	if u, err := a.STS.AccessKeyOwner(context.Background(), key); err == nil {
		return u.ARN()
	}
	return "*"
}

func (a *API) otherResource(v reflect.Value) string {
	if service := text(v, "AWSServiceName"); service != "" {
		if arn := a.STS.LinkedRoleARN(service); arn != "" {
			return arn
		}
		return "*"
	}
	if task := text(v, "DeletionTaskId"); task != "" {
		if arn, ok := a.STS.TaskRole(task); ok {
			return arn
		}
		return "*"
	}
	if arn := text(v, "SAMLProviderArn"); arn != "" {
		if p, err := a.STS.SAMLProvider(context.Background(), arn); err == nil {
			return p.ARN()
		}
		return arn
	}
	if name := text(v, "PolicyName"); name != "" {
		return a.newARN(v, "policy", name)
	}
	if name := text(v, "Name"); name != "" {
		return "arn:aws:iam::" + a.STS.Account + ":saml-provider/" + name
	}
	if issuer := text(v, "Url"); issuer != "" {
		_, rest, _ := strings.Cut(issuer, "://")
		return "arn:aws:iam::" + a.STS.Account + ":oidc-provider/" + rest
	}
	return "*"
}

// newARN is the ARN that an entity has, or would have, under the input's path.
func (a *API) newARN(v reflect.Value, kind, name string) string {
	path := text(v, "Path")
	if path == "" {
		path = "/"
	}
	return "arn:aws:iam::" + a.STS.Account + ":" + kind + path + name
}

// text returns a string member, "" where there is none of that name or it is nil.
func text(v reflect.Value, name string) string {
	f := v.FieldByName(name)
	if !f.IsValid() || f.Kind() != reflect.Pointer || f.IsNil() || f.Elem().Kind() != reflect.String {
		return ""
	}
	return f.Elem().String()
}
