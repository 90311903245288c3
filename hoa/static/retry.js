// The confirming form of a ballot on a bad line: sends it, and when no answer comes sends the same again, with the same
// nonce, so the server counts one ballot and gives one receipt. Nothing here says that a ballot is in: only the server's
// own page does, and it replaces this one. Without this script the form is an ordinary form.
(function () {
  "use strict";
  var form = document.querySelector("form[data-retry]");
  if (!form || !window.fetch || !window.URLSearchParams || !window.FormData) {
    return;
  }
  var button = form.querySelector("button[type=submit]");
  var status = form.querySelector("[data-retry-status]");
  var busy = false;
  var PAUSES = [1, 2, 4, 8, 15, 15, 15, 15, 15, 15, 15, 15]; // seconds; about two and a half minutes in all

  function say(key) {
    status.textContent = key ? form.getAttribute(key) : "";
  }

  function body() {
    var pairs = new URLSearchParams();
    new FormData(form).forEach(function (value, name) {
      pairs.append(name, value);
    });
    if (button.name) {
      pairs.append(button.name, button.value);
    }
    return pairs;
  }

  // The server's page takes this one's place, at its own address; it is our own HTML under our own policy.
  function replaceBy(answer) {
    if (answer.redirected) {
      window.location.replace(answer.url);
      return;
    }
    answer.text().then(function (html) {
      document.open();
      document.write(html);
      document.close();
    });
  }

  function giveUp() {
    busy = false;
    button.disabled = false;
    say("data-gave-up");
    button.focus();
  }

  function later(attempt, seconds) {
    if (attempt >= PAUSES.length) {
      giveUp();
      return;
    }
    say("data-retrying");
    window.setTimeout(function () {
      send(attempt + 1);
    }, Math.max(seconds || 0, PAUSES[attempt]) * 1000);
  }

  function send(attempt) {
    fetch(form.action, { method: "POST", body: body(), credentials: "same-origin", headers: { Accept: "text/html" } })
      .then(function (answer) {
        if (answer.status === 429 || answer.status === 502 || answer.status === 503 || answer.status === 504) {
          later(attempt, Math.min(parseInt(answer.headers.get("Retry-After"), 10) || 0, 60));
          return;
        }
        replaceBy(answer);
      })
      .catch(function () {
        later(attempt, 0);
      });
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    if (busy) {
      return;
    }
    busy = true;
    button.disabled = true;
    say("data-sending");
    send(0);
  });
})();
