/* Personal keys and signatures, all in this browser: a P-256 key is made (or read from a file) here, kept in IndexedDB
   so that no script can read it out again, and signs what the reader chose. Only signatures and the public half are
   sent, by plain forms whose hidden fields are filled here.

   form[data-key-new]     makes a key; data-person, fields public, signature
   form[data-key-import]  takes a PEM file; the same fields, data-current (the registered key's id), data-holds (address)
   [data-key]             a registered key: its [data-key-here] shows when this browser holds it
   form[data-sign]        signs the boxes [data-items] with the key data-sign; field signatures */
(function () {
  "use strict";
  var CURVE = { name: "ECDSA", namedCurve: "P-256" };
  var SIGN = { name: "ECDSA", hash: "SHA-256" };
  var FORMAT = "hoa-assembly/1/";
  var PEM = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/;

  function all(selector, within) {
    return Array.prototype.slice.call((within || document).querySelectorAll(selector));
  }

  function hex(buffer) {
    return Array.prototype.map.call(new Uint8Array(buffer), function (byte) {
      return ("0" + byte.toString(16)).slice(-2);
    }).join("");
  }

  function bytes(base64) {
    var plain = atob(base64.replace(/-/g, "+").replace(/_/g, "/").replace(/\s/g, ""));
    return Uint8Array.from(plain, function (letter) { return letter.charCodeAt(0); });
  }

  /* ------------------------------------------------------------------------------------------- keys in this browser */

  function store(mode, act) {
    return new Promise(function (resolve, reject) {
      var opening = indexedDB.open("hoa-keys", 1);
      opening.onupgradeneeded = function () { opening.result.createObjectStore("keys", { keyPath: "id" }); };
      opening.onerror = function () { reject(opening.error); };
      opening.onsuccess = function () {
        var transaction = opening.result.transaction("keys", mode);
        var asked = act(transaction.objectStore("keys"));
        transaction.oncomplete = function () { opening.result.close(); resolve(asked.result); };
        transaction.onerror = transaction.onabort = function () { opening.result.close(); reject(transaction.error); };
      };
    });
  }

  function keep(person, pair) {
    return store("readwrite", function (keys) {
      return keys.put({ id: pair.id, person: person, key: pair.key });
    }).then(function () { return pair; });
  }

  function held(id) {
    return store("readonly", function (keys) { return keys.get(id); });
  }

  function forget(id) {
    return store("readwrite", function (keys) { return keys.delete(id); });
  }

  /* The name of a key, as the record has it: p256 and the beginning of the public point's hash. */
  function named(key, point) {
    return crypto.subtle.digest("SHA-256", point).then(function (digest) {
      return { key: key, public: hex(point), id: "p256:" + hex(digest).slice(0, 16) };
    });
  }

  function generated() {
    return crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]).then(function (pair) {
      return crypto.subtle.exportKey("raw", pair.publicKey).then(function (point) {
        return named(pair.privateKey, point);
      });
    });
  }

  /* Read once to learn the public half, and once more so that it can never be read out again. */
  function imported(text) {
    var found = PEM.exec(text);
    if (!found) {
      return Promise.reject(new Error("pem"));
    }
    var der = bytes(found[1]);
    return crypto.subtle.importKey("pkcs8", der, CURVE, true, ["sign"]).then(function (open) {
      return Promise.all([
        crypto.subtle.exportKey("jwk", open), crypto.subtle.importKey("pkcs8", der, CURVE, false, ["sign"])
      ]);
    }).then(function (both) {
      var point = new Uint8Array(65);
      point[0] = 4;
      point.set(bytes(both[0].x), 1);
      point.set(bytes(both[0].y), 33);
      return named(both[1], point.buffer);
    });
  }

  /* What a PDF's signature is over: the DER of its attributes, which must be a set (no other signed object begins like
     one) and name, once, the document's digest that stands beside them (hoa.kernel.sign_files says the same). */
  function attributes(text) {
    var told = JSON.parse(text);
    var digest = /^[0-9a-f]{64}$/.test(told.digest) ? "06092a864886f70d01090431220420" + told.digest : null;
    if (!digest || !/^31([0-9a-f]{2})+$/.test(told.attributes) || told.attributes.split(digest).length !== 2) {
      throw new Error("pdf");
    }
    return Uint8Array.from(told.attributes.match(/../g), function (pair) { return parseInt(pair, 16); });
  }

  function signed(key, kind, text) {
    return Promise.resolve().then(function () {
      var message = kind === "pdf" ? attributes(text) : new TextEncoder().encode(FORMAT + kind + "\n" + text);
      return crypto.subtle.sign(SIGN, key, message);
    }).then(hex);
  }

  /* ---------------------------------------------------------------------------------------------- my keys, one page */

  function failing(form) {
    var place = form.querySelector("[data-failed]");
    return function (error) {
      var known = error && error.message === "pem";
      place.textContent = known ? form.dataset.wrongFile : form.dataset.failed;
      place.hidden = false;
      all("button", form).forEach(function (button) { button.disabled = false; });
    };
  }

  function register(form, pair) {
    var person = form.dataset.person;
    var claim = JSON.stringify({ person: person, public: pair.public });
    return signed(pair.key, "key", claim).then(function (signature) {
      form.elements.public.value = pair.public;
      form.elements.signature.value = signature;
      return keep(person, pair);
    }).then(function () { form.submit(); });
  }

  function prepareNew(form) {
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      form.querySelector("button").disabled = true;
      generated().then(function (pair) { return register(form, pair); }).catch(failing(form));
    });
    form.hidden = false;
  }

  function prepareImport(form) {
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      var file = form.querySelector("input[type=file]").files[0];
      if (!file) {
        failing(form)(new Error("pem"));
        return;
      }
      form.querySelector("button").disabled = true;
      file.text().then(imported).then(function (pair) {
        /* The key that is registered already only moves in; it needs no second registration. */
        if (pair.id === form.dataset.current) {
          return keep(form.dataset.person, pair).then(function () { window.location.assign(form.dataset.holds); });
        }
        return register(form, pair);
      }).catch(failing(form));
    });
    form.hidden = false;
  }

  function prepareKey(row) {
    held(row.dataset.key).then(function (found) {
      all(found ? "[data-key-here]" : "[data-key-elsewhere]", row).forEach(function (part) { part.hidden = false; });
    });
    all("[data-key-forget]", row).forEach(function (button) {
      button.addEventListener("click", function () {
        forget(row.dataset.key).then(function () { window.location.reload(); });
      });
    });
  }

  /* ------------------------------------------------------------------------------------------ what waits, one page */

  function prepareSigning(form, key) {
    var boxes = all("[data-items]");
    var button = form.querySelector("button");
    var failed = form.querySelector("[data-failed]");

    function chosen() {
      return boxes.filter(function (box) { return box.checked; });
    }

    function count() {
      button.textContent = form.dataset.label.replace("{n}", chosen().length);
      button.disabled = !chosen().length;
    }

    boxes.forEach(function (box) {
      box.disabled = false;
      box.addEventListener("change", count);
    });
    all("[data-all]").forEach(function (every) {
      every.hidden = false;
      every.addEventListener("click", function () {
        var mine = all("[data-items]", every.closest("fieldset"));
        var tick = mine.some(function (box) { return !box.checked; });
        mine.forEach(function (box) { box.checked = tick; });
        count();
      });
    });
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      button.disabled = true;
      button.textContent = form.dataset.signing;
      var items = [].concat.apply([], chosen().map(function (box) { return JSON.parse(box.dataset.items); }));
      Promise.all(items.map(function (item) {
        return signed(key, item.kind, item.text).then(function (signature) {
          return { id: item.id, signature: signature };
        });
      })).then(function (signatures) {
        form.elements.signatures.value = JSON.stringify({
          format: "hoa-signed/1", key: form.dataset.sign, signatures: signatures
        });
        form.submit();
      }).catch(function () {
        failed.hidden = false;
        count();
      });
    });
    form.hidden = false;
    count();
  }

  document.addEventListener("DOMContentLoaded", function () {
    if (!window.isSecureContext || !window.crypto || !crypto.subtle || !window.indexedDB || !window.TextEncoder) {
      return;
    }
    all("[data-needs-browser]").forEach(function (note) { note.hidden = true; });
    all("form[data-key-new]").forEach(prepareNew);
    all("form[data-key-import]").forEach(prepareImport);
    all("[data-key]").forEach(prepareKey);
    all("form[data-sign]").forEach(function (form) {
      held(form.dataset.sign).then(function (found) {
        if (found) {
          prepareSigning(form, found.key);
        } else {
          all("[data-no-key]").forEach(function (note) { note.hidden = false; });
        }
      });
    });
  });
})();
