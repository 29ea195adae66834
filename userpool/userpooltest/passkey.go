package userpooltest

var passkeyChecks []storeCheck
