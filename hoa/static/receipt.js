/* A receipt checked on its owner's own device: this script hashes the ballot, climbs the tree to the signed root and
   looks at the signatures itself; the server only hands over bytes that are worth nothing if they do not fit
   (docs/audit-package.md 10). Without it the form is an ordinary form, and the server answers.

   form[data-receipt]   data-manifest, data-heads, data-proof (addresses; LEAF stands for the leaf), data-own (my file)
   [data-receipt-here]  the button that starts it; [data-receipt-says] where the answer goes; [data-word] its words */
(function () {
  "use strict";
  var form = document.querySelector("form[data-receipt]");
  var subtle = window.crypto && window.crypto.subtle;
  if (!form || !subtle || !window.fetch || !window.TextEncoder) {
    return;
  }
  var FORMAT = "hoa-assembly/1/";
  var MOST = 1000000;
  var says = document.querySelector("[data-receipt-says]");
  var button = form.querySelector("[data-receipt-here]");
  var file = form.querySelector("input[type=file]");
  var kept = form.querySelector("[name=head]");

  function word(name) {
    var found = document.querySelector('[data-word="' + name + '"]');
    return found ? found.textContent : name;
  }

  // ------------------------------------------------------------------------------------------- bytes and hashes

  function text(value) {
    return new TextEncoder().encode(value);
  }

  function joined() {
    var parts = Array.prototype.slice.call(arguments);
    var whole = new Uint8Array(parts.reduce(function (sum, part) { return sum + part.length; }, 0));
    parts.reduce(function (at, part) { whole.set(part, at); return at + part.length; }, 0);
    return whole;
  }

  function hash() {
    return subtle.digest("SHA-256", joined.apply(null, arguments)).then(function (sum) { return new Uint8Array(sum); });
  }

  function hex(bytes) {
    return Array.prototype.map.call(bytes, function (byte) { return ("0" + byte.toString(16)).slice(-2); }).join("");
  }

  function unhex(digits) {
    return Uint8Array.from(digits.match(/../g) || [], function (pair) { return parseInt(pair, 16); });
  }

  function unbase64(letters) {
    return Uint8Array.from(atob(letters), function (letter) { return letter.charCodeAt(0); });
  }

  // Canonical JSON (docs/audit-package.md 1): sorted keys, no white space; JSON.stringify escapes strings the same way.
  function canonical(value) {
    if (Array.isArray(value)) {
      return "[" + value.map(canonical).join(",") + "]";
    }
    if (value && typeof value === "object") {
      return "{" + Object.keys(value).sort().map(function (name) {
        return JSON.stringify(name) + ":" + canonical(value[name]);
      }).join(",") + "}";
    }
    return JSON.stringify(value);
  }

  function without(value, name) {
    var rest = Object.assign({}, value);
    delete rest[name];
    return rest;
  }

  var ONE = new Uint8Array([1]);
  var NONE = new Uint8Array([0]);

  // RFC 9162, 2.1.3.2: the root that a leaf at `index` in a tree of `size` leads to along its proof; null if it cannot.
  function climb(leaf, index, size, proof) {
    var position = index, last = size - 1, steps = proof.slice();
    if (!(index >= 0 && index < size)) {
      return Promise.resolve(null);
    }
    function step(node) {
      if (!steps.length) {
        return last === 0 ? node : null;
      }
      if (last === 0) {
        return null;
      }
      var sibling = unhex(steps.shift()), right = position % 2 === 1 || position === last;
      if (right) {
        while (position % 2 === 0 && position !== 0) {
          position = position / 2;
          last = Math.floor(last / 2);
        }
      }
      position = Math.floor(position / 2);
      last = Math.floor(last / 2);
      return (right ? hash(ONE, sibling, node) : hash(ONE, node, sibling)).then(step);
    }
    return Promise.resolve(step(leaf));
  }

  // Does an Ed25519 signature hold? null where this browser cannot tell.
  function holds(publicKey, message, signature) {
    return subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]).then(function (key) {
      return subtle.verify({ name: "Ed25519" }, key, signature, message);
    }, function () { return null; });
  }

  // ------------------------------------------------------------------------------------------- what the server hands over

  function ask(address, missing) {
    return fetch(address, { credentials: "same-origin" }).then(function (answer) {
      if (answer.status === 404 && missing !== undefined) {
        return missing;
      }
      if (!answer.ok) {
        throw new Error("unreachable");
      }
      return answer.arrayBuffer().then(function (buffer) { return new Uint8Array(buffer); });
    });
  }

  function json(bytes) {
    return bytes && JSON.parse(new TextDecoder().decode(bytes));
  }

  function parsed(note) {
    var lines = note.replace(/\r/g, "").split("\n");
    var signature = (lines[4] || "").split(" ");
    if (lines.length < 5 || !/^[0-9]+$/.test(lines[1])) {
      throw new Error("head");
    }
    return {
      origin: lines[0], size: Number(lines[1]), root: hex(unbase64(lines[2])),
      body: text(lines.slice(0, 3).join("\n") + "\n"),
      name: signature[1], key: unbase64(signature[2] || "").slice(0, 4), signature: unbase64(signature[2] || "").slice(4)
    };
  }

  function proof(leaf, size) {
    return ask(form.getAttribute("data-proof").replace("LEAF", leaf) + "?size=" + size, null).then(json);
  }

  // ------------------------------------------------------------------------------------------- the checks

  function read(content) {
    var value = JSON.parse(content), receipt = value.receipt;
    if (content.length > MOST || !/^[0-9a-f]{64}$/.test(receipt.leaf) || !/^[0-9a-f]{128}$/.test(receipt.signature)) {
      throw new Error("file");
    }
    return value;
  }

  // Each check adds [word, true, false or null for "not done here"]; the first that fails ends the talk.
  function check(value, keptNote) {
    var receipt = value.receipt, found = { checks: [], leaf: receipt.leaf, head: null, verdict: "included" };
    var platform = {}, heads = [];

    function note(name, result) {
      found.checks.push([name, result]);
      if (result === false) {
        throw found;
      }
    }

    return Promise.all([ask(form.getAttribute("data-manifest")), ask(form.getAttribute("data-heads"))]).then(function (got) {
      heads = json(got[1]);
      return hash(got[0]).then(function (sum) {
        note("assembly", hex(sum) === receipt.assembly);
        json(got[0]).keys.platform.forEach(function (key) { platform[key.purpose] = key; });
      });
    }).then(function () {
      if (!value.entry) {
        note("entry", null);
        return null;
      }
      return hash(NONE, text(canonical(value.entry))).then(function (sum) {
        note("entry", hex(sum) === receipt.leaf && value.entry.time === receipt.time);
      });
    }).then(function () {
      if (platform.receipt.id !== receipt.key) {
        note("promise", null); // a key that came after the notice: verify.py knows it from the log
        return null;
      }
      var message = text(FORMAT + "receipt\n" + canonical(without(receipt, "signature")));
      return holds(unhex(platform.receipt.public), message, unhex(receipt.signature)).then(function (good) {
        note("promise", good);
      });
    }).then(function () {
      var latest = parsed(heads[heads.length - 1].note);
      return proof(receipt.leaf, latest.size).then(function (given) {
        if (!given) {
          var late = heads.some(function (head) { return head.time > receipt.due || head.purpose === "close"; });
          found.verdict = late ? "broken" : "waiting";
          note("included-proof", late ? false : null);
          return null;
        }
        found.head = latest;
        return climb(unhex(receipt.leaf), given.index, latest.size, given.proof).then(function (root) {
          note("included-proof", root !== null && hex(root) === latest.root);
          return signedByLog(latest);
        }).then(function (good) {
          note("head", good);
          return compareKept(given.index);
        });
      });
    }).then(function () { return found; });

    // null: this browser cannot tell, or the log's key came after the notice.
    function signedByLog(head) {
      var key = unhex(platform.log.public);
      if (head.name !== head.origin) {
        return false;
      }
      return hash(text(head.name + "\n"), ONE, key).then(function (sum) {
        return hex(sum.slice(0, 4)) === hex(head.key) ? holds(key, head.body, head.signature) : null;
      });
    }

    function compareKept(index) {
      if (!keptNote) {
        note("kept", null);
        return null;
      }
      var mine = parsed(keptNote);
      if (mine.size <= index) {
        note("older", null);
        return null;
      }
      return proof(receipt.leaf, mine.size).then(function (given) {
        return given ? climb(unhex(receipt.leaf), given.index, mine.size, given.proof) : null;
      }).then(function (root) { note("kept", root !== null && hex(root) === mine.root); });
    }
  }

  // ------------------------------------------------------------------------------------------- what is said

  function add(parent, kind, content, name) {
    var element = document.createElement(kind);
    element.textContent = content;
    if (name) {
      element.className = name;
    }
    parent.appendChild(element);
    return element;
  }

  function say(kind, verdict, found) {
    says.textContent = "";
    var box = add(says, "div", "", "notice notice--" + kind);
    add(box, "p", word(verdict), "notice__title");
    if (!found) {
      return;
    }
    add(box, "p", found.leaf.slice(0, 4).toUpperCase() + " " + found.leaf.slice(4, 8).toUpperCase() + " " +
      found.leaf.slice(8, 10).toUpperCase(), "receipt-code");
    var list = add(box, "ul", "", "items");
    found.checks.forEach(function (one) {
      var state = one[1] === null ? "not-done" : one[1] ? "holds" : "fails";
      add(list, "li", word(one[0]) + word("colon") + word(state));
    });
    if (found.head) {
      add(box, "p", word("compare"));
      add(box, "p", found.head.size + " " + found.head.root, "code");
    }
  }

  function run(content) {
    say("plain", "working");
    return Promise.resolve().then(function () { return check(read(content), kept && kept.value.trim()); }).then(function (found) {
      say(found.verdict === "included" ? "ok" : "plain", found.verdict, found);
    }, function (problem) {
      if (problem && problem.checks) {
        say("error", problem.verdict === "broken" ? "broken" : "wrong", problem);
      } else {
        say("error", problem && problem.message === "unreachable" ? "unreachable" : "unreadable");
      }
    });
  }

  function chosen() {
    var one = file.files[0];
    if (one) {
      return new Promise(function (resolve, reject) {
        var reader = new FileReader();
        reader.onload = function () { resolve(reader.result); };
        reader.onerror = reject;
        reader.readAsText(one);
      });
    }
    var own = form.getAttribute("data-own");
    return own ? ask(own).then(function (bytes) { return new TextDecoder().decode(bytes); }) : Promise.reject(new Error("file"));
  }

  button.hidden = false;
  button.className = "button button--main";
  form.querySelector("button[type=submit]").className = "button button--link";
  button.addEventListener("click", function () {
    chosen().then(run, function (problem) {
      say("error", problem && problem.message === "unreachable" ? "unreachable" : "choose");
    });
  });
  if (form.getAttribute("data-own")) {
    button.click();
  }
})();
