package samlidp

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Fetcher gets metadata from an address that an administrator named.
type Fetcher interface {
	// FetchNewer returns up to limit bytes. It refuses addresses that lead to the inside
	// of our own network. outbound.ErrUnchanged says that it still is what had that ETag,
	// which may be empty.
	FetchNewer(ctx context.Context, url, etag string, limit int) (*outbound.Document, error)
	// ReadNewer is FetchNewer for what is read as it comes.
	ReadNewer(ctx context.Context, url, etag string, read func(io.Reader) error) (newETag string, err error)
}

// A UserDirectory is a Directory that knows users by name.
type UserDirectory interface {
	Directory
	User(ctx context.Context, pool userpool.PoolID, username string) (*userpool.User, error)
}

// A Service manages the SAML apps of pools.
type Service struct {
	Store   Store
	Fetcher Fetcher
	Users   UserDirectory // for previews
	Keys    keyring.Ring
	Issuer  func(userpool.PoolID) string // {public-url}/{poolId}
	Now     func() time.Time
	Log     *slog.Logger
}

// A Spec is what an application is made from, or changed by. A nil member
// stands for the default, or for no change.
type Spec struct {
	Name                                          *string
	MetadataXML, MetadataURL                      *string // at most one
	NameIDFormat, NameIDAttribute                 *string
	Attributes                                    []Attribute
	SignResponse, SignAssertion, EncryptAssertion *bool
	Settings                                      *Settings // taken whole

	fetched *document // what MetadataURL has
}

// Create registers an application. Exactly one of MetadataXML and MetadataURL
// must be given. By default the assertion is signed and names the user by a
// persistent identifier that no other application sees.
func (s *Service) Create(ctx context.Context, pool userpool.PoolID, spec Spec) (*Application, error) {
	if (spec.MetadataXML == nil) == (spec.MetadataURL == nil) {
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "Exactly one of MetadataXml and MetadataUrl is required.")
	}
	if err := s.fetch(ctx, &spec, Settings{}); err != nil {
		return nil, err
	}
	now := s.Now().UTC().Truncate(time.Microsecond)
	a := &Application{ID: NewApplicationID(), Pool: pool, Created: now, Modified: now,
		NameIDFormat: Persistent, SignAssertion: true}
	if err := a.change(spec); err != nil {
		return nil, err
	}
	if err := s.Store.CreateApplication(ctx, a); err != nil {
		return nil, err
	}
	return a, s.makeKey(ctx, a)
}

// makeKey makes the key that an application is set to be signed for with, so that our
// metadata shows its certificate before the first sign-in.
func (s *Service) makeKey(ctx context.Context, a *Application) error {
	kind := kindFor(signatureMethods[a.Settings.SignatureAlgorithm])
	if kind == keyRSA {
		return nil
	}
	_, err := s.Keys.CertifiedSignerOf(ctx, kind.of(a.Pool), kind.algorithm, string(a.Pool))
	return err
}

// Update changes an application. New metadata may bring another EntityID.
func (s *Service) Update(ctx context.Context, pool userpool.PoolID, id ApplicationID, spec Spec) (*Application, error) {
	if spec.MetadataXML != nil && spec.MetadataURL != nil {
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "MetadataXml and MetadataUrl cannot be given together.")
	}
	before, err := s.Store.Application(ctx, pool, id)
	if err != nil { // before fetching on a stranger's behalf
		return nil, err
	}
	if err := s.fetch(ctx, &spec, before.Settings); err != nil {
		return nil, err
	}
	now := s.Now().UTC().Truncate(time.Microsecond)
	a, err := s.Store.UpdateApplication(ctx, pool, id, func(a *Application) error {
		a.Modified = now
		return a.change(spec)
	})
	if err != nil {
		return nil, err
	}
	return a, s.makeKey(ctx, a)
}

// EntityID is the name of a pool's identity provider.
func (s *Service) EntityID(pool userpool.PoolID) string { return entityID(s.Issuer(pool)) }

// InitiateURL is where sign-in to an application starts at our side.
func (s *Service) InitiateURL(a *Application) string {
	return s.Issuer(a.Pool) + "/saml/init/" + string(a.ID)
}

// fetch replaces a MetadataURL by both the URL and what is there. settings are those
// that count where the spec brings none.
func (s *Service) fetch(ctx context.Context, spec *Spec, settings Settings) error {
	if spec.MetadataURL == nil {
		return nil
	}
	set(&settings, spec.Settings)
	d, err := s.get(ctx, *spec.MetadataURL, "", &settings)
	if err != nil {
		if ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if fault := (*userpool.Fault)(nil); errors.As(err, &fault) {
			return err
		}
		s.Log.WarnContext(ctx, "metadata not fetched", "url", *spec.MetadataURL, "error", err)
		return userpool.Fail(userpool.ErrInvalidParameter, "The metadata could not be fetched from MetadataUrl.")
	}
	spec.MetadataXML, spec.fetched = &d.text, d
	return nil
}

// change applies a spec whose metadata was fetched.
func (a *Application) change(spec Spec) error {
	if err := a.changeSettings(spec); err != nil {
		return err
	}
	if spec.MetadataXML != nil {
		given := spec.fetched
		if given == nil {
			given = &document{text: *spec.MetadataXML}
		}
		if err := a.applyMetadata(given); err != nil {
			return err
		}
		a.MetadataURL, a.Fresh = "", Freshness{} // what was pasted is not refreshed from elsewhere
	}
	set(&a.Name, spec.Name)
	if spec.MetadataURL != nil {
		a.MetadataURL = *spec.MetadataURL
		a.fetched(a.Modified)
	}
	set(&a.NameIDAttribute, spec.NameIDAttribute)
	set(&a.SignResponse, spec.SignResponse)
	set(&a.SignAssertion, spec.SignAssertion)
	set(&a.EncryptAssertion, spec.EncryptAssertion)
	if spec.NameIDFormat != nil {
		a.NameIDFormat = shortFormat(*spec.NameIDFormat)
	}
	if spec.Attributes != nil {
		a.Attributes = spec.Attributes
	}
	return a.validate()
}

// changeSettings takes new settings. Where they say that metadata must come from
// another signer, what was read before is not to be relied on for long: it is fetched
// again at once, whole, or has to be given again.
func (a *Application) changeSettings(spec Spec) error {
	before := a.Settings
	set(&a.Settings, spec.Settings)
	if spec.MetadataXML != nil || a.Settings.MetadataSigner == before.MetadataSigner && a.Settings.MetadataEntityID == before.MetadataEntityID {
		return nil
	}
	if a.MetadataURL == "" {
		return userpool.Fail(userpool.ErrInvalidParameter, "With another MetadataSigner or MetadataEntityId the metadata must be given again.")
	}
	a.Fresh.Due, a.Fresh.ETag = a.Modified, ""
	return nil
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
