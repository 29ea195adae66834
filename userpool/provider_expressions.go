package userpool

import (
	"maps"
	"slices"

	"github.com/poolhouse/poolhouse/internal/expr"
)

// ClaimLanguage is what a provider's expressions are written in: claims are all that it
// says of somebody, each a list; subject is its identifier for them; provider its name.
var ClaimLanguage = expr.New(map[string]expr.Type{"claims": expr.ListsByName, "subject": expr.Text, "provider": expr.Text})

// maxExpressions bounds the expressions of one provider, which all run at a sign-in.
const maxExpressions = 50

// UsernameExpression is the name of the expression that gives a newcomer's username, as
// username does in an AttributeMapping.
const UsernameExpression = "username"

// checkExpressions refuses what cannot be compiled, and what is no attribute that a
// provider may write.
func (p *Provider) checkExpressions(pool *Pool) error {
	set := p.Settings.Expressions
	if len(set) > maxExpressions {
		return invalid("Expressions can have %d members.", maxExpressions)
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		a := pool.Attribute(name)
		if name != UsernameExpression && (a == nil || a.Developer || name == "sub" || name == "identities") {
			return invalid("Invalid attribute %s in Expressions.", name)
		}
		if _, err := ClaimLanguage.Compile(set[name]); err != nil {
			return invalid("The expression of %s: %v", name, err)
		}
	}
	return nil
}
