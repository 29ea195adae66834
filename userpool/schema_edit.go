package userpool

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A custom attribute has two names: the one that it is called by, and the key that
// users' values are stored under, which never changes. So to rename one is to write
// the pool, however many users there are, and everybody sees it at once. A key is
// never used twice: values of a removed attribute cannot come back under its name.

// Where a pool's configuration can name an attribute.
const (
	MentionRead       = "ReadAttributes" // of an app client
	MentionWrite      = "WriteAttributes"
	MentionMapping    = "AttributeMapping" // of an identity provider
	MentionSAML       = "Attributes"       // of a SAML application
	MentionSAMLNameID = "NameIdAttribute"
	MentionExpression = "Expressions" // of a SAML application
)

// A Mention is a place in a pool's configuration that names an attribute.
type Mention struct {
	Place string // MentionRead …
	ID    string // of the client, provider or application
	Alone bool   // it names no other
}

// A SchemaStore changes schemas with all that depends on them.
type SchemaStore interface {
	// Mentions returns where an attribute is named, in a stable order.
	Mentions(ctx context.Context, pool PoolID, attribute string) ([]Mention, error)
	// ChangeAttribute is UpdatePool, except that every mention of the attribute
	// becomes one of another, in the same step, or is taken away where that is empty.
	ChangeAttribute(ctx context.Context, pool PoolID, attribute, becomes string, fn func(*Pool, []Mention) error) (*Pool, error)
	// AttributeValues calls see for the value of every user that has one. Users who
	// change meanwhile are seen before or after it.
	AttributeValues(ctx context.Context, pool PoolID, attribute string, see func(value string)) error
	// EraseAttributes deletes values of removed attributes from up to limit users and
	// returns how many users it looked at. It goes on where another call ended.
	EraseAttributes(ctx context.Context, limit int) (int, error)
}

// A SchemaEffect is what a change of an attribute touches.
type SchemaEffect struct {
	Attribute  SchemaAttribute // as it is afterwards, or was before it went
	Users      int             // who have a value; counted where asked
	Violations int             // of them, whose value the new constraints refuse
	Mentions   []Mention
}

// Key is what users' values are stored under.
func (a *SchemaAttribute) key() string {
	if a.Key != "" {
		return a.Key
	}
	return a.Name
}

// maxRemoved bounds the keys that a pool remembers of removed attributes.
const maxRemoved = 1000

// custom returns a custom attribute. Its name may lack the prefix of common ones.
func (p *Pool) custom(name string) (*SchemaAttribute, error) {
	if !strings.Contains(name, ":") {
		name = "custom:" + name
	}
	a := p.Attribute(name)
	if a == nil || !strings.Contains(a.Name, "custom:") {
		return nil, Fail(ErrNotFound, "The user pool has no custom attribute "+name+".")
	}
	return a, nil
}

// freeKey gives an attribute that is to be added a key of its own.
func (p *Pool) freeKey(name string) string {
	taken := func(key string) bool {
		return slices.Contains(p.RemovedKeys, key) || slices.ContainsFunc(p.Schema, func(a SchemaAttribute) bool { return a.key() == key })
	}
	key := name
	for n := 2; taken(key); n++ {
		key = fmt.Sprintf("%s~%d", name, n)
	}
	if key == name {
		return ""
	}
	return key
}

// RenameCustomAttribute gives a custom attribute another name, for its users, app
// clients, providers and SAML applications at once.
func (s *Service) RenameCustomAttribute(ctx context.Context, id PoolID, name, to string, dryRun bool) (*SchemaEffect, error) {
	return s.editSchema(ctx, id, name, dryRun, func(p *Pool, a *SchemaAttribute, _ []Mention) (string, error) {
		full, err := a.renamed(to)
		if err != nil {
			return "", err
		}
		if p.Attribute(full) != nil {
			return "", invalid("%s: Existing attribute already has name %s.", a.Name, full)
		}
		a.Key, a.Name = a.key(), full
		if a.Key == a.Name {
			a.Key = ""
		}
		return full, nil
	})
}

// renamed returns the whole form of an attribute's new name, which is of the same
// kind.
func (a *SchemaAttribute) renamed(to string) (string, error) {
	prefix := a.Name[:strings.LastIndexByte(a.Name, ':')+1]
	bare := strings.TrimPrefix(to, prefix)
	if err := checkCustomName(bare); err != nil {
		return "", err
	}
	return prefix + bare, nil
}

// RemoveCustomAttribute takes a custom attribute away: at once it is in no answer and
// no token, and no mention is left. Its values are deleted afterwards.
func (s *Service) RemoveCustomAttribute(ctx context.Context, id PoolID, name string, dryRun bool) (*SchemaEffect, error) {
	return s.editSchema(ctx, id, name, dryRun, func(p *Pool, a *SchemaAttribute, mentions []Mention) (string, error) {
		if err := removable(a, mentions); err != nil {
			return "", err
		}
		if len(p.RemovedKeys) >= maxRemoved {
			return "", Fail(ErrLimitExceeded, "A user pool can have 1000 removed attributes.")
		}
		p.RemovedKeys = append(p.RemovedKeys, a.key())
		p.Schema = slices.DeleteFunc(slices.Clone(p.Schema), func(o SchemaAttribute) bool { return o.Name == a.Name })
		return "", nil
	})
}

