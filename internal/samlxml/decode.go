package samlxml

import (
	"strings"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
)

// instant parses an xs:dateTime, which SAML wants in UTC (Core 1.3.3).
func instant(el *etree.Element, key string) (time.Time, error) {
	var t saml.RelaxedTime
	if err := t.UnmarshalText([]byte(attr(el, key))); err != nil {
		return time.Time{}, malformed("%s of %s is no time", key, el.Tag)
	}
	return time.Time(t).UTC(), nil
}

func mustInstant(el *etree.Element, key string) (time.Time, error) {
	t, err := instant(el, key)
	if err == nil && t.IsZero() {
		err = malformed("no %s in %s", key, el.Tag)
	}
	return t, err
}

// decodeAssertion reads an assertion that was verified. It refuses what it does
// not understand where that could change the meaning (Core 2.5.1: conditions).
func decodeAssertion(el *etree.Element, p *Policy) (*saml.Assertion, error) {
	if err := only(el, "Issuer", "Signature", "Subject", "Conditions", "Advice",
		"AuthnStatement", "AttributeStatement"); err != nil {
		return nil, err
	}
	a := &saml.Assertion{ID: attr(el, "ID"), Version: attr(el, "Version")}
	if a.Version != "2.0" || !idSyntax.MatchString(a.ID) {
		return nil, malformed("assertion version %q, ID %q", a.Version, a.ID)
	}
	var err error
	if a.IssueInstant, err = mustInstant(el, "IssueInstant"); err != nil {
		return nil, err
	}
	if a.Issuer.Value, err = issuer(el); err != nil {
		return nil, err
	}
	if a.Subject, err = decodeSubject(el, p); err != nil {
		return nil, err
	}
	if a.Conditions, err = decodeConditions(el); err != nil {
		return nil, err
	}
	if a.AuthnStatements, err = decodeAuthn(el); err != nil {
		return nil, err
	}
	a.AttributeStatements, err = decodeAttributes(el)
	return a, err
}

// issuer returns the Issuer of a message or assertion.
func issuer(el *etree.Element) (string, error) {
	c, err := mustChild(el, nsAssertion, "Issuer")
	if err != nil {
		return "", err
	}
	name, err := text(c)
	if err == nil && (name == "" || len(name) > 1024) {
		err = malformed("issuer of %d characters", len(name))
	}
	return name, err
}

func decodeNameID(parent *etree.Element) (*saml.NameID, error) {
	el, err := child(parent, nsAssertion, "NameID")
	if el == nil || err != nil {
		return nil, err
	}
	value, err := text(el)
	if err != nil {
		return nil, err
	}
	return &saml.NameID{
		NameQualifier: attr(el, "NameQualifier"), SPNameQualifier: attr(el, "SPNameQualifier"),
		Format: attr(el, "Format"), SPProvidedID: attr(el, "SPProvidedID"), Value: value,
	}, nil
}

// decodeSubject reads a Subject whose name stands in clear, or encrypted to one of p's
// keys (Core 2.2.4).
func decodeSubject(parent *etree.Element, p *Policy) (*saml.Subject, error) {
	el, err := mustChild(parent, nsAssertion, "Subject")
	if err != nil {
		return nil, err
	}
	if err := only(el, "NameID", "EncryptedID", "SubjectConfirmation"); err != nil {
		return nil, err
	}
	s := &saml.Subject{}
	if s.NameID, err = subjectName(el, p); err != nil {
		return nil, err
	}
	for _, c := range children(el, nsAssertion, "SubjectConfirmation") {
		conf, err := decodeConfirmation(c)
		if err != nil {
			return nil, err
		}
		s.SubjectConfirmations = append(s.SubjectConfirmations, conf)
	}
	if len(s.SubjectConfirmations) == 0 {
		return nil, malformed("no SubjectConfirmation")
	}
	return s, nil
}

func subjectName(el *etree.Element, p *Policy) (*saml.NameID, error) {
	name, err := decodeNameID(el)
	if err != nil {
		return nil, err
	}
	encrypted, err := child(el, nsAssertion, "EncryptedID")
	switch {
	case encrypted == nil || err != nil:
		return name, err
	case name != nil:
		return nil, malformed("a NameID beside an EncryptedID")
	case len(p.Keys) == 0:
		return nil, ErrEncrypted
	}
	return decryptName(encrypted, p)
}

func decodeConfirmation(el *etree.Element) (saml.SubjectConfirmation, error) {
	c := saml.SubjectConfirmation{Method: attr(el, "Method")}
	data, err := mustChild(el, nsAssertion, "SubjectConfirmationData")
	if err != nil {
		return c, err
	}
	d := &saml.SubjectConfirmationData{Recipient: attr(data, "Recipient"),
		InResponseTo: attr(data, "InResponseTo"), Address: attr(data, "Address")}
	if d.NotBefore, err = instant(data, "NotBefore"); err != nil {
		return c, err
	}
	if d.NotOnOrAfter, err = instant(data, "NotOnOrAfter"); err != nil {
		return c, err
	}
	c.SubjectConfirmationData = d
	c.NameID, err = decodeNameID(el)
	return c, err
}

