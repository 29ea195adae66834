package openid_test

import "strings"

// plans are the Foundation's certification profiles, in each variant that is tested.
var plans = withFormPost([]*plan{
	{name: "Config", modules: []module{{"oidcc-discovery-endpoint-verification", discovery}}, count: 1},
	{name: "RPInitiatedLogout", modules: rpInitiatedLogout, count: 11},
	{name: "Basic", modules: coreModules("B"), count: 38},
	{name: "Implicit/id_token", modules: coreModules("I"), count: 31, kind: "id_token"},
	{name: "Implicit/id_token token", modules: coreModules("I"), count: 31, kind: "id_token token"},
	{name: "Hybrid/code id_token", modules: coreModules("H"), count: 37, kind: "code id_token"},
	{name: "Hybrid/code token", modules: coreModules("H"), count: 37, kind: "code token"},
	{name: "Hybrid/code id_token token", modules: coreModules("H"), count: 37, kind: "code id_token token"},
})

// withFormPost adds the Form Post plans: those of the core with response_mode=form_post.
func withFormPost(list []*plan) []*plan {
	for _, p := range list {
		if strings.HasPrefix(p.name, "Basic") || strings.Contains(p.name, "/") {
			formPost := *p
			formPost.name, formPost.mode = "FormPost/"+p.name, "form_post"
			list = append(list, &formPost)
		}
	}
	return list
}
