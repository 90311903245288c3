// Reporting with pictures: says before sending that they are too heavy together, so that neither the pictures nor the
// words are sent in vain. Without this script the server says so, and the browser's way back still has the words.
(function () {
  "use strict";
  var form = document.querySelector("form[data-most-mb]");
  if (!form) {
    return;
  }
  var input = form.querySelector("input[type=file]");
  var status = form.querySelector("[data-say-status]");
  var most = Number(form.getAttribute("data-most-mb")) * 1024 * 1024;

  function tooBig() {
    var total = 0;
    for (var at = 0; input.files && at < input.files.length; at += 1) {
      total += input.files[at].size;
    }
    return total > most;
  }

  function say() {
    status.textContent = tooBig() ? form.getAttribute("data-too-big") : "";
  }

  input.addEventListener("change", say);
  form.addEventListener("submit", function (event) {
    if (tooBig()) {
      event.preventDefault();
      say();
      status.scrollIntoView({ block: "center" });
    }
  });
})();