func decodeConditions(parent *etree.Element) (*saml.Conditions, error) {
	el, err := mustChild(parent, nsAssertion, "Conditions")
	if err != nil {
		return nil, err
	}
	if err := only(el, "AudienceRestriction", "OneTimeUse", "ProxyRestriction"); err != nil {
		return nil, err
	}
	c := &saml.Conditions{}
	if c.NotBefore, err = instant(el, "NotBefore"); err != nil {
		return nil, err
	}
	if c.NotOnOrAfter, err = instant(el, "NotOnOrAfter"); err != nil {
		return nil, err
	}
	if len(children(el, nsAssertion, "OneTimeUse")) > 0 {
		c.OneTimeUse = &saml.OneTimeUse{}
	}
	lists, err := audiences(el)
	if err != nil {
		return nil, err
	}
	for _, list := range lists { // crewjam's type has room for one audience each
		c.AudienceRestrictions = append(c.AudienceRestrictions,
			saml.AudienceRestriction{Audience: saml.Audience{Value: list[0]}})
	}
	return c, nil
}

// audiences returns the audiences of each restriction. A message is for us if
// every list names us (Core 2.5.1.4).
func audiences(conditions *etree.Element) ([][]string, error) {
	var lists [][]string
	for _, r := range children(conditions, nsAssertion, "AudienceRestriction") {
		var list []string
		for _, a := range children(r, nsAssertion, "Audience") {
			value, err := text(a)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		if len(list) == 0 {
			return nil, malformed("empty AudienceRestriction")
		}
		lists = append(lists, list)
	}
	return lists, nil
}

func decodeAuthn(parent *etree.Element) ([]saml.AuthnStatement, error) {
	var all []saml.AuthnStatement
	for _, el := range children(parent, nsAssertion, "AuthnStatement") {
		s := saml.AuthnStatement{SessionIndex: attr(el, "SessionIndex")}
		var err error
		if s.AuthnInstant, err = mustInstant(el, "AuthnInstant"); err != nil {
			return nil, err
		}
		until, err := instant(el, "SessionNotOnOrAfter")
		if err != nil {
			return nil, err
		}
		if !until.IsZero() {
			s.SessionNotOnOrAfter = &until
		}
		if s.AuthnContext, err = decodeContext(el); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		return nil, malformed("no AuthnStatement")
	}
	return all, nil
}

func decodeContext(statement *etree.Element) (saml.AuthnContext, error) {
	var c saml.AuthnContext
	el, err := mustChild(statement, nsAssertion, "AuthnContext")
	if err != nil {
		return c, err
	}
	ref, err := child(el, nsAssertion, "AuthnContextClassRef")
	if ref == nil || err != nil {
		return c, err
	}
	value, err := text(ref)
	c.AuthnContextClassRef = &saml.AuthnContextClassRef{Value: value}
	return c, err
}

func decodeAttributes(parent *etree.Element) ([]saml.AttributeStatement, error) {
	var all []saml.AttributeStatement
	for _, el := range children(parent, nsAssertion, "AttributeStatement") {
		if err := only(el, "Attribute"); err != nil { // EncryptedAttribute is not read
			return nil, err
		}
		var s saml.AttributeStatement
		for _, c := range children(el, nsAssertion, "Attribute") {
			a, err := decodeAttribute(c)
			if err != nil {
				return nil, err
			}
			s.Attributes = append(s.Attributes, a)
		}
		all = append(all, s)
	}
	return all, nil
}

func decodeAttribute(el *etree.Element) (saml.Attribute, error) {
	a := saml.Attribute{Name: attr(el, "Name"), NameFormat: attr(el, "NameFormat"), FriendlyName: attr(el, "FriendlyName")}
	if a.Name == "" {
		return a, malformed("attribute without a name")
	}
	for _, c := range children(el, nsAssertion, "AttributeValue") {
		v := saml.AttributeValue{}
		name, err := decodeNameID(c)
		switch {
		case err != nil:
			return a, err
		case name != nil: // eduPersonTargetedID
			if err := alone(c); err != nil {
				return a, err
			}
			v.NameID, v.Value = name, name.Value
		case len(c.ChildElements()) > 0: // a structure that nobody here reads is no reason to refuse the rest
			continue
		default:
			if v.Value, err = text(c); err != nil {
				return a, err
			}
		}
		a.Values = append(a.Values, v)
	}
	return a, nil
}

// alone refuses text beside the one element in el.
func alone(el *etree.Element) error {
	for _, t := range el.Child {
		if d, ok := t.(*etree.CharData); ok && strings.TrimSpace(d.Data) != "" {
			return malformed("text beside an element in %s", el.Tag)
		}
	}
	if len(el.ChildElements()) != 1 {
		return malformed("%d elements in %s", len(el.ChildElements()), el.Tag)
	}
	return nil
}
