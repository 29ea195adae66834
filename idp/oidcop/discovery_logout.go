package oidcop

import "github.com/poolhouse/poolhouse/userpool"

// logoutMetadata is what discovery says of the end of sign-ins.
type logoutMetadata struct {
	BackChannel     bool   `json:"backchannel_logout_supported"`
	BackChannelSID  bool   `json:"backchannel_logout_session_supported"`
	FrontChannel    bool   `json:"frontchannel_logout_supported"`
	FrontChannelSID bool   `json:"frontchannel_logout_session_supported"`
	CheckSession    string `json:"check_session_iframe,omitempty"`
}

func (h *Handler) logoutMetadata(p *userpool.Pool) logoutMetadata {
	m := logoutMetadata{BackChannel: true, BackChannelSID: true, FrontChannel: true, FrontChannelSID: true}
	if h.Browser.StateName(p.ID) != "" {
		m.CheckSession = h.Issuer(p.ID) + "/oauth2/checksession"
	}
	return m
}
