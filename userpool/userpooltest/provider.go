package userpooltest

var providerChecks []storeCheck
