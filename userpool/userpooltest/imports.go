package userpooltest

var importChecks []storeCheck
