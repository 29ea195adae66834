package openid_test

// plans are the Foundation's certification profiles, in each variant that is tested.
var plans = []*plan{
	{name: "Config", modules: []module{{"oidcc-discovery-endpoint-verification", discovery}}, count: 1},
	{name: "RPInitiatedLogout", modules: rpInitiatedLogout, count: 11},
	{name: "Basic", modules: coreModules("B"), count: 26},
}
