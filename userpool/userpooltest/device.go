package userpooltest

var deviceChecks []storeCheck
