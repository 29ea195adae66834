package userpool

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"strings"
)

// A Newcomer is somebody whom a provider vouches for, and who is to be a user.
type Newcomer struct {
	Provider   *Provider
	Subject    string
	Keys       []IdentityKey     // that would lead to a user; the function of new accounts may make them do so
	Name       string            // follows the provider's in the username; the subject where it is empty
	Attributes map[string]string // as mapped, by the pool's names
}

// FederatedName is the username of somebody from a provider, as Cognito makes it. A
// name that no username can have is replaced by its hash.
func FederatedName(provider, name string) string {
	username := federatedName(IdentityKey{Provider: provider, Value: name})
	if (&Pool{}).checkUsername(username) == nil {
		return username
	}
	sum := sha256.Sum256([]byte(name))
	return federatedName(IdentityKey{Provider: provider, Value: base64.RawURLEncoding.EncodeToString(sum[:])})
}

// Join makes a user of somebody from a provider, once however many ask for the same
// identity at a time: the others get ErrAliasExists. A function of the pool may
// refuse, or link the identity to another user, which is ErrAliasExists too. Where
// somebody else has the username it gets a few letters more.
func (s *Service) Join(ctx context.Context, p *Pool, c *Client, in *Newcomer) (*User, error) {
	u, err := s.newcomer(p, in)
	if err != nil {
		return nil, err
	}
	if u.Username, err = s.freeName(ctx, u); err != nil {
		return nil, err
	}
	if err := s.preJoin(ctx, p, c, u, in); err != nil {
		return nil, err
	}
	id := Identity{IdentityKey: IdentityKey{in.Provider.Name, IdentitySubject, in.Subject}, Type: in.Provider.Type, Primary: true, Created: u.Created}
	if err := u.setIdentities([]Identity{id}); err != nil {
		return nil, err
	}
	if err := s.becomesFederated(ctx, u, id); err != nil {
		return nil, err
	}
	if err := s.addToProviderGroup(ctx, p, u, in.Provider.Name); err != nil {
		return nil, err
	}
	return u, s.Triggers.postConfirmation(ctx, p, c, u, postSignUp)
}

// newcomer checks what the user is to be made of.
func (s *Service) newcomer(p *Pool, in *Newcomer) (*User, error) {
	attributes := maps.Clone(in.Attributes)
	maps.DeleteFunc(attributes, func(name, _ string) bool { return in.Provider.SyncModeOf(p, name) == SyncNever })
	for _, a := range []string{"email", "phone_number"} {
		if attributes[a] == "" {
			delete(attributes, a+"_verified") // it is about nothing
		}
	}
	if err := p.checkArrived(attributes); err != nil {
		return nil, err
	}
	if err := p.checkWrite(writer{admin: true, creating: true}, attributes); err != nil {
		return nil, err
	}
	now := s.now()
	u := &User{Pool: p.ID, Username: FederatedName(in.Provider.Name, cmp.Or(in.Name, in.Subject)), Sub: newTokenID(), Status: ExternalProvider,
		Enabled: true, Created: now, Modified: now, Attributes: map[string]string{}}
	u.setAttributes(attributes)
	return u, nil
}

// freeName is the username of a newcomer, or another one where somebody has it or is
// known by it. Whoever signs up under the name that a person from a provider is to have
// neither is that person from then on nor keeps them out.
func (s *Service) freeName(ctx context.Context, u *User) (string, error) {
	_, err := s.Store.User(ctx, u.Pool, u.Username)
	if errors.Is(err, ErrUserNotFound) {
		return u.Username, nil
	}
	if err != nil {
		return "", err
	}
	suffix := "_" + randomText(10, lowerLetters+digits)
	name := []rune(u.Username)
	return string(name[:min(len(name), 128-len(suffix))]) + suffix, nil
}

// checkArrived says, in Cognito's words, which required attributes a provider did not
// send.
func (p *Pool) checkArrived(attributes map[string]string) error {
	var lacking []string
	for _, a := range p.Schema {
		if a.Required && a.Name != "sub" && attributes[a.Name] == "" {
			lacking = append(lacking, a.Name)
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	return invalid("attributes required: [%s]", strings.Join(lacking, ", "))
}

// preJoin asks the function of new accounts. It has a say about addresses, but not
// about confirmation: who comes from a provider has nothing to confirm.
func (s *Service) preJoin(ctx context.Context, p *Pool, c *Client, u *User, in *Newcomer) error {
	v, err := s.Triggers.preSignUp(ctx, p, c, "PreSignUp_ExternalProvider", u.Username, given(u, in.Attributes))
	if err != nil {
		return err
	}
	if _, err := v.grant(u); err != nil {
		return err
	}
	for _, key := range in.Keys {
		_, err := s.Store.UserByIdentity(ctx, p.ID, key)
		if err == nil { // the function linked it
			return ErrAliasExists
		}
		if !errors.Is(err, ErrUserNotFound) {
			return err
		}
	}
	return nil
}

// becomesFederated stores a newcomer. A username that is taken may be their own, of a
// call at the same time.
func (s *Service) becomesFederated(ctx context.Context, u *User, id Identity) error {
	err := s.Store.CreateFederated(ctx, u, id)
	if !errors.Is(err, ErrUserExists) {
		return namedProvider(err, u.Pool, id.Provider)
	}
	if _, err := s.Store.UserByIdentity(ctx, u.Pool, id.IdentityKey); err == nil {
		return ErrAliasExists
	}
	return Fail(ErrUserExists, "Already found an entry for username "+u.Username)
}

// ProviderGroup is the group of everybody who came from a provider, as Cognito names it.
func ProviderGroup(pool PoolID, provider string) string { return string(pool) + "_" + provider }

// addToProviderGroup puts u into the group of the provider, which is made for its
// first user.
func (s *Service) addToProviderGroup(ctx context.Context, p *Pool, u *User, provider string) error {
	name := ProviderGroup(p.ID, provider)
	err := s.Store.AddMember(ctx, p.ID, name, u.Username)
	if !errors.Is(err, ErrGroupNotFound) {
		return err
	}
	g := &Group{Pool: p.ID, Name: name, Description: "Autogenerated group for users who sign in using " + provider, Created: u.Created, Modified: u.Created}
	if err := s.Store.CreateGroup(ctx, g); err != nil && !errors.Is(err, ErrGroupExists) {
		return err
	}
	return s.Store.AddMember(ctx, p.ID, name, u.Username)
}

// LinkArrival links somebody whom a provider has just vouched for to a user, as
// LinkProvider does for administrators, and checks nothing else: that the user wants
// it is for the caller to know.
func (s *Service) LinkArrival(ctx context.Context, provider *Provider, u *User, subject string) error {
	destination := IdentityKey{localProvider, "", u.Username}
	return s.LinkProvider(ctx, provider.Pool, destination, IdentityKey{provider.Name, IdentitySubject, subject})
}
