package migrate

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// An importState is how far an import of datasets has come.
type importState struct {
	From, To         string
	FromPool, ToPool string
	Next             string // of Identities
	Counts           map[string]int
	Notes            []string
}

func (m *DatasetImport) load() error {
	fresh := importState{From: m.From.API.Endpoint, To: m.To.API.Endpoint, FromPool: m.From.Pool, ToPool: m.To.Pool, Counts: map[string]int{}}
	m.at = fresh
	if m.DryRun {
		return nil
	}
	found, err := readState(m.State, &m.at)
	if err != nil || !found {
		return err
	}
	if m.at.From != fresh.From || m.at.To != fresh.To || m.at.FromPool != fresh.FromPool || m.at.ToPool != fresh.ToPool || m.at.Counts == nil {
		return fmt.Errorf("%s is of another import", m.State)
	}
	return nil
}

func (m *DatasetImport) save() error {
	if m.DryRun {
		return nil
	}
	return writeState(m.State, m.at)
}

// ListIdentities returns the identities of a pool, page by page; they have the same
// IDs here.
func ListIdentities(from End, pool string) func(context.Context, string) ([]IdentityPair, string, error) {
	return func(ctx context.Context, after string) ([]IdentityPair, string, error) {
		in := page(obj{"IdentityPoolId": pool, "MaxResults": pageSize, "HideDisabled": true}, after)
		var out struct {
			Identities []struct{ IdentityId string }
			NextToken  string
		}
		if err := from.Client.JSON(ctx, "AWSCognitoIdentityService.ListIdentities", in, &out, &from.Key); err != nil {
			return nil, "", err
		}
		pairs := make([]IdentityPair, len(out.Identities))
		for i, id := range out.Identities {
			pairs[i] = IdentityPair{id.IdentityId, id.IdentityId}
		}
		return pairs, out.NextToken, nil
	}
}

// ReadIdentities returns the identities of a text: a line each, the ID at the source
// and, after white space, the ID here where that is another one.
func ReadIdentities(text string) (func(context.Context, string) ([]IdentityPair, string, error), error) {
	var all []IdentityPair
	for n, line := range strings.Split(text, "\n") {
		f := strings.Fields(line)
		switch {
		case len(f) == 0 || strings.HasPrefix(f[0], "#"):
		case len(f) > 2:
			return nil, fmt.Errorf("line %d: want one or two identity IDs", n+1)
		default:
			all = append(all, IdentityPair{f[0], f[len(f)-1]})
		}
	}
	if len(all) == 0 {
		return nil, errors.New("there is no identity in it")
	}
	return func(_ context.Context, after string) ([]IdentityPair, string, error) {
		from, _ := strconv.Atoi(after) // what is no number begins at the beginning
		if from < 0 || from >= len(all) {
			from = 0
		}
		if to := from + pageSize; to < len(all) {
			return all[from:to], strconv.Itoa(to), nil
		}
		return all[from:], "", nil
	}, nil
}
