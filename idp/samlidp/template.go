package samlidp

import (
	"context"
	"errors"
	"strings"

	"github.com/poolhouse/poolhouse/idp/samlidp/catalog"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// CreateFromTemplate registers a well-known application. What spec says counts more
// than what the template does; metadata it must not bring.
func (s *Service) CreateFromTemplate(ctx context.Context, pool userpool.PoolID, id string, parameters map[string]string, spec Spec) (*Application, error) {
	if spec.MetadataXML != nil || spec.MetadataURL != nil {
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "TemplateId and metadata cannot be given together.")
	}
	t, ok, err := catalog.Find(id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "There is no such template.")
	}
	filled, err := t.Fill(parameters)
	if errors.Is(err, catalog.ErrParameter) {
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "The template's parameters cannot be used:"+strings.TrimPrefix(err.Error(), catalog.ErrParameter.Error()+":")+".")
	}
	if err != nil {
		return nil, err
	}
	return s.Create(ctx, pool, merge(spec, filled))
}

// merge fills in what a spec leaves open.
func merge(spec Spec, t catalog.Template) Spec {
	metadata := string(samlxml.WriteAppMetadata(t.EntityID, t.ACS))
	spec.MetadataXML = &metadata
	open(&spec.Name, t.Name)
	open(&spec.NameIDFormat, t.NameIDFormat)
	open(&spec.SignResponse, t.SignResponse)
	open(&spec.SignAssertion, t.SignAssertion)
	if spec.Attributes == nil {
		for _, a := range t.Attributes {
			spec.Attributes = append(spec.Attributes, fromTemplate(a))
		}
	}
	return spec
}

// verifiedEmail is the user's address if it was verified, and nothing else.
const verifiedEmail = `user.?email_verified.orValue("") == "true" ? user.?email : optional.none()`

// fromTemplate is an attribute as a template has it. An app that everybody knows may
// find its accounts by the address, and users can change theirs: it has to be verified.
func fromTemplate(a catalog.Attribute) Attribute {
	at := Attribute{Name: a.Name, FriendlyName: a.FriendlyName, Value: a.Value}
	if a.Value == "email" {
		at.Value, at.Expression = "", verifiedEmail
	}
	return at
}

func open[T any](member **T, value T) {
	if *member == nil {
		*member = &value
	}
}
