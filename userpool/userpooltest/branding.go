package userpooltest

var brandingChecks []storeCheck
