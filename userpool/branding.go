package userpool

import (
	"context"
	"encoding/json"
	"time"
)

// A Branding is how the hosted pages look for one client: the settings and
// images of managed login.
type Branding struct {
	ID       string // a UUID
	Pool     PoolID
	Client   ClientID
	Default  bool            // the look that we bring: no settings, no images
	Settings json.RawMessage `json:",omitempty"` // as given; look.ParseSettings has checked it
	Assets   []Asset
	Created  time.Time
	Modified time.Time
}

// An Asset is an image of a branding.
type Asset struct {
	Category   string // FORM_LOGO, PAGE_BACKGROUND …
	Mode       string // LIGHT, DARK, DYNAMIC
	ResourceID string `json:",omitempty"`
	Image      Image
}

// An Image is found by its content. Records carry all but the body.
type Image struct {
	Hash string // of the body; part of its address
	Type string // of look.Types: png, svg …
	Body []byte `json:"-"`
}

// AllClients is the client of a customization that holds for every client
// without one of its own.
const AllClients ClientID = "ALL"

// A Customization is how the classic pages look for one client, or for all.
type Customization struct {
	Pool     PoolID
	Client   ClientID
	CSS      string // as given; look.ParseClassic has checked it
	Image    *Image // the logo; nil for none
	Created  time.Time
	Modified time.Time
}

// Terms are a document that people who sign up for a client are shown.
type Terms struct {
	ID          string // a UUID
	Pool        PoolID
	Client      ClientID
	Name        string // terms-of-use or privacy-policy
	Source      string // LINK
	Enforcement string // NONE
	Links       map[string]string
	Created     time.Time
	Modified    time.Time
}

// A BrandingStore keeps how pages look, and terms. Everything of a client goes
// with the client.
type BrandingStore interface {
	// CreateBranding adds b with its images. ErrBrandingExists: the client has
	// one; ErrClientNotFound: there is no such client.
	CreateBranding(ctx context.Context, b *Branding) error
	// Branding and BrandingOf return a branding without the bodies of its images,
	// or ErrNotFound.
	Branding(ctx context.Context, pool PoolID, id string) (*Branding, error)
	BrandingOf(ctx context.Context, pool PoolID, client ClientID) (*Branding, error)
	// ReplaceBranding replaces the branding that has the ID of b, but for its
	// client and the time of its creation, which b gets.
	ReplaceBranding(ctx context.Context, b *Branding) error
	DeleteBranding(ctx context.Context, pool PoolID, id string) error

	// PutCustomization adds or replaces a customization; the time of creation
	// stays, and c gets it.
	PutCustomization(ctx context.Context, c *Customization) error
	// Customization returns that of the client itself, without the body of its
	// image, or ErrNotFound.
	Customization(ctx context.Context, pool PoolID, client ClientID) (*Customization, error)

	// Image returns an image of the pool by its hash, or ErrNotFound.
	Image(ctx context.Context, pool PoolID, hash string) (*Image, error)

	// CreateTerms adds t. ErrTermsExist: the client has terms of that name;
	// ErrClientNotFound: there is no such client.
	CreateTerms(ctx context.Context, t *Terms) error
	Terms(ctx context.Context, pool PoolID, id string) (*Terms, error)
	UpdateTerms(ctx context.Context, pool PoolID, id string, fn func(*Terms) error) (*Terms, error)
	DeleteTerms(ctx context.Context, pool PoolID, id string) error
	// TermsPage lists the terms of a pool by ID, TermsOf those of a client by name.
	TermsPage(ctx context.Context, pool PoolID, after string, limit int) (terms []*Terms, next string, err error)
	TermsOf(ctx context.Context, pool PoolID, client ClientID) ([]*Terms, error)
}
