// Sends the form that carries a SAML response to the app. Without scripts the
// user presses its button.
document.getElementById("saml-post").submit();
