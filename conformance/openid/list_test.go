package openid_test

// plans are the Foundation's certification profiles, in each variant that is tested.
var plans = []*plan{
	{name: "Basic", modules: coreModules("B"), count: 38},
}
