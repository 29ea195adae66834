package userpooltest

var eventChecks []storeCheck