// removable refuses to take away what something cannot do without: a list without
// entries would allow all attributes, an application could not name anybody, and only
// its author knows what is left of an expression.
func removable(a *SchemaAttribute, mentions []Mention) error {
	for _, m := range mentions {
		switch {
		case m.Alone && (m.Place == MentionRead || m.Place == MentionWrite):
			return invalid("%s is the only attribute in %s of the app client %s: without it the client would have all standard ones. Change the client first.", a.Name, m.Place, m.ID)
		case m.Place == MentionSAMLNameID:
			return invalid("The SAML application %s names users by %s. Change the application first.", m.ID, a.Name)
		case m.Place == MentionExpression:
			return invalid("An expression of the SAML application %s reads %s. Change the application first.", m.ID, a.Name)
		}
	}
	return nil
}

// An AttributeChange says what becomes of an attribute's constraints; nil stays.
type AttributeChange struct {
	Mutable  *bool
	Min, Max *string // empty for no bound

	// NewWritesOnly leaves values alone that the new constraints refuse.
	NewWritesOnly bool
}

// UpdateCustomAttribute changes the constraints of a custom attribute. Values that
// users have and that would violate them are ErrPrecondition, unless only new ones
// are to be judged.
func (s *Service) UpdateCustomAttribute(ctx context.Context, id PoolID, name string, change AttributeChange, dryRun bool) (*SchemaEffect, error) {
	p, err := s.Pool(ctx, id)
	if err != nil {
		return nil, err
	}
	a, err := p.custom(name)
	if err != nil {
		return nil, err
	}
	next := *a
	if err := change.apply(&next); err != nil {
		return nil, err
	}
	if err := s.notImporting(ctx, id); err != nil {
		return nil, err
	}
	effect := &SchemaEffect{Attribute: next}
	if dryRun || !change.NewWritesOnly {
		if err := s.countValues(ctx, id, effect); err != nil {
			return nil, err
		}
	}
	if dryRun {
		effect.Mentions, err = s.Store.Mentions(ctx, id, a.Name)
		return effect, err
	}
	if effect.Violations > 0 {
		return nil, Fail(ErrPrecondition, fmt.Sprintf("%d users have a value of %s that the new constraints refuse.", effect.Violations, a.Name))
	}
	_, err = s.ChangePool(ctx, id, func(p *Pool) error {
		a, err := p.custom(name)
		if err != nil {
			return err
		}
		return change.apply(a)
	})
	return effect, err
}

func (c AttributeChange) apply(a *SchemaAttribute) error {
	if (c.Min != nil || c.Max != nil) && a.Type != "String" && a.Type != "Number" {
		return invalid("The attribute %s has no bounds: its type is %s.", a.Name, a.Type)
	}
	if c.Mutable != nil {
		a.Mutable = *c.Mutable
	}
	if c.Min != nil {
		a.Min = *c.Min
	}
	if c.Max != nil {
		a.Max = *c.Max
	}
	return a.validBounds()
}

// countValues counts who has a value, and whose does not fit.
func (s *Service) countValues(ctx context.Context, id PoolID, effect *SchemaEffect) error {
	return s.Store.AttributeValues(ctx, id, effect.Attribute.Name, func(value string) {
		effect.Users++
		if effect.Attribute.fault(value) != "" {
			effect.Violations++
		}
	})
}

// editSchema changes one custom attribute by edit, which returns what mentions of it
// become. A dry run changes nothing and counts who has a value.
func (s *Service) editSchema(ctx context.Context, id PoolID, name string, dryRun bool, edit func(*Pool, *SchemaAttribute, []Mention) (string, error)) (*SchemaEffect, error) {
	p, err := s.Pool(ctx, id)
	if err != nil {
		return nil, err
	}
	a, err := p.custom(name)
	if err != nil {
		return nil, err
	}
	if err := s.notImporting(ctx, id); err != nil {
		return nil, err
	}
	effect, before := &SchemaEffect{}, a.Name
	if effect.Mentions, err = s.Store.Mentions(ctx, id, before); err != nil {
		return nil, err
	}
	effect.Attribute = *a
	if dryRun {
		if err := s.countValues(ctx, id, effect); err != nil {
			return nil, err
		}
	}
	becomes, err := edit(p, a, effect.Mentions)
	if err != nil {
		return nil, err
	}
	if becomes != "" {
		effect.Attribute.Name = becomes
	}
	if dryRun {
		return effect, nil
	}
	_, err = s.Store.ChangeAttribute(ctx, id, before, becomes, func(p *Pool, mentions []Mention) error {
		a, err := p.custom(before)
		if err != nil {
			return err
		}
		effect.Mentions = mentions
		if _, err := edit(p, a, mentions); err != nil {
			return err
		}
		p.Modified = s.now()
		return p.validate()
	})
	return effect, namedPool(err, id)
}
