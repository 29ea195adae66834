// Sends the form that carries an answer to the app. Without scripts the user
// presses its button.
document.getElementById("post").submit();
