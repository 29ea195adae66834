package poolhouseapi

import (
	"context"
	"time"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/idp/samlidp/catalog"
)

// ListApplicationTemplates lists the well-known apps that CreateSamlApplication can
// make without metadata, with the steps that set each up.
func (a *API) ListApplicationTemplates(context.Context, *ListApplicationTemplatesInput) (*ListApplicationTemplatesOutput, error) {
	all, err := catalog.All()
	if err != nil {
		return nil, err
	}
	out := &ListApplicationTemplatesOutput{Templates: []ApplicationTemplateType{}}
	for _, t := range all {
		one := ApplicationTemplateType{TemplateId: &t.ID, Name: &t.Name, DocumentationUrl: given(t.Documentation), Steps: t.Steps, Unconfirmed: t.Unconfirmed}
		for _, p := range t.Parameters {
			one.Parameters = append(one.Parameters, TemplateParameterType{Name: &p.Name, Description: &p.Description, Example: &p.Example})
		}
		out.Templates = append(out.Templates, one)
	}
	return out, nil
}

func freshness(f samlidp.Freshness) *MetadataRefreshType {
	failures := int32(f.Failures)
	return &MetadataRefreshType{FetchedDate: date(f.Fetched), DueDate: date(f.Due), Failures: &failures, Problem: given(f.Problem),
		ChangedDate: date(f.Changed), Difference: f.Difference}
}

// date is a time as a member that stays away where there is none.
func date(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
