package samlxml

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/beevik/etree"
)

// MaxGiven is the longest metadata of a federation that somebody hands in, in bytes.
const MaxGiven = 10 << 20

// SelectSP returns the metadata of one service provider as a document of its own. raw
// is an EntityDescriptor, or an aggregate of them, nested or not. With a signer its
// root must be signed by that key, and nothing else is read. entityID names the one
// that is meant; it may be empty where there is only one. What the aggregate says of
// its validity goes with the entity.
func SelectSP(raw []byte, entityID string, signer *x509.Certificate) ([]byte, error) {
	return selectSP(bytes.NewReader(raw), MaxGiven, entityID, signer)
}

// selectIn is SelectSP in a document that was parsed.
func selectIn(root *etree.Element, entityID string, signer *x509.Certificate) (_ []byte, err error) {
	if signer != nil {
		if root, _, err = Verify(root, []*x509.Certificate{signer}); err != nil {
			return nil, err
		}
	}
	entity, err := onlySP(root, entityID)
	if err != nil {
		return nil, err
	}
	role, err := mustRole(entity)
	if err != nil {
		return nil, err
	}
	until, err := validUntil(entity, role)
	if err != nil {
		return nil, err
	}
	if !until.IsZero() {
		entity.CreateAttr("validUntil", Time(until))
	}
	fresh, err := cacheFor(role)
	if err != nil {
		return nil, err
	}
	if fresh > 0 {
		entity.CreateAttr("cacheDuration", fmt.Sprintf("PT%dS", fresh/time.Second))
	}
	for _, sig := range children(entity, nsSignature, "Signature") { // it no longer holds
		entity.RemoveChild(sig)
	}
	return []byte(canonical(entity, nil, nil)), nil
}

func mustRole(entity *etree.Element) (*etree.Element, error) {
	_, role := searchRole(entity, "SPSSODescriptor")
	if role == nil {
		return nil, fmt.Errorf("%w: no SPSSODescriptor for SAML 2.0", ErrMetadata)
	}
	return role, nil
}

// onlySP returns the one entity with the role of a service provider and that name.
func onlySP(root *etree.Element, entityID string) (*etree.Element, error) {
	var found *etree.Element
	err := walk(root, func(el *etree.Element) error {
		if !is(el, nsMetadata, "EntityDescriptor") || entityID != "" && attr(el, "entityID") != entityID {
			return nil
		}
		if _, role := searchRole(el, "SPSSODescriptor"); role == nil {
			return nil
		}
		if found != nil {
			return fmt.Errorf("%w: more than one service provider", ErrMetadata)
		}
		found = el
		return nil
	})
	if err == nil && found == nil {
		err = fmt.Errorf("%w: no service provider %q", ErrMetadata, entityID)
	}
	return found, err
}
