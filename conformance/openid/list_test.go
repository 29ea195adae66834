package openid_test

// plans are the Foundation's certification profiles, in each variant that is tested,
// and races. Those that wait long begin first.
var plans = withFormPost([]*plan{
	{name: "FAPI2/private_key_jwt dpop", modules: fapiModules(), count: 56, fapi: true, auth: "private_key_jwt", settings: fapiClient("private_key_jwt", "dpop")},
	{name: "FAPI2/mtls mtls", modules: fapiModules(), count: 56, fapi: true, auth: "tls_client_auth", settings: fapiClient("tls_client_auth", "mtls")},
	{name: "FAPI2/private_key_jwt mtls", modules: fapiModules(), count: 56, fapi: true, auth: "private_key_jwt", settings: fapiClient("private_key_jwt", "mtls"), once: true},
	{name: "FAPI2/mtls dpop", modules: fapiModules(), count: 56, fapi: true, auth: "tls_client_auth", settings: fapiClient("tls_client_auth", "dpop"), once: true},
	{name: "FAPI2 plain_oauth/private_key_jwt dpop", modules: fapiModules(), count: 56, fapi: true, plain: true, auth: "private_key_jwt", settings: fapiClient("private_key_jwt", "dpop")},
	{name: "FAPI2 plain_oauth/mtls mtls", modules: fapiModules(), count: 56, fapi: true, plain: true, auth: "tls_client_auth", settings: fapiClient("tls_client_auth", "mtls")},
	{name: "FAPI2 plain_oauth/private_key_jwt mtls", modules: fapiModules(), count: 56, fapi: true, plain: true, auth: "private_key_jwt", settings: fapiClient("private_key_jwt", "mtls"), once: true},
	{name: "FAPI2 plain_oauth/mtls dpop", modules: fapiModules(), count: 56, fapi: true, plain: true, auth: "tls_client_auth", settings: fapiClient("tls_client_auth", "dpop"), once: true},
	{name: "Dynamic/code", modules: dynamic, count: 23, dynamic: true},
	{name: "Dynamic/code id_token", modules: dynamic, count: 23, dynamic: true, kind: "code id_token", once: true},
	{name: "Config", modules: []module{{"oidcc-discovery-endpoint-verification", discovery}}, count: 1},
	{name: "Basic", modules: coreModules("B"), count: 38},
	{name: "Implicit/id_token", modules: coreModules("I"), count: 31, kind: "id_token"},
	{name: "Implicit/id_token token", modules: coreModules("I"), count: 31, kind: "id_token token", once: true},
	{name: "Hybrid/code id_token", modules: coreModules("H"), count: 37, kind: "code id_token", once: true},
	{name: "Hybrid/code token", modules: coreModules("H"), count: 37, kind: "code token", once: true},
	{name: "Hybrid/code id_token token", modules: coreModules("H"), count: 37, kind: "code id_token token"},
	{name: "RPInitiatedLogout", modules: rpInitiatedLogout, count: 11},
	{name: "SessionManagement", modules: sessionManagement, count: 2},
	{name: "FrontChannelLogout", modules: frontChannel, count: 2},
	{name: "BackChannelLogout", modules: backChannel, count: 2},
	{name: "ThirdPartyLogin", modules: thirdPartyLogin, count: 1},
	{name: "Security", modules: security, count: 10},
	{name: "Races/secret", modules: races, count: 3},
	{name: "Races/keys", modules: boundRaces, count: 3, fapi: true, auth: "private_key_jwt", settings: fapiClient("private_key_jwt", "dpop")},
})

// withFormPost adds the Form Post plans: those of the core with response_mode=form_post.
func withFormPost(list []*plan) []*plan {
	for _, p := range list {
		if p.name == "Basic" || p.front() && !p.dynamic {
			formPost := *p
			formPost.name, formPost.mode, formPost.once = "FormPost/"+p.name, "form_post", true
			list = append(list, &formPost)
		}
	}
	return list
}
