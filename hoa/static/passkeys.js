/* Passkeys: the only part of signing in that needs a script. Where the browser has none, the block stays hidden.
   A block says what it is for: data-passkey="get" or "create", data-options and data-finish (addresses), data-csrf. */
(function () {
  "use strict";

  function bytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    var out = new Uint8Array(plain.length);
    for (var i = 0; i < plain.length; i += 1) {
      out[i] = plain.charCodeAt(i);
    }
    return out;
  }

  function text(buffer) {
    var plain = String.fromCharCode.apply(null, new Uint8Array(buffer));
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function post(url, csrf, body) {
    return fetch(url, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": csrf },
      body: JSON.stringify(body)
    }).then(function (response) {
      return response.json().then(function (answer) {
        if (!response.ok) {
          throw new Error(answer.error ? answer.error.message : "");
        }
        return answer;
      });
    });
  }

  function withBytes(list) {
    return (list || []).map(function (known) {
      return Object.assign({}, known, { id: bytes(known.id) });
    });
  }

  function ask(kind, options) {
    options.challenge = bytes(options.challenge);
    if (kind === "create") {
      options.user.id = bytes(options.user.id);
      options.excludeCredentials = withBytes(options.excludeCredentials);
      return navigator.credentials.create({ publicKey: options });
    }
    options.allowCredentials = withBytes(options.allowCredentials);
    return navigator.credentials.get({ publicKey: options });
  }

  function written(credential) {
    var answer = credential.response;
    var response = { clientDataJSON: text(answer.clientDataJSON) };
    if (answer.attestationObject) {
      response.attestationObject = text(answer.attestationObject);
    } else {
      response.authenticatorData = text(answer.authenticatorData);
      response.signature = text(answer.signature);
      response.userHandle = answer.userHandle ? text(answer.userHandle) : null;
    }
    return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response: response };
  }

  function prepare(block) {
    var button = block.querySelector("button");
    var failed = block.querySelector("[data-failed]");
    var words = block.dataset;
    button.addEventListener("click", function () {
      button.disabled = true;
      failed.hidden = true;
      post(words.options, words.csrf, {})
        .then(function (options) { return ask(words.passkey, options); })
        .then(function (credential) { return post(words.finish, words.csrf, { credential: written(credential) }); })
        .then(function (answer) { window.location.assign(answer.url); })
        .catch(function (error) {
          /* What the browser says is in its own language and often about nothing but "cancelled". */
          failed.textContent = error.name === "Error" && error.message ? error.message : words.cancelled;
          failed.hidden = false;
          button.disabled = false;
        });
    });
    block.hidden = false;
  }

  document.addEventListener("DOMContentLoaded", function () {
    if (window.PublicKeyCredential && navigator.credentials) {
      document.querySelectorAll("[data-passkey]").forEach(prepare);
      document.querySelectorAll("[data-passkey-missing]").forEach(function (note) { note.hidden = true; });
    }
  });
})();
